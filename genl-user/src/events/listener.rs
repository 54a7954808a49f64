//! One socket that listens to any number of groups, of any families.

use std::borrow::Cow;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::Group;
use super::aside::{Aside, Shelf};
use super::notice::{Heard, Notice};
use super::roster::{Name, Roster};
use crate::controller::NOTIFY;
use crate::error::Error;
use crate::families::nlctrl::{Client, GetfamilyReply, GetfamilyReplyOwned};
use crate::inbox::{Arrived, Inbox};
use crate::options::Options;
use crate::socket::{Socket, first_seq};
use crate::timed_out::TimedOut;
use crate::transport::{self, Blocking, Deadline, Transport, now};
use crate::wire::{FromPayload, Head, generic};

/// What a datagram takes at least of the bytes in a queue, as the kernel counts them
/// (`SKB_TRUESIZE()`).
const LEAST: usize = 512;

/// More datagrams than a queue of the default size holds (`net.core.rmem_default`).
const QUEUEFUL: usize = 212_992 / LEAST;

/// Listens to groups of any number of families, and to what the kernel sends to its port; blocks
/// while nothing comes.
///
/// Each event is offered to the families that can be concerned; who is not gets `None`:
///
/// ```
/// # #[cfg(feature = "testing")]
/// # mod shelf { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tour/shelf.rs")); }
/// # #[cfg(feature = "testing")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use genl_user::Listener;
/// use genl_user::families::{kvstore, nltest};
/// # struct Silent;
/// # impl nltest::server::Handler for Silent {}
/// # let kernel = genl_user::testing::Kernel::new();
/// # kernel.register(kvstore::server::Served(shelf::Shelf::default()))?;
/// # kernel.register(nltest::server::Served(Silent))?;
/// # let options = genl_user::Options::new().kernel(&kernel);
///
/// let mut listener = Listener::open_with(&options)?;
/// listener.join(&[kvstore::Group::Changes])?;
/// listener.join(&[nltest::Group::Chat])?;
/// # let mut kv = kvstore::Client::open_with(&options)?;
/// # kv.set(&kvstore::Set { key: "host", ..Default::default() })?;
/// # let mut count = 0;
/// while let Some(heard) = listener.next_timeout(Duration::from_millis(100))? {
///     if let Some(event) = heard.event::<kvstore::Group>()? {
///         println!("the store: {event:?}");
///     # count += 1;
///     }
///     if let Some(event) = heard.event::<nltest::Group>()? {
///         println!("the chat: {event:?}");
///     # count += 10;
///     }
/// }
/// # assert_eq!(count, 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
///
/// What is not read in time is lost once the queue is full, and that is told: the kernel notes it
/// (`netlink_overrun()`), and the next receive fails with ENOBUFS. Nothing more gets into the queue until it
/// was read to its end; there comes [`Heard::Overrun`], behind all that is older than what was lost, and
/// behind some that is newer if it comes as fast as it is read. So a dump that begins then and the events
/// that come from then on miss nothing, or that is told again.
///
/// A listener follows its families. One whose module is loaded anew has another id, and its groups
/// other numbers: the listener learns that from the controller, joins the groups again, and tells
/// of it by the event `Reloaded`, as some events may have come before it was back. Why a group could not
/// be joined again is told by an error before that. If it is there, and the kernel did not let the
/// listener join it, that is tried again and again, ever more seldom; `Overrun` tells when it was done,
/// as what came from the group until then is lost.
///
/// So it is where the kernel serves the family. Of a server in another process
/// ([`Options::peer`](crate::Options::peer)) nobody tells that it has ended: its listeners hear nothing
/// any more, as if nothing happened. Who has to know calls it from time to time.
pub type Listener = Listening<Blocking>;

/// A [`Listener`] whose `next` is awaited in a task of tokio's.
#[cfg(feature = "tokio")]
pub type AsyncListener = Listening<crate::tokio::Tokio>;

