//! The receive buffer, and the messages in it.

use std::io;
use std::ops::Range;

use crate::error::Error;
use crate::socket::Socket;
use crate::wire::{Head, align};

/// Room for the largest message that is expected, in bytes.
///
/// A dump comes in pieces as large as the largest buffer that its socket has received into, up to
/// 32 KiB (`netlink_recvmsg`); a single reply may be larger.
const DEFAULT_SIZE: usize = 64 << 10;

/// Room for an ACK behind the reply that it confirms, in bytes: headers, and at most some texts.
const ACK_SIZE: usize = 4 << 10;

/// What the kernel sent and nobody has read yet.
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    /// What is unread of the last datagram.
    unread: Range<usize>,
    /// Where the last datagram's successor goes.
    fill_from: usize,
}

/// A message in the buffer: good until the next one is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Its nlmsghdr.
    pub(crate) head: Head,
    place: Range<usize>,
}

impl Arrived {
    /// It ends an exchange: an error, an ACK, or the end of a dump.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        matches!(
            i32::from(self.head.kind),
            libc::NLMSG_ERROR | libc::NLMSG_DONE
        )
    }

    /// It is an error or an ACK, behind which nothing comes. A NLMSG_DONE ends a dump, but of other
    /// requests only the replies: the ACK comes behind it.
    #[inline]
    pub(crate) fn is_acknowledgement(&self) -> bool {
        i32::from(self.head.kind) == libc::NLMSG_ERROR
    }
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self::with_room(DEFAULT_SIZE)
    }

    fn with_room(bytes: usize) -> Self {
        Self {
            buffer: vec![0; bytes + ACK_SIZE],
            unread: 0..0,
            fill_from: 0,
        }
    }

    /// Makes room for a message of so many bytes; never less than before.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        let size = bytes.saturating_add(ACK_SIZE).max(self.buffer.len());
        self.buffer.resize(size, 0);
    }

    /// The next message; waits for a datagram if none is left of the last.
    #[inline]
    pub(crate) fn next(&mut self, socket: &Socket) -> Result<Arrived, Error> {
        loop {
            if let Some(arrived) = self.unread()? {
                return Ok(arrived);
            }
            self.receive(socket)?;
        }
    }

    /// The next message of the last datagram.
    #[inline]
    pub(crate) fn unread(&mut self) -> Result<Option<Arrived>, Error> {
        if self.unread.is_empty() {
            return Ok(None);
        }
        let start = self.unread.start;
        let head = Head::read(&self.buffer[self.unread.clone()]).map_err(|malformed| {
            // Where the next message begins is not known.
            self.unread = 0..0;
            Error::bad_header(malformed)
        })?;
        self.unread.start = (start + align(head.len)).min(self.unread.end);
        let place = start..start + head.len;
        Ok(Some(Arrived { head, place }))
    }

    /// Lets a message be the next one again.
    pub(crate) fn put_back(&mut self, arrived: &Arrived) {
        self.unread.start = arrived.place.start;
    }

    /// The message's bytes, from its nlmsghdr on.
    pub(crate) fn bytes(&self, arrived: &Arrived) -> &[u8] {
        &self.buffer[arrived.place.clone()]
    }

    /// Lets a message outlive the next datagram, which goes behind it; until [`Self::release`].
    pub(crate) fn keep(&mut self, arrived: &Arrived) {
        self.fill_from = align(arrived.place.end);
    }

    /// Ends what [`Self::keep`] began.
    pub(crate) fn release(&mut self) {
        self.fill_from = 0;
    }

    /// Waits for one datagram, and drops it if it is not from the kernel.
    #[inline]
    pub(crate) fn receive(&mut self, socket: &Socket) -> Result<(), Error> {
        let end = match self.fill_from {
            0 => self.buffer.len() - ACK_SIZE,
            _ => self.buffer.len(),
        };
        let room = &mut self.buffer[self.fill_from..end];
        let received = socket.recv(room).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Error::TimedOut,
            _ => Error::Io {
                doing: "receive",
                source: error,
            },
        })?;
        if !received.from_kernel {
            return Ok(());
        }
        if received.len > room.len() {
            return Err(Error::Truncated {
                len: received.len,
                room: room.len(),
            });
        }
        self.unread = self.fill_from..self.fill_from + received.len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::finish;

    /// Asks the controller for the family of its own id, 16.
    fn ask(socket: &Socket, seq: u32, flags: libc::c_int) {
        let head = Head {
            len: 0,
            kind: 16,
            flags: (libc::NLM_F_REQUEST | flags) as u16,
            seq,
            port: 0,
        };
        let mut out = Vec::new();
        head.begin(3, 1, &mut out);
        out.extend([6u16.to_ne_bytes(), 1u16.to_ne_bytes()].concat());
        out.extend([16u16.to_ne_bytes(), [0; 2]].concat());
        finish(&mut out);
        socket.send(&out).unwrap();
    }

    #[test]
    fn what_is_too_long_is_an_error_and_no_piece_of_it_is_read() {
        let socket = Socket::open().unwrap();
        let mut inbox = Inbox::with_room(64);
        ask(&socket, 1, 0);
        match inbox.next(&socket) {
            Err(Error::Truncated { len, room: 64 }) => assert!(len > 64),
            other => panic!("{other:?}"),
        }
        assert!(inbox.unread().unwrap().is_none());
        inbox.reserve(DEFAULT_SIZE);
        ask(&socket, 2, 0);
        assert_eq!(inbox.next(&socket).unwrap().head.seq, 2);
    }

    #[test]
    fn a_kept_message_outlives_the_next_datagram() {
        let socket = Socket::open().unwrap();
        let mut inbox = Inbox::new();
        ask(&socket, 1, libc::NLM_F_ACK);
        let reply = inbox.next(&socket).unwrap();
        let bytes = inbox.bytes(&reply).to_vec();
        inbox.keep(&reply);
        let ack = inbox.next(&socket).unwrap();
        assert!(ack.is_end());
        assert_eq!(inbox.bytes(&reply), bytes);

        inbox.release();
        ask(&socket, 2, 0);
        inbox.next(&socket).unwrap();
        assert_ne!(inbox.bytes(&reply), bytes);
    }

    #[test]
    fn a_message_put_back_is_the_next_one() {
        let socket = Socket::open().unwrap();
        let mut inbox = Inbox::new();
        ask(&socket, 1, 0);
        let first = inbox.next(&socket).unwrap();
        inbox.put_back(&first);
        let again = inbox.unread().unwrap().unwrap();
        assert_eq!(inbox.bytes(&again), inbox.bytes(&first));
        assert!(inbox.unread().unwrap().is_none());
    }

    #[test]
    fn waiting_ends() {
        let socket = Socket::open().unwrap();
        let timeout = std::time::Duration::from_millis(20);
        socket.set_timeout(Some(timeout)).unwrap();
        assert!(matches!(Inbox::new().next(&socket), Err(Error::TimedOut)));
        assert!(!socket.wait(timeout).unwrap());
    }
}
