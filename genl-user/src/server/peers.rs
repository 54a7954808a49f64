//! Families served to other processes, over NETLINK_USERSOCK.

use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use libc::c_int;
use neli::consts::socket::NlFamily;
use neli::socket::NlSocket;
use neli::utils::Groups;

use super::cut;
use super::engine::{Engine, Peer, Rights};
use super::post::Post;
use super::{Event, Refusal, Serve};
use crate::sys;

/// The protocol has no more groups (`netlink_add_usersock_entry()`).
const LAST_GROUP: u32 = 32;

/// Room for the longest datagram that a socket's send buffer lets through by default; of a longer one the
/// request that does not fit is refused.
pub(super) const ROOM: usize = 256 << 10;

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
/// Anyone in the namespace can send to the port. So operations that take CAP_NET_ADMIN are refused
/// unless [`Self::allow_admin`] says otherwise. To listen to its groups takes that capability
/// whatever the server says, and the namespace has 32 of them for all servers together.
pub struct Server {
    post: Post,
    port: u32,
    engine: Engine,
    rights: Rights,
    buffer: Vec<u8>,
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
        Ok(Self {
            post: Post::new(socket)?,
            port,
            engine: Engine::new(),
            rights: Rights {
                admin: false,
                netns_admin: false,
                netns_sys_admin: false,
            },
            buffer: vec![0; ROOM],
        })
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
    /// If it cannot be written, or has no group.
    pub fn tell<S>(&mut self, family: &Registered<S>, event: &impl Event) -> Result<(), Refusal> {
        let registered = self.engine.by_id(family.id);
        let registered = registered.ok_or_else(|| Refusal::new(libc::ENODEV))?;
        registered.numbers.tell(event, &mut self.post)
    }

