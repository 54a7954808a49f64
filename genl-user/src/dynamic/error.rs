//! What can go wrong in calls by a spec.

use std::fmt;
use std::sync::Arc;

use super::fault::Fault;
use super::lookup::NoSuch;
use crate::Refused;

/// Why a call by a spec failed; a sentence by `{:?}` too, as [`crate::Error`] is.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The spec has no operation, or group, of that name.
    #[error(transparent)]
    NoSuch(#[from] NoSuch),
    /// The request cannot be put into a message; nothing was sent.
    #[error("{operation} cannot be sent: {fault}")]
    Unfit {
        /// The operation.
        operation: String,
        /// What is wrong, and where.
        fault: Fault,
    },
    /// The flags of a do are those of a dump; nothing was sent.
    #[error(
        "{operation} cannot be sent: NLM_F_REPLACE and NLM_F_EXCL together make it a dump; \
         set one of them only"
    )]
    DumpFlags {
        /// The operation.
        operation: String,
    },
    /// What the kernel sent is not what the spec says.
    #[error("{message} cannot be read: {fault}")]
    Unreadable {
        /// The operation or event.
        message: String,
        /// What is wrong, and where.
        fault: Fault,
    },
    /// The kernel refused the request.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The kernel sent a message that does not belong where it came.
    #[error("{operation} was answered by {what}")]
    Unexpected {
        /// The operation.
        operation: String,
        /// What came.
        what: String,
    },
    /// The answer is lost, so nothing is known of the request: the kernel may have carried it out.
    #[error("{operation}: the answer is lost, and the kernel may have carried it out: {cause}")]
    Lost {
        /// The operation.
        operation: String,
        /// Why; it may be the reason for others too.
        cause: Arc<crate::Error>,
    },
    /// All items of a dump have come, but what it lists was changed meanwhile: some may be
    /// missing, twice there, or not fit together.
    #[error(
        "{family}'s dump of {operation} is not consistent: what it lists was changed meanwhile"
    )]
    DumpInterrupted {
        /// The family.
        family: String,
        /// The operation.
        operation: String,
    },
    /// The family as it is served has no such group, though the spec has.
    #[error("the family \"{family}\" has no multicast group \"{group}\" where it is served")]
    UnknownGroup {
        /// The family.
        family: String,
        /// The group that was looked for.
        group: String,
    },
    /// The family as it is served has no groups at all.
    #[error("the family \"{family}\" has no multicast groups where it is served")]
    NoGroups {
        /// The family.
        family: String,
    },
    /// All else, of which the spec is no part: sockets, and families that are not there.
    #[error(transparent)]
    Netlink(#[from] crate::Error),
}

impl Error {
    /// What the kernel said, if it refused the request.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) if f.alternate() => fmt::Debug::fmt(refused, f),
            _ => fmt::Display::fmt(self, f),
        }
    }
}
