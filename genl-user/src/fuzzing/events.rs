//! Events over a script.

use std::time::Duration;

use super::message;
use super::script::{Datagram, PORT, Script};
use crate::controller::{CONTROLLER_ID, NEWFAMILY, NOTIFY};
use crate::error::Error;
use crate::events::{Listening, event};
use crate::families::kvstore::{DelNtfOwned, Event, GetReplyOwned, Group};
use crate::family::Message;
use crate::options::Options;
use crate::transport::{Deadline, now};
use crate::wire::Encoder;

/// The id of the family that is listened to.
pub const LISTENED_ID: u16 = 0x7ffe;

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// An entry was set.
    Set(Box<GetReplyOwned>),
    /// An entry was deleted.
    Del(Box<DelNtfOwned>),
    /// A message of this id and command, which the family does not know.
    Unknown(u16, u8),
    /// Events were lost.
    Overrun,
    /// The family was loaded anew.
    Reloaded,
    /// A message that makes no sense.
    Malformed,
    /// A message that did not fit.
    Truncated,
    /// The family no longer has the group.
    NoGroup,
    /// The group can no longer be joined.
    NotJoined,
    /// The controller does not say what has become of the family.
    Refused,
}

impl Heard {
    fn of(event: Result<Event<'_>, Error>) -> Self {
        match event {
            Ok(Event::SetNtf(entry)) => Self::Set(Box::new(GetReplyOwned::from_view(&entry))),
            Ok(Event::DelNtf(gone)) => Self::Del(Box::new(DelNtfOwned::from_view(&gone))),
            Ok(Event::Unknown(notice)) => Self::Unknown(notice.family_id(), notice.cmd()),
            Ok(Event::Overrun) => Self::Overrun,
            Ok(Event::Reloaded) => Self::Reloaded,
            Err(Error::Malformed { .. }) => Self::Malformed,
            Err(Error::Truncated { .. }) => Self::Truncated,
            Err(Error::UnknownGroup { .. }) => Self::NoGroup,
            Err(Error::Join { .. }) => Self::NotJoined,
            Err(Error::Refused(_)) => Self::Refused,
            Err(other) => panic!("nothing of a script is {other:?}"),
        }
    }
}

/// What who listens to kvstore's group hears over a socket that receives these datagrams.
pub fn events(datagrams: Vec<Datagram>) -> Vec<Heard> {
    let mut listener = Listening::<Script>::new(&Options::new()).expect("a socket");
    // So that the first question has the number of its answer.
    listener.seq = 0;
    let answer = Datagram {
        late: true,
        ..description()
    };
    listener.transport.receives(vec![answer]);
    now(listener.join_groups(&[Group::Changes])).expect("it is described");
    listener.transport.receives(datagrams);
    let mut heard = Vec::new();
    loop {
        // Of what is tried again later there is no end.
        let next = match now(listener.wait(Deadline::after(Some(Duration::ZERO)))) {
            Ok(None) if listener.transport.is_over() => return heard,
            Ok(None) => continue,
            Ok(Some(next)) => listener.heard(&next).and_then(event::<Group>),
            Err(error) => Err(error),
        };
        heard.push(Heard::of(next));
    }
}

/// The controller's answer to the first question: the family, its id and its group. That has the number of the
/// controller's own, which any kernel has.
fn description() -> Datagram {
    let mut attrs = Vec::new();
    let mut out = Encoder::new(&mut attrs);
    out.u16(1, LISTENED_ID);
    let named = out.str(2, "kvstore").and_then(|()| {
        out.nest(7, |out| {
            out.nest(1, |out| {
                out.u32(2, NOTIFY);
                out.str(1, "changes")
            })
        })
    });
    named.expect("it fits");
    Datagram {
        bytes: message((CONTROLLER_ID, 0, 1, PORT), NEWFAMILY, &attrs),
        lost: 0,
        from_kernel: true,
        late: false,
        overrun: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(bytes: Vec<u8>) -> Datagram {
        Datagram {
            bytes,
            ..description()
        }
    }

    #[test]
    fn what_comes_is_heard_in_its_order() {
        let overrun = Datagram {
            overrun: true,
            ..description()
        };
        let bare = |id, cmd| datagram(message((id, 0, 0, 0), cmd, &[]));
        let datagrams = vec![
            bare(LISTENED_ID, 6),
            overrun,
            bare(LISTENED_ID, 7),
            bare(LISTENED_ID, 9),
            bare(99, 6),
            datagram(vec![1]),
            bare(LISTENED_ID, 6),
        ];
        let set = Heard::Set(Box::default());
        let expected = [
            set.clone(),
            Heard::Del(Box::default()),
            Heard::Unknown(LISTENED_ID, 9),
            Heard::Unknown(99, 6),
            Heard::Malformed,
            set,
            // Behind all that may be older.
            Heard::Overrun,
        ];
        assert_eq!(events(datagrams), expected);
    }

    #[test]
    fn what_cannot_be_had_again_is_told_and_ends() {
        let overrun = Datagram {
            overrun: true,
            ..description()
        };
        // It answers the question that is asked after the overrun, which only then is there.
        let refusal = (-libc::ENOMEM).to_ne_bytes();
        let refusal = [&refusal[..], &[0; 16]].concat();
        let head = (libc::NLMSG_ERROR as u16, 0, 2, PORT);
        let mut refused = datagram(message(head, 0, &refusal));
        // Behind this one's nlmsghdr there is no genlmsghdr.
        refused.bytes.drain(16..20);
        let len = refused.bytes.len() as u32;
        refused.bytes[..4].copy_from_slice(&len.to_ne_bytes());
        refused.late = true;
        // The queue is empty when the loss is told, and when it is asked; between them comes what is nobody's.
        let nobodys = Datagram {
            from_kernel: false,
            late: true,
            ..description()
        };
        assert_eq!(
            events(vec![overrun, nobodys, refused]),
            [Heard::Overrun, Heard::Refused]
        );
        // It comes back with a group of a number that no kernel has.
        let mut attrs = Vec::new();
        let mut out = Encoder::new(&mut attrs);
        out.u16(1, LISTENED_ID - 1);
        let named = out.str(2, "kvstore").and_then(|()| {
            out.nest(7, |out| {
                out.nest(1, |out| {
                    out.u32(2, u32::MAX);
                    out.str(1, "changes")
                })
            })
        });
        named.expect("it fits");
        let anew = datagram(message((CONTROLLER_ID, 0, 0, 0), NEWFAMILY, &attrs));
        assert_eq!(events(vec![anew]), [Heard::NotJoined, Heard::Reloaded]);
    }
}
