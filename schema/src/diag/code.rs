//! The kinds of diagnostics, each with its number, its name and its explanation.

use std::fmt;
use std::str::FromStr;

use super::nearest;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing can be made of the spec.
    Error,
    /// All can be made of it, but probably not what was meant.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// The kind of a diagnostic.
        ///
        /// The numbers are stable, errors from 1 and warnings from 101. [`Self::explain`] tells more
        /// of each; `CODES.md` beside this crate's `Cargo.toml` has all of that to read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Code {
            $($(#[$doc])* $name = $number,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code's name: `unknown-reference`.
            pub fn name(self) -> String {
                let variant = match self {
                    $(Self::$name => stringify!($name),)*
                };
                let mut name = String::new();
                for c in variant.chars() {
                    if c.is_ascii_uppercase() && !name.is_empty() {
                        name.push('-');
                    }
                    name.push(c.to_ascii_lowercase());
                }
                name
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = 1,
    /// The YAML is nested too deeply, its aliases grow it too far, or the file is too large.
    TooLarge = 2,
    /// A value has another type than the key takes.
    WrongType = 3,
    /// No such key there.
    UnknownKey = 4,
    /// A key stands twice in one mapping.
    DuplicateKey = 5,
    /// A key that has to be there is not.
    MissingKey = 6,
    /// The key takes one of a few words, and this is none of them.
    UnknownWord = 7,
    /// The key belongs to another of YNL's schemas than the one the spec follows.
    WrongProtocol = 8,
    /// The spec describes a classic netlink family, not a generic one.
    NotGeneric = 9,

    /// A name refers to nothing.
    UnknownReference = 10,
    /// Two things of one kind have the same name.
    DuplicateName = 11,
    /// Two things of one kind have the same number.
    DuplicateValue = 12,
    /// Two names differ in the spec, but not in the generated code.
    NameCollision = 13,
    /// A name has characters that names cannot have.
    BadName = 14,
    /// A name is longer than the kernel allows.
    NameTooLong = 15,
    /// The generated code has the name for something of its own.
    ReservedName = 16,

    /// A number is out of the range that the kernel or the type has.
    OutOfRange = 20,
    /// Attribute type 0 in a request: the kernel refuses or ignores it.
    ZeroInRequest = 21,
    /// More operations or groups than the kernel can count.
    TooMany = 22,
    /// Limits that exclude one another.
    Contradiction = 23,
    /// A constant is not a number, or its expression is not understood.
    BadNumber = 24,

    /// The key means nothing for an attribute or a definition of this type.
    NotApplicable = 30,
    /// A subset has something that its set does not.
    BadSubset = 31,
    /// A struct that is a part of itself.
    RecursiveStruct = 32,

    /// An operation that neither do, dump, notify nor event describes.
    EmptyOperation = 40,
    /// An operation is both a call and a notification, or has keys of the other kind.
    MixedOperation = 41,
    /// The attribute never stands in a message (pad, unused).
    NotInMessages = 42,
    /// `x-required` where it has no meaning, or of an attribute that is not in the request.
    BadRequired = 43,
    /// The kernel's core refuses to register `dont-validate` for this operation.
    BadDontValidate = 44,
    /// The kernel cannot restrict a group this way.
    BadGroupFlag = 45,
    /// A notification repeats the reply of an operation that has none.
    NothingToRepeat = 46,

    /// The file's bytes are not UTF-8.
    NotUtf8 = 50,

    /// YNL has it, the kernel cannot.
    NotSupported = 90,

    /// An operation changes something, and anyone may call it.
    UnguardedChange = 101,
    /// A string or bytes in a request may be of any length.
    UnboundedLength = 102,
    /// An attribute, or a whole set, is in no operation.
    UnusedAttribute = 103,
    /// Nothing refers to a definition.
    UnusedDefinition = 104,
    /// A notification has no group to be sent to.
    NoGroup = 105,
    /// No notification is sent to a group.
    UnusedGroup = 106,
    /// A group tells anyone what a call tells the privileged only.
    OpenGroup = 107,
    /// A struct has padding that no member stands for.
    ImplicitPadding = 108,
    /// The kernel is to keep state for each socket, which a module cannot have.
    SocketState = 109,
}

/// The text from which [`Code::explain`] cuts its sections.
const EXPLANATIONS: &str = include_str!("../../CODES.md");

impl Code {
    /// The code that has this number, in either case, or this name.
    pub(crate) fn find(word: &str) -> Option<Self> {
        let is_it = |code: &&Self| match word.len() {
            // A name is longer than a number.
            4 => word.eq_ignore_ascii_case(&code.to_string()),
            _ => word == code.name(),
        };
        Self::ALL.iter().find(is_it).copied()
    }

    /// Whether it is an error or a warning.
    pub fn severity(self) -> Severity {
        match self as u8 {
            ..=100 => Severity::Error,
            _ => Severity::Warning,
        }
    }

    /// What the code means, why that is a fault, an example and its mended form, as Markdown.
    ///
    /// In an example the parts of a spec that do not matter are left out.
    pub fn explain(self) -> &'static str {
        let head = format!("## {self}: {}\n", self.name());
        // A test sees to it that each code has its section.
        let section = EXPLANATIONS.split_once(&head).map_or("", |(_, rest)| rest);
        section.split("\n## ").next().unwrap_or("").trim()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.severity() {
            Severity::Error => 'E',
            Severity::Warning => 'W',
        };
        write!(f, "{letter}{:03}", *self as u8)
    }
}

/// No code has this number or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no code `{word}`{}", hint(*near))]
pub struct UnknownCode {
    /// What was taken for one.
    pub word: String,
    /// The code that was probably meant.
    pub near: Option<Code>,
}

fn hint(near: Option<Code>) -> String {
    near.map_or(String::new(), |near| {
        format!("; did you mean `{}` ({near})?", near.name())
    })
}

impl FromStr for Code {
    type Err = UnknownCode;

    /// From the number, in either case, or the name.
    fn from_str(word: &str) -> Result<Self, UnknownCode> {
        let known =
            |code: &&Self| word.eq_ignore_ascii_case(&code.to_string()) || word == code.name();
        if let Some(code) = Self::ALL.iter().find(known) {
            return Ok(*code);
        }
        let names: Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        let near = nearest(word, names.iter().map(String::as_str))
            .and_then(|near| Self::ALL.iter().find(|code| code.name() == near));
        Err(UnknownCode {
            word: word.to_owned(),
            near: near.copied(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_number_and_by_name() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(*code));
            assert_eq!(code.to_string().to_lowercase().parse(), Ok(*code));
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert_eq!(Code::UnknownReference.to_string(), "E010");
        assert_eq!(Code::UnguardedChange.to_string(), "W101");
    }

    #[test]
    fn a_wrong_name_gives_the_nearest() {
        let error = "unguarded-chnage".parse::<Code>().unwrap_err();
        assert_eq!(error.near, Some(Code::UnguardedChange));
        let error = "W999".parse::<Code>().unwrap_err();
        assert_eq!(error.to_string(), "there is no code `W999`");
    }
}
