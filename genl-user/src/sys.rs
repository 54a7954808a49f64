//! All of the crate's `unsafe`: the system calls that neither std nor neli has.
//!
//! Each function takes a borrowed descriptor, which is open for as long as the call, and is safe to
//! call with any of them.

#![expect(unsafe_code, reason = "system calls; the rest of the crate has none")]

use std::io;
use std::mem::{size_of, size_of_val};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void, sockaddr_nl, socklen_t};
use neli::socket::NlSocket;
#[cfg(feature = "tokio")]
use tokio::io::{Interest, unix::AsyncFd};

#[cfg(feature = "tokio")]
use crate::socket::Socket;

/// The descriptor of a socket.
#[inline]
pub(crate) fn fd(socket: &NlSocket) -> BorrowedFd<'_> {
    // SAFETY: `socket` owns the descriptor and keeps it open while it is borrowed.
    unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) }
}

/// recvfrom(2), from a netlink socket: the datagram's true length, which may be more than the
/// buffer's, and the sender's port if `sender` is to hold it.
#[inline]
pub(crate) fn receive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: c_int,
    sender: Option<&mut u32>,
) -> io::Result<usize> {
    let mut address = no_address();
    let mut address_len = size_of::<sockaddr_nl>() as socklen_t;
    let (address_ptr, address_len_ptr) = match sender {
        Some(_) => (&raw mut address, &raw mut address_len),
        None => (ptr::null_mut(), ptr::null_mut()),
    };
    // SAFETY: `buffer` is valid for writes of its length; `address`, if it is passed, for writes of
    // `address_len` bytes; all outlive the call. MSG_TRUNC makes it return the datagram's true
    // length where the buffer is too small.
    let len = unsafe {
        libc::recvfrom(
            fd.as_raw_fd(),
            buffer.as_mut_ptr().cast::<c_void>(),
            buffer.len(),
            libc::MSG_TRUNC | flags,
            address_ptr.cast(),
            address_len_ptr,
        )
    };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    if let Some(sender) = sender {
        *sender = address.nl_pid;
    }
    Ok(len)
}

/// Where a datagram comes from, as the kernel says.
pub(crate) struct Origin {
    /// The sender's port.
    pub(crate) port: u32,
    /// The id of the network namespace, if that is not the socket's own (NETLINK_LISTEN_ALL_NSID).
    pub(crate) nsid: Option<c_int>,
    /// The process and its user, if the socket is to be told (SO_PASSCRED).
    pub(crate) credentials: Option<libc::ucred>,
}

/// recvmsg(2), from a netlink socket: the datagram's true length, which may be more than the buffer's,
/// and where it comes from.
pub(crate) fn receive_with_origin(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: c_int,
) -> io::Result<(usize, Origin)> {
    let mut address = no_address();
    // As aligned as a cmsghdr, and longer than what the kernel has to say to a socket of ours
    // (`netlink_cmsg_listen_all_nsid()`, `scm_recv()`).
    let mut control = [0_u64; 8];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: a msghdr holds integers and pointers only, for which zero is a value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw mut address).cast();
    message.msg_namelen = size_of::<sockaddr_nl>() as socklen_t;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    // SAFETY: all that `message` points to is valid for writes of the length beside it, and
    // outlives the call. MSG_TRUNC is as in `receive`.
    let len = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, libc::MSG_TRUNC | flags) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let mut origin = Origin {
        port: address.nl_pid,
        nsid: None,
        credentials: None,
    };
    // SAFETY: `message` is as recvmsg(2) has left it: `control` holds `msg_controllen` bytes of
    // whole headers with their data.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !header.is_null() {
        // SAFETY: it is not null, so it points to a header in `control`, which is aligned for it.
        let found = unsafe { *header };
        match (found.cmsg_level, found.cmsg_type) {
            (libc::SOL_NETLINK, libc::NETLINK_LISTEN_ALL_NSID) if holds::<c_int>(found) => {
                // SAFETY: it holds an int; the pointer need not be aligned.
                let nsid = unsafe { libc::CMSG_DATA(header).cast::<c_int>().read_unaligned() };
                origin.nsid = Some(nsid);
            }
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) if holds::<libc::ucred>(found) => {
                // SAFETY: it holds a ucred; the pointer need not be aligned.
                let credentials = unsafe {
                    libc::CMSG_DATA(header)
                        .cast::<libc::ucred>()
                        .read_unaligned()
                };
                origin.credentials = Some(credentials);
            }
            _ => {}
        }
        // SAFETY: as of CMSG_FIRSTHDR; `header` is one of its headers.
        header = unsafe { libc::CMSG_NXTHDR(&raw const message, header) };
    }
    Ok((len, origin))
}

