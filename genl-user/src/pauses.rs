//! How long something is left alone before it is tried again.

use std::time::Duration;

/// Pauses between tries, each twice as long as the one before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// The first one, and what none is longer than.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
        }
    }

    /// The next one.
    pub(crate) fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_grow_to_the_longest() {
        let mut pauses = Pauses::new(Duration::from_secs(2), Duration::from_secs(5));
        let taken: Vec<_> = (0..4).map(|_| pauses.take().as_secs()).collect();
        assert_eq!(taken, [2, 4, 5, 5]);
    }
}
