//! A policy in words.

use std::fmt;

use crate::families::nlctrl::{AttrType, PolicyOwned};
use crate::value::length;

/// A policy in words: `u8, 10 to 20`.
///
/// Limits that are those of the type itself are left out.
///
/// ```
/// use genl_user::Limits;
/// use genl_user::families::nlctrl::{AttrType, PolicyOwned};
///
/// let policy = PolicyOwned {
///     type_: Some(AttrType::U8),
///     min_value_u: Some(0),
///     max_value_u: Some(20),
///     ..PolicyOwned::default()
/// };
/// assert_eq!(Limits(&policy).to_string(), "u8, at most 20");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a>(pub &'a PolicyOwned);

impl Limits<'_> {
    /// The type's name in a spec; what the kernel calls a `nul-string` is a string there.
    pub fn kind(&self) -> Option<String> {
        let kind = format!("{:?}", self.0.type_?);
        let mut name = String::new();
        for (at, letter) in kind.char_indices() {
            if letter.is_uppercase() && at > 0 {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        }
        Some(name)
    }

    /// What is asked beside the type, each in words.
    pub fn limits(&self) -> Vec<String> {
        let policy = self.0;
        let mut words = Vec::new();
        let signed = policy.min_value_s.zip(policy.max_value_s);
        let signed = signed.map(|(least, most)| (least.into(), most.into()));
        let unsigned = policy.min_value_u.zip(policy.max_value_u);
        let unsigned = unsigned.map(|(least, most)| (least.into(), most.into()));
        words.extend(signed.or(unsigned).and_then(|range| self.range(range)));
        let bytes = |count: u32| length(count as usize);
        words.extend(match (policy.min_length, policy.max_length) {
            (Some(least), Some(most)) if least == most => Some(format!("exactly {}", bytes(most))),
            (Some(least), Some(most)) => Some(format!("{least} to {}", bytes(most))),
            (Some(least), None) => Some(format!("at least {}", bytes(least))),
            (None, Some(most)) => Some(format!("at most {}", bytes(most))),
            (None, None) => None,
        });
        words.extend(policy.mask.map(|mask| format!("bits {mask:#x}")));
        words.extend(policy.bitfield32_mask.map(|mask| format!("bits {mask:#x}")));
        words
    }

    fn range(&self, (least, most): (i128, i128)) -> Option<String> {
        let (type_least, type_most) = match self.0.type_? {
            AttrType::U8 => (0, u8::MAX.into()),
            AttrType::U16 => (0, u16::MAX.into()),
            AttrType::U32 => (0, u32::MAX.into()),
            AttrType::U64 | AttrType::Uint => (0, u64::MAX.into()),
            AttrType::S8 => (i8::MIN.into(), i8::MAX.into()),
            AttrType::S16 => (i16::MIN.into(), i16::MAX.into()),
            AttrType::S32 => (i32::MIN.into(), i32::MAX.into()),
            AttrType::S64 | AttrType::Sint => (i64::MIN.into(), i64::MAX.into()),
            _ => return Some(format!("{least} to {most}")),
        };
        match (least == type_least, most == type_most) {
            (true, true) => None,
            (true, false) => Some(format!("at most {most}")),
            (false, true) => Some(format!("at least {least}")),
            (false, false) => Some(format!("{least} to {most}")),
        }
    }
}

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.kind().into_iter().chain(self.limits()).collect();
        f.write_str(&words.join(", "))
    }
}
