//! What is sent at once: one message or several, and how the kernel takes them apart.

use std::ops::Range;

use genl_user::dynamic::genl_schema::model::Family;

use super::draft::{HEADERS, NLMSG_HDRLEN};
use super::random::Random;
use super::{spoil, valid};

/// The sequence numbers that a datagram has to itself.
const NUMBERS: u64 = 1 << 13;

/// Makes datagram `number` of the run with `seed`; it depends on nothing else.
pub(crate) fn make(family: &Family, id: u16, seed: u64, number: u64) -> Vec<u8> {
    let mut random = Random::new(seed, number);
    let count = match random.below(100) {
        0..85 => 1,
        85..98 => 2 + random.below(5),
        _ => 10 + random.below(50),
    };
    let mut out = Vec::new();
    for _ in 0..count {
        let mut draft = valid::any_request(family, id, &mut random);
        if random.once_in(2) {
            for _ in 0..=random.below(3) {
                spoil::spoil(&mut draft, &mut random);
            }
        }
        draft.write(&mut out);
        if !random.once_in(50) {
            out.resize(out.len().next_multiple_of(4), 0);
        }
        if out.len() > 100_000 {
            break;
        }
    }
    if random.once_in(40) {
        match random.below(3) {
            0 => out.truncate(random.below(out.len())),
            1 => out.extend(random.bytes(30)),
            _ => {
                let at = random.below(out.len());
                out[at] = random.next() as u8;
            }
        }
    }
    // The kernel would take nothing for a message with an address of its own.
    if out.is_empty() {
        out.push(0);
    }
    stamp(&mut out, number);
    out
}

/// A message within a datagram, as the kernel sees it.
pub(crate) struct Request {
    /// Where it is.
    pub(crate) place: Range<usize>,
    /// `nlmsg_type`
    pub(crate) kind: u16,
    /// `nlmsg_flags`
    pub(crate) flags: u16,
    pub(crate) seq: u32,
    /// Of a message that has a genlmsghdr.
    pub(crate) cmd: Option<u8>,
}

impl Request {
    pub(crate) fn has(&self, flag: libc::c_int) -> bool {
        self.flags & flag as u16 == flag as u16
    }
}

/// Takes a datagram apart as `netlink_rcv_skb()` does.
pub(crate) fn requests(datagram: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut start = 0;
    while let Some(header) = datagram[start..].first_chunk::<NLMSG_HDRLEN>() {
        let word = |at: usize| u32::from_ne_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let len = word(0) as usize;
        if !(NLMSG_HDRLEN..=datagram.len() - start).contains(&len) {
            break;
        }
        requests.push(Request {
            place: start..start + len,
            kind: half(4),
            flags: half(6),
            seq: word(8),
            cmd: (len >= HEADERS).then(|| datagram[start + NLMSG_HDRLEN]),
        });
        start = (start + len.next_multiple_of(4)).min(datagram.len());
    }
    requests
}

/// Gives each message a sequence number that no other one has, so that answers can be told apart.
fn stamp(datagram: &mut [u8], number: u64) {
    let places: Vec<_> = requests(datagram)
        .into_iter()
        .map(|request| request.place.start)
        .collect();
    for (at, start) in places.into_iter().enumerate() {
        // None is 0, which is that of events.
        let seq = number.wrapping_mul(NUMBERS).wrapping_add(at as u64) as u32 | 1 << 31;
        datagram[start + 8..start + 12].copy_from_slice(&seq.to_ne_bytes());
    }
}
