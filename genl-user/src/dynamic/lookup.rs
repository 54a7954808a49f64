//! Operations, events and groups by their names and numbers.

use std::fmt;

use genl_schema::diag;
use genl_schema::model::{Call, Event, Family, Message, Op, Reply};

/// One of the two ways to call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Answered by one message, or none.
    Do,
    /// Answered by many.
    Dump,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Do => "do",
            Self::Dump => "dump",
        })
    }
}

/// The spec does not have what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NoSuch {
    /// The family.
    pub family: String,
    /// What it lacks: `operation`, `multicast group`.
    pub what: &'static str,
    /// The name that was looked for.
    pub name: String,
    /// What it has of that.
    pub known: Vec<String>,
    /// What it has by that name all the same.
    pub instead: Option<Instead>,
}

/// What a name stands for, if not for what was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// An operation that can only be called this way.
    Call(Mode),
    /// A notification: the kernel sends it, and nobody calls it.
    Event,
}

impl fmt::Display for NoSuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            family,
            what,
            name,
            known,
            instead,
        } = self;
        match instead {
            Some(Instead::Call(mode)) => {
                return write!(f, "{what} {name:?} of {family} has only a {mode}");
            }
            Some(Instead::Event) => {
                return write!(
                    f,
                    "{name:?} of {family} is a notification, to be listened to and not called"
                );
            }
            None => write!(f, "{family} has no {what} {name:?}")?,
        }
        match diag::nearest(name, known.iter().map(String::as_str)) {
            Some(near) => write!(f, "; did you mean \"{near}\"?"),
            None if known.is_empty() => write!(f, ", nor any other"),
            None => write!(f, "; it has {}", known.join(", ")),
        }
    }
}

impl std::error::Error for NoSuch {}

/// A way to call an operation, with all that belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'f> {
    /// The operation.
    pub op: &'f Op,
    /// The way to call it.
    pub call: &'f Call,
    /// What is sent.
    pub request: &'f Message,
}

impl<'f> Target<'f> {
    /// Finds an operation by its name.
    ///
    /// # Errors
    ///
    /// The spec has no such operation, or it cannot be called that way.
    pub fn find(family: &'f Family, name: &str, mode: Mode) -> Result<Self, NoSuch> {
        let call = |op: &'f Op| match mode {
            Mode::Do => op.do_.as_ref(),
            Mode::Dump => op.dump.as_ref(),
        };
        let named = family.ops.iter().find(|op| op.name.as_str() == name);
        match named.and_then(|op| Some((op, call(op)?))) {
            Some((op, call)) => Ok(Self {
                op,
                call,
                request: &family[call.request],
            }),
            None => Err(NoSuch {
                family: family.name.to_string(),
                what: "operation",
                name: name.to_owned(),
                known: family
                    .ops
                    .iter()
                    .filter(|op| call(op).is_some())
                    .map(|op| op.name.to_string())
                    .collect(),
                instead: match (named, mode) {
                    (Some(_), Mode::Do) => Some(Instead::Call(Mode::Dump)),
                    (Some(_), Mode::Dump) => Some(Instead::Call(Mode::Do)),
                    (None, _) => family
                        .events
                        .iter()
                        .any(|event| event.name.as_str() == name)
                        .then_some(Instead::Event),
                },
            }),
        }
    }

    /// What comes back, if it is more than an ACK.
    pub fn reply(&self) -> Option<Reply> {
        self.call.reply
    }
}

/// The event that the kernel sends by a command number.
pub(super) fn event(family: &Family, cmd: u8) -> Option<&Event> {
    family.events.iter().find(|event| event.cmd == cmd)
}
