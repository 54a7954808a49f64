//! How a server's messages get to other processes.
//!
//! Who leaves no room for an answer keeps nobody else waiting: the answer is put aside, and tried again
//! from time to time.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libc::c_int;
use neli::socket::NlSocket;

use super::op::{Outbox, To};
use crate::pauses::Pauses;
use crate::sys;

/// How long a client may leave its queue full before what is there for it is lost: that of a dump, whose
/// reader may do something else between two items. Nobody waits for it meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// For so many clients something can be put aside.
pub(super) const MOST_CLIENTS: usize = 64;

/// So many bytes can be put aside for all of them, beside the first message for each; half as many for
/// one of them alone.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// How long a client is waited for that reads, as long as there is nothing else to do: a tick of the
/// system's.
const TICK: Duration = Duration::from_millis(1);

/// How long what was put aside is left alone before it is tried again.
const PAUSES: Pauses = Pauses::new(FIRST_PAUSE, Duration::from_millis(16));
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// What a send buffer holds beside a datagram (`netlink_sendmsg()`).
const OVERHEAD: usize = 32;

/// A server's socket, and what its clients have no room for yet.
pub(super) struct Post {
    socket: Arc<NlSocket>,
    /// The longest datagram that can be sent, in bytes.
    longest: usize,
    aside: Vec<Aside>,
    /// When it is tried again, and how long after that once more.
    next: Instant,
    pauses: Pauses,
    /// How long a client may leave its queue full.
    pub(super) patience: Duration,
}

/// What a client has no room for, or had none until a moment ago.
struct Aside {
    port: u32,
    messages: VecDeque<Vec<u8>>,
    /// How many bytes they take.
    bytes: usize,
    /// When something was sent last, or the first was put aside.
    since: Instant,
    /// It was not waited for in vain since then.
    reads: bool,
}

impl Post {
    /// Takes a socket.
    ///
    /// # Errors
    ///
    /// If it does not tell the size of its send buffer, or takes no timeout.
    pub(super) fn new(socket: Arc<NlSocket>) -> io::Result<Self> {
        sys::set_timeout(sys::fd(&socket), libc::SO_SNDTIMEO, Some(TICK))?;
        let buffer = sys::option(sys::fd(&socket), libc::SOL_SOCKET, libc::SO_SNDBUF)?;
        let buffer = usize::try_from(buffer).unwrap_or_default();
        Ok(Self {
            socket,
            longest: buffer.saturating_sub(OVERHEAD),
            aside: Vec::new(),
            next: Instant::now(),
            pauses: PAUSES,
            patience: PATIENCE,
        })
    }

    /// How long there is nothing to be done about what was put aside; `None` if nothing was.
    pub(super) fn pause(&self) -> Option<Duration> {
        let mut behind = self.aside.iter().filter(|aside| aside.is_behind());
        match behind.next()?.reads || behind.any(|aside| aside.reads) {
            true => Some(Duration::ZERO),
            false => Some(self.next.saturating_duration_since(Instant::now())),
        }
    }

    /// Waits a moment for a client that reads: the kernel tells at once when there is room, but only
    /// who waits in sendto(2) (`netlink_attachskb()`).
    pub(super) fn wait_for_reader(&mut self) {
        let fd = sys::fd(&self.socket);
        let mut aside = self.aside.iter();
        if let Some(at) = aside.position(|aside| aside.is_behind() && aside.reads) {
            let first = &mut self.aside[at];
            first.reads = first.send_first(fd, 0).is_ok();
            // It keeps its place, as there is room for this one alone most likely; but others are next.
            self.aside[at..].rotate_left(1);
        }
    }

    /// Something was put aside for this client.
    pub(super) fn is_behind(&self, port: u32) -> bool {
        let mut behind = self.aside.iter().filter(|aside| aside.is_behind());
        behind.any(|aside| aside.port == port)
    }

    /// How many bytes were put aside.
    pub(super) fn put_aside(&self) -> usize {
        self.aside.iter().map(|aside| aside.bytes).sum()
    }

