//! What test runners have counted.

use std::fmt;

use anyhow::{Result, bail};

/// How many tests passed, and how many failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Counts {
    /// Adds what a summary line of a test runner says: `test result: ok. 7 passed; 0 failed; ...`.
    pub(super) fn add(&mut self, line: &str) {
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
        })
    }

    /// A runner that fails without a test that failed, or that has run none, is an error of its own.
    pub(super) fn check(self, success: bool) -> Result<Self> {
        match self {
            Self { failed: 0, .. } if !success => {
                bail!("it failed, though no test did: see above")
            }
            Self {
                passed: 0,
                failed: 0,
            } => bail!("no test has run"),
            counts => Ok(counts),
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
        assert_eq!(
            counts,
            Counts {
                passed: 8,
                failed: 2
            }
        );
    }

    #[test]
    fn nothing_run_is_no_success() {
        let three = Counts {
            passed: 3,
            failed: 0,
        };
        assert!(Counts::default().check(true).is_err());
        assert!(three.check(false).is_err());
        assert!(three.check(true).is_ok());
    }
}
