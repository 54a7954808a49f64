//! A generic netlink socket: neli's `NlSocket`, and what it lacks.
//!
//! This is the one place that knows neli, and with the poll of [`Socket::wait`] the one place that
//! makes system calls.

use std::io;
use std::mem::{size_of, size_of_val};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::time::{Duration, Instant};

use libc::{c_int, c_void, sockaddr_nl, socklen_t};
use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

/// A socket of protocol NETLINK_GENERIC, bound to a port that the kernel chose.
pub(crate) struct Socket {
    inner: NlSocket,
    port: u32,
    /// It is in a group, to which others than the kernel may send too.
    listening: bool,
}

/// What one receive brought.
pub(crate) struct Received {
    /// Length of the datagram, in bytes; more than the buffer's if it was cut off.
    pub(crate) len: usize,
    /// The kernel sent it, not another process.
    pub(crate) from_kernel: bool,
}

impl Socket {
    /// Opens and binds a socket in the calling thread's network namespace.
    ///
    /// Errors carry the kernel's words on what is wrong with a request (NETLINK_EXT_ACK) and do
    /// not repeat the request (NETLINK_CAP_ACK): we still have it.
    pub(crate) fn open() -> io::Result<Self> {
        let inner = NlSocket::connect(NlFamily::Generic, None, Groups::empty())?;
        let port = inner.pid()?;
        inner.enable_ext_ack(true)?;
        let socket = Self {
            inner,
            port,
            listening: false,
        };
        socket.set_option(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &1)?;
        socket.connect()?;
        Ok(socket)
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

    /// Lets a receive fail with [`io::ErrorKind::WouldBlock`] after so long; `None` waits forever.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.map_or(Duration::ZERO, |timeout| {
            // Zero means forever to the kernel, so the least timeout is what it counts in.
            timeout.max(Duration::from_micros(1))
        });
        let value = libc::timeval {
            tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_usec: timeout.subsec_micros().into(),
        };
        self.set_option(libc::SOL_SOCKET, libc::SO_RCVTIMEO, &value)
    }

    /// Sets how many bytes may queue up, beyond the system's limit if the caller may do that.
    pub(crate) fn set_queue_size(&self, bytes: usize) -> io::Result<()> {
        let value = c_int::try_from(bytes).unwrap_or(c_int::MAX);
        match self.set_option(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &value) {
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                self.inner.set_recv_buffer_size(bytes)
            }
            other => other,
        }
    }

    /// How many bytes may queue up, as the kernel counts them: with its own for each message.
    #[cfg(feature = "dynamic")]
    pub(crate) fn queue_size(&self) -> io::Result<usize> {
        let mut size: c_int = 0;
        let mut len = size_of_val(&size) as socklen_t;
        // SAFETY: `size` is valid for writes of `len` bytes, and both outlive the call.
        let result = unsafe {
            libc::getsockopt(
                self.inner.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVBUF,
                (&raw mut size).cast(),
                &raw mut len,
            )
        };
        match result {
            0 => Ok(usize::try_from(size).unwrap_or_default()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Sends one datagram to the kernel.
    pub(crate) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        retry(|| self.inner.send(datagram, Msg::empty())).map(drop)
    }

    /// Receives one datagram, waiting for it as long as the timeout allows.
    ///
    /// neli's own `recv` does not tell who sent the datagram, and of a socket that is in no group
    /// nobody needs to ask: connected as it is, it takes messages from the kernel alone.
    #[inline]
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<Received> {
        retry(|| self.recv_once(buffer))
    }

    /// Waits until a datagram, or an error, is there; false if none came in time.
    pub(crate) fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut poll = libc::pollfd {
            fd: self.inner.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let started = Instant::now();
        // A signal ends poll(2), SA_RESTART or not; what is left of the time is waited then.
        retry(|| {
            let left = timeout.saturating_sub(started.elapsed());
            // Rounded up, so that a wait never ends before its time.
            let millis = left.as_micros().div_ceil(1000);
            let millis = c_int::try_from(millis).unwrap_or(c_int::MAX);
            // SAFETY: `poll` is one valid pollfd, and 1 is passed as their number.
            match unsafe { libc::poll(&mut poll, 1, millis) } {
                0 => Ok(false),
                1.. => Ok(true),
                _ => Err(io::Error::last_os_error()),
            }
        })
    }

    #[inline]
    fn recv_once(&self, buffer: &mut [u8]) -> io::Result<Received> {
        // SAFETY: a sockaddr_nl holds integers only, for which zero is a value.
        let mut address: sockaddr_nl = unsafe { std::mem::zeroed() };
        let mut address_len = size_of::<sockaddr_nl>() as socklen_t;
        let (address_ptr, address_len_ptr) = match self.listening {
            true => (&raw mut address, &raw mut address_len),
            false => (ptr::null_mut(), ptr::null_mut()),
        };
        // SAFETY: `buffer` is valid for writes of its length; `address`, if it is passed, for
        // writes of `address_len` bytes; all outlive the call. MSG_TRUNC makes it return the
        // datagram's true length where the buffer is too small.
        let len = unsafe {
            libc::recvfrom(
                self.inner.as_raw_fd(),
                buffer.as_mut_ptr().cast::<c_void>(),
                buffer.len(),
                libc::MSG_TRUNC,
                address_ptr.cast(),
                address_len_ptr,
            )
        };
        match usize::try_from(len) {
            Ok(len) => Ok(Received {
                len,
                from_kernel: address.nl_pid == 0,
            }),
            Err(_) => Err(io::Error::last_os_error()),
        }
    }

    /// Connects to the kernel: no other process can send to the socket's port from then on.
    fn connect(&self) -> io::Result<()> {
        // SAFETY: a sockaddr_nl holds integers only, for which zero is a value.
        let mut kernel: sockaddr_nl = unsafe { std::mem::zeroed() };
        kernel.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        // SAFETY: `kernel` is valid for reads of its size.
        let result = unsafe {
            libc::connect(
                self.inner.as_raw_fd(),
                (&raw const kernel).cast(),
                size_of::<sockaddr_nl>() as socklen_t,
            )
        };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn set_option<T>(&self, level: c_int, name: c_int, value: &T) -> io::Result<()> {
        // SAFETY: `value` is valid for reads of its size, and the kernel only reads it.
        let result = unsafe {
            libc::setsockopt(
                self.inner.as_raw_fd(),
                level,
                name,
                ptr::from_ref(value).cast::<c_void>(),
                size_of_val(value) as socklen_t,
            )
        };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: `inner` owns the descriptor and keeps it open while it is borrowed.
        unsafe { BorrowedFd::borrow_raw(self.inner.as_raw_fd()) }
    }
}

/// Calls again what a signal interrupted: the kernel does not, for a socket with a timeout.
#[inline]
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_neither_ends_nor_lengthens_a_wait() {
        extern "C" fn nothing(_: c_int) {}
        const WAIT: Duration = Duration::from_millis(200);
        // SAFETY: the handler does nothing, and SIGUSR2 is not used elsewhere in this process.
        unsafe { libc::signal(libc::SIGUSR2, nothing as *const () as libc::sighandler_t) };
        // SAFETY: it has no arguments, and always succeeds.
        let waiting = unsafe { libc::pthread_self() };
        let socket = Socket::open().unwrap();
        let started = Instant::now();
        let came = std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..4 {
                    std::thread::sleep(WAIT / 10);
                    // SAFETY: the thread is inside the scope, and so is still there.
                    unsafe { libc::pthread_kill(waiting, libc::SIGUSR2) };
                }
            });
            socket.wait(WAIT).unwrap()
        });
        assert!(!came);
        assert!(started.elapsed() >= WAIT, "{:?}", started.elapsed());
    }

    /// The number of nlctrl's group "notify", GENL_ID_CTRL.
    const NOTIFY: u32 = 0x10;

    /// Sends 16 bytes as another process could: to a port, or to the groups of a mask.
    fn send_as_other(port: u32, groups: u32) -> io::Result<()> {
        let other = NlSocket::connect(NlFamily::Generic, None, Groups::empty())?;
        // SAFETY: a sockaddr_nl holds integers only, for which zero is a value.
        let mut address: sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        address.nl_pid = port;
        address.nl_groups = groups;
        let bytes = [0u8; 16];
        // SAFETY: `bytes` and `address` are valid for reads of their sizes.
        let sent = unsafe {
            libc::sendto(
                other.as_raw_fd(),
                bytes.as_ptr().cast(),
                bytes.len(),
                0,
                (&raw const address).cast(),
                size_of::<sockaddr_nl>() as socklen_t,
            )
        };
        match sent {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    #[test]
    fn other_processes_cannot_send_to_the_port() {
        let socket = Socket::open().unwrap();
        let refused = send_as_other(socket.port(), 0).unwrap_err();
        // EPERM is for who lacks CAP_NET_ADMIN, whatever the socket.
        let expected = [libc::ECONNREFUSED, libc::EPERM];
        assert!(
            expected.contains(&refused.raw_os_error().unwrap()),
            "{refused}"
        );
    }

    #[test]
    fn other_processes_are_told_from_the_kernel_in_a_group() {
        let mut socket = Socket::open().unwrap();
        socket.join(NOTIFY).unwrap();
        socket.set_timeout(Some(Duration::from_secs(5))).unwrap();
        match send_as_other(0, 1 << (NOTIFY - 1)) {
            Ok(()) => {
                // Another test's module may speak meanwhile, so the first need not be ours.
                let mut buffer = [0; 4096];
                while socket.recv(&mut buffer).unwrap().from_kernel {}
            }
            // Without CAP_NET_ADMIN nobody can.
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EPERM)),
        }
    }
}
