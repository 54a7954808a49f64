//! Families served to other processes, over NETLINK_USERSOCK.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use neli::consts::socket::NlFamily;
use neli::socket::NlSocket;
use neli::utils::Groups;

use super::caller::Caller;
use super::cut;
use super::engine::{Engine, Peer, Rights};
use super::post::Post;
use super::stopper::{Stop, Stopper};
use super::{Event, Refusal, Serve};
use crate::sys::{self, Origin};

/// The protocol has no more groups (`netlink_add_usersock_entry()`).
const LAST_GROUP: u32 = 32;

/// Room for the longest datagram that a socket's send buffer lets through by default; of a longer one the
/// request that does not fit is refused.
pub(super) const ROOM: usize = 256 << 10;

/// So many pieces of a dump are sent before others have their turn.
const TURN: usize = 8;

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
/// use genl_user::server::{Server, Op, Refusal};
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
/// let mut server = Server::bind()?;
/// server.register(Served(Empty))?;
/// let port = server.port();
/// std::thread::spawn(move || server.serve());
///
/// // In any process of the same network namespace:
/// let mut kv = Client::open_with(&Options::new().peer(port))?;
/// assert_eq!(kv.stats(&Stats {})?.entries(), Some(0));
/// # Ok(())
/// # }
/// ```
///
/// A request of more than 256 KiB is refused with EMSGSIZE; a client's socket sends no such thing unless it
/// was given a longer send buffer.
///
/// Answers go to the port that asked. If its client is gone, and another one has got the port since, that one
/// reads the rest of them.
///
/// Anyone in the namespace can send to the port. So operations that take CAP_NET_ADMIN are refused
/// but to those whom [`Self::allow_admin`] lets call them; and [`Op::caller`](super::Op::caller) tells a
/// handler who it is. To listen to its groups takes that capability
/// whatever the server says, and the namespace has 32 of them for all servers together.
pub struct Server {
    post: Post,
    port: u32,
    stop: Arc<Stop>,
    engine: Engine,
    /// Whom [`Self::allow_admin`] lets in.
    admins: Box<dyn FnMut(Caller) -> bool + Send>,
    buffer: Vec<u8>,
    /// Clients whose dumps have not ended, each of them once.
    dumps: Vec<Peer>,
}

/// A family that was registered with a [`Server`].
pub struct Registered<S> {
    id: u16,
    served: PhantomData<fn() -> S>,
}

impl Server {
    /// Opens a port of the kernel's choice, for no family yet.
    ///
    /// # Errors
    ///
    /// Why there is no socket.
    pub fn bind() -> io::Result<Self> {
        let socket = Arc::new(NlSocket::connect(
            NlFamily::Usersock,
            None,
            Groups::empty(),
        )?);
        let port = socket.pid()?;
        // What may have come already has it too: it is always kept, and told when it is received.
        sys::set_option(sys::fd(&socket), libc::SOL_SOCKET, libc::SO_PASSCRED, 1)?;
        let mut engine = Engine::new();
        // The port may be that of a server that is gone, whose clients know the ids of its families.
        engine.begin_elsewhere();
        Ok(Self {
            stop: Arc::new(Stop::new(Arc::clone(&socket), port)),
            post: Post::new(socket)?,
            port,
            engine,
            admins: Box::new(|_| false),
            buffer: vec![0; ROOM],
            dumps: Vec::new(),
        })
    }

    /// Its port, by which clients find it.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// What stops the server while it serves, in any thread.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let mut server = genl_user::server::Server::bind()?;
    /// let stopper = server.stopper();
    /// let serving = std::thread::spawn(move || server.serve());
    /// // Once a signal has come, say:
    /// stopper.stop();
    /// serving.join().expect("no handler panics")
    /// # }
    /// ```
    pub fn stopper(&self) -> Stopper {
        self.stop.stopper()
    }

