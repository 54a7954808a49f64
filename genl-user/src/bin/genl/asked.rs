//! What a spec asks of an attribute, as the kernel would tell it of its policy.

use genl_user::dynamic::genl_schema::model::{AttrKind, Int, IntKind, Len};
use genl_user::families::nlctrl::{AttrType, PolicyOwned};

/// The policy that the spec's words amount to.
pub(crate) fn as_policy(kind: &AttrKind) -> PolicyOwned {
    let kind = match kind {
        AttrKind::Pad | AttrKind::Unused => return PolicyOwned::default(),
        AttrKind::Flag => AttrType::Flag,
        AttrKind::Int(int) => return integer(int),
        AttrKind::String(text) => {
            let kind = match text.unterminated_ok {
                true => AttrType::String,
                false => AttrType::NulString,
            };
            return with_len(kind, text.len);
        }
        AttrKind::Binary(binary) => return with_len(AttrType::Binary, binary.len),
        AttrKind::Bitfield32(bitfield) => {
            return PolicyOwned {
                type_: Some(AttrType::Bitfield32),
                bitfield32_mask: bitfield.mask,
                ..PolicyOwned::default()
            };
        }
        AttrKind::Nest(_) | AttrKind::TypeValue(..) => AttrType::Nested,
        AttrKind::IndexedArray(_) => AttrType::NestedArray,
    };
    PolicyOwned {
        type_: Some(kind),
        ..PolicyOwned::default()
    }
}

fn with_len(kind: AttrType, len: Len) -> PolicyOwned {
    PolicyOwned {
        type_: Some(kind),
        min_length: (len.min > 0).then_some(len.min.into()),
        max_length: len.max.map(u32::from),
        ..PolicyOwned::default()
    }
}

fn integer(int: &Int) -> PolicyOwned {
    let kind = match int.kind {
        IntKind::U8 => AttrType::U8,
        IntKind::U16 => AttrType::U16,
        IntKind::U32 => AttrType::U32,
        IntKind::U64 => AttrType::U64,
        IntKind::S8 => AttrType::S8,
        IntKind::S16 => AttrType::S16,
        IntKind::S32 => AttrType::S32,
        IntKind::S64 => AttrType::S64,
        IntKind::Uint => AttrType::Uint,
        IntKind::Sint => AttrType::Sint,
    };
    let (least, most) = int.range.unwrap_or(int.kind.limits());
    let mut policy = PolicyOwned {
        type_: Some(kind),
        ..PolicyOwned::default()
    };
    match int.mask {
        // A policy has one or the other.
        Some(mask) => policy.mask = Some(mask),
        None if int.kind.signed() => {
            policy.min_value_s = i64::try_from(least).ok();
            policy.max_value_s = i64::try_from(most).ok();
        }
        None => {
            policy.min_value_u = u64::try_from(least).ok();
            policy.max_value_u = u64::try_from(most).ok();
        }
    }
    policy
}
