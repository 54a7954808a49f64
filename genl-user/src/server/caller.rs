//! The user behind a request.

/// Whose process has sent a request to a [`Server`](super::Server).
///
/// The kernel says so of each datagram (SO_PASSCRED, `netlink_sendmsg()`). It means the process that has sent
/// it, which need not be the one that opened the socket: who gets a process of another user to write to a
/// socket of theirs, as to its standard output, sends in that user's name. The process's number is not
/// told, since it is the one in a PID namespace of the sender's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Its real user, or the effective or the saved one if it chose to name that (`scm_check_creds()`), in
    /// the server's user namespace; 65534 (`overflowuid`), which is many systems' user nobody too, if it
    /// has none there.
    pub uid: u32,
    /// Its group, likewise.
    pub gid: u32,
}

impl Caller {
    pub(super) fn new(credentials: libc::ucred) -> Self {
        Self {
            uid: credentials.uid,
            gid: credentials.gid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_are_told_apart() {
        let credentials = libc::ucred {
            pid: 1,
            uid: 2,
            gid: 3,
        };
        assert_eq!(Caller::new(credentials), Caller { uid: 2, gid: 3 });
    }
}
