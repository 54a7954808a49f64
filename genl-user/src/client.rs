//! A connection to one family, blocking or async.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::controller;
use crate::dump::Dump;
use crate::error::Error;
use crate::exchange::{Asked, Progress};
use crate::family::{Family, Message, Operation, Request};
use crate::flags::{Flags, Wishes};
use crate::inbox::{Arrived, Inbox};
use crate::options::Options;
use crate::pipeline::{Batch, Pipeline};
use crate::pool::Reusable;
use crate::refused::Warning;
use crate::replies::Replies;
use crate::socket::first_seq;
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{self, Blocking, Deadline, Transport, now};

/// How long an answer is waited for unless [`Options::timeout`] or [`Link::set_timeout`] says
/// otherwise.
///
/// The kernel answers within the call that sends the request, so only a family that answers later
/// needs more than an instant.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket that talks to one generic netlink family; the generated `Client`s are made of it.
pub type Connection = Link<Blocking>;

/// As [`Connection`], for tasks of tokio's; the generated `AsyncClient`s are made of it.
///
/// The future of a call may be dropped at any time: the connection can be used again, and the next
/// call gets its own answer. The kernel will have done what it was asked for nevertheless.
///
/// ```
/// use genl_user::families::nlctrl::{AsyncClient, Getfamily, GetfamilyDump};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), genl_user::Error> {
/// let mut controller = AsyncClient::open().await?;
/// let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
/// assert_eq!(controller.getfamily(&request).await?.family_id(), Some(16));
///
/// let mut families = controller.getfamily_dump(&GetfamilyDump {}).await?;
/// while let Some(family) = families.next().await? {
///     println!("{:?}", family.family_name());
/// }
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "tokio")]
pub type AsyncConnection = Link<Tokio>;

/// A socket that talks to one generic netlink family: a [`Connection`], or an `AsyncConnection`.
///
/// A request takes one system call to send and one to receive, or two where an ACK follows the
/// reply: the kernel serves it within the call that sends it (`netlink_sendmsg()`, `genl_rcv()`).
/// Where another process serves it, one more finds out that the answer is not there yet.
/// Once the buffer for requests has grown to the longest of them, nothing is allocated.
///
/// An answer is taken for that of a request only if it has its sequence number and this socket's
/// port (`nlmsg_seq`, `nlmsg_pid`). If the family's module was loaded anew, and so has got another
/// id, the id is looked up and the request sent once more; it was not served before, as the core
/// refuses ids that it does not know (`genl_rcv_msg()`: ENOENT).
pub struct Link<T> {
    pub(crate) transport: T,
    family: &'static Family,
    pub(crate) id: u16,
    pub(crate) seq: u32,
    /// The last request, as it was sent: the kernel's errors point into it.
    pub(crate) request: Vec<u8>,
    pub(crate) inbox: Inbox,
    /// The number of a dump that was begun and whose end was not seen: the kernel would refuse
    /// another one.
    pub(crate) dumping: Option<u32>,
    /// Of that dump nothing came in time once: the rest is not waited for once more.
    pub(crate) is_dump_late: bool,
    /// It was opened without a word to the kernel, and no dump has begun since.
    pub(crate) is_new: bool,
    /// What the kernel minded about the last request, though it has done it.
    pub(crate) warning: Option<Warning>,
    /// The last pipeline.
    pub(crate) batch: Batch,
    timeout: Option<Duration>,
    wishes: Wishes,
}

impl<T: Transport> Link<T> {
    /// The family that it talks to.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// The id by which the kernel knows the family, for as long as it is registered: `nlmsg_type` of
    /// its messages (`genl_register_family()`).
    pub fn family_id(&self) -> u16 {
        self.id
    }

    /// The netlink port of the socket: where the kernel sends what it has for this client.
    ///
    /// It chose the number when the socket was bound (`netlink_autobind()`).
    #[inline]
    pub fn port(&self) -> u32 {
        self.transport.socket().port()
    }

