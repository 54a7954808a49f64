//! How long the stages of a long command took, shown at its end.

use std::time::{Duration, Instant};

use crate::progress::seconds;

/// Stages and their times, in the order in which they were.
pub(crate) struct Timing {
    started: Instant,
    stages: Vec<(&'static str, Duration)>,
}

impl Timing {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            stages: Vec::new(),
        }
    }

    /// Runs a stage.
    pub(crate) fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.add(name, started.elapsed());
        result
    }

    /// Notes a stage that was timed elsewhere.
    pub(crate) fn add(&mut self, name: &'static str, time: Duration) {
        self.stages.push((name, time));
    }

    /// All stages, a line each, and the time since the start.
    pub(crate) fn table(&self) -> String {
        let total = [("total", self.started.elapsed())];
        let width = self
            .stages
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or(0);
        let lines = self.stages.iter().chain(&total);
        lines
            .map(|(name, time)| format!("  {name:width$}  {:>12}\n", seconds(*time)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_shown_in_their_order() {
        let mut timing = Timing::start();
        assert_eq!(timing.stage("first", || 7), 7);
        timing.add("the second", Duration::from_secs(75));
        let table = timing.table();
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("  first       "));
        assert_eq!(lines[1], "  the second    1 min 15 s");
        assert!(lines[2].starts_with("  total"));
    }
}
