//! Messages that the kernel sends of its own accord: to groups, or to this port alone.

use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::client::Connection;
use crate::controller;
use crate::error::Error;
use crate::family::{Family, Message};
use crate::inbox::{Arrived, Inbox};
use crate::options::Options;
use crate::transport::{Blocking, Deadline, Receive, now};
use crate::wire::{FromPayload, Payload, generic};

/// The multicast groups of a family: the generated `Group` types.
pub trait Group: Copy {
    /// What can come from the family.
    type Event<'a>;

    /// The family.
    const FAMILY: &'static Family;

    /// The group's name.
    fn name(self) -> &'static str;

    /// Reads what came; what is not known becomes an event as well.
    fn event(notice: Notice<'_>) -> Result<Self::Event<'_>, Error>;

    /// The event that says that others were lost.
    fn overrun<'a>() -> Self::Event<'a>;
}

/// A socket that listens to groups of a family, and to what the kernel sends to its port.
///
/// It follows the family as it is at opening: once its module has been loaded anew, open another.
pub struct Events<G> {
    transport: Blocking,
    inbox: Inbox,
    family_id: u16,
    groups: PhantomData<fn() -> G>,
}

impl<G: Group> Events<G> {
    /// Opens a socket in the calling thread's network namespace and joins the groups; none is
    /// needed to listen to what comes to the socket's own port.
    pub fn open(groups: &[G]) -> Result<Self, Error> {
        Self::open_with(&Options::new(), groups)
    }

    /// As [`Self::open`], with a socket as the options say.
    pub fn open_with(options: &Options, groups: &[G]) -> Result<Self, Error> {
        // Asked for anew: nobody would notice that what is known of it is out of date.
        let wait = options.wait_for_family.unwrap_or_default();
        let options = options.clone().wait_for_family(wait);
        let mut connection = Connection::open_with(G::FAMILY, &options)?;
        let mut numbers = Vec::with_capacity(groups.len());
        for group in groups {
            let mut deadline = connection.deadline();
            let number = controller::group(&mut connection, group.name(), &mut deadline);
            numbers.push(now(number)?);
        }
        // The kernel speaks when it has something to say.
        connection.set_timeout(None)?;
        let (mut transport, inbox, family_id) = connection.into_parts();
        for number in numbers {
            let joined = transport.socket_mut().join(number);
            joined.map_err(Error::io("join a group"))?;
        }
        Ok(Self {
            transport,
            inbox,
            family_id,
            groups: PhantomData,
        })
    }

    /// The netlink port of the socket, by which the kernel can send to it alone.
    pub fn port(&self) -> u32 {
        self.transport.socket().port()
    }

    /// Sets how many bytes of events may queue up before the kernel drops some. More than the
    /// system's limit (`net.core.rmem_max`) takes CAP_NET_ADMIN; without it the limit is taken.
    pub fn set_queue_size(&mut self, bytes: usize) -> Result<(), Error> {
        let set = self.transport.socket().set_queue_size(bytes);
        set.map_err(Error::io("set the queue size"))
    }

    /// Waits for the next event.
    ///
    /// # Errors
    ///
    /// After any error the next event can be waited for; [`Error::Malformed`] and
    /// [`Error::Truncated`] are about a single one.
    #[expect(
        clippy::should_implement_trait,
        reason = "the events borrow from the receive buffer, which Iterator cannot express"
    )]
    pub fn next(&mut self) -> Result<G::Event<'_>, Error> {
        match self.wait(Deadline::Timeout(None))? {
            Some(arrived) => self.event(&arrived),
            None => Ok(G::overrun()),
        }
    }

    /// Waits for the next event, but not longer than this; `None` if none came.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<G::Event<'_>>, Error> {
        match self.wait(Deadline::after(Some(timeout))) {
            Ok(Some(arrived)) => self.event(&arrived).map(Some),
            Ok(None) => Ok(Some(G::overrun())),
            Err(Error::TimedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The next message; `None` if the queue was full, and the kernel has dropped what came then.
    fn wait(&mut self, mut deadline: Deadline) -> Result<Option<Arrived>, Error> {
        loop {
            if let Some(arrived) = self.unread()? {
                return Ok(Some(arrived));
            }
            match now(self.inbox.receive(&self.transport, &mut deadline)) {
                Ok(()) => {}
                Err(error) if error.errno() == Some(libc::ENOBUFS) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next message of the last datagram, if one is left that is not netlink's own.
    fn unread(&mut self) -> Result<Option<Arrived>, Error> {
        while let Some(arrived) = self.inbox.unread()? {
            if i32::from(arrived.head.kind) >= libc::NLMSG_MIN_TYPE {
                return Ok(Some(arrived));
            }
        }
        Ok(None)
    }

    fn event(&self, arrived: &Arrived) -> Result<G::Event<'_>, Error> {
        let message = self.inbox.bytes(arrived);
        let (cmd, payload) = generic(message).map_err(Error::bad_header)?;
        G::event(Notice {
            family_id: arrived.head.kind,
            known: arrived.head.kind == self.family_id,
            cmd,
            payload,
            message,
        })
    }
}

impl<G> AsFd for Events<G> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.transport.socket().as_fd()
    }
}

impl<G: Group> std::fmt::Debug for Events<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("family_id", &self.family_id)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

/// A message that nobody asked for.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    family_id: u16,
    known: bool,
    cmd: u8,
    payload: Payload<'a>,
    message: &'a [u8],
}

impl<'a> Notice<'a> {
    /// The id of the family that sent it.
    pub fn family_id(&self) -> u16 {
        self.family_id
    }

    /// Its command, `genlmsghdr.cmd`.
    pub fn cmd(&self) -> u8 {
        self.cmd
    }

    /// Its command if it is of the family that is listened to.
    pub fn known_cmd(&self) -> Option<u8> {
        self.known.then_some(self.cmd)
    }

    /// Its attributes, with the family's own header before them if it has one.
    pub fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// Reads it as a message that the spec calls `name`.
    pub fn read<M: Message>(&self, name: &'static str) -> Result<M::View<'a>, Error> {
        M::View::from_payload(self.payload)
            .map_err(|malformed| Error::malformed::<M>(name, self.message, malformed))
    }
}

impl std::fmt::Debug for Notice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("family_id", &self.family_id)
            .field("cmd", &self.cmd)
            .field("attrs", &self.payload.attrs())
            .finish()
    }
}
