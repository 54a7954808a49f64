//! What is queued for one port.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use crate::server::{Peer, Rights};

/// How many bytes may queue up unless a port says otherwise: `net.core.rmem_default`.
const DEFAULT_LIMIT: usize = 212_992;

/// What a message takes in the queue beside its bytes: about `struct sk_buff` and its shared info.
const OVERHEAD: usize = 576;

/// One port: who it is, and what has come for it.
pub(super) struct Mailbox {
    pub(super) peer: Peer,
    pub(super) groups: BTreeSet<u32>,
    queue: VecDeque<Vec<u8>>,
    used: usize,
    pub(super) limit: usize,
    /// Something was lost, and the port has not been told.
    overrun: bool,
    /// Something was lost, and until the queue is empty all that comes is.
    congested: bool,
    /// A byte from one to the other is there while there is something to receive.
    signal: UnixStream,
    polled: UnixStream,
    is_signalled: bool,
}

impl Mailbox {
    /// A port without groups, and the descriptor that can be polled for it.
    pub(super) fn new(port: u32, rights: Rights) -> io::Result<(Self, UnixStream)> {
        let (signal, polled) = UnixStream::pair()?;
        let lent = polled.try_clone()?;
        let mailbox = Self {
            peer: Peer::new(port, rights),
            groups: BTreeSet::new(),
            queue: VecDeque::new(),
            used: 0,
            limit: DEFAULT_LIMIT,
            overrun: false,
            congested: false,
            signal,
            polled,
            is_signalled: false,
        };
        Ok((mailbox, lent))
    }

    /// Queues a message, or drops it if there is no room; an empty queue has room for any
    /// (`netlink_broadcast_deliver()`, `netlink_attachskb()`).
    pub(super) fn deliver(&mut self, bytes: Vec<u8>) {
        let used = self.used + cost(&bytes);
        if self.congested || (self.used > 0 && used > self.limit) {
            return self.lose();
        }
        self.used = used;
        self.queue.push_back(bytes);
        self.signal();
    }

    /// Tells the port that something was lost (`netlink_overrun()`).
    pub(super) fn lose(&mut self) {
        self.overrun |= !self.congested;
        self.congested = true;
        self.signal();
    }

    /// There is something to receive, a loss too.
    pub(super) fn is_ready(&self) -> bool {
        self.overrun || !self.queue.is_empty()
    }

    /// The next message, or the error that some were lost; `None` if there is nothing.
    pub(super) fn take(&mut self) -> Option<io::Result<Vec<u8>>> {
        let taken = match std::mem::take(&mut self.overrun) {
            true => Err(io::Error::from_raw_os_error(libc::ENOBUFS)),
            false => {
                let bytes = self.queue.pop_front()?;
                self.used -= cost(&bytes);
                Ok(bytes)
            }
        };
        self.congested &= !self.queue.is_empty();
        self.signal();
        Some(taken)
    }

    /// The queue has room for another chunk of a dump.
    pub(super) fn has_room(&self) -> bool {
        self.used <= self.limit / 2
    }

    /// Makes the descriptor readable if there is something, and only then.
    fn signal(&mut self) {
        let ready = self.is_ready();
        if ready == self.is_signalled {
            return;
        }
        // One byte is on the way at most, so neither waits, and neither fails while both ends are
        // open.
        let mut byte = [1];
        let _ = match ready {
            true => self.signal.write(&byte),
            false => self.polled.read(&mut byte),
        };
        self.is_signalled = ready;
    }
}

/// About what the kernel counts for a message.
fn cost(bytes: &[u8]) -> usize {
    bytes.len().next_power_of_two().max(512) + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_takes_what_it_has_room_for_and_an_empty_one_anything() {
        let (mut mailbox, _polled) = Mailbox::new(1, Rights::ALL).unwrap();
        mailbox.limit = 2 * cost(&[]);
        for _ in 0..3 {
            mailbox.deliver(Vec::new());
        }
        let mut next = || mailbox.take().map(|taken| taken.is_ok());
        let taken = [next(), next(), next(), next()];
        assert_eq!(taken, [Some(false), Some(true), Some(true), None]);
        mailbox.deliver(vec![0; 4096]);
        assert_eq!(mailbox.take().unwrap().unwrap().len(), 4096);
    }
}
