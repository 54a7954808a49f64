//! Parts of the tests side by side: each is a process of its own, whose output is shown whole when it has ended.

use std::fs::{self, File};
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::FAILED;
use super::counts::Counts;
use crate::workspace;

/// A part that has ended.
pub(super) struct Ended {
    pub(super) name: &'static str,
    pub(super) time: Duration,
    pub(super) result: Result<Counts>,
}

/// Runs the parts that are named so for `--only`, each as soon as a processor is free, in this order.
pub(super) fn run(parts: &[&'static str]) -> Vec<Ended> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..processors.min(parts.len()) {
            scope.spawn(|| {
                while let Some(name) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = Instant::now();
                    let output = output(name);
                    let time = started.elapsed();
                    // Under the lock, so that no output is within another one.
                    let mut all = all.lock().expect("no thread panics");
                    let result = output.and_then(|output| {
                        let mut to = io::stdout().lock();
                        to.write_all(&output)?;
                        to.flush()?;
                        total(&output)
                    });
                    all.push(Ended { name, time, result });
                }
            });
        }
    });
    all.into_inner().expect("no thread panics")
}

/// Runs a part; gives what it has to say, on stdout and stderr.
fn output(part: &str) -> Result<Vec<u8>> {
    let path = workspace::log(&format!("test-{part}"))?;
    let cannot = || format!("cannot write {}", path.display());
    let log = File::create(&path).with_context(cannot)?;
    // Not by its path, where cargo may have put another build of it meanwhile, for other tests.
    let mut part_alone = Command::new("/proc/self/exe");
    part_alone
        .args(["test", "--only", part])
        .stdin(Stdio::null())
        .stdout(log.try_clone().with_context(cannot)?)
        .stderr(log);
    eprintln!("{part}: begun, and told in {}", path.display());
    // What came of it the output says.
    part_alone
        .status()
        .with_context(|| format!("cannot run the part {part}"))?;
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// What a part says that it came to.
fn total(output: &[u8]) -> Result<Counts> {
    let output = String::from_utf8_lossy(output);
    let total = output.lines().rev().find_map(Counts::of_total);
    let mut counts = total.context("it ended before it had summed up, see above")?;
    let failures = output.lines().filter_map(|line| line.strip_prefix(FAILED));
    counts.failures = failures.map(str::to_owned).collect();
    ensure!(
        counts.passed + counts.failed > 0,
        "nothing of it has run, see above"
    );
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_total_counts() {
        let counts = Counts {
            passed: 7,
            failed: 2,
            failures: vec!["leak scan: churn".into(), "docs: no".into()],
        };
        let output = "1 passed, 0 failed\nmore\nFAILED: leak scan: churn\nFAILED: docs: no\n\
            7 passed, 2 failed\nerror: failed: leak scan, docs\n";
        assert_eq!(total(output.as_bytes()).unwrap(), counts);
        total(b"test a ... ok\n").unwrap_err();
        total(b"0 passed, 0 failed\n").unwrap_err();
    }
}
