//! A message that nobody asked for, and who caused it.

use std::fmt;

use super::Group;
use crate::error::Error;
use crate::family::{Family, Message};
use crate::wire::{FromPayload, Head, Payload};

/// What a [`Listener`](super::Listener) hears.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// A message.
    Message(Notice<'a>),
    /// Events were lost here: the queue was full when they came (`netlink_overrun()`), or a group of a family
    /// that was loaded anew could not be joined again before. A dump that begins now knows what they told.
    Overrun,
    /// The family of this name was loaded anew: what it had is gone, and its first events may be
    /// lost.
    Reloaded(&'a str),
}

impl<'a> Heard<'a> {
    /// The event of this family that it is; `None` if it concerns other families only.
    ///
    /// That events were lost concerns each family: each has its `Overrun`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is of this family and cannot be read.
    #[inline]
    pub fn event<G: Group>(self) -> Result<Option<G::Event<'a>>, Error> {
        match self {
            Self::Message(notice) if notice.is_of(G::FAMILY) => G::event(notice).map(Some),
            Self::Overrun => Ok(Some(G::overrun())),
            Self::Reloaded(name) if name == G::FAMILY.name => Ok(Some(G::reloaded())),
            Self::Message(_) | Self::Reloaded(_) => Ok(None),
        }
    }

    /// The message, which tells who caused it and where.
    pub fn notice(self) -> Option<Notice<'a>> {
        match self {
            Self::Message(notice) => Some(notice),
            Self::Overrun | Self::Reloaded(_) => None,
        }
    }
}

/// A message that nobody asked for.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    pub(super) head: Head,
    /// The name of the family that has its id, if it is one that is listened to.
    pub(super) family: Option<&'a str>,
    pub(super) cmd: u8,
    pub(super) payload: Payload<'a>,
    pub(super) message: &'a [u8],
    pub(super) nsid: Option<i32>,
}

impl<'a> Notice<'a> {
    /// The name of the family that sent it, if that is listened to.
    pub fn family(&self) -> Option<&'a str> {
        self.family
    }

    /// The id of the family that sent it.
    pub fn family_id(&self) -> u16 {
        self.head.kind
    }

    /// Its command, `genlmsghdr.cmd`.
    pub fn cmd(&self) -> u8 {
        self.cmd
    }

    /// Its command, if it is of this family.
    #[inline]
    pub fn cmd_of(&self, family: &Family) -> Option<u8> {
        self.is_of(family).then_some(self.cmd)
    }

    /// The netlink port of the client whose request caused it, `nlmsg_pid`.
    ///
    /// It is 0 if no request did, and where the family does not tell: it does by `genl_notify()`,
    /// which is how the generated kernel code sends `<event>_for`.
    pub fn port(&self) -> u32 {
        self.head.port
    }

    /// The sequence number of the request that caused it, where [`Self::port`] tells of one.
    pub fn seq(&self) -> u32 {
        self.head.seq
    }

    /// The id of the network namespace that it comes from, as the listener's own namespace knows it
    /// (`ip netns list-id`); `None` if that is the listener's own.
    ///
    /// The kernel tells it beside the message (`netlink_cmsg_listen_all_nsid()`). Others are heard
    /// only after [`Listening::hear_all_namespaces`](super::Listening::hear_all_namespaces), and
    /// [`Netns::numbered`](crate::Netns::numbered) is how a client is opened there.
    pub fn nsid(&self) -> Option<i32> {
        self.nsid
    }

    /// Its attributes, with the family's own header before them if it has one.
    pub fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// Reads it as a message that the spec calls `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] if it is no such message.
    pub fn read<M: Message>(&self, name: &'static str) -> Result<M::View<'a>, Error> {
        M::View::from_payload(self.payload)
            .map_err(|malformed| Error::malformed::<M>(name, self.message, malformed))
    }

    #[inline]
    fn is_of(&self, family: &Family) -> bool {
        self.family == Some(family.name)
    }
}

impl fmt::Debug for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Notice");
        match self.family {
            Some(family) => out.field("family", &family),
            None => out.field("family_id", &self.family_id()),
        };
        out.field("cmd", &self.cmd);
        if self.port() != 0 {
            out.field("port", &self.port()).field("seq", &self.seq());
        }
        if let Some(nsid) = self.nsid {
            out.field("nsid", &nsid);
        }
        out.field("attrs", &self.payload.attrs()).finish()
    }
}
