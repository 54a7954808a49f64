//! Counts messages by how they were answered, and tells how the run comes on.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

/// How often progress is told.
const OFTEN: Duration = Duration::from_secs(10);

pub(super) struct Tally {
    /// As the kernel took the datagrams apart.
    pub(super) messages: u64,
    /// Requests to the family that it did not refuse.
    pub(super) accepted: u64,
    refused: BTreeMap<i32, u64>,
    begun: Instant,
    told: Instant,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            messages: 0,
            accepted: 0,
            refused: BTreeMap::new(),
            begun: Instant::now(),
            told: Instant::now(),
        }
    }
}

impl Tally {
    /// Counts a message; `served` says whether it was a request to the family.
    pub(super) fn count(&mut self, errno: i32, served: bool) {
        self.messages += 1;
        match errno {
            0 => self.accepted += u64::from(served),
            _ => *self.refused.entry(errno).or_default() += 1,
        }
    }

    /// Tells now and then how far it is.
    pub(super) fn show(&mut self, datagrams: u64) {
        if self.told.elapsed() > OFTEN {
            self.told = Instant::now();
            println!("  behind datagram {datagrams}: {}", self.pace());
        }
    }

    fn pace(&self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        let pace = self.messages as f64 / seconds;
        format!("{} messages, {pace:.0} a second", self.messages)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {} accepted", self.pace(), self.accepted)?;
        for (&errno, times) in &self.refused {
            let error = io::Error::from_raw_os_error(errno);
            write!(f, "\n{times:>10} refused: {error}")?;
        }
        Ok(())
    }
}