    /// Waits for one datagram, and serves all that is in it.
    ///
    /// # Errors
    ///
    /// If none can be received. What becomes of the answers is the client's matter: those that it
    /// leaves no room for are lost.
    pub fn serve_once(&mut self) -> io::Result<()> {
        self.serve_next(0).map(drop)
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
            Ok(true) => self.serve_next(libc::MSG_DONTWAIT),
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

    /// Serves one datagram; false if there was none, by these flags of recv(2).
    ///
    /// Each answer is sent before the next one is built, so that all of them together take no more
    /// room than the longest.
    fn serve_next(&mut self, flags: c_int) -> io::Result<bool> {
        let mut port = 0;
        let len = loop {
            match sys::receive(self.post.as_fd(), &mut self.buffer, flags, Some(&mut port)) {
                Ok(len) => break len,
                Err(error) => match error.raw_os_error() {
                    // Some requests found the queue full; those that did not are still there.
                    Some(libc::ENOBUFS | libc::EINTR) => {}
                    Some(libc::EAGAIN) => return Ok(false),
                    _ => return Err(error),
                },
            }
        };
        let mut peer = Peer::new(port, self.rights);
        // Our clients have room for as much.
        peer.largest_receive = usize::MAX;
        let Self {
            engine,
            post,
            buffer,
            ..
        } = self;
        let datagram = &buffer[..len.min(ROOM)];
        let rest = engine.receive(&mut peer, datagram, post);
        while let Some(chunk) = engine.chunk(&mut peer, post) {
            engine.send_chunk(&mut peer, chunk, post);
        }
        cut::refuse(&peer, rest, len - datagram.len(), post);
        Ok(true)
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
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, mpsc};
    use std::thread;
    use std::time::Instant;

    use crate::error::Error;
    use crate::families::{kvstore, nltest};
    use crate::family::Request;
    use crate::options::Options;
    use crate::server::post::PATIENCE;
    use crate::server::{Items, Op};
    use crate::sys::tests::{alone, with_signals};
    use crate::wire::{Encoder, Head, finish};

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
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let served = Box::new(kvstore::server::Served(Nothing));
        let refused = server.engine.register(served, 1, &mut server.post);
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
                let quiet = Duration::from_secs(1);
                while server.serve_timeout(quiet).unwrap() {}
            });
            let mut client = nltest::Client::open_with(&options).unwrap();
            assert_eq!(client.connection().family_id(), wanted.id);
        });
    }

    /// Says things one after the other; calls the closure before it says the next one.
    struct Speaker<F>(F);

    /// So much of what it says goes into one piece of a dump.
    const PIECE: u32 = 4;

    impl<F: FnMut(u32) + Clone + Send + 'static> nltest::server::Handler for Speaker<F> {
        /// Gives two replies.
        fn hello(
            &mut self,
            _: nltest::server::Hello<'_>,
            op: &mut Op<'_>,
        ) -> Result<nltest::HelloReplyOwned, Refusal> {
            let cmd = nltest::Client::HELLO.answer.cmd().unwrap();
            op.reply(cmd, &nltest::HelloReplyOwned::default())?;
            (self.0)(1);
            Ok(nltest::HelloReplyOwned::default())
        }

        /// Is too long for a datagram.
        fn echo(
            &mut self,
            _: nltest::server::Echo<'_>,
            _: &mut Op<'_>,
        ) -> Result<nltest::EchoReplyOwned, Refusal> {
            Ok(nltest::EchoReplyOwned {
                multi: vec![0; 100_000],
                ..Default::default()
            })
        }

        fn count_dump(
            &mut self,
            request: nltest::server::CountDump<'_>,
            _: &mut Op<'_>,
        ) -> Result<Items<Self, nltest::CountDumpReplyOwned>, Refusal> {
            let mut before = self.0.clone();
            Ok(Items::of((0..request.to()).map(move |number| {
                before(number);
                nltest::CountDumpReplyOwned {
                    number: Some(number),
                    blob: Some(vec![0; 30_000 / PIECE as usize]),
                }
            })))
        }
    }

    /// A client of a server that speaks so, and does so while the closure runs.
    fn spoken_to<T>(
        before: impl FnMut(u32) + Clone + Send + 'static,
        run: impl FnOnce(&mut nltest::Client) -> T,
    ) -> T {
        let mut server = Server::bind().unwrap();
        server
            .register(nltest::server::Served(Speaker(before)))
            .unwrap();
        let options = Options::new().peer(server.port());
        thread::scope(|scope| {
            // It ends with this, which is dropped even if a test fails.
            let (_going, goes) = mpsc::channel::<()>();
            scope.spawn(move || {
                while goes.try_recv() == Err(mpsc::TryRecvError::Empty) {
                    server.serve_timeout(Duration::from_millis(10)).unwrap();
                }
            });
            run(&mut nltest::Client::open_with(&options).unwrap())
        })
    }

    #[test]
    fn an_answer_is_sent_before_the_next_is_built() {
        let _alone = alone();
        let (heard, told) = mpsc::channel();
        let told = Arc::new(Mutex::new(told));
        let before = move |_| {
            let told = told.lock().unwrap();
            // If it never comes, the second reply does, and the test fails.
            let _ = told.recv_timeout(Duration::from_secs(2));
        };
        let replies = spoken_to(before, |client| {
            let request = nltest::Hello { text: "hello" };
            let started = Instant::now();
            let replies = client
                .connection()
                .call_all::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &request);
            let mut replies = replies.unwrap();
            replies.next().unwrap().unwrap();
            assert!(started.elapsed() < Duration::from_secs(1));
            heard.send(()).unwrap();
            1 + replies.owned().count()
        });
        assert_eq!(replies, 2);
    }

    #[test]
    fn an_answer_that_is_too_long_to_be_sent_is_refused() {
        let _alone = alone();
        let told = spoken_to(
            |_| (),
            |client| client.echo(&nltest::Echo::default()).map(drop),
        );
        let refused = told.unwrap_err();
        assert_eq!(refused.errno(), Some(libc::EMSGSIZE), "{refused}");
    }

    #[test]
    fn no_dump_goes_on_behind_a_piece_that_is_lost() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let lazy = Arc::new(lazy());
        let port = lazy.pid().unwrap();
        // It reads again as soon as the first piece is lost.
        let reads = Arc::clone(&lazy);
        let before = move |number| {
            if number == 2 * PIECE {
                answers(&reads, libc::MSG_DONTWAIT);
            }
        };
        let served = nltest::server::Served(Speaker(before));
        let family = server.register(served).unwrap();
        ask(&lazy, &server, 20);
        server.serve_once().unwrap();

        let operation = &nltest::Client::COUNT_DUMP;
        let head = Head {
            len: 0,
            kind: family.id,
            flags: (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16,
            seq: 2,
            port,
        };
        let mut request = Vec::new();
        head.begin(operation.cmd, nltest::FAMILY.version, &mut request);
        let wanted = nltest::CountDump {
            to: 5 * PIECE,
            ..Default::default()
        };
        wanted.encode(&mut Encoder::new(&mut request)).unwrap();
        finish(&mut request);
        sys::send_to(sys::fd(&lazy), &request, 0, (server.port(), 0)).unwrap();
        server.serve_once().unwrap();

        let mut room = vec![0; 64 << 10];
        while let Ok(len) = sys::receive(sys::fd(&lazy), &mut room, libc::MSG_DONTWAIT, None) {
            let first = Head::read(&room[..len]).unwrap();
            assert_ne!(first.kind, family.id, "{first:?}");
        }
    }
}
