//! The process behind a request.

/// A process that has sent a request to a [`Server`](super::Server), as the kernel knows it.
///
/// It is the kernel that says so, with each datagram (SO_PASSCRED, `netlink_sendmsg()`). A sender that
/// names another process or user than its own is refused (`scm_check_creds()`), unless it could become that
/// one: that takes CAP_SYS_ADMIN, CAP_SETUID or CAP_SETGID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Caller {
    /// Its number in the server's PID namespace, 0 if it has none there. It may have ended since.
    pub pid: u32,
    /// Its real user in the server's user namespace, 65534 (`overflowuid`) if it has none there.
    pub uid: u32,
    /// Its real group in the server's user namespace, 65534 (`overflowgid`) if it has none there.
    pub gid: u32,
}

impl Caller {
    pub(super) fn new(credentials: libc::ucred) -> Self {
        Self {
            // The kernel has no negative ones.
            pid: credentials.pid.cast_unsigned(),
            uid: credentials.uid,
            gid: credentials.gid,
        }
    }
}
