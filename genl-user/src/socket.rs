//! A generic netlink socket: neli's `NlSocket`, and what it lacks.
//!
//! Clients get to neli here alone; [`crate::sys`] has the system calls.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use libc::c_int;
use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

use crate::error::Error;
use crate::known::Place;
use crate::options::Options;
use crate::sys::{self, Origin};
#[cfg(feature = "testing")]
use crate::testing::{LONGEST_DATAGRAM, Port};

/// Where requests go, and answers come from.
pub(crate) enum Socket {
    /// The kernel, or another process.
    Netlink(Netlink),
    /// A fake kernel.
    #[cfg(feature = "testing")]
    Fake(Port),
}

/// Does the same, whatever the socket is.
macro_rules! either {
    ($socket:expr, $one:pat => $what:expr) => {
        match $socket {
            Socket::Netlink($one) => $what,
            #[cfg(feature = "testing")]
            Socket::Fake($one) => $what,
        }
    };
}

impl Socket {
    /// Opens and binds a socket.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let opened = match &options.netns {
            Some(netns) if !options.is_fake() => netns.within(|| Self::open_here(options))?,
            _ => Self::open_here(options),
        };
        let socket = opened.map_err(Error::io("open a socket"))?;
        match socket.peer() {
            // Else it would talk to itself: the kernel gives out again the port of a process that is gone.
            Some(peer) if peer == socket.port() => {
                let cause = io::Error::from_raw_os_error(libc::ECONNREFUSED);
                Err(Error::Unreachable { peer, cause })
            }
            _ => Ok(socket),
        }
    }

    fn open_here(options: &Options) -> io::Result<Self> {
        #[cfg(feature = "testing")]
        if let Some(kernel) = &options.kernel {
            let port = kernel.open_port()?;
            if let Some(bytes) = options.queue_size {
                port.set_queue_size(bytes)?;
            }
            return Ok(Self::Fake(port));
        }
        Netlink::open(options).map(Self::Netlink)
    }

    /// Lets a netlink socket say that it has another port.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn pretend(&mut self, port: u32) {
        match self {
            Self::Netlink(socket) => socket.port = port,
            #[cfg(feature = "testing")]
            Self::Fake(_) => {}
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u32 {
        either!(self, socket => socket.port())
    }

    /// Joins a multicast group.
    pub(crate) fn join(&mut self, group: u32) -> io::Result<()> {
        either!(self, socket => socket.join(group))
    }

    /// Leaves a multicast group.
    pub(crate) fn leave(&self, group: u32) -> io::Result<()> {
        either!(self, socket => socket.leave(group))
    }

    /// Hears the groups in all network namespaces that have an id in the socket's own.
    pub(crate) fn hear_all_namespaces(&mut self) -> io::Result<()> {
        match self {
            Self::Netlink(socket) => socket.hear_all_namespaces(),
            // It has no other namespace.
            #[cfg(feature = "testing")]
            Self::Fake(_) => Ok(()),
        }
    }

    /// Lets a receive fail with [`io::ErrorKind::WouldBlock`] after so long; `None` waits forever.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        either!(self, socket => socket.set_timeout(timeout))
    }

    /// Sets how many bytes may queue up, beyond the system's limit if the caller may do that.
    pub(crate) fn set_queue_size(&self, bytes: usize) -> io::Result<()> {
        either!(self, socket => socket.set_queue_size(bytes))
    }

    /// How many bytes may queue up, as the kernel counts them: with its own for each message.
    pub(crate) fn queue_size(&self) -> io::Result<usize> {
        either!(self, socket => socket.queue_size())
    }

    /// How many bytes it sends at once.
    pub(crate) fn longest_datagram(&self) -> io::Result<usize> {
        match self {
            Self::Netlink(socket) => socket.longest_datagram(),
            #[cfg(feature = "testing")]
            Self::Fake(_) => Ok(LONGEST_DATAGRAM),
        }
    }

    /// Whose families are at the other end; `None` if they are another process's.
    pub(crate) fn place(&self) -> Option<Place> {
        match self {
            Self::Netlink(socket) if socket.peer.is_none() => {
                sys::netns_cookie(socket.as_fd()).map(Place::Netns)
            }
            Self::Netlink(_) => None,
            #[cfg(feature = "testing")]
            Self::Fake(port) => Some(Place::Fake(port.kernel())),
        }
    }

    /// The port of the process that is at the other end; `None` if the kernel is.
    pub(crate) fn peer(&self) -> Option<u32> {
        match self {
            Self::Netlink(socket) => socket.peer,
            #[cfg(feature = "testing")]
            Self::Fake(_) => None,
        }
    }

    /// The kernel itself is at the other end: when a send returns, all answers are queued.
    pub(crate) fn is_of_kernel(&self) -> bool {
        matches!(self, Self::Netlink(socket) if socket.peer.is_none())
    }

    /// Sends one datagram at once: to another process that has no room for it, it fails with
    /// [`io::ErrorKind::WouldBlock`].
    #[inline]
    pub(crate) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        either!(self, socket => socket.send(datagram))
    }

    /// As [`Self::send`], but waits until then for room; `None` waits forever.
    pub(crate) fn send_until(&self, datagram: &[u8], until: Option<Instant>) -> io::Result<()> {
        match self {
            Self::Netlink(socket) => socket.send_until(datagram, until),
            #[cfg(feature = "testing")]
            Self::Fake(port) => port.send(datagram),
        }
    }

    /// Receives one datagram, waiting for it as long as the timeout allows, or until a signal comes.
    #[inline]
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<Received> {
        either!(self, socket => socket.recv(buffer))
    }

    /// Receives one datagram if there is one.
    #[inline]
    pub(crate) fn try_recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        either!(self, socket => socket.try_recv(buffer))
    }

    /// Waits until a datagram, or an error, is there; false if none came until then. `None` waits
    /// forever.
    pub(crate) fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        either!(self, socket => socket.wait(until))
    }
}