    /// Sets how long an answer is waited for, instead of [`DEFAULT_TIMEOUT`]; `None` is forever.
    ///
    /// It is about the whole of a call, until another process has room for the request too: whatever
    /// comes meanwhile, it ends then with
    /// [`Error::TimedOut`], and a later answer is not taken for that of another call. Of a dump it
    /// is about each step, as the caller has it in hand how long all of them take.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the socket does not take it (`sock_set_timeout()`, net/core/sock.c).
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let set = self.transport.socket().set_timeout(timeout);
        set.map_err(Error::io("set the timeout"))?;
        self.timeout = timeout;
        Ok(())
    }

    /// Lets the next call have these flags beside its own, and that call alone.
    ///
    /// A call takes them when it begins, which an async one does as it is first polled: one that is
    /// dropped before that leaves them to the next.
    ///
    /// ```
    /// # use genl_user::{Flags, families::nlctrl::{Client, Getfamily}};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut nlctrl = Client::open()?;
    /// let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
    /// nlctrl.with_flags(Flags::ACK).getfamily(&request)?;
    /// if let Some(warning) = nlctrl.connection().warning() {
    ///     println!("{warning}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_flags(&mut self, flags: Flags) -> &mut Self {
        self.wishes.flags = flags;
        self
    }

    /// Lets the next call end after so long, instead of the connection's timeout, and that call
    /// alone; see [`Self::with_flags`] for which one that is. As with [`Self::set_timeout`], all of
    /// the call is meant; of a dump it is the first step, and the others have the connection's timeout.
    ///
    /// Opening is no call: how long that may take is for [`Options::timeout`] to say, and for
    /// [`Options::wait_for_family`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use genl_user::families::nlctrl::{Client, Getfamily};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut nlctrl = Client::open()?;
    /// let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
    /// let family = nlctrl.within(Duration::from_millis(100)).getfamily(&request)?;
    /// assert_eq!(family.family_id(), Some(16));
    /// # Ok(())
    /// # }
    /// ```
    pub fn within(&mut self, timeout: Duration) -> &mut Self {
        self.wishes.deadline = Some(Deadline::after(Some(timeout)));
        self
    }

    /// Begins calls that are to be sent together.
    ///
    /// What was wished of the next call is wished of them: of all together the
    /// [deadline](Self::within), of the first one the [flags](Self::with_flags).
    ///
    /// ```
    /// # use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyReplyOwned};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut nlctrl = Client::open()?;
    /// let mut batch = nlctrl.pipeline();
    /// let known = batch.getfamily(&Getfamily { family_id: Some(16), family_name: None })?;
    /// let unknown = batch.getfamily(&Getfamily { family_id: Some(9), family_name: None })?;
    /// let answers = batch.send()?;
    /// assert_eq!(answers.take(unknown).unwrap_err().errno(), Some(libc::ENOENT));
    /// assert_eq!(answers.take(known)?.family_name(), Some("nlctrl"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn pipeline(&mut self) -> Pipeline<'_, T> {
        Pipeline::new(self)
    }

    /// What the kernel had to say about the last request, though it has done what it was asked.
    ///
    /// It says so in an ACK (`netlink_ack()`): those calls have one that are not answered by a reply,
    /// and those [`with_flags`](Self::with_flags) that ask for it.
    pub fn warning(&self) -> Option<&Warning> {
        self.warning.as_ref()
    }

    /// Makes room for messages of so many bytes; 64 KiB are there from the start.
    ///
    /// A longer one is [`Error::Truncated`], and lost. What a dump sends at once has 32 KiB at most
    /// (`netlink_recvmsg()`, `max_recvmsg_len`).
    pub fn reserve(&mut self, bytes: usize) {
        self.inbox.reserve(bytes);
    }

    /// A connection of a socket, which does not know the family's id yet.
    pub(crate) fn over(transport: T, family: &'static Family) -> Self {
        Self {
            transport,
            family,
            id: 0,
            seq: 0,
            request: Vec::new(),
            inbox: Inbox::new(),
            dumping: None,
            is_dump_late: false,
            is_new: false,
            warning: None,
            batch: Batch::default(),
            timeout: None,
            wishes: Wishes::default(),
        }
    }

    /// Opens a socket and resolves the family.
    pub(crate) async fn establish(
        family: &'static Family,
        options: &Options,
    ) -> Result<Self, Error> {
        let mut link = Self::over(transport::open(options)?, family);
        link.set_timeout(options.timeout)?;
        link.seq = first_seq();
        let known = controller::known(&link).filter(|_| options.wait_for_family.is_none());
        link.is_new = known.is_some();
        link.id = match known {
            Some(id) => id,
            None => controller::find(&mut link, options).await?,
        };
        Ok(link)
    }

    /// When a call that begins now has to be done.
    #[inline]
    pub(crate) fn deadline(&mut self) -> Deadline {
        let wanted = self.wishes.deadline.take();
        wanted.unwrap_or(Deadline::Timeout(self.timeout))
    }

    /// What flags the user wants of a call that begins now.
    #[inline]
    pub(crate) fn take_flags(&mut self) -> Flags {
        std::mem::take(&mut self.wishes.flags)
    }

    /// What the user wants of the next call, which is one of several, or is not made at all.
    pub(crate) fn take_wishes(&mut self) -> Wishes {
        std::mem::take(&mut self.wishes)
    }
}

