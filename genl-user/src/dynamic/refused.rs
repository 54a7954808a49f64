//! Requests that the kernel refused.

use std::{fmt, io};

use genl_schema::model::{Op, Permission};

use super::path::Names;
use crate::error;
use crate::extack::{self, Verdict};
use crate::families::nlctrl::{PolicyOwned, PolicyView};

/// A request that the kernel refused, and what it said about it (its extended ACK).
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The family.
    pub family: String,
    /// The operation.
    pub operation: String,
    /// The error number, positive: `EPERM`.
    pub errno: i32,
    /// The kernel's own words.
    pub message: Option<String>,
    /// The attribute at fault: `header.dev-name`.
    pub attribute: Option<String>,
    /// The attribute that should have been there.
    pub missing: Option<String>,
    /// What the kernel's policy asks of the attribute at fault.
    pub policy: Option<PolicyOwned>,
    /// Who may call the operation, by the spec.
    pub permission: Permission,
}

impl Refused {
    pub(super) fn new(verdict: &Verdict<'_>, op: &Op, names: Names<'_>) -> Self {
        let missing = verdict.missing;
        Self {
            family: names.family.name.as_str().to_owned(),
            operation: op.name.as_str().to_owned(),
            errno: verdict.errno,
            message: verdict.text.map(extack::text),
            attribute: verdict.offset.and_then(|offset| names.path(offset)),
            missing: missing.and_then(|kind| names.path_of_missing(verdict.missing_in, kind)),
            policy: verdict
                .policy
                .and_then(|attr| attr.nest::<PolicyView>().ok())
                .map(|policy| policy.to_owned()),
            permission: op.permission,
        }
    }

    /// The family's id may be another one by now: see [`crate::Refused`].
    pub(super) fn hints_at_stale_id(&self) -> bool {
        let told = [&self.message, &self.attribute, &self.missing];
        error::hints_at_stale_id(self.errno, told)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = io::Error::from_raw_os_error(self.errno).to_string();
        // "Invalid argument (os error 22)": the number helps nobody who reads the name.
        let errno = errno.split(" (os error").next().unwrap_or_default();
        write!(f, "{} refused {}: {errno}", self.family, self.operation)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(attribute) = &self.attribute {
            write!(f, "; at {attribute}")?;
        }
        if let Some(policy) = &self.policy {
            write!(f, ", which takes {}", Limits(policy))?;
        }
        if let Some(missing) = &self.missing {
            write!(f, "; {missing} is missing")?;
        }
        match self.permission {
            Permission::Admin | Permission::NetnsAdmin if self.errno == libc::EPERM => {
                write!(f, "; it takes CAP_NET_ADMIN")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

/// A policy in words: `u8, 10 to 20`.
///
/// Limits that are those of the type itself are left out.
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
        let bytes = |count: u32| if count == 1 { "byte" } else { "bytes" };
        words.extend(match (policy.min_length, policy.max_length) {
            (Some(least), Some(most)) if least == most => {
                Some(format!("exactly {most} {}", bytes(most)))
            }
            (Some(least), Some(most)) => Some(format!("{least} to {most} bytes")),
            (Some(least), None) => Some(format!("at least {least} {}", bytes(least))),
            (None, Some(most)) => Some(format!("at most {most} {}", bytes(most))),
            (None, None) => None,
        });
        words.extend(policy.mask.map(|mask| format!("bits {mask:#x}")));
        words.extend(policy.bitfield32_mask.map(|mask| format!("bits {mask:#x}")));
        words
    }

    fn range(&self, (least, most): (i128, i128)) -> Option<String> {
        use crate::families::nlctrl::AttrType;
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
