//! Whether the module was there all the while: only then an answer can be told in advance.

use std::sync::atomic::{AtomicU64, Ordering};

use genl_user::Error;

/// Counts the begin and the end of each time that the module is loaded anew.
pub(super) struct Calm(AtomicU64);

/// A stretch of time without a storm: while it is the same, the store keeps what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spell(u64);

impl Calm {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Loads the module anew.
    pub(super) fn storm(&self, work: impl FnOnce()) {
        self.0.fetch_add(1, Ordering::SeqCst);
        work();
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// How many storms there were.
    pub(super) fn storms(&self) -> u64 {
        self.0.load(Ordering::SeqCst) / 2
    }

    /// What there is now.
    pub(super) fn spell(&self) -> Spell {
        Spell(self.0.load(Ordering::SeqCst))
    }

    /// Nothing has happened since.
    pub(super) fn lasts(&self, spell: Spell) -> bool {
        spell.0.is_multiple_of(2) && self.spell() == spell
    }
}

/// What a client may say while the module is not there, or is another one than before.
pub(super) fn comes_with_a_storm(error: &Error) -> bool {
    match error {
        Error::UnknownFamily { .. } | Error::UnknownGroup { .. } => true,
        // Without words it is the core that speaks, not the family.
        Error::Refused(refused) => {
            let stale = [libc::ENOENT, libc::EOPNOTSUPP, libc::EPROTONOSUPPORT];
            refused.message.is_none() && stale.contains(&refused.errno)
        }
        _ => false,
    }
}
