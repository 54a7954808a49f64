//! Families served to other processes, over NETLINK_USERSOCK.

use std::any::Any;
use std::collections::BTreeSet;
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

/// How long a client may leave its queue full before it loses the answer. After that it is not waited
/// for at all, until it has room again: it would keep all others waiting.
const PATIENCE: Duration = Duration::from_millis(500);

/// So many clients that have no room are remembered.
const MOST_SLOW: usize = 1024;

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
/// Anyone in the namespace can send to the port. So operations that take CAP_NET_ADMIN are refused
/// unless [`Self::allow_admin`] says otherwise. To listen to its groups takes that capability
/// whatever the server says, and the namespace has 32 of them for all servers together.
pub struct Server {
    socket: NlSocket,
    port: u32,
    engine: Engine,
    rights: Rights,
    buffer: Vec<u8>,
    /// The ports of clients that were waited for in vain.
    slow: BTreeSet<u32>,
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
        let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty())?;
        let port = socket.pid()?;
        let server = Self {
            socket,
            port,
            engine: Engine::new(),
            rights: Rights {
                admin: false,
                netns_admin: false,
                netns_sys_admin: false,
            },
            buffer: vec![0; ROOM],
            slow: BTreeSet::new(),
        };
        sys::set_timeout(server.as_fd(), libc::SO_SNDTIMEO, Some(PATIENCE))?;
        Ok(server)
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
            ..self.rights
        };
    }

    /// Registers a family with its handler: `server::Served(handler)`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if a family of this name is there,
    /// [`io::ErrorKind::StorageFull`] if there are not enough groups left.
    pub fn register<S: Serve>(&mut self, served: S) -> io::Result<Registered<S>> {
        let mut outbox = Outbox::default();
        let served = Box::new(served);
        let numbers = self.engine.register(served, LAST_GROUP, &mut outbox)?;
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
        let millis = i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
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
            if !chunk.is_some_and(|chunk| self.send_to(&chunk, port)) {
                return;
            }
        }
    }

    /// Sends messages; who is gone, or leaves no room, loses them.
    fn send(&mut self, outbox: Outbox) {
        for Outgoing { to, bytes } in outbox.0 {
            match to {
                To::Port(port) => {
                    self.send_to(&bytes, port);
                }
                // The one that is left out has another copy: it hears of it twice at worst.
                To::Group { number, .. } => {
                    // It fails for the kernel's port, behind which nobody is.
                    let group = (0, 1 << (number - 1));
                    let _ = sys::send_to(self.as_fd(), &bytes, 0, group);
                }
            }
        }
    }

    /// Sends a message to a client; false if that is gone, or leaves no room.
    fn send_to(&mut self, bytes: &[u8], port: u32) -> bool {
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
        match &sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if self.slow.len() == MOST_SLOW {
                    self.slow.pop_first();
                }
                self.slow.insert(port);
            }
            _ => {
                self.slow.remove(&port);
            }
        }
        sent.is_ok()
    }
}

impl AsFd for Server {
    fn as_fd(&self) -> BorrowedFd<'_> {
        sys::fd(&self.socket)
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
mod tests {
    use super::*;
    use std::thread;

    use crate::error::Error;
    use crate::families::{kvstore, nltest};
    use crate::options::Options;
    use crate::sys::tests::{alone, with_signals};
    use crate::wire::Head;

    struct Nothing;

    impl kvstore::server::Handler for Nothing {}
    impl nltest::server::Handler for Nothing {}

    /// A client whose queue has room for one answer, or a few.
    fn lazy() -> NlSocket {
        let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        socket.set_recv_buffer_size(1).unwrap();
        socket
    }