impl AsFd for Socket {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        either!(self, socket => socket.as_fd())
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// A netlink socket, bound to a port that the kernel chose: of protocol NETLINK_GENERIC to the
/// kernel, of NETLINK_USERSOCK to another process.
pub(crate) struct Netlink {
    inner: NlSocket,
    port: u32,
    /// The process that it talks to, if that is not the kernel.
    peer: Option<u32>,
    /// The user whose process that is to be, if it is not to be anybody's.
    peer_user: Option<u32>,
    /// It is in a group, to which others may send too.
    listening: bool,
    /// It hears its groups in all network namespaces.
    everywhere: bool,
}

/// Where the numbers of a socket's requests begin: elsewhere than those of the last one that had its
/// port, whose answers may be on their way still.
pub(crate) fn first_seq() -> u32 {
    // What std hashes with is another each time.
    RandomState::new().hash_one(()) as u32
}

/// One that says it is a socket of netlink's.
#[cfg(all(test, feature = "tokio"))]
pub(crate) fn pretended(fd: std::os::fd::OwnedFd) -> Socket {
    Socket::Netlink(Netlink {
        inner: sys::tests::pretend(fd),
        port: 0,
        peer: None,
        peer_user: None,
        listening: false,
        everywhere: false,
    })
}

/// What one receive brought.
pub(crate) struct Received {
    /// Length of the datagram, in bytes; more than the buffer's if it was cut off.
    pub(crate) len: usize,
    /// The kernel sent it, or the process that was meant, not another one.
    pub(crate) from_kernel: bool,
    /// The id of the network namespace that it comes from, if that is not the socket's own.
    pub(crate) nsid: Option<i32>,
}

/// The process that it talks to is another user's than was said.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the process at port {peer} is user {user}'s, not user {wanted}'s")]
pub(crate) struct WrongUser {
    peer: u32,
    user: u32,
    wanted: u32,
}

impl WrongUser {
    pub(crate) fn into_io(self) -> io::Error {
        io::Error::new(io::ErrorKind::PermissionDenied, self)
    }
}

impl Netlink {
    /// Opens and binds a socket in the calling thread's network namespace.
    ///
    /// Errors carry the kernel's words on what is wrong with a request (NETLINK_EXT_ACK) and do
    /// not repeat the request (NETLINK_CAP_ACK): we still have it.
    fn open(options: &Options) -> io::Result<Self> {
        let protocol = match options.peer {
            Some(_) => NlFamily::Usersock,
            None => NlFamily::Generic,
        };
        let inner = NlSocket::connect(protocol, None, Groups::empty())?;
        let port = inner.pid()?;
        inner.enable_ext_ack(true)?;
        let socket = Self {
            inner,
            port,
            peer: options.peer,
            peer_user: options.peer_user.filter(|_| options.peer.is_some()),
            listening: false,
            everywhere: false,
        };
        sys::set_option(socket.as_fd(), libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, 1)?;
        if socket.peer_user.is_some() {
            sys::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_PASSCRED, 1)?;
        }
        // No other process can send to the socket's port from then on.
        sys::connect(socket.as_fd(), socket.meant())?;
        if let Some(bytes) = options.queue_size {
            socket.set_queue_size(bytes)?;
        }
        Ok(socket)
    }