/// What [`Listener`] and `AsyncListener` are.
pub struct Listening<T: Transport> {
    pub(crate) transport: T,
    pub(super) inbox: Inbox,
    pub(super) roster: Roster,
    /// Clients of these ports caused what is passed over.
    ignored: Vec<u32>,
    /// What came while an answer of the controller was awaited. It is older than the inbox.
    pub(super) aside: Shelf,
    /// The last of these, which is being read.
    current: Option<Aside>,
    /// Some events were lost, and nobody was told yet: so many datagrams more may be older than they, if the
    /// queue is not empty before.
    pub(super) lost_behind: Option<usize>,
    /// How long the queue was before it was made shorter, in bytes: it may hold as much still.
    longest: usize,
    /// Some were lost, and it may be that one told of a family that has got another id.
    pub(super) unsure: bool,
    /// How long an answer of the controller is waited for.
    pub(super) timeout: Option<Duration>,
    /// How long a family is waited for that is not there.
    pub(super) patience: Option<Duration>,
    /// The controller tells it of families that come.
    pub(super) is_told: bool,
    pub(crate) seq: u32,
    pub(super) request: Vec<u8>,
}

/// What came next.
pub(crate) enum Next {
    /// A message in the receive buffer.
    Arrived(Arrived),
    /// The message that is [`Listening::current`].
    Aside,
    /// Events were lost.
    Overrun,
    /// The family at this place of the roster was loaded anew.
    Reloaded(usize),
}

/// What came of receiving.
#[derive(PartialEq)]
pub(super) enum Receipt {
    Datagram,
    /// Nothing until the deadline.
    Nothing,
    /// The queue was full, and the kernel has dropped what came then.
    Overrun,
}

impl Listener {
    /// Opens a socket in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is no socket to be had, or it cannot join the controller's group.
    pub fn open() -> Result<Self, Error> {
        Self::open_with(&Options::new())
    }

    /// Opens a socket as the options say.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`]; [`Error::Netns`] where another network namespace is asked for and
    /// cannot be entered.
    pub fn open_with(options: &Options) -> Result<Self, Error> {
        Self::new(options)
    }

    /// Joins groups of a family, which is followed from then on.
    ///
    /// With no group, what it sends to this port alone is heard.
    ///
    /// What comes after it has returned is heard, or its loss is told. So is what comes from other
    /// groups while it waits for the controller: as much is kept as the queue has room for.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFamily`], [`Error::UnknownGroup`], and [`Error::Join`] with EPERM for a group
    /// that takes a capability (`genl_bind()`).
    pub fn join<G: Group>(&mut self, groups: &[G]) -> Result<(), Error> {
        now(self.join_groups(groups))
    }

    /// As [`Self::join`], of a family of which there is no generated code.
    #[cfg(feature = "dynamic")]
    pub(crate) fn join_by_name(
        &mut self,
        family: String,
        groups: Vec<String>,
    ) -> Result<(), Error> {
        now(self.join_named(family.into(), groups.into_iter().map(Cow::Owned)))
    }

    /// Waits for what comes next.
    ///
    /// # Errors
    ///
    /// After any error the next event can be waited for. [`Error::Malformed`] and
    /// [`Error::Truncated`] are about a single one; [`Error::Join`] and [`Error::UnknownGroup`] about
    /// the groups of a family that was loaded anew; [`Error::Refused`] about a question to the controller,
    /// what has become of a family while events were lost, which is asked again.
    #[expect(
        clippy::should_implement_trait,
        reason = "the events borrow from the receive buffer, which Iterator cannot express"
    )]
    pub fn next(&mut self) -> Result<Heard<'_>, Error> {
        loop {
            // Without a deadline it comes, so this is no loop but in theory.
            if let Some(next) = now(self.wait(Deadline::Timeout(None)))? {
                return self.heard(&next);
            }
        }
    }

    /// Waits for what comes next, but not longer than this; `None` if nothing came.
    ///
    /// Who polls the descriptor instead asks with [`Duration::ZERO`] until it is `None`, and polls
    /// then: what has been received already makes it readable no more. After [`Error::Join`] and
    /// [`Error::Refused`] it asks again after some seconds though nothing makes it readable, for as long as
    /// what has failed is to be tried again: that is done here alone.
    ///
    /// # Errors
    ///
    /// Those of [`Self::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Heard<'_>>, Error> {
        match now(self.wait(Deadline::after(Some(timeout))))? {
            Some(next) => self.heard(&next).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(feature = "tokio")]
