//! What long steps show on stderr, and the log each of them keeps.

use std::fs::{self, File};
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cache::make_dir;

/// How much of a log is shown when its step fails, in lines.
const TAIL: usize = 20;

/// A step that is done sooner is not worth a word.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Runs one step: shows its name and the time it takes (a spinner on a terminal, else plain lines), gives it
/// the log at `log`, and names that log if a command of the step fails.
pub(crate) fn step<T>(
    log: PathBuf,
    what: &str,
    work: impl FnOnce(&mut Log) -> Result<T>,
) -> Result<T> {
    let mut log = Log::create(log)?;
    let started = Instant::now();
    let result = match std::io::stderr().is_terminal() {
        true => with_spinner(what, || work(&mut log)),
        false => with_line(what, || work(&mut log)),
    };
    let took = started.elapsed();
    if result.is_ok() && took >= WORTH_TELLING {
        eprintln!("{what}: {}", seconds(took));
    }
    result.with_context(|| what.to_owned())
}

fn with_spinner<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    let result = work();
    spinner.finish_and_clear();
    result
}

/// Says what is going on as soon as it takes long.
fn with_line<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (done, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if wait.recv_timeout(WORTH_TELLING) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{what} ...");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// A time as people read it.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// The log of a step.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Starts an empty log.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        let cannot = || format!("cannot write the log {}", path.display());
        make_dir(path.parent().unwrap_or(Path::new("/")))?;
        // A new file, so that a log somebody is reading or that belongs to another user is left alone.
        fs::remove_file(&path)
            .or_else(|error| if path.exists() { Err(error) } else { Ok(()) })
            .with_context(cannot)?;
        let file = File::options()
            .create_new(true)
            .read(true)
            .append(true)
            .open(&path)
            .with_context(cannot)?;
        Ok(Self { path, file })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a command with its output in the log; fails with the end of that output if the command does.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        writeln!(self.file, "$ {command:?}")?;
        let from = self.file.seek(SeekFrom::End(0))?;
        let program = command.get_program().display().to_string();
        let status = command
            .stdin(Stdio::null())
            .stdout(self.file.try_clone()?)
            .stderr(self.file.try_clone()?)
            .status()
            .with_context(|| format!("cannot start {program}"))?;
        if status.success() {
            return Ok(());
        }
        let output = self.since(from)?;
        let advice = advice(&output).unwrap_or_default();
        bail!(
            "failed ({status}); the end of the log {}:\n{}{advice}",
            self.path.display(),
            tail(&output)
        )
    }

    /// Runs a command, and returns what it wrote, which is in the log as well.
    pub(crate) fn output(&mut self, command: &mut Command) -> Result<Output> {
        writeln!(self.file, "$ {command:?}")?;
        let program = command.get_program().display().to_string();
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {program}"))?;
        self.file.write_all(&output.stdout)?;
        self.file.write_all(&output.stderr)?;
        Ok(output)
    }

    /// What has been logged from the byte `from` on.
    fn since(&mut self, from: u64) -> Result<String> {
        let mut output = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_to_end(&mut output)?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }
}

/// What to do about a failure whose cause the output tells.
fn advice(output: &str) -> Option<&'static str> {
    const KNOWN: &[(&[&str], &str)] = &[
        (
            &[
                "No space left on device",
                "Disk quota exceeded",
                "You don't have enough free space",
            ],
            "The disk is full: make room, or set GENL_CACHE to a directory on a larger disk, then run this again.",
        ),
        (
            &[
                "Temporary failure resolving",
                "Could not resolve",
                "Could not connect",
                "Connection timed out",
                "Network is unreachable",
                "Connection failed",
                "Failed to fetch",
                "Failed getting release file",
                "Couldn't download",
            ],
            "Packages could not be fetched: check the network, or the proxy and the mirror that apt is configured with, then run this again.",
        ),
        (
            &["Cannot allocate memory", "Killed signal", "signal: 9"],
            "The machine ran out of memory: free some, then run this again.",
        ),
        (
            &[
                "Creating new namespace failed",
                "No permissions to create",
                "setting up uid map: Permission denied",
            ],
            "bubblewrap may not make namespaces here: run this as root, in a container only if that one is privileged.",
        ),
    ];
    let (_, advice) = KNOWN
        .iter()
        .find(|(signs, _)| signs.iter().any(|sign| output.contains(sign)))?;
    Some(advice)
}

/// The last lines of `output`, each indented and ended.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL)..];
    last.iter().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_shown() {
        let output: String = (1..=TAIL + 5)
            .map(|line| format!("line {line}\n"))
            .collect();
        let shown = tail(&output);
        assert!(shown.starts_with("    line 6\n"));
        assert!(shown.ends_with("    line 25\n"));
        assert_eq!(tail(""), "");
    }

    #[test]
    fn a_known_cause_gets_advice() {
        assert!(
            advice("cc1: write: No space left on device")
                .unwrap()
                .contains("disk is full")
        );
        assert!(
            advice("E: Failed to fetch some.deb")
                .unwrap()
                .contains("network")
        );
        assert_eq!(advice("error: expected `;`"), None);
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(seconds(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(61)), "1 min 1 s");
    }
}
