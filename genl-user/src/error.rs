//! What can go wrong.

use std::{fmt, io};

use crate::family::{Message, Operation};
use crate::layout::Inside;
use crate::path::Named;
use crate::refused::Refused;
use crate::socket::Socket;
use crate::timed_out::TimedOut;
use crate::wire::{Defect, Malformed, Misfit, Unfit};

/// What a system call that [`Error::Io`] is about was to do, of one by which a request goes out.
const SEND: &str = "send";

/// Why a call of a client failed.
///
/// It is a sentence, by `{:?}` too: what a `main` prints that returns it, or an `unwrap`. `{:#?}` gives
/// all fields of what the kernel refused. It converts into an [`io::Error`] of the [`io::ErrorKind`] that fits, and stays inside it.
///
/// What the system says is a part of the sentence. So it is not the error's
/// [`source`](std::error::Error::source) too, of which there is none: who prints all sources one after
/// the other would print it twice. The variants have it in `cause`; [`Self::errno`] and
/// [`Self::kind`] tell it of them all.
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
///     Err(Error::TimedOut(_)) => println!("nobody knows"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused the request.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The kernel has no such family, and knows no module that would bring it.
    #[error("{}", unknown(name, *peer))]
    UnknownFamily {
        /// The name that was looked for.
        name: String,
        /// The port of the process that was asked in place of the kernel.
        peer: Option<u32>,
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
    /// The request is longer than what the socket sends at once; nothing was sent.
    ///
    /// How long that is a socket learns when it is opened: from `net.core.wmem_default`, of which
    /// the kernel keeps 32 bytes (`netlink_sendmsg()`).
    #[error(
        "a request of {len} bytes cannot be sent, as the socket takes {room} at once: \
         send less in one, or raise the sysctl net.core.wmem_default before it is opened"
    )]
    TooLong {
        /// Length of the request, in bytes.
        len: usize,
        /// How many bytes the socket takes.
        room: usize,
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
    #[error("{operation} was answered by {what}")]
    Unexpected {
        /// The operation.
        operation: &'static str,
        /// What came.
        what: &'static str,
    },
    /// A message was longer than the receive buffer, and is lost.
    ///
    /// [`Connection::reserve`](crate::Connection::reserve) makes the buffer larger.
    #[error(
        "a message of {len} bytes did not fit into the receive buffer, which has {room}: \
         `reserve` makes it larger"
    )]
    Truncated {
        /// Length of the message, in bytes.
        len: usize,
        /// Size of the buffer, in bytes.
        room: usize,
    },
    /// All items of a dump have come, but what it lists was changed meanwhile: some may be
    /// missing, twice there, or not fit together.
    #[error(
        "{family}'s dump of {operation} is not consistent: what it lists was changed meanwhile"
    )]
    DumpInterrupted {
        /// The family.
        family: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// No answer came in time, or there was no room for the request until then: whether it may have been
    /// carried out [`TimedOut::sent`] tells.
    #[error(transparent)]
    TimedOut(#[from] Box<TimedOut>),
    /// The process that serves the family in place of the kernel cannot be sent to.
    #[error("cannot reach the process at port {peer}: {cause}")]
    Unreachable {
        /// Its port, of [`Options::peer`](crate::Options::peer).
        peer: u32,
        /// Why; ECONNREFUSED if nobody has the port.
        cause: io::Error,
    },
    /// A multicast group cannot be joined.
    #[error("cannot join the group \"{group}\" of \"{family}\"{}", why_not_joined(*peer, cause))]
    Join {
        /// The family.
        family: String,
        /// The group.
        group: String,
        /// The port of the process that serves the family in place of the kernel.
        peer: Option<u32>,
        /// Why; EPERM if it takes a capability that the caller lacks.
        cause: io::Error,
    },
    /// A network namespace cannot be entered.
    #[error(
        "cannot enter the network namespace {netns}{}: {cause}",
        right_to_enter(cause)
    )]
    Netns {
        /// What cannot be done, in words: the namespace by its file's path, its number or that it is an open
        /// file, and that it is to be come back from if it is that which fails.
        netns: String,
        /// Why.
        cause: io::Error,
    },
    /// A system call failed.
    #[error("netlink: cannot {doing}: {cause}")]
    Io {
        /// What was tried: `send`, `receive`, …
        doing: &'static str,
        /// Why it failed.
        cause: io::Error,
    },
}