impl AsyncListener {
    /// As [`Listener::open`].
    ///
    /// # Errors
    ///
    /// Those of [`Listener::open`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open() -> Result<Self, Error> {
        Self::open_with(&Options::new()).await
    }

    /// As [`Listener::open_with`].
    ///
    /// # Errors
    ///
    /// Those of [`Listener::open_with`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime that has its I/O driver.
    pub async fn open_with(options: &Options) -> Result<Self, Error> {
        Self::new(options)
    }

    /// As [`Listener::join`].
    ///
    /// # Errors
    ///
    /// Those of [`Listener::join`].
    pub async fn join<G: Group>(&mut self, groups: &[G]) -> Result<(), Error> {
        self.join_groups(groups).await
    }

    /// As [`Listener::next`].
    ///
    /// To drop the future loses no event.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::next`].
    pub async fn next(&mut self) -> Result<Heard<'_>, Error> {
        loop {
            if let Some(next) = self.wait(Deadline::Never).await? {
                return self.heard(&next);
            }
        }
    }

    /// As [`Listener::next_timeout`].
    ///
    /// To drop the future loses no event.
    ///
    /// # Errors
    ///
    /// Those of [`Listener::next`].
    pub async fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Heard<'_>>, Error> {
        match self.wait(Deadline::after(Some(timeout))).await? {
            Some(next) => self.heard(&next).map(Some),
            None => Ok(None),
        }
    }
}

impl<T: Transport> Listening<T> {
    /// The netlink port of the socket, by which the kernel can send to it alone.
    pub fn port(&self) -> u32 {
        self.socket().port()
    }

    /// Sets how many bytes of events may queue up before the kernel drops some.
    ///
    /// More than the system's limit (`net.core.rmem_max`) takes CAP_NET_ADMIN; without it the limit
    /// is taken. What counts as how many bytes [`Options::queue_size`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the socket does not take it.
    pub fn set_queue_size(&mut self, bytes: usize) -> Result<(), Error> {
        let socket = self.socket();
        let set = socket
            .queue_size()
            .and_then(|before| socket.set_queue_size(bytes).map(|()| before));
        let before = set.map_err(Error::io("set the queue size"))?;
        self.longest = self.longest.max(before);
        Ok(())
    }

    /// Leaves groups.
    ///
    /// What they have sent before is still heard.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`] if the family has no such group, [`Error::Io`] if the socket does
    /// not take it.
    pub fn leave<G: Group>(&mut self, groups: &[G]) -> Result<(), Error> {
        groups.iter().try_for_each(|group| {
            let (socket, family) = (self.transport.socket(), G::FAMILY.name);
            self.roster.leave(socket, family, group.name())
        })
    }

    /// Passes over the events that the client of this port causes, in the listener's own namespace:
    /// for who does not want to hear of its own changes.
    ///
    /// It works with families that tell who caused an event; see [`Notice::port`].
    pub fn ignore(&mut self, port: u32) {
        // Nobody has port 0, by which events tell that no client caused them.
        if port != 0 && !self.ignored.contains(&port) {
            self.ignored.push(port);
        }
    }

    /// Hears the groups in all network namespaces to which the listener's own has given an id
    /// (`ip netns set`, `ip netns list-id`), not only in the listener's own; [`Notice::nsid`] tells
    /// them apart.
    ///
    /// It takes CAP_NET_BROADCAST in the user namespaces that own them (`do_one_broadcast()`).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the kernel does not know NETLINK_LISTEN_ALL_NSID, or with EPERM if it takes
    /// a right that the caller lacks.
    pub fn hear_all_namespaces(&mut self) -> Result<(), Error> {
        let heard = self.transport.socket_mut().hear_all_namespaces();
        heard.map_err(Error::io("listen to all namespaces"))
    }

