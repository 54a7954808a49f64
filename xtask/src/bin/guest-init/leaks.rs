//! Memory that nothing points at any more: Documentation/dev-tools/kmemleak.rst.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";

/// Younger objects are not reported (MSECS_MIN_AGE in mm/kmemleak.c), for what points at them may be in a register.
const LEAST_AGE: Duration = Duration::from_millis(5500);

/// Looks for leaks, and returns kmemleak's report if there are any.
pub(crate) fn find() -> Result<Option<String>, String> {
    sleep(LEAST_AGE);
    // An object that changes between two scans is in use, so the first scan reports nothing that is new to it.
    scan()?;
    scan()?;
    if report()?.is_empty() {
        return Ok(None);
    }
    // What was being moved about during that scan is found again now.
    sleep(Duration::from_millis(500));
    scan()?;
    Ok(Some(report()?)
        .filter(|report| !report.is_empty())
        .map(|report| format!("memory has leaked:\n{report}")))
}

/// Scans all memory; returns when it is done.
fn scan() -> Result<(), String> {
    fs::write(KMEMLEAK, "scan").map_err(|error| format!("cannot scan for leaks: {error}"))
}

fn report() -> Result<String, String> {
    let report = fs::read(KMEMLEAK).map_err(|error| format!("cannot read {KMEMLEAK}: {error}"))?;
    Ok(String::from_utf8_lossy(&report).trim_end().to_owned())
}