    /// The port that it talks to; the kernel's is 0.
    #[inline]
    fn meant(&self) -> u32 {
        self.peer.unwrap_or(0)
    }

    /// The port that the kernel bound the socket to.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// Joins a multicast group.
    pub(crate) fn join(&mut self, group: u32) -> io::Result<()> {
        self.listening = true;
        self.inner
            .add_mcast_membership(Groups::new_groups(&[group]))
    }

    /// Leaves a multicast group.
    pub(crate) fn leave(&self, group: u32) -> io::Result<()> {
        self.inner
            .drop_mcast_membership(Groups::new_groups(&[group]))
    }

    /// Hears the groups in all network namespaces that have an id in the socket's own.
    fn hear_all_namespaces(&mut self) -> io::Result<()> {
        let option = libc::NETLINK_LISTEN_ALL_NSID;
        sys::set_option(self.as_fd(), libc::SOL_NETLINK, option, 1)?;
        // Whatever it hears then was sent to a group.
        self.listening = true;
        self.everywhere = true;
        Ok(())
    }

    /// Lets a receive fail with [`io::ErrorKind::WouldBlock`] after so long; `None` waits forever.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        sys::set_timeout(self.as_fd(), libc::SO_RCVTIMEO, timeout)
    }

    /// Sets how many bytes may queue up, beyond the system's limit if the caller may do that.
    pub(crate) fn set_queue_size(&self, bytes: usize) -> io::Result<()> {
        let value = c_int::try_from(bytes).unwrap_or(c_int::MAX);
        let forced = sys::set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, value);
        match forced {
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                sys::set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, value)
            }
            other => other,
        }
    }

    /// How many bytes may queue up, as the kernel counts them: with its own for each message.
    pub(crate) fn queue_size(&self) -> io::Result<usize> {
        let size = sys::option(self.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF)?;
        Ok(usize::try_from(size).unwrap_or_default())
    }

    /// How many bytes it sends at once: what its send buffer holds, but for some that the kernel keeps
    /// (`netlink_sendmsg()`).
    fn longest_datagram(&self) -> io::Result<usize> {
        let size = sys::option(self.as_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF)?;
        Ok(usize::try_from(size).unwrap_or_default().saturating_sub(32))
    }

    /// Sends one datagram at once: the kernel takes it whatever it does (`netlink_unicast_kernel()`),
    /// another process if it has room.
    #[inline]
    pub(crate) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.inner.send(datagram, Msg::DONTWAIT).map(drop)
    }

    /// Sends one datagram once there is room for it. Only in the call that sends can that be waited
    /// for (`netlink_attachskb()`): to poll(2) the socket is always writable.
    fn send_until(&self, datagram: &[u8], until: Option<Instant>) -> io::Result<()> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return self.send(datagram);
            }
            sys::set_timeout(self.as_fd(), libc::SO_SNDTIMEO, left)?;
            match self.inner.send(datagram, Msg::empty()) {
                // What is left of the time is waited then.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map(drop),
            }
        }
    }

    /// Receives one datagram, waiting for it as long as the timeout allows, or until a signal comes.
    #[inline]
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<Received> {
        self.recv_with(0, buffer)
    }

    /// Receives one datagram if there is one.
    #[inline]
    pub(crate) fn try_recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        match self.recv_with(libc::MSG_DONTWAIT, buffer) {
            Ok(received) => Ok(Some(received)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until a datagram, or an error, is there; false if none came until then. `None` waits
    /// forever.
    pub(crate) fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        loop {
            let millis = until.map_or(-1, |until| {
                let left = until.saturating_duration_since(Instant::now());
                // Rounded up, so that a wait never ends before its time.
                c_int::try_from(left.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX)
            });
            match sys::poll(self.as_fd(), millis) {
                // A signal ends poll(2), SA_RESTART or not; what is left of the time is waited then.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// neli's own `recv` does not tell who sent the datagram, and of a socket of the kernel's that is
    /// in no group nobody needs to ask: connected as it is, it takes messages from the kernel alone,
    /// and before that, who may send to others' ports could do worse (CAP_NET_ADMIN). Of protocol
    /// NETLINK_USERSOCK anyone may, and may have done so before the socket was connected.
    #[inline]
    fn recv_with(&self, flags: c_int, buffer: &mut [u8]) -> io::Result<Received> {
        if self.listening || self.peer.is_some() {
            return self.hear(flags, buffer);
        }
        let len = sys::receive(self.as_fd(), buffer, flags, None)?;
        Ok(Received {
            len,
            from_kernel: true,
            nsid: None,
        })
    }

    /// As [`Self::recv_with`], of a socket that others may send to.
    #[inline(never)]
    fn hear(&self, flags: c_int, buffer: &mut [u8]) -> io::Result<Received> {
        if self.everywhere || self.peer_user.is_some() {
            let (len, origin) = sys::receive_with_origin(self.as_fd(), buffer, flags)?;
            return Ok(Received {
                len,
                from_kernel: self.is_meant(&origin)?,
                nsid: origin.nsid,
            });
        }
        let mut port = 0;
        let len = sys::receive(self.as_fd(), buffer, flags, Some(&mut port))?;
        Ok(Received {
            len,
            from_kernel: port == self.meant(),
            nsid: None,
        })
    }

    /// Whether it was sent by the one that it talks to, or by one that has the same port in another network
    /// namespace.
    ///
    /// What comes from the very port by the wrong user's process is refused: it is no stranger's that can be
    /// passed over, as nothing better comes from there.
    fn is_meant(&self, origin: &Origin) -> io::Result<bool> {
        /// `INVALID_UID`; the kernel tells of each datagram.
        const NOBODYS: u32 = u32::MAX;
        let peer = self.meant();
        let user = origin.credentials.map_or(NOBODYS, |sender| sender.uid);
        match self.peer_user {
            _ if origin.port != peer => Ok(false),
            Some(wanted) if wanted != user => match origin.nsid {
                None => Err(WrongUser { peer, user, wanted }.into_io()),
                Some(_) => Ok(false),
            },
            _ => Ok(true),
        }
    }
}

impl AsFd for Netlink {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        sys::fd(&self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Connection;
    use crate::families::nlctrl::FAMILY;
    use crate::sys::tests::{alone, send_as_other, with_signals};

    fn open() -> Socket {
        Socket::open(&Options::new()).unwrap()
    }

    #[test]
    fn what_came_before_it_was_connected_may_be_anybodys() {
        // As `Netlink::open` does it, with another process in between.
        let _alone = alone();
        let inner = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        let port = inner.pid().unwrap();
        send_as_other(NlFamily::Usersock, port, 0).unwrap();
        let peer = 4711;
        let socket = Netlink {
            inner,
            port,
            peer: Some(peer),
            peer_user: None,
            listening: false,
            everywhere: false,
        };
        sys::connect(socket.as_fd(), peer).unwrap();
        let received = socket.try_recv(&mut [0; 64]).unwrap().unwrap();
        assert_eq!((received.len, received.from_kernel), (16, false));
    }

    #[test]
    fn the_wrong_user_is_a_stranger_in_another_namespace() {
        let _alone = alone();
        let (peer, user) = (4711, 1000);
        let socket = Netlink {
            inner: NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap(),
            port: 1,
            peer: Some(peer),
            peer_user: Some(user),
            listening: true,
            everywhere: true,
        };
        let is_meant = |port, nsid, uid| {
            let credentials = Some(libc::ucred {
                pid: 1,
                uid,
                gid: 1,
            });
            let origin = Origin {
                port,
                nsid,
                credentials,
            };
            socket.is_meant(&origin).map_err(|error| error.kind())
        };
        for nsid in [None, Some(7)] {
            assert_eq!(is_meant(peer, nsid, user), Ok(true));
            assert_eq!(is_meant(peer + 1, nsid, user), Ok(false));
            assert_eq!(is_meant(peer + 1, nsid, user + 1), Ok(false));
        }
        assert_eq!(is_meant(peer, Some(7), user + 1), Ok(false));
        let refused = is_meant(peer, None, user + 1);
        assert_eq!(refused, Err(io::ErrorKind::PermissionDenied));
    }

    #[test]
    fn who_does_not_read_is_not_waited_for_longer_than_the_timeout() {
        let _alone = alone();
        let deaf = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        deaf.set_recv_buffer_size(1).unwrap();
        let timeout = Duration::from_millis(10);
        let port = deaf.pid().unwrap();
        let options = Options::new().peer(port).timeout(timeout);
        let (done, ends) = std::sync::mpsc::channel();
        // Not in a scope: if it does not end, nobody is to wait for it.
        std::thread::spawn(move || {
            let opened: Vec<_> = (0..10)
                .map(|_| Connection::open_with(&FAMILY, &options).map(drop))
                .collect();
            done.send(opened)
        });
        let opened = ends.recv_timeout(Duration::from_secs(10)).unwrap();
        // For the first ones there may have been room.
        let mut told = opened.iter().map(|error| error.as_ref().unwrap_err());
        assert!(told.all(|error| error.kind() == io::ErrorKind::TimedOut));
        let told = opened.last().unwrap().as_ref().unwrap_err().to_string();
        let unsent =
            format!("nlctrl at port {port} could not be sent getfamily of \"nlctrl\" within 10ms");
        assert_eq!(told, unsent);
    }

    #[test]
    fn a_queue_longer_than_the_system_allows_is_as_long_as_it_allows() {
        let socket = open();
        let before = socket.queue_size().unwrap();
        socket.set_queue_size(usize::MAX).unwrap();
        assert!(socket.queue_size().unwrap() >= before);
    }

    #[test]
    fn a_signal_neither_ends_nor_lengthens_a_wait() {
        const WAIT: Duration = Duration::from_millis(200);
        let socket = open();
        let started = Instant::now();
        let came = with_signals(WAIT / 10, || socket.wait(Some(started + WAIT)).unwrap());
        assert!(!came);
        assert!(started.elapsed() >= WAIT, "{:?}", started.elapsed());
    }

    /// The number of nlctrl's group "notify", GENL_ID_CTRL.
    const NOTIFY: u32 = 0x10;

    #[test]
    fn other_processes_cannot_send_to_the_port() {
        let socket = open();
        let refused = send_as_other(NlFamily::Generic, socket.port(), 0).unwrap_err();
        // EPERM is for who lacks CAP_NET_ADMIN, whatever the socket.
        let expected = [libc::ECONNREFUSED, libc::EPERM];
        assert!(
            expected.contains(&refused.raw_os_error().unwrap()),
            "{refused}"
        );
    }

    #[test]
    fn other_processes_are_told_from_the_kernel_in_a_group() {
        let mut socket = open();
        socket.join(NOTIFY).unwrap();
        socket.set_timeout(Some(Duration::from_secs(5))).unwrap();
        match send_as_other(NlFamily::Generic, 0, 1 << (NOTIFY - 1)) {
            Ok(()) => {
                // Another test's module may speak meanwhile, so the first need not be ours.
                let mut buffer = [0; 4096];
                while socket.recv(&mut buffer).unwrap().from_kernel {}
            }
            // Without CAP_NET_ADMIN nobody can.
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EPERM)),
        }
    }

    #[test]
    fn a_port_that_nobody_has_is_not_the_clients_own() {
        let _alone = alone();
        // A process's first socket has the port that the next one gets once it is gone.
        let server = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        let port = server.pid().unwrap();
        drop(server);
        let options = Options::new().peer(port);
        for opened in [
            Connection::open_with(&FAMILY, &options).map(drop),
            Socket::open(&options).map(drop),
        ] {
            let error = opened.unwrap_err();
            assert!(matches!(error, Error::Unreachable { peer, .. } if peer == port));
            assert_eq!(error.errno(), Some(libc::ECONNREFUSED));
        }
    }

    #[test]
    fn a_process_whose_port_would_be_the_kernels_is_not_the_kernel() {
        Connection::open(&FAMILY).unwrap();
        let opened = Connection::open_with(&FAMILY, &Options::new().peer(0)).map(drop);
        assert!(
            matches!(opened, Err(Error::Unreachable { peer: 0, .. })),
            "{opened:?}"
        );
    }
}