    /// Opens a socket that is in the controller's group alone.
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let mut transport: T = transport::open(options)?;
        let socket = transport.socket_mut();
        let set = socket.set_timeout(None);
        set.map_err(Error::io("set the timeout"))?;
        let is_told = match socket.join(NOTIFY) {
            // Groups of the protocol that processes speak with each other take a right.
            Err(_) if options.peer.is_some() => false,
            joined => joined
                .map(|()| true)
                .map_err(Error::io("join the controller's group"))?,
        };
        Ok(Self {
            transport,
            inbox: Inbox::new(),
            roster: Roster::default(),
            ignored: Vec::new(),
            aside: Shelf::default(),
            current: None,
            lost_behind: None,
            longest: 0,
            unsure: false,
            timeout: options.timeout,
            patience: options.wait_for_family,
            is_told,
            seq: first_seq(),
            request: Vec::new(),
        })
    }

    pub(crate) async fn join_groups<G: Group>(&mut self, groups: &[G]) -> Result<(), Error> {
        let groups = groups.iter().map(|group| Cow::Borrowed(group.name()));
        self.join_named(Cow::Borrowed(G::FAMILY.name), groups).await
    }

    async fn join_named(
        &mut self,
        family: Name,
        groups: impl IntoIterator<Item = Name>,
    ) -> Result<(), Error> {
        let answer = self.look_up(&family).await.map_err(|error| {
            let timeout = self.timeout.unwrap_or_default();
            let asked = || TimedOut::of(&Client::GETFAMILY, self.socket(), timeout);
            error.told_of(asked).looking_for(&family)
        })?;
        let described = view(self.inbox.bytes(&answer))?;
        let socket = self.transport.socket_mut();
        self.roster.join(socket, &described, family, groups)
    }

    /// What comes next; `None` if nothing does until the deadline.
    pub(crate) async fn wait(&mut self, mut deadline: Deadline) -> Result<Option<Next>, Error> {
        for received in 0_usize.. {
            if let Some(next) = self.unread()? {
                return Ok(Some(next));
            }
            if self.lost_behind == Some(0) {
                return Ok(self.told_of_loss());
            }
            // What is for nobody may come without end; but what was there in time is read.
            if received > QUEUEFUL && deadline.has_passed() && self.lost_behind.is_none() {
                return Ok(None);
            }
            let again = self.roster.again_at();
            let receipt = match (self.unsure || self.lost_behind.is_some(), again) {
                (true, _) => self.receive_at_once().await?,
                (false, None) => self.receive(&mut deadline).await?,
                (false, Some(again)) => self.receive(&mut deadline.or_before(again)).await?,
            };
            match receipt {
                Receipt::Datagram => {
                    self.lost_behind = self.lost_behind.map(|older| older.saturating_sub(1));
                }
                Receipt::Overrun => {
                    let untold = self.lost_behind.is_some();
                    self.lose();
                    // The queue was empty between the two: the first is told now, this one behind what came since.
                    if untold {
                        return Ok(Some(Next::Overrun));
                    }
                }
                Receipt::Nothing if self.lost_behind.is_some() => return Ok(self.told_of_loss()),
                // Not before the queue is empty does the kernel put anything more into it.
                Receipt::Nothing if self.unsure => match self.ask_again(&mut deadline).await {
                    Err(late) if late.is_late() => return Ok(None),
                    asked => asked?,
                },
                // Nor before that is a group joined again, whose number may be another family's by now.
                Receipt::Nothing if self.try_again() => return Ok(Some(Next::Overrun)),
                Receipt::Nothing if self.unsure => {}
                Receipt::Nothing if again.is_some() && !deadline.has_passed() => {}
                Receipt::Nothing => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Events were lost behind those that are in the queue.
    #[cold]
    pub(super) fn lose(&mut self) {
        self.unsure = true;
        // Of datagrams that come as fast as they are read there is no end.
        self.lost_behind = Some(self.queueful().unwrap_or(QUEUEFUL));
    }

    /// At least as many datagrams as the queue holds.
    pub(super) fn queueful(&self) -> io::Result<usize> {
        let size = self.socket().queue_size()?.max(self.longest);
        Ok((size / LEAST).max(1))
    }

    /// The queue is empty: what is older than events that were lost is put aside.
    pub(super) fn read_to_its_end(&mut self) {
        self.lost_behind = self.lost_behind.map(|_| 0);
    }

    #[cold]
    fn told_of_loss(&mut self) -> Option<Next> {
        self.lost_behind = None;
        Some(Next::Overrun)
    }

    /// Tries again what has failed when families came back, if it is time to; true if events were lost
    /// until now.
    fn try_again(&mut self) -> bool {
        let tried = self.roster.try_again(self.transport.socket_mut());
        self.unsure |= tried.is_unsure;
        tried.joined
    }

    /// Passes over what has been received, and receives what is next in the queue.
    pub(super) async fn pass_over(&mut self) -> Result<Receipt, Error> {
        while self.unread()?.is_some() {}
        let receipt = self.receive_at_once().await?;
        match receipt {
            Receipt::Datagram => {}
            Receipt::Overrun => self.lose(),
            // All that was lost is older than what comes next.
            Receipt::Nothing => self.lost_behind = None,
        }
        Ok(receipt)
    }

    /// What came, as it is given to the user.
    #[inline]
    pub(crate) fn heard(&self, next: &Next) -> Result<Heard<'_>, Error> {
        let (head, nsid, message) = match (next, &self.current) {
            (Next::Arrived(arrived), _) => {
                (arrived.head, self.inbox.nsid(), self.inbox.bytes(arrived))
            }
            (Next::Aside, Some(aside)) => (aside.head, aside.nsid, &*aside.message),
            (Next::Reloaded(place), _) => return Ok(Heard::Reloaded(self.roster.name(*place))),
            (Next::Overrun | Next::Aside, _) => return Ok(Heard::Overrun),
        };
        let (cmd, payload) = generic(message).map_err(Error::bad_header)?;
        Ok(Heard::Message(Notice {
            head,
            family: self.roster.name_of(head.kind),
            cmd,
            payload,
            message,
            nsid,
        }))
    }

    /// The next of what has come already; what is the controller's is dealt with on the way.
    #[inline]
    fn unread(&mut self) -> Result<Option<Next>, Error> {
        loop {
            if let Some(place) = self.roster.take_reloaded() {
                return place.map(|place| Some(Next::Reloaded(place)));
            }
            if let Some(aside) = self.aside.take() {
                let socket = self.transport.socket_mut();
                let (head, nsid) = (aside.head, aside.nsid);
                let for_us = self.roster.heed(socket, &head, nsid, &aside.message)?;
                self.current = Some(aside);
                if for_us && !self.is_ignored(&head, nsid) {
                    return Ok(Some(Next::Aside));
                }
            } else if let Some(arrived) = self.inbox.unread()? {
                let (socket, nsid) = (self.transport.socket_mut(), self.inbox.nsid());
                let message = self.inbox.bytes(&arrived);
                let for_us = self.roster.heed(socket, &arrived.head, nsid, message)?;
                if for_us && !self.is_ignored(&arrived.head, nsid) {
                    return Ok(Some(Next::Arrived(arrived)));
                }
            } else {
                return Ok(None);
            }
        }
    }

    #[inline]
    fn is_ignored(&self, head: &Head, nsid: Option<i32>) -> bool {
        // Ports of other namespaces are others.
        nsid.is_none() && self.ignored.contains(&head.port)
    }

    #[inline]
    pub(super) async fn receive(&mut self, deadline: &mut Deadline) -> Result<Receipt, Error> {
        match self.inbox.receive(&self.transport, deadline).await {
            Ok(()) => Ok(Receipt::Datagram),
            Err(late) if late.is_late() => Ok(Receipt::Nothing),
            Err(error) => failed(error),
        }
    }

    /// Receives what is in the queue already.
    pub(super) async fn receive_at_once(&mut self) -> Result<Receipt, Error> {
        self.transport.share().await;
        match self.inbox.try_receive(&self.transport) {
            Ok(true) => Ok(Receipt::Datagram),
            Ok(false) => Ok(Receipt::Nothing),
            Err(error) => failed(error),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        self.transport.socket()
    }
}

/// A receive that failed: it may be that the kernel says that something was lost.
#[cold]
fn failed(error: Error) -> Result<Receipt, Error> {
    match error.errno() {
        Some(libc::ENOBUFS) => Ok(Receipt::Overrun),
        _ => Err(error),
    }
}

/// What the controller says of a family.
fn view(message: &[u8]) -> Result<GetfamilyReply<'_>, Error> {
    generic(message)
        .and_then(|(_, payload)| GetfamilyReply::from_payload(payload))
        .map_err(|malformed| {
            Error::malformed::<GetfamilyReplyOwned>(Client::GETFAMILY.name, message, malformed)
        })
}

impl<T: Transport> AsFd for Listening<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}

impl<T: Transport> std::fmt::Debug for Listening<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening")
            .field("port", &self.port())
            .field("families", &self.roster)
            .finish_non_exhaustive()
    }
}
