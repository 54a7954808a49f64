//! How a connection waits: by blocking its thread, or by awaiting in a tokio task.
//!
//! What is said over a socket is written once, as `async` functions over [`Transport`]. Those of a
//! blocking connection never wait for anything but a system call, so polling them once runs them to
//! their end: [`now`] does that.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::error::Error;
use crate::options::Options;
use crate::socket::{Received, Socket};
use crate::sys;

/// How a connection waits for the kernel: [`Blocking`], or `Tokio` with the feature `tokio`.
///
/// Nobody else can implement it.
#[expect(private_bounds, reason = "it is sealed so")]
pub trait Transport: Receive {}

impl<T: Receive> Transport for T {}

/// What a connection asks of its socket.
pub(crate) trait Receive: Sized {
    /// Takes a socket.
    fn new(socket: Socket) -> io::Result<Self>;

    /// The socket.
    fn socket(&self) -> &Socket;

    /// The socket.
    fn socket_mut(&mut self) -> &mut Socket;

    /// Sends one datagram at once; fails with [`io::ErrorKind::WouldBlock`] if it is for another
    /// process that has no room for it.
    #[inline]
    fn try_send(&self, datagram: &[u8]) -> io::Result<()> {
        self.socket().send(datagram)
    }

    /// Sends one datagram; fails with [`io::ErrorKind::WouldBlock`] at the deadline.
    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()>;

    /// Receives one datagram if there is one.
    #[inline]
    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        self.socket().try_recv(room)
    }

    /// Receives one datagram; fails with [`io::ErrorKind::WouldBlock`] at the deadline.
    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received>;

    /// Of a dump that is running a piece can always be received without waiting: the kernel queues
    /// the next one while it gives out the one before (`netlink_recvmsg()`). If it has no memory for
    /// that, it says so (ENOBUFS), and goes on when something else is received: see `Link::nudge`.
    fn has_dumps_at_hand(&self) -> bool {
        self.socket().is_of_kernel()
    }

    /// How many datagrams may be received where nobody can have a turn in between. What another
    /// process sends may have no end.
    fn at_a_time(&self) -> usize {
        match self.has_dumps_at_hand() {
            true => usize::MAX,
            false => 64,
        }
    }

    /// Lets others have their turn, if this has had a long one without waiting for anything.
    async fn share(&self) {}
}

/// Until when an answer is waited for: all that it takes together, whatever comes meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deadline {
    /// So long after the first wait begins, which is the timeout that the socket itself has.
    Timeout(Option<Duration>),
    /// So long after a time of [`sys::coarse_clock`].
    Begun(Duration, Duration),
    /// Until then, so long after the wait began.
    At(Instant, Duration),
    /// No end.
    Never,
}

impl Deadline {
    /// What so long a wait ends at, if it begins now.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        timeout.map_or(Self::Never, |timeout| Self::ending(timeout, timeout))
    }

    /// One that is `left` from now, of a wait that takes so long.
    fn ending(left: Duration, timeout: Duration) -> Self {
        let at = Instant::now().checked_add(left);
        at.map_or(Self::Never, |at| Self::At(at, timeout))
    }

    /// How long the wait takes; none at all where it has no end.
    pub(crate) fn timeout(&self) -> Duration {
        match *self {
            Self::Timeout(timeout) => timeout.unwrap_or_default(),
            Self::Begun(_, timeout) | Self::At(_, timeout) => timeout,
            Self::Never => Duration::ZERO,
        }
    }

    /// Begins to wait; true if the socket's own timeout ends at the deadline.
    ///
    /// Often that is all there is to it, so the exact clock is not read yet.
    fn begin(&mut self) -> bool {
        match *self {
            Self::Timeout(timeout) => {
                *self = timeout.map_or(Self::Never, |timeout| {
                    Self::Begun(sys::coarse_clock(), timeout)
                });
                true
            }
            _ => false,
        }
    }

    /// The same, but no later than this.
    pub(crate) fn or_before(&mut self, at: Instant) -> Self {
        let end = self.at().map_or(at, |end| end.min(at));
        Self::At(end, self.timeout())
    }

    /// It is over.
    pub(crate) fn has_passed(&mut self) -> bool {
        self.at().is_some_and(|at| at <= Instant::now())
    }

    /// When it is; `None` is never.
    pub(crate) fn at(&mut self) -> Option<Instant> {
        self.begin();
        if let Self::Begun(start, timeout) = *self {
            let gone = sys::coarse_clock().saturating_sub(start);
            *self = Self::ending(timeout.saturating_sub(gone), timeout);
        }
        match *self {
            Self::At(at, _) => Some(at),
            _ => None,
        }
    }
}

/// Blocks the calling thread; what connections, dumps and events do unless they are said to be
/// async.
pub struct Blocking(Socket);

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port();
        f.debug_struct("Blocking").field("port", &port).finish()
    }
}

impl Receive for Blocking {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self(socket))
    }

    #[inline]
    fn socket(&self) -> &Socket {
        &self.0
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.0
    }

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        match self.0.send(datagram) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.0.send_until(datagram, deadline.at())
            }
            sent => sent,
        }
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        if deadline.begin() {
            match self.0.recv(room) {
                // The socket's timeout would begin anew.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => return received,
            }
        }
        loop {
            if let Some(received) = self.0.try_recv(room)? {
                return Ok(received);
            }
            if !self.0.wait(deadline.at())? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
    }
}

/// Sends one datagram, in time.
pub(crate) async fn send(
    from: &impl Transport,
    datagram: &[u8],
    deadline: &mut Deadline,
) -> Result<(), Error> {
    let sent = from.send(datagram, deadline).await;
    sent.map_err(|error| Error::unsent(error, from.socket(), datagram))
}

/// Opens a socket.
pub(crate) fn open<T: Transport>(options: &Options) -> Result<T, Error> {
    T::new(Socket::open(options)?).map_err(Error::io("await a socket"))
}

/// Runs to its end what waits by blocking alone.
#[inline]
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut context) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a blocking socket has nothing to await"),
    }
}
