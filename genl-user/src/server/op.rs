//! The call that is being served.

use std::borrow::Cow;
use std::fmt;

use super::caller::Caller;
use super::extack::Refusal;
use super::{Description, Encode, Event};
use crate::policy::extack::Extack;
use crate::wire::{Attrs, Encoder, Head, Misfit, Payload, Unfit, finish};

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Port(u32),
    /// All members of a group but one port.
    Group {
        number: u32,
        but: Option<u32>,
    },
}

/// What takes messages that are to be sent, one after the other.
pub(crate) trait Outbox: fmt::Debug {
    /// Takes a message.
    ///
    /// # Errors
    ///
    /// Why it does not get to a port, as an error number. Of a group it is nobody's matter.
    fn push(&mut self, to: To, bytes: Vec<u8>) -> Result<(), i32>;
}

/// A message on its way.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) to: To,
    pub(crate) bytes: Vec<u8>,
}

/// Messages that are kept, in this order.
#[cfg(feature = "testing")]
#[derive(Debug, Default)]
pub(crate) struct Queue(pub(crate) Vec<Outgoing>);

#[cfg(feature = "testing")]
impl Outbox for Queue {
    fn push(&mut self, to: To, bytes: Vec<u8>) -> Result<(), i32> {
        self.0.push(Outgoing { to, bytes });
        Ok(())
    }
}

/// A family under the numbers that it was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered {
    pub(crate) id: u16,
    /// The number of its first group.
    pub(crate) first_group: u32,
    pub(crate) family: &'static Description,
}

impl Numbered {
    /// Builds a message of the family: `genlmsg_put()`, what `fill` writes, and `genlmsg_end()`.
    pub(crate) fn message(
        &self,
        (port, seq): (u32, u32),
        flags: u16,
        cmd: u8,
        fill: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>,
    ) -> Result<Vec<u8>, Unfit> {
        let mut out = Vec::new();
        let head = Head {
            len: 0,
            kind: self.id,
            flags,
            seq,
            port,
        };
        head.begin(cmd, self.family.version, &mut out);
        fill(&mut Encoder::new(&mut out))?;
        finish(&mut out);
        Ok(out)
    }

    fn event(&self, to: (u32, u32), event: &impl Event) -> Result<Vec<u8>, Refusal> {
        let event_of_it = |out: &mut Encoder<'_>| event.encode(out);
        Ok(self.message(to, 0, event.cmd(), event_of_it)?)
    }

    /// The number of the group that an event goes to.
    fn group(&self, event: &impl Event) -> Result<u32, Refusal> {
        match event.group() {
            Some(group) => Ok(self.first_group + u32::from(group)),
            None => Err(Refusal::new(libc::EINVAL)),
        }
    }

    /// Builds an event for its group.
    pub(crate) fn tell(&self, event: &impl Event, outbox: &mut dyn Outbox) -> Result<(), Refusal> {
        let number = self.group(event)?;
        let bytes = self.event((0, 0), event)?;
        send_event(outbox, To::Group { number, but: None }, bytes)
    }

    /// Builds an event for one port.
    pub(crate) fn tell_to(
        &self,
        port: u32,
        event: &impl Event,
        outbox: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        let bytes = self.event((0, 0), event)?;
        send_event(outbox, To::Port(port), bytes)
    }
}

/// An event that does not get to its listeners is lost, as the kernel's are, unless none of them could
/// ever get it.
pub(super) fn send_event(outbox: &mut dyn Outbox, to: To, bytes: Vec<u8>) -> Result<(), Refusal> {
    let len = bytes.len();
    match outbox.push(to, bytes) {
        Err(libc::EMSGSIZE) => {
            let words =
                format!("an event of {len} bytes is longer than what a socket sends at once");
            Err(Refusal::new(libc::EMSGSIZE).because(words))
        }
        _ => Ok(()),
    }
}

/// The call that is being served: who made it, and how to tell of it.
#[derive(Debug)]
pub struct Op<'s> {
    pub(super) family: Numbered,
    pub(super) head: Head,
    /// The port that the request came from.
    pub(super) port: u32,
    pub(super) caller: Option<Caller>,
    pub(super) payload: Payload<'s>,
    pub(super) outbox: &'s mut (dyn Outbox + 's),
    pub(super) extack: Extack,
    /// The revision of what a dump lists, if it was told.
    pub(super) revision: Option<u64>,
    /// The item of a dump that was built.
    pub(super) item: Option<Vec<u8>>,
}