impl Error {
    /// The kernel's error number, where that is what went wrong.
    ///
    /// [`Self::UnknownFamily`] has none, though it is ENOENT that the kernel says: by that number many
    /// families tell that they lack what was asked for, which is another matter than lacking the family.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused(refused) => Some(refused.errno),
            Self::Io { cause, .. }
            | Self::Join { cause, .. }
            | Self::Netns { cause, .. }
            | Self::Unreachable { cause, .. } => cause.raw_os_error(),
            Self::TooLong { .. } => Some(libc::EMSGSIZE),
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
            Self::Unfit { .. } | Self::TooLong { .. } | Self::DumpFlags { .. } => {
                io::ErrorKind::InvalidInput
            }
            Self::Malformed { .. } | Self::Unexpected { .. } | Self::Truncated { .. } => {
                io::ErrorKind::InvalidData
            }
            // Not Interrupted, upon which std's own helpers try again.
            Self::DumpInterrupted { .. } => io::ErrorKind::Other,
            Self::TimedOut(_) => io::ErrorKind::TimedOut,
            Self::Io { cause, .. }
            | Self::Join { cause, .. }
            | Self::Netns { cause, .. }
            | Self::Unreachable { cause, .. } => cause.kind(),
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
            path: path(operation, attrs, malformed.offset as usize),
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

    /// Nothing of `datagram` was sent. The kernel takes all that the socket itself takes; another
    /// process may have had no room for it in time.
    #[cold]
    pub(crate) fn unsent(cause: io::Error, socket: &Socket, datagram: &[u8]) -> Self {
        if cause.raw_os_error() == Some(libc::EMSGSIZE)
            && let Ok(room) = socket.longest_datagram()
        {
            let len = datagram.len();
            return Self::TooLong { len, room };
        }
        match socket.peer() {
            // One that had no room is there.
            Some(peer) if cause.kind() != io::ErrorKind::WouldBlock => {
                Self::Unreachable { peer, cause }
            }
            _ => Self::io(SEND)(cause),
        }
    }

    /// Nothing came until the deadline, as a socket says it, which does not know what it is waited for.
    /// No caller gets to see it: who knows the operation makes [`Self::TimedOut`] of it, by
    /// [`Self::told_of`].
    #[cold]
    pub(crate) fn late() -> Self {
        Self::io("receive")(io::ErrorKind::WouldBlock.into())
    }

    /// It is [`Self::late`], or what is sent found no room until the deadline.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Io { cause, .. } if cause.kind() == io::ErrorKind::WouldBlock)
    }

    /// The same of what has to be received before something is sent: if it [is late](Self::is_late), that
    /// is not sent.
    #[cold]
    pub(crate) fn before_sending(self) -> Self {
        match self {
            Self::Io { cause, .. } if cause.kind() == io::ErrorKind::WouldBlock => {
                Self::io(SEND)(cause)
            }
            other => other,
        }
    }

    /// Of one that [is late](Self::is_late): the request may have been sent.
    pub(crate) fn is_of_what_was_sent(&self) -> bool {
        !matches!(self, Self::Io { doing: SEND, .. })
    }

    /// The same, as it is told to who has asked.
    #[cold]
    pub(crate) fn told_of(self, asked: impl FnOnce() -> TimedOut) -> Self {
        match self.is_late() {
            true => {
                let sent = self.is_of_what_was_sent();
                Box::new(TimedOut { sent, ..asked() }).into()
            }
            false => self,
        }
    }

    /// The same, where the controller was asked for a family.
    #[cold]
    pub(crate) fn looking_for(mut self, family: &str) -> Self {
        if let Self::TimedOut(late) = &mut self {
            late.looked_for = Some(family.into());
        }
        self
    }

    /// For `map_err`: a system call failed while `doing` something.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, cause }
    }
}

fn right_to_enter(cause: &io::Error) -> &'static str {
    match cause.raw_os_error() {
        Some(libc::EPERM) => ", which takes CAP_SYS_ADMIN here and there",
        _ => "",
    }
}

/// Which attribute is at `offset`: `get.meta.label`; the operation alone if none is there.
fn path(operation: &str, attrs: Named<'_, Inside>, offset: usize) -> String {
    match attrs.path(offset) {
        Some(path) => format!("{operation}.{path}"),
        None => operation.into(),
    }
}

fn unknown(name: &str, peer: Option<u32>) -> String {
    match peer {
        None => format!("the kernel has no netlink family \"{name}\": is its module loaded?"),
        Some(port) => format!("the process at port {port} does not serve the family \"{name}\""),
    }
}

