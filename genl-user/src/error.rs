//! What can go wrong.

use std::fmt;
use std::io;

use crate::families::nlctrl::PolicyOwned;
use crate::family::Message;
use crate::family::Operation;
use crate::layout::Place;
use crate::wire::{Defect, Malformed, Misfit, Unfit};

/// Why a call of a client failed.
///
/// It converts into an [`io::Error`] of the [`io::ErrorKind`] that fits, and stays inside it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused the request.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The kernel has no such family, and knows no module that would bring it.
    #[error("the kernel has no netlink family \"{name}\": is its module loaded?")]
    UnknownFamily {
        /// The name that was looked for.
        name: String,
    },
    /// The family has no such multicast group.
    #[error("netlink family \"{family}\" has no multicast group \"{group}\"")]
    UnknownGroup {
        /// The family.
        family: &'static str,
        /// The group that was looked for.
        group: &'static str,
    },
    /// The request cannot be put into a message; nothing was sent.
    #[error("{path} cannot be sent: {misfit}")]
    Unfit {
        /// The attribute: `set.meta.label`.
        path: String,
        /// What is wrong with it.
        misfit: Misfit,
    },
    /// What the kernel sent is not what it should be, or is a text that is not UTF-8, which the
    /// kernel itself does not mind in names of interfaces and the like.
    ///
    /// It is about one message. In a dump the items after it can still be read: call
    /// [`Dump::next`](crate::Dump::next) again, or, of [`Dump::owned`](crate::Dump::owned), pass over
    /// the error instead of collecting into a `Result`, which ends at the first one.
    #[error("{path} makes no sense: {defect}")]
    Malformed {
        /// The attribute: `get.meta.label`.
        path: String,
        /// What is wrong with it.
        defect: Defect,
    },
    /// The kernel sent a message that does not belong where it came.
    #[error("{operation}: the kernel sent {what}")]
    Unexpected {
        /// The operation.
        operation: &'static str,
        /// What came.
        what: &'static str,
    },
    /// A message was longer than the receive buffer, and is lost.
    ///
    /// [`Connection::reserve`](crate::Connection::reserve) makes the buffer larger.
    #[error("a message of {len} bytes did not fit into the receive buffer, which has {room}")]
    Truncated {
        /// Length of the message, in bytes.
        len: usize,
        /// Size of the buffer, in bytes.
        room: usize,
    },
    /// All items of a dump have come, but what it lists was changed meanwhile: some may be
    /// missing, twice there, or not fit together.
    #[error("the dump is not consistent: what it lists was changed meanwhile")]
    DumpInterrupted,
    /// The kernel did not answer in time.
    #[error("the kernel did not answer in time")]
    TimedOut,
    /// A system call failed.
    #[error("netlink: cannot {doing}: {source}")]
    Io {
        /// What was tried: `send`, `join a group`, …
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// The kernel's error number, where that is what went wrong.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused(refused) => Some(refused.errno),
            Self::Io { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }

    /// What the kernel said, if it refused the request.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// The kind of [`io::Error`] that this is.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Refused(refused) => io::Error::from_raw_os_error(refused.errno).kind(),
            Self::UnknownFamily { .. } | Self::UnknownGroup { .. } => io::ErrorKind::NotFound,
            Self::Unfit { .. } => io::ErrorKind::InvalidInput,
            Self::Malformed { .. } | Self::Unexpected { .. } | Self::Truncated { .. } => {
                io::ErrorKind::InvalidData
            }
            // Not Interrupted, upon which std's own helpers try again.
            Self::DumpInterrupted => io::ErrorKind::Other,
            Self::TimedOut => io::ErrorKind::TimedOut,
            Self::Io { source, .. } => source.kind(),
        }
    }

    /// An attribute of `message` that cannot be read.
    #[cold]
    pub(crate) fn malformed<M: Message>(
        operation: &str,
        message: &[u8],
        malformed: Malformed,
    ) -> Self {
        let attrs = M::LAYOUT.within(message, M::HEADER);
        Self::Malformed {
            path: path(operation, attrs, malformed.offset),
            defect: malformed.defect,
        }
    }

    /// A message's own header that cannot be read.
    #[cold]
    pub(crate) fn bad_header(malformed: Malformed) -> Self {
        Self::Malformed {
            path: "a message's header".into(),
            defect: malformed.defect,
        }
    }

    /// An attribute of the request that cannot be written.
    #[cold]
    pub(crate) fn unfit(operation: &Operation, request: &[u8], unfit: Unfit) -> Self {
        Self::Unfit {
            path: path(operation.name, operation.attrs(request), unfit.offset),
            misfit: unfit.misfit,
        }
    }

    /// For `map_err`: a system call failed while `doing` something.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

/// Which attribute is at `offset`: `get.meta.label`; the operation alone if none is there.
fn path(operation: &str, attrs: Place<'_>, offset: usize) -> String {
    match attrs.path(offset) {
        Some(path) => format!("{operation}.{path}"),
        None => operation.into(),
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A request that the kernel refused, and what it said about it (its extended ACK).
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The family.
    pub family: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The error number, positive: `EPERM`.
    pub errno: i32,
    /// The kernel's own words.
    pub message: Option<String>,
    /// The attribute at fault: `set.meta.label`.
    pub attribute: Option<String>,
    /// The attribute that should have been there.
    pub missing: Option<String>,
    /// What the kernel's policy asks of the attribute at fault.
    pub policy: Option<PolicyOwned>,
}

impl Refused {
    /// What it looks like if the family's id is no longer the family's: the core says nothing but
    /// the errno, that it does not know the id, or that its new owner lacks the command.
    pub(crate) fn hints_at_stale_id(&self) -> bool {
        let told = [&self.message, &self.attribute, &self.missing];
        hints_at_stale_id(self.errno, told)
    }
}

/// As [`Refused::hints_at_stale_id`], of an errno and the words that came with it.
pub(crate) fn hints_at_stale_id(errno: i32, told: [&Option<String>; 3]) -> bool {
    matches!(errno, libc::ENOENT | libc::EOPNOTSUPP) && told.iter().all(|words| words.is_none())
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = io::Error::from_raw_os_error(self.errno);
        write!(f, "{} refused {}: {errno}", self.family, self.operation)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(attribute) = &self.attribute {
            write!(f, ", at {attribute}")?;
        }
        if let Some(missing) = &self.missing {
            write!(f, ", {missing} is missing")?;
        }
        match &self.policy {
            Some(policy) => write!(f, " ({})", Limits(policy)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

/// A policy in words: `its policy: U8, at least 10, at most 20`.
struct Limits<'a>(&'a PolicyOwned);

impl fmt::Display for Limits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = self.0;
        let bound = |unsigned: Option<u64>, signed: Option<i64>| {
            unsigned.map(i128::from).or(signed.map(i128::from))
        };
        f.write_str("its policy")?;
        if let Some(kind) = policy.type_ {
            write!(f, ": {kind:?}")?;
        }
        if let Some(least) = bound(policy.min_value_u, policy.min_value_s) {
            write!(f, ", at least {least}")?;
        }
        if let Some(most) = bound(policy.max_value_u, policy.max_value_s) {
            write!(f, ", at most {most}")?;
        }
        if let Some(least) = policy.min_length {
            write!(f, ", at least {least} bytes")?;
        }
        if let Some(most) = policy.max_length {
            write!(f, ", at most {most} bytes")?;
        }
        match policy.mask {
            Some(mask) => write!(f, ", bits {mask:#x}"),
            None => Ok(()),
        }
    }
}