impl Connection {
    /// Opens a socket in the calling thread's network namespace and resolves the family.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFamily`] if the kernel does not have it; it tries to load its module first.
    /// Where another client in this process has found the family before, nobody is asked, and what
    /// has become of it since is told by the first call.
    pub fn open(family: &'static Family) -> Result<Self, Error> {
        Self::open_with(family, &Options::new())
    }

    /// As [`Self::open`], in another way.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`]; [`Error::Netns`] where another network namespace is asked for and
    /// cannot be entered, and [`Error::Io`] of [`io::ErrorKind::PermissionDenied`](std::io::ErrorKind) where
    /// another user's process has the port of the one that is asked for.
    pub fn open_with(family: &'static Family, options: &Options) -> Result<Self, Error> {
        now(Self::establish(family, options))
    }

    /// Calls an operation that is answered by one message.
    ///
    /// Where the kernel says by an ACK alone that all went well, the view is of a message with nothing
    /// in it: devlink tells of a new region's snapshot only where it has chosen its number.
    ///
    /// # Errors
    ///
    /// - [`Error::Refused`] is the family's own answer, or that of the core before it was asked:
    ///   EPERM to who lacks a capability, EOPNOTSUPP where this kernel's family has no such command
    ///   (`genl_rcv_msg()`), EINVAL or ERANGE by the policy (`__nla_validate_parse()`, lib/nlattr.c).
    /// - [`Error::Unfit`], [`Error::TooLong`] and [`Error::DumpFlags`]: it cannot be sent as it is, and
    ///   was not.
    /// - [`Error::UnknownFamily`]: the family is gone, and does not come back when it is looked for.
    /// - [`Error::TimedOut`]: nobody knows whether the kernel has done it, if it [was
    ///   sent](crate::TimedOut::sent).
    /// - [`Error::Malformed`] and [`Error::Truncated`]: it was done, but the reply cannot be read.
    /// - [`Error::Unexpected`]: no reply came that answers it, or more than one, for which
    ///   [`Self::call_all`] is.
    /// - [`Error::Io`]: a system call failed.
    pub fn call<M: Message>(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<M::View<'_>, Error> {
        let asked = self.write_do(operation, request)?;
        let reply = self.reply_now(asked)?;
        self.reply::<M>(operation, reply.as_ref())
    }

