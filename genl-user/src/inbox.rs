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
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; DEFAULT_SIZE + ACK_SIZE],
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
