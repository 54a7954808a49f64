//! Families served to other processes, over NETLINK_USERSOCK.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use neli::consts::socket::NlFamily;
use neli::socket::NlSocket;
use neli::utils::Groups;

use super::engine::{Engine, Peer, Rights};
use super::op::{Outbox, Outgoing, To};
use super::{Event, Refusal, Serve};
use crate::sys;

/// The protocol has no more groups (`netlink_add_usersock_entry()`).
const LAST_GROUP: u32 = 32;

/// Room for the longest datagram that a socket's send buffer lets through by default.
const ROOM: usize = 256 << 10;

/// How long a client may leave its queue full before it loses the answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Serves families to other processes, as the kernel serves its own.
///
/// It has a port of protocol NETLINK_USERSOCK in the calling thread's network namespace, at which
/// it answers requests, the controller's too. Clients are opened with
/// [`Options::peer`](crate::Options::peer); how they learn of the port is for the two to agree upon.
///
/// ```
/// use genl_user::Options;
/// use genl_user::families::kvstore::server::{Handler, Served};
/// use genl_user::families::kvstore::{Client, Stats, StatsReplyOwned};
/// use genl_user::server::{Listener, Op, Refusal};
///
/// struct Empty;
///
/// impl Handler for Empty {
///     fn stats(&mut self, _: &mut Op<'_>) -> Result<StatsReplyOwned, Refusal> {
///         Ok(StatsReplyOwned { entries: Some(0), ..Default::default() })
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut listener = Listener::bind()?;
/// listener.register(Served(Empty))?;
/// let port = listener.port();
/// std::thread::spawn(move || listener.serve());
///
/// // In any process of the same network namespace:
/// let mut kv = Client::open_with(&Options::new().peer(port))?;
/// assert_eq!(kv.stats(&Stats {})?.entries(), Some(0));
/// # Ok(())
/// # }
/// ```
///
/// Anyone in the namespace can send to the port. So operations that take CAP_NET_ADMIN are refused
/// unless [`Self::allow_admin`] says otherwise. To listen to its groups takes that capability
/// whatever the server says, and the namespace has 32 of them for all servers together.
pub struct Listener {
    socket: NlSocket,
    port: u32,
    engine: Engine,
    rights: Rights,
    buffer: Vec<u8>,
}

/// A family that was registered with a [`Listener`].
pub struct Registered<S> {
    id: u16,
    served: PhantomData<fn() -> S>,
}

impl Listener {
    /// Opens a port of the kernel's choice, for no family yet.
    ///
    /// # Errors
    ///
    /// Why there is no socket.
    pub fn bind() -> io::Result<Self> {
        let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty())?;
        let port = socket.pid()?;
        let listener = Self {
            socket,
            port,
            engine: Engine::new(),
            rights: Rights {
                admin: false,
                netns_admin: false,
            },
            buffer: vec![0; ROOM],
        };
        sys::set_send_timeout(listener.as_fd(), PATIENCE)?;
        Ok(listener)
    }

    /// Its port, by which clients find it.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Lets everyone call what takes CAP_NET_ADMIN, or nobody.
    pub fn allow_admin(&mut self, allow: bool) {
        self.rights = Rights {
            admin: allow,
            netns_admin: allow,
        };
    }

    /// Registers a family with its handler: `server::Served(handler)`.
    ///
    /// # Errors
    ///
    /// EEXIST if a family of this name is there, ENOSPC if there are not enough groups left.
    pub fn register<S: Serve>(&mut self, served: S) -> io::Result<Registered<S>> {
        let mut outbox = Outbox::default();
        let served = Box::new(served);
        let registered = self.engine.register(served, LAST_GROUP, &mut outbox);
        let numbers = registered.map_err(io::Error::from_raw_os_error)?;
        self.send(outbox);
        Ok(Registered {
            id: numbers.id,
            served: PhantomData,
        })
    }

    /// The handler of a family.
    pub fn served<S: Serve>(&mut self, family: &Registered<S>) -> Option<&mut S> {
        let registered = self.engine.by_id_mut(family.id)?;
        let served: &mut dyn Any = &mut *registered.served;
        served.downcast_mut()
    }

    /// Sends an event of a family to its group.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or has no group.
    pub fn tell<S>(&mut self, family: &Registered<S>, event: &impl Event) -> Result<(), Refusal> {
        let mut outbox = Outbox::default();
        let registered = self.engine.by_id(family.id);
        let registered = registered.ok_or_else(|| Refusal::new(libc::ENODEV))?;
        registered.numbers.tell(event, &mut outbox)?;
        self.send(outbox);
        Ok(())
    }

    /// Waits for one datagram, and serves all that is in it.
    ///
    /// # Errors
    ///
    /// If none can be received. What becomes of the answers is the client's matter: those that it
    /// leaves no room for are lost.
    pub fn serve_once(&mut self) -> io::Result<()> {
        let mut port = 0;
        let len = loop {
            match sys::receive(sys::fd(&self.socket), &mut self.buffer, 0, Some(&mut port)) {
                Ok(len) => break len,
                Err(error) => match error.raw_os_error() {
                    // Some requests found the queue full; those that did not are still there.
                    Some(libc::ENOBUFS | libc::EINTR) => {}
                    _ => return Err(error),
                },
            }
        };
        if let Some(datagram) = self.buffer.get(..len) {
            let mut outbox = Outbox::default();
            let mut peer = Peer::new(port, self.rights);
            // Our clients have room for as much.
            peer.largest_receive = usize::MAX;
            self.engine.receive(&mut peer, datagram, &mut outbox);
            self.send(outbox);
            self.finish_dump(&mut peer);
        }
        Ok(())
    }

    /// As [`Self::serve_once`], but waits no longer than this; false if nothing came.
    ///
    /// # Errors
    ///
    /// Those of [`Self::serve_once`].
    pub fn serve_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        let until = Instant::now() + timeout;
        let left = until.saturating_duration_since(Instant::now());
        let millis = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        match sys::poll(self.as_fd(), millis) {
            Ok(false) => Ok(false),
            Ok(true) => self.serve_once().map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Serves until something fails.
    ///
    /// # Errors
    ///
    /// What ended it: those of [`Self::serve_once`]. It never returns without an error.
    pub fn serve(&mut self) -> io::Result<()> {
        loop {
            self.serve_once()?;
        }
    }

    /// Sends what is left of a dump, as long as the client reads it.
    fn finish_dump(&mut self, peer: &mut Peer) {
        while peer.is_dumping() {
            let mut outbox = Outbox::default();
            let chunk = self.engine.chunk(peer, &mut outbox);
            self.send(outbox);
            let port = peer.port;
            let sent = chunk.map(|chunk| sys::send_to(self.as_fd(), &chunk, port, 0));
            if !matches!(sent, Some(Ok(()))) {
                return;
            }
        }
    }

    /// Sends messages; who is gone, or leaves no room, loses them.
    fn send(&self, outbox: Outbox) {
        for Outgoing { to, bytes } in outbox.0 {
            let (port, groups) = match to {
                To::Port(port) => (port, 0),
                // The one that is left out has another copy: it hears of it twice at worst.
                To::Group { number, .. } => (0, 1 << (number - 1)),
            };
            // Sent to a group, it fails for the kernel's port, behind which nobody is.
            let _ = sys::send_to(self.as_fd(), &bytes, port, groups);
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        sys::fd(&self.socket)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Registered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
