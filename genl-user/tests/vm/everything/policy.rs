//! What the kernel is to tell of a policy that a request violates (NLMSGERR_ATTR_POLICY).
//!
//! C source: `__netlink_policy_dump_write_attr()` (net/netlink/policy.c), which tells nothing of
//! integers in network byte order.

use genl_user::dynamic::genl_schema::model::{
    AttrKind, Binary, ByteOrder, Family, Int, IntKind, Len, Text,
};
use genl_user::families::nlctrl::PolicyOwned;

use super::valid::listed;

/// A policy as far as it is known what the kernel tells of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    /// The type's name, as [`PolicyOwned`] has it.
    type_: &'static str,
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq)]
enum Limits {
    /// Not looked at.
    Any,
    Values(i128, i128),
    Mask(u64),
    Bits(u32),
    Lengths(Option<u32>, Option<u32>),
}

impl Policy {
    /// Of a type that has no limits.
    pub(super) fn plain(type_: &'static str) -> Self {
        Self {
            type_,
            limits: Limits::Any,
        }
    }

    /// Of a bitfield32.
    pub(super) fn bits(mask: u32) -> Self {
        Self {
            type_: "Bitfield32",
            limits: Limits::Bits(mask),
        }
    }

    /// The kernel told of this policy.
    pub(super) fn is_told_by(&self, told: &PolicyOwned) -> bool {
        let type_ = told.type_.map(|type_| format!("{type_:?}"));
        let unsigned = told.min_value_u.zip(told.max_value_u);
        let signed = told.min_value_s.zip(told.max_value_s);
        let values = unsigned.map_or(
            signed.map(|(least, most)| (least.into(), most.into())),
            |(least, most)| Some((least.into(), most.into())),
        );
        type_.as_deref() == Some(self.type_)
            && match self.limits {
                Limits::Any => true,
                Limits::Values(least, most) => values == Some((least, most)),
                Limits::Mask(mask) => told.mask == Some(mask),
                Limits::Bits(mask) => told.bitfield32_mask == Some(mask),
                Limits::Lengths(least, most) => (told.min_length, told.max_length) == (least, most),
            }
    }
}

/// The policy of an attribute; `None` if the kernel never tells of it.
pub(super) fn of(family: &Family, kind: &AttrKind) -> Option<Policy> {
    match kind {
        AttrKind::Pad | AttrKind::Unused => None,
        AttrKind::Flag => Some(Policy::plain("Flag")),
        AttrKind::Int(int) => of_int(family, int),
        AttrKind::String(text) => Some(of_text(*text)),
        AttrKind::Binary(binary) => Some(of_binary(binary)),
        AttrKind::Bitfield32(bits) => Some(Policy::bits(bits.mask.unwrap_or(u32::MAX))),
        AttrKind::IndexedArray(element) if matches!(**element, AttrKind::Nest(_)) => {
            Some(Policy::plain("NestedArray"))
        }
        AttrKind::TypeValue(levels, inside)
            if levels.len() == 1 && matches!(**inside, AttrKind::Nest(_)) =>
        {
            Some(Policy::plain("NestedArray"))
        }
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => {
            Some(Policy::plain("Nested"))
        }
    }
}

/// The policy itself checks the integer's bits.
pub(super) fn has_mask(int: &Int) -> bool {
    let mask = int.mask.is_some_and(|mask| u32::try_from(mask).is_ok());
    mask && int.range.is_none() && int.order == ByteOrder::Host && !int.kind.signed()
}

/// The policy of an integer; `None` in network byte order, where it has a type of its own. What the
/// core cannot check it has no limits for.
pub(super) fn of_int(family: &Family, int: &Int) -> Option<Policy> {
    let mut policy = of_limits(family, int)?;
    if int.order != ByteOrder::Host {
        policy.limits = Limits::Any;
    }
    Some(policy)
}

/// The policy of an integer that is not within its limits: whoever has checked that tells of them.
pub(super) fn of_limits(family: &Family, int: &Int) -> Option<Policy> {
    let narrow = matches!(int.kind, IntKind::U16 | IntKind::U32);
    if int.order == ByteOrder::Big && narrow {
        return None;
    }
    let limits = match (int.mask, int.range) {
        _ if listed(family, int).is_some() => Limits::Any,
        (Some(mask), None) if u32::try_from(mask).is_ok() && !int.kind.signed() => {
            Limits::Mask(mask)
        }
        (Some(_), _) => Limits::Any,
        (None, range) => {
            let (least, most) = range.unwrap_or(int.kind.limits());
            Limits::Values(least, most)
        }
    };
    let type_ = match int.kind {
        IntKind::U8 => "U8",
        IntKind::U16 => "U16",
        IntKind::U32 => "U32",
        IntKind::U64 => "U64",
        IntKind::S8 => "S8",
        IntKind::S16 => "S16",
        IntKind::S32 => "S32",
        IntKind::S64 => "S64",
        IntKind::Uint => "Uint",
        IntKind::Sint => "Sint",
    };
    Some(Policy { type_, limits })
}

pub(super) fn of_text(text: Text) -> Policy {
    let type_ = match text.unterminated_ok {
        true => "String",
        false => "NulString",
    };
    let limits = Limits::Lengths(None, text.len.max.map(u32::from));
    Policy { type_, limits }
}

/// The policy of bytes. Of limits beyond 16 signed bits the kernel tells nothing.
pub(super) fn of_binary(binary: &Binary) -> Policy {
    let Len { min, max } = binary.len;
    let limits = match max {
        Some(max) if i16::try_from(max).is_ok() => {
            let min = (min > 0).then(|| min.into());
            Limits::Lengths(min, Some(max.into()))
        }
        _ => Limits::Any,
    };
    Policy {
        type_: "Binary",
        limits,
    }
}
