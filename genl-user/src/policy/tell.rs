//! Rules as userspace is told of them (`net/netlink/policy.c`).

use super::nla::{Nla, Type, Validation};
use crate::policy::Policy;
use crate::wire::{Encoder, Unfit};

/// `enum netlink_policy_type_attr`
mod attr {
    pub(crate) const TYPE: u16 = 1;
    pub(crate) const MIN_VALUE_S: u16 = 2;
    pub(crate) const MAX_VALUE_S: u16 = 3;
    pub(crate) const MIN_VALUE_U: u16 = 4;
    pub(crate) const MAX_VALUE_U: u16 = 5;
    pub(crate) const MIN_LENGTH: u16 = 6;
    pub(crate) const MAX_LENGTH: u16 = 7;
    pub(crate) const POLICY_IDX: u16 = 8;
    pub(crate) const POLICY_MAXTYPE: u16 = 9;
    pub(crate) const BITFIELD32_MASK: u16 = 10;
    pub(crate) const MASK: u16 = 12;
}

impl Type {
    /// `enum netlink_attribute_type`; `None` of those that the kernel does not tell of.
    fn number(self) -> Option<u32> {
        Some(match self {
            Self::Flag => 1,
            Self::Unsigned(width) => 2 + width.ilog2(),
            Self::Signed(width) => 6 + width.ilog2(),
            Self::Binary => 10,
            Self::String => 11,
            Self::NulString => 12,
            Self::Nested(_) => 13,
            Self::NestedArray(_) => 14,
            Self::Bitfield32(_) => 15,
            Self::Sint => 16,
            Self::Uint => 17,
            Self::Big(_) => return None,
        })
    }
}

/// Writes a rule as the nest `number`: `netlink_policy_dump_write_attr()`. False if it is one that
/// the kernel does not tell of.
///
/// `place` knows which number a nest's policy has, where policies are numbered.
pub(crate) fn tell_rule(
    out: &mut Encoder<'_>,
    number: u16,
    nla: &Nla,
    place: impl Fn(&'static Policy) -> Option<u32>,
) -> Result<bool, Unfit> {
    let Some(type_number) = nla.kind.number() else {
        return Ok(false);
    };
    out.nest(number, |out| {
        tell(out, nla, place);
        out.u32(attr::TYPE, type_number);
        Ok(())
    })?;
    Ok(true)
}

fn tell(out: &mut Encoder<'_>, nla: &Nla, place: impl Fn(&'static Policy) -> Option<u32>) {
    match nla.kind {
        Type::Flag | Type::Big(_) | Type::Nested(None) => {}
        Type::Nested(Some(policy)) | Type::NestedArray(policy) => {
            if policy.max > 0
                && let Some(at) = place(policy)
            {
                out.u32(attr::POLICY_IDX, at);
                out.u32(attr::POLICY_MAXTYPE, policy.max.into());
            }
        }
        Type::Unsigned(_) | Type::Uint => match nla.validation {
            Validation::Mask(mask) => out.u64(attr::MASK, mask),
            Validation::Limits(_) => {}
            _ => {
                let (min, max) = nla.range();
                out.u64(attr::MIN_VALUE_U, min as u64);
                out.u64(attr::MAX_VALUE_U, max as u64);
            }
        },
        Type::Signed(_) | Type::Sint => {
            if !matches!(nla.validation, Validation::Limits(_)) {
                let (min, max) = nla.range();
                out.s64(attr::MIN_VALUE_S, min as i64);
                out.s64(attr::MAX_VALUE_S, max as i64);
            }
        }
        Type::Bitfield32(mask) => out.u32(attr::BITFIELD32_MASK, mask),
        Type::Binary | Type::String | Type::NulString => tell_lengths(out, nla),
    }
}

fn tell_lengths(out: &mut Encoder<'_>, nla: &Nla) {
    match nla.validation {
        Validation::Range {
            min,
            max,
            told: true,
        } => {
            if min > 0 {
                out.u32(attr::MIN_LENGTH, min as u32);
            }
            if max < u16::MAX.into() {
                out.u32(attr::MAX_LENGTH, max as u32);
            }
        }
        _ if nla.len > 0 => out.u32(attr::MAX_LENGTH, nla.len as u32),
        _ => {}
    }
}

impl Nla {
    /// `nla_get_range_unsigned()` and `nla_get_range_signed()`.
    fn range(&self) -> (i128, i128) {
        match (self.validation, self.kind) {
            (Validation::Range { min, max, .. }, _) => (min, max),
            (_, Type::Signed(width)) => {
                let half = 1 << (8 * u32::from(width) - 1);
                (-half, half - 1)
            }
            (_, Type::Unsigned(width)) => (0, (1 << (8 * u32::from(width))) - 1),
            (_, Type::Sint) => (i64::MIN.into(), i64::MAX.into()),
            _ => (0, u64::MAX.into()),
        }
    }
}