/// Whether a control message was not cut short of such a value, as it is where there is no room
/// (`put_cmsg()`).
fn holds<T>(header: libc::cmsghdr) -> bool {
    // SAFETY: it computes a number only.
    let whole = unsafe { libc::CMSG_LEN(size_of::<T>() as u32) };
    header.cmsg_len >= whole as _
}

/// connect(2) of a netlink socket to a port; 0 is the kernel's.
pub(crate) fn connect(fd: BorrowedFd<'_>, port: u32) -> io::Result<()> {
    let mut address = no_address();
    address.nl_pid = port;
    // SAFETY: `address` is valid for reads of its size.
    let result = unsafe {
        libc::connect(
            fd.as_raw_fd(),
            (&raw const address).cast(),
            size_of::<sockaddr_nl>() as socklen_t,
        )
    };
    done(result)
}

/// sendto(2) from a netlink socket, to a port, or to the groups of a mask.
#[cfg(feature = "server")]
pub(crate) fn send_to(
    fd: BorrowedFd<'_>,
    bytes: &[u8],
    flags: c_int,
    (port, groups): (u32, u32),
) -> io::Result<()> {
    let mut address = no_address();
    address.nl_pid = port;
    address.nl_groups = groups;
    // SAFETY: `bytes` and `address` are valid for reads of their sizes.
    let sent = unsafe {
        libc::sendto(
            fd.as_raw_fd(),
            bytes.as_ptr().cast(),
            bytes.len(),
            flags,
            (&raw const address).cast(),
            size_of::<sockaddr_nl>() as socklen_t,
        )
    };
    match sent {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// setsockopt(2) of an option that is a number.
pub(crate) fn set_option(
    fd: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: c_int,
) -> io::Result<()> {
    set(fd, level, name, &value)
}

/// setsockopt(2) of SO_RCVTIMEO or SO_SNDTIMEO; `None` waits forever.
pub(crate) fn set_timeout(
    fd: BorrowedFd<'_>,
    which: c_int,
    timeout: Option<Duration>,
) -> io::Result<()> {
    let timeout = timeout.map_or(Duration::ZERO, |timeout| {
        // Zero means forever to the kernel, so the least timeout is what it counts in.
        timeout.max(Duration::from_micros(1))
    });
    let value = libc::timeval {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        // Less than a million, whatever width the machine's type has.
        tv_usec: timeout.subsec_micros() as libc::suseconds_t,
    };
    set(fd, libc::SOL_SOCKET, which, &value)
}

/// getsockopt(2) of an option that is a number.
pub(crate) fn option(fd: BorrowedFd<'_>, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    // SAFETY: `value` is valid for writes of `len` bytes, and both outlive the call.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw mut value).cast(),
            &raw mut len,
        )
    };
    done(result).map(|()| value)
}

/// getsockopt(2) of SO_NETNS_COOKIE, the number of the socket's network namespace; `None` if the
/// kernel is too old to say.
pub(crate) fn netns_cookie(fd: BorrowedFd<'_>) -> Option<u64> {
    /// Of asm-generic/socket.h, which all but some old architectures have; `libc` has it for few.
    const SO_NETNS_COOKIE: c_int = 71;
    let mut cookie: u64 = 0;
    let mut len = size_of::<u64>() as socklen_t;
    // SAFETY: `cookie` is valid for writes of `len` bytes, and both outlive the call.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut len,
        )
    };
    (result == 0 && len as usize == size_of::<u64>()).then_some(cookie)
}

/// poll(2) until the descriptor can be read, or has an error; false if that did not happen within
/// so many milliseconds, of which a negative number means forever.
pub(crate) fn poll(fd: BorrowedFd<'_>, millis: c_int) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: `poll` is one valid pollfd, and 1 is passed as their number.
    match unsafe { libc::poll(&raw mut poll, 1, millis) } {
        0 => Ok(false),
        1.. => Ok(true),
        _ => Err(io::Error::last_os_error()),
    }
}

/// setns(2) of the calling thread into a network namespace.
pub(crate) fn enter_netns(netns: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: it takes numbers only; it fails unless the descriptor is a network namespace's.
    done(unsafe { libc::setns(netns.as_raw_fd(), libc::CLONE_NEWNET) })
}

