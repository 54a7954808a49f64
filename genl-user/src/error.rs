//! What can go wrong.

use std::io;

use crate::family::{Message, Operation};
use crate::layout::Inside;
use crate::path::Named;
use crate::refused::Refused;
use crate::wire::{Defect, Malformed, Misfit, Unfit};

/// Why a call of a client failed.
///
/// It converts into an [`io::Error`] of the [`io::ErrorKind`] that fits, and stays inside it.
///
/// ```
/// use genl_user::Error;
/// use genl_user::families::nlctrl::{Client, Getfamily};
///
/// # fn main() -> Result<(), Error> {
/// let mut nlctrl = Client::open()?;
/// let request = Getfamily { family_name: Some("no-such-name"), ..Default::default() };
/// match nlctrl.getfamily(&request) {
///     Ok(family) => println!("{family:?}"),
///     Err(error) if error.errno() == Some(libc::ENOENT) => println!("there is none"),
///     Err(Error::TimedOut) => println!("nobody knows"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
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
        family: String,
        /// The group that was looked for.
        group: String,
    },
    /// The request cannot be put into a message; nothing was sent.
    #[error("{path} cannot be sent: {misfit}")]
    Unfit {
        /// The attribute: `set.meta.label`.
        path: String,
        /// What is wrong with it.
        misfit: Misfit,
    },
    /// The flags REPLACE and EXCL together, by which the kernel would take the request for a dump;
    /// nothing was sent.
    #[error("{operation} cannot be sent: the flags REPLACE and EXCL together would make it a dump")]
    DumpFlags {
        /// The operation.
        operation: &'static str,
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
    /// A network namespace cannot be entered.
    #[error("cannot enter the network namespace {netns}: {source}")]
    Netns {
        /// The namespace: its file's path.
        netns: String,
        /// Why.
        source: io::Error,
    },
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
            Self::Io { source, .. } | Self::Netns { source, .. } => source.raw_os_error(),
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
            Self::Refused(refused) => refused.kind(),
            Self::UnknownFamily { .. } | Self::UnknownGroup { .. } => io::ErrorKind::NotFound,
            Self::Unfit { .. } | Self::DumpFlags { .. } => io::ErrorKind::InvalidInput,
            Self::Malformed { .. } | Self::Unexpected { .. } | Self::Truncated { .. } => {
                io::ErrorKind::InvalidData
            }
            // Not Interrupted, upon which std's own helpers try again.
            Self::DumpInterrupted => io::ErrorKind::Other,
            Self::TimedOut => io::ErrorKind::TimedOut,
            Self::Io { source, .. } | Self::Netns { source, .. } => source.kind(),
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

    /// For `map_err`: nothing was sent. The kernel always takes it; another process may have had no
    /// room for it in time.
    pub(crate) fn unsent(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::WouldBlock => Self::TimedOut,
            _ => Self::io("send")(source),
        }
    }

    /// For `map_err`: a system call failed while `doing` something.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

/// Which attribute is at `offset`: `get.meta.label`; the operation alone if none is there.
fn path(operation: &str, attrs: Named<'_, Inside>, offset: usize) -> String {
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