    /// Lets those callers call what takes CAP_NET_ADMIN of whom `is_admin` is true: nobody, until it is
    /// called, and then whom the last call says.
    ///
    /// It is asked once for each datagram, of whoever sends any, so it is to be quick. Whether a caller has
    /// the capability does not count, as the kernel does not say; and a dump that has begun goes on.
    /// [`Caller`] tells what a user's name is worth.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let mut server = genl_user::server::Server::bind()?;
    /// server.allow_admin(|caller| caller.uid == 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_admin(&mut self, is_admin: impl FnMut(Caller) -> bool + Send + 'static) {
        self.admins = Box::new(is_admin);
    }

    /// Registers a family with its handler: `server::Served(handler)`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if a family of this name is there,
    /// [`io::ErrorKind::StorageFull`] if there are not enough groups left.
    pub fn register<S: Serve>(&mut self, served: S) -> io::Result<Registered<S>> {
        let served = Box::new(served);
        let numbers = self.engine.register(served, LAST_GROUP, &mut self.post)?;
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
    /// If it cannot be written or is too long to be sent, or has no group.
    pub fn tell<S>(&mut self, family: &Registered<S>, event: &impl Event) -> Result<(), Refusal> {
        let registered = self.engine.by_id(family.id);
        let registered = registered.ok_or_else(|| Refusal::new(libc::ENODEV))?;
        registered.numbers.tell(event, &mut self.post)
    }

    /// Waits for one datagram, and serves all that is in it; or until a [`Stopper`] ends it.
    ///
    /// A dump is made piece by piece, and others are served meanwhile. What a client leaves no room
    /// for is put aside, and goes on whenever the server serves; if the client reads nothing for 30
    /// seconds, or too many others leave no room either, it is lost.
    ///
    /// # Errors
    ///
    /// If nothing can be received. What becomes of the answers is the client's matter.
    pub fn serve_once(&mut self) -> io::Result<()> {
        self.serve_until(None)?;
        self.stop.take();
        Ok(())
    }

    /// As [`Self::serve_once`], but ends after so long, whatever is left to be done; false if no request
    /// came, and no dump can go on at once. One that a [`Stopper`] has ended is true: more may be there.
    ///
    /// Who polls the descriptor instead, and then asks with [`Duration::ZERO`], asks again after some
    /// milliseconds if [`Self::is_behind`]: nothing tells when a client has room.
    ///
    /// # Errors
    ///
    /// Those of [`Self::serve_once`].
    pub fn serve_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        // One that is too far away is none.
        let served = self.serve_until(Instant::now().checked_add(timeout))?;
        Ok(self.stop.take() || served)
    }

    /// Serves until a [`Stopper`] ends it.
    ///
    /// It can be called again then, and goes on with what was put aside, with dumps that have not ended, and
    /// with requests that have come and were not received. They are lost with the server, so who is to end
    /// for good serves them first, for as long as there is time:
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use genl_user::server::Server;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut server = Server::bind()?;
    /// # server.stopper().stop();
    /// server.serve()?;
    /// let (moment, end) = (Duration::from_millis(10), Instant::now() + Duration::from_secs(1));
    /// while (server.serve_timeout(moment)? || server.is_behind()) && Instant::now() < end {}
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::serve_once`].
    ///
    /// # Panics
    ///
    /// If a handler does. Who waits for its answer waits in vain; others are served if it is called again.
    pub fn serve(&mut self) -> io::Result<()> {
        while !self.stop.take_whole() {
            self.serve_until(None)?;
        }
        Ok(())
    }

    /// A [`Stopper`] has stopped it, and no [`Self::serve`] has ended for that: what a loop of
    /// [`Self::serve_once`] or [`Self::serve_timeout`] may ask, as these go on when they are called again.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_left()
    }

    /// Something is left to be done though no request comes: something was put aside for a client that
    /// has left no room for it, or a dump has not ended.
    pub fn is_behind(&self) -> bool {
        !self.dumps.is_empty() || self.post.pause().is_some()
    }

    /// Serves one datagram, and others until nothing can go on at once, or time is over; false if none
    /// came, and nothing can go on. Ends before that if it is to stop.
    fn serve_until(&mut self, end: Option<Instant>) -> io::Result<bool> {
        let mut served = false;
        loop {
            if self.stop.is_asked() {
                return Ok(served);
            }
            let goes_on = self.go_on();
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if served && (!goes_on || left == Some(Duration::ZERO)) {
                return Ok(true);
            }
            let wait = match (goes_on, self.post.pause()) {
                (true, _) => Some(Duration::ZERO),
                (false, Some(pause)) => Some(left.map_or(pause, |left| left.min(pause))),
                (false, None) => left,
            };
            let next = match self.serve_next(wait) {
                // Who waits only for so long may have to look at what the signal was.
                Err(error) if error.kind() == io::ErrorKind::Interrupted && end.is_some() => {
                    return Ok(served);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
                next => next?,
            };
            match next {
                true => served = true,
                false if left == Some(Duration::ZERO) => return Ok(goes_on),
                false if !goes_on => self.post.wait_for_reader(),
                false => {}
            }
        }
    }

    /// Sends what clients have room for by now: of what was put aside, and some pieces of each dump.
    /// True if there is more for one that has room.
    fn go_on(&mut self) -> bool {
        let Self {
            post,
            engine,
            dumps,
            ..
        } = self;
        let lost = post.try_again();
        dumps.retain(|peer| !lost.contains(&peer.port));
        let mut goes_on = false;
        dumps.retain_mut(|peer| {
            for _ in 0..TURN {
                if post.is_behind(peer.port) {
                    return true;
                }
                let Some(chunk) = engine.chunk(peer, post) else {
                    return false;
                };
                engine.send_chunk(peer, chunk, post);
            }
            goes_on = true;
            true
        });
        goes_on
    }

    /// Serves one datagram; false if none came for so long; `None` waits forever.
    ///
    /// Each answer is sent before the next one is built, so that all of them together take no more
    /// room than the longest.
    fn serve_next(&mut self, wait: Option<Duration>) -> io::Result<bool> {
        let Some((len, origin)) = self.receive(wait)? else {
            return Ok(false);
        };
        // Of whom nothing is known nothing is served; the kernel tells of each.
        let Some(caller) = origin.credentials.map(Caller::new) else {
            return Ok(true);
        };
        let is_admin = (self.admins)(caller);
        let rights = Rights {
            caller: Some(caller),
            admin: is_admin,
            netns_admin: is_admin,
            netns_sys_admin: false,
        };
        let mut peer = Peer::new(origin.port, rights);
        // Our clients have room for as much.
        peer.largest_receive = usize::MAX;
        let datagram = &self.buffer[..len.min(ROOM)];
        let rest = self.engine.receive(&mut peer, datagram, &mut self.post);
        cut::refuse(&peer, rest, len - datagram.len(), &mut self.post);
        if peer.is_dumping() {
            // Its client has given that one up, or is another one, which has got its port.
            let is_before = |before: &mut Peer| before.port == peer.port;
            let before = self.dumps.extract_if(.., is_before);
            before.for_each(|mut before| before.end_dump(libc::ECANCELED, &mut self.post));
            self.dumps.push(peer);
        }
        Ok(true)
    }

    /// Receives a datagram, if one comes in time: its length, and who sent it.
    fn receive(&mut self, wait: Option<Duration>) -> io::Result<Option<(usize, Origin)>> {
        let flags = match wait {
            None => 0,
            Some(wait) => {
                let millis = i32::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
                match sys::poll(self.as_fd(), millis)? {
                    true => libc::MSG_DONTWAIT,
                    false => return Ok(None),
                }
            }
        };
        loop {
            match sys::receive_with_origin(self.post.as_fd(), &mut self.buffer, flags) {
                Ok((_, origin)) if origin.port == self.port => {
                    self.stop.woke();
                    // Else it is left over from a call that was not waiting when it was stopped.
                    if self.stop.is_asked() {
                        return Ok(None);
                    }
                }
                Ok(received) => return Ok(Some(received)),
                Err(error) => match error.raw_os_error() {
                    // Some requests found the queue full; those that did not are still there.
                    Some(libc::ENOBUFS | libc::EINTR) => {}
                    Some(libc::EAGAIN) => return Ok(None),
                    _ => return Err(error),
                },
            }
        }
    }
}

impl AsFd for Server {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.post.as_fd()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
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

#[cfg(test)]
mod tests;
