//! What test runners have counted.

use std::fmt;

use anyhow::{Result, bail};

/// How many tests passed, how many failed, and which.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// The names of those that failed, as far as they were told.
    pub(super) failures: Vec<String>,
}

impl Counts {
    /// Adds a test by its verdict.
    pub(super) fn verdict(&mut self, name: &str, passed: bool) {
        match passed {
            true => self.passed += 1,
            false => {
                self.failed += 1;
                self.failures.push(name.to_owned());
            }
        }
    }

    /// Adds what others have counted.
    pub(super) fn append(&mut self, mut others: Self) {
        self.passed += others.passed;
        self.failed += others.failed;
        self.failures.append(&mut others.failures);
    }

    /// Adds what a line of a test runner says: `test result: ok. 7 passed; 0 failed; ...`, or `test a ... FAILED`.
    pub(super) fn add(&mut self, line: &str) {
        let failed = line
            .strip_prefix("test ")
            .and_then(|line| line.strip_suffix(" ... FAILED"));
        self.failures.extend(failed.map(str::to_owned));
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some((_, counts)) = result.split_once(". ") else {
            return;
        };
        for part in counts.split("; ") {
            match part.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse::<u64>().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn of_total(line: &str) -> Option<Self> {
        let (passed, failed) = line.split_once(" passed, ")?;
        Some(Self {
            passed: passed.parse().ok()?,
            failed: failed.strip_suffix(" failed")?.parse().ok()?,
            failures: Vec::new(),
        })
    }

    /// A runner that fails without a test that failed, or that has run none, is an error of its own.
    pub(super) fn check(self, success: bool) -> Result<Self> {
        match (self.passed, self.failed) {
            (_, 0) if !success => bail!("it failed, though no test did: see above"),
            (0, 0) => bail!("no test has run"),
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_lines_are_counted() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s");
        counts.add("test result: FAILED. 1 passed; 2 failed; 0 ignored");
        counts.add("test store::deleted_is_gone ... ok");
        counts.add("test store::gets_are_counted ... FAILED");
        counts.verdict("of another kind", false);
        counts.verdict("of that kind too", true);
        assert_eq!((counts.passed, counts.failed), (9, 3));
        let failures = ["store::gets_are_counted", "of another kind"];
        assert_eq!(counts.failures, failures);
    }

    #[test]
    fn nothing_run_is_no_success() {
        let three = || Counts {
            passed: 3,
            ..Counts::default()
        };
        assert!(Counts::default().check(true).is_err());
        assert!(three().check(false).is_err());
        assert!(three().check(true).is_ok());
    }
}
