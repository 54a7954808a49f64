//! Values that have names in a spec.

use std::fmt;
use std::str::FromStr;

use bitflags::Flags;
use bitflags::parser::{WriteHex, to_writer};

/// An enum of a spec, whose values have names; the generated enums are.
///
/// They are shown by these names, and made from them or from a number:
///
/// ```
/// use genl_user::families::nlctrl::AttrType;
/// use genl_user::wire::Enum;
///
/// assert_eq!(AttrType::NulString.to_string(), "nul-string");
/// assert_eq!("nul-string".parse(), Ok(AttrType::NulString));
/// assert_eq!(AttrType::Unknown(99).to_string(), "99");
/// assert_eq!("99".parse(), Ok(AttrType::Unknown(99)));
///
/// let error = "nul-strin".parse::<AttrType>().unwrap_err();
/// assert!(error.to_string().starts_with("\"nul-strin\" is no attr-type: they are invalid, flag,"));
///
/// assert!(AttrType::NAMES.contains(&(AttrType::U8, "u8")));
/// ```
pub trait Enum: Copy + PartialEq + From<Self::Number> + 'static {
    /// The integer below it.
    type Number: From<Self> + FromStr + fmt::Display;

    /// What the enum is called in the spec.
    const NAME: &'static str;

    /// The values that have a name, with the name that the spec gives them.
    const NAMES: &'static [(Self, &'static str)];

    /// Writes the value's name, or its number if it has none.
    ///
    /// # Errors
    ///
    /// That of the formatter.
    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(value, _)| *value == self) {
            Some((_, name)) => f.pad(name),
            None => fmt::Display::fmt(&Self::Number::from(self), f),
        }
    }

    /// The value of this name, or of this number.
    ///
    /// # Errors
    ///
    /// If it is neither.
    fn find(text: &str) -> Result<Self, NoSuchName> {
        let named = Self::NAMES.iter().find(|(_, name)| *name == text);
        let value = match named {
            Some((value, _)) => Some(*value),
            None => text.parse().ok().map(|number: Self::Number| number.into()),
        };
        value.ok_or_else(|| NoSuchName {
            text: text.into(),
            of: Self::NAME,
            known: Self::NAMES.iter().map(|(_, name)| *name).collect(),
        })
    }
}

/// A text that is the name of no value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchName {
    text: String,
    of: &'static str,
    known: Vec<&'static str>,
}

impl fmt::Display for NoSuchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, of, known } = self;
        write!(f, "{text:?} is no {of}: they are {}", known.join(", "))
    }
}

impl std::error::Error for NoSuchName {}

/// Writes the names of the bits that are set, `READ_ONLY | STICKY`, and those without a name as a
/// number; `0x0` if there are none.
///
/// # Errors
///
/// That of the formatter.
pub fn show_flags<F: Flags<Bits: WriteHex>>(flags: &F, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match flags.is_empty() {
        true => f.write_str("0x0"),
        false => to_writer(flags, f),
    }
}