    /// Tries again to send what was put aside, if it is time; gives the clients that have lost it, as
    /// they are gone or have read nothing for too long.
    pub(super) fn try_again(&mut self) -> Vec<u32> {
        let mut lost = Vec::new();
        if self.aside.is_empty() {
            return lost;
        }
        if self.aside.len() == MOST_CLIENTS {
            // The next one is to find a place.
            let by_age = |at: &usize| self.aside[*at].since;
            let oldest = (0..MOST_CLIENTS).min_by_key(by_age);
            lost.extend(oldest.map(|at| self.aside.swap_remove(at).port));
        }
        let now = Instant::now();
        if now < self.next {
            return lost;
        }
        let fd = sys::fd(&self.socket);
        let mut moved = false;
        self.aside.retain_mut(|aside| {
            let before = aside.messages.len();
            let sent = aside.send(fd);
            moved |= aside.messages.len() != before;
            let waits = sent == Err(libc::EAGAIN) && aside.since.elapsed() < self.patience;
            if sent.is_err() && !waits {
                lost.push(aside.port);
            }
            waits
        });
        if moved {
            self.pauses = PAUSES;
        }
        self.next = now + self.pauses.take();
        lost
    }

    /// Sends a message to a client, or puts it aside behind what is there.
    fn send_to(&mut self, port: u32, bytes: Vec<u8>) -> Result<(), i32> {
        if let Some(at) = self.aside.iter().position(|aside| aside.port == port) {
            let is_full = self.put_aside() > MOST_BYTES;
            return self.aside[at].put(bytes, is_full);
        }
        match send(self.as_fd(), port, &bytes, libc::MSG_DONTWAIT) {
            Err(libc::EAGAIN) if self.aside.len() < MOST_CLIENTS => {
                let now = Instant::now();
                self.next = self.next.clamp(now, now + FIRST_PAUSE);
                self.aside.push(Aside {
                    port,
                    bytes: cost(&bytes),
                    messages: VecDeque::from([bytes]),
                    since: now,
                    reads: true,
                });
                Ok(())
            }
            Err(libc::EAGAIN) => Err(libc::ENOBUFS),
            sent => sent,
        }
    }
}

impl Aside {
    fn is_behind(&self) -> bool {
        !self.messages.is_empty()
    }

    fn put(&mut self, bytes: Vec<u8>, is_full: bool) -> Result<(), i32> {
        if !self.is_behind() {
            self.since = Instant::now();
        } else if is_full || self.bytes > MOST_BYTES / 2 {
            return Err(libc::ENOBUFS);
        }
        self.bytes += cost(&bytes);
        self.messages.push_back(bytes);
        Ok(())
    }

    /// Sends what there is room for.
    fn send(&mut self, from: BorrowedFd<'_>) -> Result<(), i32> {
        while !self.messages.is_empty() {
            self.send_first(from, libc::MSG_DONTWAIT)?;
        }
        Ok(())
    }

    fn send_first(&mut self, from: BorrowedFd<'_>, flags: c_int) -> Result<(), i32> {
        if let Some(first) = self.messages.front() {
            send(from, self.port, first, flags)?;
            self.bytes -= cost(first);
            self.messages.pop_front();
            (self.since, self.reads) = (Instant::now(), true);
        }
        Ok(())
    }
}

/// How many bytes a message takes that is put aside.
fn cost(message: &[u8]) -> usize {
    size_of::<Vec<u8>>() + message.len()
}

/// Sends a message if the client has room for it, or has before the socket's timeout ends.
fn send(from: BorrowedFd<'_>, port: u32, bytes: &[u8], flags: c_int) -> Result<(), i32> {
    let sent = sys::send_to(from, bytes, flags, (port, 0));
    sent.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
}

/// Sends them at once, as far as there is room.
impl Outbox for Post {
    fn push(&mut self, to: To, bytes: Vec<u8>) -> Result<(), i32> {
        if bytes.len() > self.longest {
            return Err(libc::EMSGSIZE);
        }
        match to {
            To::Port(port) => self.send_to(port, bytes),
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
        let ports = self.aside.iter().map(|aside| aside.port);
        f.debug_struct("Post")
            .field("aside", &ports.collect::<Vec<_>>())
            .finish()
    }
}
