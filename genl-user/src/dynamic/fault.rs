//! What is wrong with a value that is to be sent, or with bytes that came.

use std::fmt;

use genl_schema::diag;

use crate::wire::Defect;

/// Why a value cannot be sent, or bytes cannot be read; and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The way to the place, from the outside in: `keys`, `[2]`, `mode`; empty for the message.
    pub path: Vec<String>,
    /// What is wrong there.
    pub problem: Box<Problem>,
}

/// What is wrong with a value, or with bytes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The spec has no such name there.
    #[error("{}", unknown(owner, what, name, known))]
    Unknown {
        /// The attribute set, enum or struct.
        owner: String,
        /// What it lacks: `attribute`, `value`, `member`.
        what: &'static str,
        /// The name that was looked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A value of another kind is needed.
    #[error("expected {expected}, not {found}")]
    Expected {
        /// What is needed.
        expected: String,
        /// What there is.
        found: String,
    },
    /// The type cannot hold the number.
    #[error("{value} does not fit {kind}, which holds {least} to {most}")]
    OutOfRange {
        /// The number.
        value: i128,
        /// The type: `u16`.
        kind: &'static str,
        /// Least number that fits.
        least: i128,
        /// Greatest number that fits.
        most: i128,
    },
    /// More than fits.
    #[error("{len} bytes are too many: it holds {room}")]
    TooLong {
        /// Length of the value, in bytes.
        len: usize,
        /// How many fit.
        room: usize,
    },
    /// A text with a NUL inside: the kernel would take it to end there.
    #[error("a text must not contain NUL")]
    InnerNul,
    /// An attribute that is never sent.
    #[error("it has no value: the spec calls it {0}")]
    Valueless(&'static str),
    /// What came is not what it should be.
    #[error("it makes no sense: {0}")]
    Malformed(#[from] Defect),
}

impl Fault {
    /// A fault of the value that is looked at.
    pub(super) fn new(problem: impl Into<Problem>) -> Self {
        Self {
            path: Vec::new(),
            problem: Box::new(problem.into()),
        }
    }

    /// A value is of the wrong kind.
    pub(super) fn expected(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(Problem::Expected {
            expected: expected.into(),
            found: found.into(),
        })
    }

    /// A name is not known.
    pub(super) fn unknown<'a>(
        owner: impl Into<String>,
        what: &'static str,
        name: impl Into<String>,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::new(Problem::Unknown {
            owner: owner.into(),
            what,
            name: name.into(),
            known: known.into_iter().map(str::to_owned).collect(),
        })
    }

    /// The fault is inside of `place`. Paths are made on the way out, so they cost nothing where
    /// all is well.
    pub(super) fn within(mut self, place: impl Into<String>) -> Self {
        self.path.insert(0, place.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in self.path.iter().enumerate() {
            match at == 0 || place.starts_with('[') {
                true => f.write_str(place)?,
                false => write!(f, ".{place}")?,
            }
        }
        match self.path.is_empty() {
            true => write!(f, "{}", self.problem),
            false => write!(f, ": {}", self.problem),
        }
    }
}

impl std::error::Error for Fault {}

/// So many names are listed where none is near; more of them help nobody.
const LISTED: usize = 12;

/// That a name is not known, and which ones are.
fn unknown(owner: &str, what: &str, name: &str, known: &[String]) -> String {
    let mut text = format!("{owner} has no {what} \"{name}\"");
    let names = known.iter().map(String::as_str);
    if let Some(near) = diag::nearest(name, names) {
        text += &format!("; did you mean \"{near}\"?");
    } else if known.is_empty() {
        text += ", nor any other";
    } else {
        let listed = &known[..known.len().min(LISTED)];
        text += &format!("; it has {}", listed.join(", "));
        if listed.len() < known.len() {
            text += &format!(" and {} more", known.len() - listed.len());
        }
    }
    text
}