impl Op<'_> {
    /// The netlink port that the request came from.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Who sent the request: always there where a [`Server`](super::Server) serves it, and in a fake kernel
    /// where `testing::Kernel::set_caller` says so.
    pub fn caller(&self) -> Option<Caller> {
        self.caller
    }

    /// The request's sequence number, which each reply repeats.
    pub fn seq(&self) -> u32 {
        self.head.seq
    }

    /// The sender wants to hear of the events that the request causes (NLM_F_ECHO).
    pub fn wants_echo(&self) -> bool {
        self.head.flags & libc::NLM_F_ECHO as u16 != 0
    }

    /// The request's attributes as they came.
    pub fn attrs(&self) -> Attrs<'_> {
        self.payload.split_at(self.family.family.header).1
    }

    /// Sends an event to its group.
    ///
    /// # Errors
    ///
    /// If it cannot be written or is too long to be sent, or has no group.
    pub fn tell(&mut self, event: &impl Event) -> Result<(), Refusal> {
        self.family.tell(event, self.outbox)
    }

    /// Sends an event to one port.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or is too long to be sent.
    pub fn tell_to(&mut self, port: u32, event: &impl Event) -> Result<(), Refusal> {
        self.family.tell_to(port, event, self.outbox)
    }

    /// Sends an event that this call has caused to its group and, if the sender asked for that
    /// (NLM_F_ECHO), to the sender, who hears of it once: `genl_notify()`.
    ///
    /// # Errors
    ///
    /// If it cannot be written or is too long to be sent, or has no group.
    pub fn notify(&mut self, event: &impl Event) -> Result<(), Refusal> {
        let number = self.family.group(event)?;
        let bytes = self.family.event((self.port, self.head.seq), event)?;
        let but = self.wants_echo().then_some(self.port);
        let to = To::Group { number, but };
        send_event(self.outbox, to, bytes.clone())?;
        match but {
            Some(port) => send_event(self.outbox, To::Port(port), bytes),
            None => Ok(()),
        }
    }

    /// Says something although the request succeeds.
    ///
    /// It goes with the ACK, to who asked for one.
    pub fn warn(&mut self, words: impl Into<Cow<'static, str>>) {
        self.extack.say(words);
    }

    /// Bytes of the family's own for the sender, of a success too: they go with the ACK.
    ///
    /// Of more than 20 the rest is left out.
    pub fn cookie(&mut self, cookie: &[u8]) {
        self.extack.give(cookie);
    }

    /// Of a dump, tells at which revision of the data its next item is taken.
    ///
    /// If that is not the one before, the client learns that the dump is not consistent.
    pub fn consistent_at(&mut self, revision: u64) {
        self.revision = Some(revision);
    }

    /// Sends a reply; generated code calls it.
    ///
    /// # Errors
    ///
    /// EINVAL if it cannot be written; EMSGSIZE if it is too long, also to be sent to another process; ENOBUFS if
    /// too much waits for that to read, and ECONNREFUSED if it is gone.
    pub fn reply(&mut self, cmd: u8, reply: &impl Encode) -> Result<(), Refusal> {
        let to = (self.port, self.head.seq);
        let bytes = self.family.message(to, 0, cmd, |out| reply.encode(out));
        self.answer(written(bytes)?)
    }

    /// Sends a message of any family's to who asked.
    pub(super) fn answer(&mut self, bytes: Vec<u8>) -> Result<(), Refusal> {
        let sent = self.outbox.push(To::Port(self.port), bytes);
        sent.map_err(|errno| match errno {
            libc::EMSGSIZE => too_long(),
            errno => Refusal::new(errno),
        })
    }

    /// Builds an item of a dump; generated code calls it.
    ///
    /// # Errors
    ///
    /// EINVAL if it cannot be written, EMSGSIZE if it is too long.
    pub fn item(&mut self, cmd: u8, item: &impl Encode) -> Result<(), Refusal> {
        let to = (self.port, self.head.seq);
        let flags = libc::NLM_F_MULTI as u16;
        let bytes = self.family.message(to, flags, cmd, |out| item.encode(out));
        self.item = Some(written(bytes)?);
        Ok(())
    }
}

/// What is too long is so to the kernel too; that has no texts with a NUL inside.
fn written(bytes: Result<Vec<u8>, Unfit>) -> Result<Vec<u8>, Refusal> {
    bytes.map_err(|unfit| match unfit.misfit {
        Misfit::TooLong(_) => too_long(),
        misfit => {
            Refusal::new(libc::EINVAL).because(format!("the answer cannot be written: {misfit}"))
        }
    })
}

fn too_long() -> Refusal {
    Refusal::new(libc::EMSGSIZE).because("the answer is too long for a message")
}