    /// Sends so many requests that are answered by an ACK.
    fn ask(from: &NlSocket, server: &Server, count: usize) {
        let head = Head {
            len: 0,
            kind: libc::NLMSG_NOOP as u16,
            flags: (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16,
            seq: 1,
            port: 0,
        };
        let requests = head.with_body(&[]).repeat(count);
        sys::send_to(sys::fd(from), &requests, 0, (server.port(), 0)).unwrap();
    }

    /// How many answers are there, or come within a second.
    fn answers(to: &NlSocket, flags: libc::c_int) -> usize {
        let fd = sys::fd(to);
        let came = || match flags {
            libc::MSG_DONTWAIT => true,
            _ => sys::poll(fd, 1000).unwrap(),
        };
        (0..)
            .take_while(|_| came() && sys::receive(fd, &mut [0; 64], flags, None).is_ok())
            .count()
    }

    #[test]
    fn who_does_not_read_holds_up_the_others_but_once() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let (lazy, other) = (lazy(), lazy());
        let started = Instant::now();
        for _ in 0..3 {
            ask(&lazy, &server, 20);
            server.serve_once().unwrap();
        }
        assert!(started.elapsed() < 8 * PATIENCE, "{:?}", started.elapsed());
        ask(&other, &server, 1);
        server.serve_once().unwrap();
        assert_eq!(answers(&other, libc::MSG_DONTWAIT), 1);
        // And once there is room again, it has its answers.
        assert!(answers(&lazy, libc::MSG_DONTWAIT) > 0);
        ask(&lazy, &server, 1);
        server.serve_once().unwrap();
        assert_eq!(answers(&lazy, libc::MSG_DONTWAIT), 1);
    }

    #[test]
    fn a_signal_takes_no_answer() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let lazy = lazy();
        ask(&lazy, &server, 20);
        let read = thread::scope(|scope| {
            let reader = scope.spawn(|| {
                thread::sleep(PATIENCE / 4);
                answers(&lazy, 0)
            });
            with_signals(5, PATIENCE / 50, || server.serve_once()).unwrap();
            reader.join().unwrap()
        });
        assert_eq!(read, 20);
    }

    #[test]
    fn signals_do_not_lengthen_the_wait_for_who_does_not_read() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let lazy = lazy();
        ask(&lazy, &server, 20);
        let took = with_signals(60, PATIENCE / 10, || {
            let started = Instant::now();
            server.serve_once().unwrap();
            started.elapsed()
        });
        assert!(took < 5 * PATIENCE, "{took:?}");
    }

    #[test]
    fn a_family_whose_groups_have_no_room_is_refused() {
        let served = Box::new(kvstore::server::Served(Nothing));
        let refused = Engine::new().register(served, 1, &mut Outbox::default());
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let words = "no groups are left for the family \"kvstore\"";
        assert_eq!(error.to_string(), words);
    }

    #[test]
    fn no_time_is_too_long() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let client = lazy();
        ask(&client, &server, 1);
        assert!(server.serve_timeout(Duration::MAX).unwrap());
        assert!(!server.serve_timeout(Duration::ZERO).unwrap());
    }

    #[test]
    fn what_answers_a_client_that_is_gone_answers_no_other() {
        let _alone = alone();
        // Whoever has the process's own number leaves it to the clients, one after the other.
        let first = Server::bind().unwrap();
        let mut server = Server::bind().unwrap();
        drop(first);
        server.register(kvstore::server::Served(Nothing)).unwrap();
        let wanted = server.register(nltest::server::Served(Nothing)).unwrap();
        let options = Options::new().peer(server.port());
        let hasty = options.clone().timeout(Duration::from_millis(10));
        let gone = kvstore::Client::open_with(&hasty).map(drop);
        assert!(matches!(gone, Err(Error::TimedOut)), "{gone:?}");
        thread::scope(|scope| {
            scope.spawn(|| {
                let minute = Duration::from_secs(1);
                while server.serve_timeout(minute).unwrap() {}
            });
            let mut client = nltest::Client::open_with(&options).unwrap();
            assert_eq!(client.connection().family_id(), wanted.id);
        });
    }
}
