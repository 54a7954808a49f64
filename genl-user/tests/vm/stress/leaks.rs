//! What a process holds: descriptors, memory, netlink sockets.

use std::fs;
use std::sync::atomic::Ordering;

use crate::counting::LIVE;

/// What one may have more than at first, in bytes: of what a program keeps for itself, such as the test's own output.
const TOLERATED: i64 = 16 << 10;

/// What is held at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    descriptors: usize,
    /// Of the namespace, this process's or not.
    sockets: usize,
    /// Bytes that were allocated and not given back.
    bytes: i64,
}

impl Held {
    /// What is held now.
    pub(super) fn now() -> Self {
        let sockets = fs::read_to_string("/proc/thread-self/net/netlink").expect("/proc");
        Self {
            descriptors: fs::read_dir("/proc/self/fd").expect("/proc").count(),
            sockets: sockets.lines().count(),
            bytes: LIVE.load(Ordering::Relaxed),
        }
    }

    /// Fails if more is held later.
    pub(super) fn assert_not_less_than(&self, later: &Self) {
        assert_eq!(
            self.descriptors, later.descriptors,
            "descriptors are left open"
        );
        assert_eq!(self.sockets, later.sockets, "sockets are left open");
        assert!(
            later.bytes < self.bytes + TOLERATED,
            "memory leaks: {self:?}, then {later:?}"
        );
    }
}
