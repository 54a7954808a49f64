//! How a server's messages get to other processes.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use neli::socket::NlSocket;

use super::op::{Outbox, To};
use crate::sys;

/// How long a client may leave its queue full before it loses the answer. After that it is not waited
/// for at all, until it has room again: it would keep all others waiting.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// So many clients that have no room are remembered.
const MOST_SLOW: usize = 1024;

/// A server's socket, and who of its clients reads nothing.
pub(super) struct Post {
    socket: NlSocket,
    /// The ports of clients that were waited for in vain.
    slow: BTreeSet<u32>,
}

impl Post {
    /// Takes a socket.
    ///
    /// # Errors
    ///
    /// If it does not take a timeout.
    pub(super) fn new(socket: NlSocket) -> io::Result<Self> {
        sys::set_timeout(sys::fd(&socket), libc::SO_SNDTIMEO, Some(PATIENCE))?;
        let slow = BTreeSet::new();
        Ok(Self { socket, slow })
    }

    /// Sends a message to a client; fails with an error number if that is gone, or leaves no room.
    fn send_to(&mut self, bytes: &[u8], port: u32) -> Result<(), i32> {
        let started = Instant::now();
        let mut waits = !self.slow.contains(&port);
        let sent = loop {
            let flags = match waits {
                true => 0,
                false => libc::MSG_DONTWAIT,
            };
            match sys::send_to(self.as_fd(), bytes, flags, (port, 0)) {
                // A signal of our own is no matter of the client's.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    waits &= started.elapsed() < PATIENCE;
                }
                sent => break sent,
            }
        };
        let Err(error) = sent else {
            self.slow.remove(&port);
            return Ok(());
        };
        if error.kind() != io::ErrorKind::WouldBlock {
            self.slow.remove(&port);
            return Err(error.raw_os_error().unwrap_or(libc::EIO));
        }
        if self.slow.len() == MOST_SLOW {
            self.slow.pop_first();
        }
        self.slow.insert(port);
        Err(libc::ENOBUFS)
    }
}

/// Sends them at once.
impl Outbox for Post {
    fn push(&mut self, to: To, bytes: Vec<u8>) -> Result<(), i32> {
        match to {
            To::Port(port) => self.send_to(&bytes, port),
            // The one that is left out has another copy: it hears of it twice at worst.
            To::Group { number, .. } => {
                // It fails for the kernel's port, behind which nobody is.
                let group = (0, 1 << (number - 1));
                let _ = sys::send_to(self.as_fd(), &bytes, 0, group);
                Ok(())
            }
        }
    }
}

impl AsFd for Post {
    fn as_fd(&self) -> BorrowedFd<'_> {
        sys::fd(&self.socket)
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("slow", &self.slow).finish()
    }
}
