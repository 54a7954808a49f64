//! Ends a run that does not come on: the kernel has lost the sender, or never answers it.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// No datagram takes that long.
const PATIENCE: Duration = Duration::from_secs(100);

/// Watches until it is dropped.
pub(super) struct Watchdog(Arc<Progress>);

#[derive(Default)]
struct Progress {
    number: AtomicU64,
    over: AtomicBool,
}

impl Watchdog {
    pub(super) fn start(family: &str, seed: u64) -> Self {
        let progress = Arc::new(Progress::default());
        let (watched, family) = (Arc::clone(&progress), family.to_owned());
        thread::spawn(move || {
            let (mut last, mut since) = (0, Instant::now());
            while !watched.over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_secs(1));
                let number = watched.number.load(Ordering::Relaxed);
                if number != last {
                    (last, since) = (number, Instant::now());
                } else if since.elapsed() > PATIENCE {
                    // A thread that the kernel has killed is never joined, so nobody else would say it.
                    println!("{family} hangs: seed {seed}, datagram {number}");
                    process::exit(1);
                }
            }
        });
        Self(progress)
    }

    /// A datagram is about to be sent.
    pub(super) fn at(&self, number: u64) {
        self.0.number.store(number, Ordering::Relaxed);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}