    /// Calls an operation that may be answered by any number of messages: by many where they do not
    /// fit into one, as those of the `options-get` of the family "team", or by none where the
    /// family finds nothing to say.
    ///
    /// ```
    /// # use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyReplyOwned};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut client = Client::open()?;
    /// let request = Getfamily { family_id: Some(16), ..Default::default() };
    /// let connection = client.connection();
    /// let mut replies = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request)?;
    /// while let Some(reply) = replies.next()? {
    ///     println!("{:?}", reply.family_name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::call`]; what comes after the first reply is told by [`Replies::next`].
    pub fn call_all<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Replies<'_, M>, Error> {
        let some = now(self.ask_all(operation, request))?;
        Ok(Replies::new(self, operation, !some))
    }

    /// Calls an operation that is answered by nothing but an ACK.
    ///
    /// # Errors
    ///
    /// Those of [`Self::call`], but for [`Error::Unexpected`]: replies, where a family sends some
    /// nevertheless, are passed over.
    pub fn order(&mut self, operation: &Operation, request: &impl Request) -> Result<(), Error> {
        let asked = self.write_do(operation, request)?;
        self.reply_now(asked).map(drop)
    }

    /// Calls an operation that is answered by many messages.
    ///
    /// # Errors
    ///
    /// Those of [`Self::call`]: what keeps the dump from beginning. What goes wrong later is told
    /// by [`Dump::next`].
    ///
    /// With ENOBUFS the kernel says, at the beginning or later, that it had no memory for a piece of the
    /// dump (`netlink_dump()`). It would go on with that one; it is read to its end before the next
    /// request, and a dump can be asked for again.
    pub fn dump<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Dump<'_, M>, Error> {
        now(self.ask_dump(operation, request))?;
        Ok(Dump::new(self, operation))
    }

    /// Sends the request that is written, and waits for its end: the reply, if there is one. What
    /// all calls have in common is here once, not in each of them.
    ///
    /// A call that goes well, as nearly all do, is no future: moving what that is made of takes as
    /// long as reading the answer.
    #[inline(never)]
    fn reply_now(&mut self, asked: Asked<'_>) -> Result<Option<Arrived>, Error> {
        let deadline = self.deadline();
        match self.attempt(asked) {
            Ok(Progress::Over(reply)) => Ok(reply),
            begun => self.finish_now(asked, begun, deadline),
        }
    }

    #[cold]
    fn finish_now(
        &mut self,
        asked: Asked<'_>,
        begun: Result<Progress, Error>,
        deadline: Deadline,
    ) -> Result<Option<Arrived>, Error> {
        now(self.finish(asked, begun, deadline))
    }
}

#[cfg(feature = "tokio")]
impl AsyncConnection {
    /// As [`Connection::open`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open(family: &'static Family) -> Result<Self, Error> {
        Self::open_with(family, &Options::new()).await
    }

    /// As [`Connection::open_with`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open_with`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open_with(family: &'static Family, options: &Options) -> Result<Self, Error> {
        Self::establish(family, options).await
    }

    /// As [`Connection::call`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::call`].
    pub async fn call<M: Message>(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<M::View<'_>, Error> {
        let reply = self.ask(operation, request).await?;
        self.reply::<M>(operation, reply.as_ref())
    }

    /// As [`Connection::call_all`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::call_all`].
    pub async fn call_all<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Replies<'_, M, Tokio>, Error> {
        let some = self.ask_all(operation, request).await?;
        Ok(Replies::new(self, operation, !some))
    }

    /// As [`Connection::order`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::order`].
    pub async fn order(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        self.ask(operation, request).await.map(drop)
    }

    /// As [`Connection::dump`].
    ///
    /// # Errors
    ///
    /// Those of [`Connection::dump`].
    pub async fn dump<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Dump<'_, M, Tokio>, Error> {
        self.ask_dump(operation, request).await?;
        Ok(Dump::new(self, operation))
    }
}

impl<T: Transport> Reusable for Link<T> {
    fn forget_wishes(&mut self) {
        self.take_wishes();
    }
}

impl<T: Transport> AsFd for Link<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.transport.socket().as_fd()
    }
}

impl<T: Transport> std::fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("family", &self.family.name)
            .field("family_id", &self.id)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}
