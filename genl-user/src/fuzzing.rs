//! What the fuzz targets call that a user cannot: the crate's insides, fed with any bytes.
//!
//! It is there for them (`cfg(fuzzing)`, which cargo-fuzz sets) and for the crate's own tests.

mod dump;
mod events;
mod script;

use crate::error::Error;
use crate::extack::Verdict;
use crate::family::Operation;
use crate::inbox::Inbox;
use crate::refused::Refused;
use crate::wire::{Head, Payload, finish, generic};

pub use dump::{FAMILY_ID, Step, dump};
pub use events::{Heard, LISTENED_ID, events};
pub use script::{Datagram, PORT};

/// A message as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `nlmsg_type`, `nlmsg_flags`, `nlmsg_seq`, `nlmsg_pid`.
    pub head: (u16, u16, u32, u32),
    /// All of its bytes.
    pub bytes: Vec<u8>,
}

/// The messages of a datagram, as the client goes through them; and whether all of it was read.
pub fn messages(datagram: &[u8]) -> (Vec<Seen>, bool) {
    let mut inbox = Inbox::of(datagram);
    let mut seen = Vec::new();
    loop {
        match inbox.unread() {
            Ok(Some(arrived)) => {
                let head = arrived.head;
                seen.push(Seen {
                    head: (head.kind, head.flags, head.seq, head.port),
                    bytes: inbox.bytes(&arrived).to_vec(),
                });
            }
            Ok(None) => return (seen, true),
            Err(_) => {
                // Once it is not known where the next one begins, there is none.
                assert!(matches!(inbox.unread(), Ok(None)));
                return (seen, false);
            }
        }
    }
}

/// The command of a message and what stands behind its genlmsghdr, if it is that long.
pub fn payload(message: &[u8]) -> Option<(u8, Payload<'_>)> {
    generic(message).ok()
}

/// What the client makes of a NLMSG_ERROR or a NLMSG_DONE: `None` if all went well.
///
/// # Errors
///
/// [`Error::Malformed`] if it cannot be read.
pub fn verdict(
    operation: &Operation,
    request: &[u8],
    message: &[u8],
) -> Result<Option<Box<Refused>>, Error> {
    let head = Head::read(message).map_err(Error::bad_header)?;
    let verdict = Verdict::read(&head, message).map_err(Error::bad_header)?;
    match verdict.errno {
        0 => Ok(None),
        _ => Ok(Some(Box::new(verdict.refused(operation, request)))),
    }
}

/// Writes a message's headers before the attributes in `content`.
pub fn message(head: (u16, u16, u32, u32), cmd: u8, content: &[u8]) -> Vec<u8> {
    let (kind, flags, seq, port) = head;
    let head = Head {
        len: 0,
        kind,
        flags,
        seq,
        port,
    };
    let mut out = Vec::new();
    head.begin(cmd, 1, &mut out);
    out.extend_from_slice(content);
    finish(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::nlctrl::Client;

    #[test]
    fn what_is_written_is_seen() {
        let head = (16, 5, 7, 9);
        let one = message(head, 3, &[4, 0, 1, 0]);
        let datagram = [&one[..], &one, &[1, 2, 3]].concat();
        let seen = Seen {
            head,
            bytes: one.clone(),
        };
        assert_eq!(messages(&datagram), (vec![seen.clone(), seen], false));
        let (cmd, payload) = payload(&one).unwrap();
        assert_eq!((cmd, payload.as_bytes()), (3, &[4, 0, 1, 0][..]));
    }

    #[test]
    fn a_refusal_is_told() {
        let request = message((16, 5, 7, 9), 3, &[]);
        let errno = (-libc::EPERM).to_ne_bytes();
        let mut refusal = [&[0; 16], &errno[..], &request[..16]].concat();
        refusal[..4].copy_from_slice(&36u32.to_ne_bytes());
        refusal[4] = libc::NLMSG_ERROR as u8;
        let refused = verdict(&Client::GETFAMILY, &request, &refusal).unwrap();
        assert_eq!(refused.unwrap().errno, libc::EPERM);
    }
}
