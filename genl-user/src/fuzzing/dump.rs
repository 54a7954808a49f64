//! Dumps over a script.

use super::script::{Datagram, Script};
use crate::client::Link;
use crate::dump::Dump;
use crate::error::Error;
use crate::families::kvstore::{Client, FAMILY, Get, GetDump, GetReply, GetReplyOwned};
use crate::family::Message;
use crate::options::Options;
use crate::transport::{self, now};

/// The id of the family; no family has it, so that the kernel passes over what is sent.
pub const FAMILY_ID: u16 = 5;

/// What one look at a dump has brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An item.
    Item(Box<GetReplyOwned>),
    /// A message that makes no sense; others may come.
    Malformed,
    /// The end.
    End,
    /// The end of a dump of what was changed meanwhile.
    Interrupted,
    /// The end: an errno.
    Refused(i32),
    /// The end: a message of something else.
    Unexpected,
    /// The end: a message that did not fit.
    Truncated,
    /// The end: nothing came.
    TimedOut,
}

impl Step {
    fn of(seen: Result<Option<GetReply<'_>>, Error>) -> Self {
        match seen {
            Ok(Some(item)) => Self::Item(Box::new(GetReplyOwned::from_view(&item))),
            Ok(None) => Self::End,
            Err(Error::Malformed { .. }) => Self::Malformed,
            Err(Error::DumpInterrupted { .. }) => Self::Interrupted,
            Err(Error::Refused(refused)) => Self::Refused(refused.errno),
            Err(Error::Unexpected { .. }) => Self::Unexpected,
            Err(Error::Truncated { .. }) => Self::Truncated,
            Err(Error::TimedOut(_)) => Self::TimedOut,
            Err(other) => panic!("nothing of a script is {other:?}"),
        }
    }
}

/// A dump of kvstore's entries over a socket that receives these datagrams: so many of its first steps; and what the call
/// behind it says, for which `then` comes, whose sequence number is 2. The dump's is 1.
pub fn dump(datagrams: Vec<Datagram>, steps: usize, then: Vec<Datagram>) -> (Vec<Step>, Step) {
    let script = transport::open::<Script>(&Options::new()).expect("a socket");
    let mut link = Link::over(script, &FAMILY);
    link.id = FAMILY_ID;
    link.transport.receives(datagrams);
    let mut seen = Vec::new();
    match now(link.ask_dump(&Client::GET_DUMP, &GetDump::default())) {
        Ok(()) => {
            let mut dump = Dump::<GetReplyOwned, Script>::new(&mut link, &Client::GET_DUMP);
            while seen.len() < steps {
                let step = Step::of(now(dump.arrived()).and_then(|arrived| dump.item(arrived)));
                let goes_on = matches!(step, Step::Item(_) | Step::Malformed);
                seen.push(step);
                if !goes_on {
                    assert!(matches!(now(dump.arrived()), Ok(None)), "it ends twice");
                    break;
                }
            }
        }
        Err(error) => seen.push(Step::of(Err(error))),
    }
    // Asking for a dump looks at the first step already.
    seen.truncate(steps);
    link.transport.receives(then);
    let asked = now(link.ask(&Client::GET, &Get { key: "key" }));
    let answer = asked.and_then(|arrived| {
        let view = |arrived| link.view::<GetReplyOwned>(&Client::GET, &arrived);
        arrived.map(view).transpose()
    });
    (seen, Step::of(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{PORT, message};

    const DONE: u16 = libc::NLMSG_DONE as u16;
    const ERROR: u16 = libc::NLMSG_ERROR as u16;

    fn datagram(bytes: Vec<u8>) -> Datagram {
        Datagram {
            bytes,
            lost: 0,
            from_kernel: true,
            late: false,
            overrun: false,
        }
    }

    /// A message with no attributes.
    fn bare(kind: u16, seq: u32) -> Datagram {
        datagram(message((kind, 0, seq, PORT), 1, &[]))
    }

    /// An end of this kind, whose errno is 0.
    fn end(kind: u16) -> Datagram {
        let mut bytes = message((kind, 0, 1, PORT), 0, &[]);
        bytes[16..20].fill(0);
        datagram(bytes)
    }

    fn item() -> Step {
        Step::Item(Box::default())
    }

    #[test]
    fn a_dump_goes_on_behind_what_makes_no_sense() {
        let datagrams = vec![
            bare(FAMILY_ID, 1),
            datagram(vec![1, 2, 3]),
            bare(FAMILY_ID, 1),
            end(DONE),
        ];
        let expected = vec![item(), Step::Malformed, item(), Step::End];
        let seen = dump(datagrams, usize::MAX, vec![bare(FAMILY_ID, 2)]);
        assert_eq!(seen, (expected, item()));
    }

    #[test]
    fn an_acknowledgement_ends_a_dump_wherever_it_stands() {
        let then = || vec![bare(FAMILY_ID, 2)];
        let seen = dump(vec![end(ERROR)], usize::MAX, then());
        assert_eq!(seen, (vec![Step::End], item()));
        let seen = dump(vec![bare(FAMILY_ID, 1), end(ERROR)], usize::MAX, then());
        assert_eq!(seen, (vec![item(), Step::End], item()));
    }

    #[test]
    fn a_dump_that_is_dropped_is_in_nobodys_way() {
        let late = Datagram {
            late: true,
            ..end(DONE)
        };
        let seen = dump(
            vec![bare(FAMILY_ID, 1), bare(FAMILY_ID, 1)],
            1,
            vec![late, bare(FAMILY_ID, 2)],
        );
        assert_eq!(seen, (vec![item()], item()));
    }
}