/// A time that goes on steadily, in ticks of the system's: 1 to 10 ms. Reading it takes a few
/// nanoseconds.
#[inline]
pub(crate) fn coarse_clock() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is valid for writes.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    // Of a clock that Linux always has: it cannot fail, and counts from 0.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What a socket is awaited for: a datagram, or an error, which can be there alone
/// (`netlink_overrun()`).
#[cfg(feature = "tokio")]
pub(crate) const READABLE: Interest = Interest::READABLE.add(Interest::ERROR);

/// Lets a socket be awaited in tokio's tasks.
///
/// # Panics
///
/// Outside of a runtime that has its I/O driver.
#[cfg(feature = "tokio")]
pub(crate) fn register(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a `Socket` owns its descriptor, which is open and the same for as long as it lives;
    // nobody exchanges the one inside of an `AsyncFd` for another.
    let registered = unsafe { AsyncFd::register_with_interest(socket, READABLE) };
    Ok(registered?)
}

#[inline]
fn no_address() -> sockaddr_nl {
    // SAFETY: a sockaddr_nl holds integers only, for which zero is a value.
    let mut address: sockaddr_nl = unsafe { std::mem::zeroed() };
    address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    address
}

fn set<T>(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    // SAFETY: `value` is valid for reads of its size, and outlives the call. The callers pass plain
    // numbers, to options that hold such.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            ptr::from_ref(value).cast::<c_void>(),
            size_of::<T>() as socklen_t,
        )
    };
    done(result)
}

fn done(result: c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use neli::consts::socket::{Msg, NlFamily};
    use neli::utils::Groups;
    use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

    /// Lets `run` be interrupted by signals, with `pause` before each, for as long as it takes.
    pub(crate) fn with_signals<T>(pause: Duration, run: impl FnOnce() -> T) -> T {
        extern "C" fn nothing(_: c_int) {}
        // SAFETY: the handler does nothing, and SIGUSR2 is not used elsewhere in this process.
        unsafe { libc::signal(libc::SIGUSR2, nothing as *const () as libc::sighandler_t) };
        // SAFETY: it has no arguments, and always succeeds.
        let waiting = unsafe { libc::pthread_self() };
        let (run_ends, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while ended.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
                    // SAFETY: the thread is inside the scope, and so is still there.
                    unsafe { libc::pthread_kill(waiting, libc::SIGUSR2) };
                }
            });
            let _run_ends = run_ends;
            run()
        })
    }

    /// Runs it on a thread of its own that has no rights.
    #[cfg(feature = "server")]
    pub(crate) fn without_rights<T: Send>(run: impl FnOnce() -> T + Send) -> T {
        const NOBODY: libc::uid_t = 65_534;
        let run = || {
            // SAFETY: it takes numbers only. The bare system call is about the calling thread alone; it
            // fails for who has no rights already.
            unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
            run()
        };
        std::thread::scope(|scope| scope.spawn(run).join()).unwrap()
    }

    /// Tests that count on which ports of NETLINK_USERSOCK are free run one after the other.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process that reads nothing by itself, and whose queue is full.
    pub(crate) struct Deaf {
        socket: NlSocket,
        /// So much is in the queue.
        pub(crate) full: usize,
    }

    impl Deaf {
        pub(crate) fn new() -> Self {
            let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
            socket.set_recv_buffer_size(1).unwrap();
            let other = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
            connect(fd(&other), socket.pid().unwrap()).unwrap();
            let send = || other.send([0; 16], Msg::DONTWAIT).ok();
            let full = std::iter::from_fn(send).count();
            Self { socket, full }
        }

        pub(crate) fn port(&self) -> u32 {
            self.socket.pid().unwrap()
        }

        /// Reads what is there; returns how much that was.
        pub(crate) fn read_all(&self) -> usize {
            let read = || receive(fd(&self.socket), &mut [0; 64], libc::MSG_DONTWAIT, None).ok();
            std::iter::from_fn(read).count()
        }
    }

    /// A socket of netlink's, to all appearances.
    #[cfg(feature = "tokio")]
    pub(crate) fn pretend(fd: std::os::fd::OwnedFd) -> NlSocket {
        use std::os::fd::{FromRawFd, IntoRawFd};
        // SAFETY: the descriptor is open, and nobody else's any more.
        unsafe { NlSocket::from_raw_fd(fd.into_raw_fd()) }
    }

    /// Sends 16 bytes as another process could: to a port, or to the groups of a mask.
    pub(crate) fn send_as_other(protocol: NlFamily, port: u32, groups: u32) -> io::Result<()> {
        let other = NlSocket::connect(protocol, None, Groups::empty())?;
        let mut address = no_address();
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
}