fn why_not_joined(peer: Option<u32>, cause: &io::Error) -> String {
    match (peer, cause.raw_os_error()) {
        // Whatever the spec and the server say: netlink_add_usersock_entry() lets nobody else.
        (Some(port), Some(libc::EPERM)) => {
            format!(" at port {port}: {cause}; to listen to a process takes CAP_NET_ADMIN")
        }
        (Some(port), _) => format!(" at port {port}: {cause}"),
        (None, _) => format!(": {cause}"),
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

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Connection, Link};
    use crate::families::nlctrl::{Client, FAMILY, Getfamily, GetfamilyReplyOwned};
    use crate::family::Request;
    use crate::options::Options;
    use crate::sys::tests::{Deaf, alone};
    use crate::transport;
    use crate::wire::Encoder;

    #[test]
    fn who_prints_it_for_debugging_can_read_it() {
        let mut nlctrl = Client::open().unwrap();
        let request = Getfamily {
            family_id: Some(9),
            ..Getfamily::default()
        };
        let refused = nlctrl.getfamily(&request).map(drop).unwrap_err();
        assert_eq!(format!("{refused:?}"), refused.to_string());
        // What the sentence leaves out is to be had.
        let fields = format!("{refused:#?}");
        assert!(fields.contains("    errno: 2,\n"), "{fields}");
    }

    /// More than a socket sends at once, unless the system was told otherwise.
    struct Long;

    impl Request for Long {
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
            (0..100).try_for_each(|_| out.bytes(1, &[0; 60_000]))
        }
    }

    const LEN: usize = 20 + 100 * 60_004;

    #[test]
    fn a_request_that_is_too_long_is_told_by_its_length() {
        let _alone = alone();
        let deaf = Deaf::new();
        for options in [Options::new(), Options::new().peer(deaf.port())] {
            let mut link: Connection = Link::over(transport::open(&options).unwrap(), &FAMILY);
            let called = link.order(&Client::GETFAMILY, &Long);
            let begun = link.dump::<GetfamilyReplyOwned>(&Client::GETFAMILY_DUMP, &Long);
            let begun = begun.map(drop);
            let mut batch = link.pipeline();
            let ticket = batch.add::<GetfamilyReplyOwned>(&Client::GETFAMILY, &Long);
            let batched = batch.send().unwrap().take(ticket.unwrap()).map(drop);
            for failed in [called, begun, batched] {
                let error = failed.unwrap_err();
                let Error::TooLong { len: LEN, room } = error else {
                    panic!("{error}")
                };
                assert!((1..LEN).contains(&room), "{error}");
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
                assert_eq!(error.errno(), Some(libc::EMSGSIZE));
            }
        }
    }

    #[test]
    fn as_long_a_request_as_is_told_is_sent() {
        let options = Options::new();
        let mut link: Connection = Link::over(transport::open(&options).unwrap(), &FAMILY);
        let room = match link.order(&Client::GETFAMILY, &Long) {
            Err(Error::TooLong { room, .. }) => room,
            other => panic!("{other:?}"),
        };
        let socket = transport::Receive::socket(&link.transport);
        socket.send(&vec![0; room]).unwrap();
        let refused = socket.send(&vec![0; room + 1]).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EMSGSIZE));
    }

    #[test]
    fn who_may_not_listen_to_a_process_is_told_why() {
        let refused = Error::Join {
            family: "kvstore".into(),
            group: "changes".into(),
            peer: Some(7),
            cause: io::Error::from_raw_os_error(libc::EPERM),
        };
        let told = "cannot join the group \"changes\" of \"kvstore\" at port 7: Operation not permitted \
            (os error 1); to listen to a process takes CAP_NET_ADMIN";
        assert_eq!(refused.to_string(), told);
    }

    #[test]
    fn what_the_system_says_is_told_once() {
        let cause = || io::Error::from_raw_os_error(libc::EACCES);
        let name = String::new;
        let errors = [
            Error::Unreachable {
                peer: 1,
                cause: cause(),
            },
            Error::Join {
                family: name(),
                group: name(),
                peer: Some(1),
                cause: cause(),
            },
            Error::Netns {
                netns: name(),
                cause: cause(),
            },
            Error::io(SEND)(cause()),
        ];
        for error in errors {
            let told = format!("{error}");
            assert!(
                told.ends_with(": Permission denied (os error 13)"),
                "{told}"
            );
            assert_eq!(format!("{error:?}"), told);
            assert!(std::error::Error::source(&error).is_none());
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            let inside = io::Error::from(error);
            assert_eq!(inside.to_string(), told);
            assert!(std::error::Error::source(&inside).is_none());
        }
    }
}
