//! `cargo xtask test`: every test there is.
//!
//! A part that fails does not keep the others from running; the last lines count them all.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::kernel::Kind;
use crate::timing::Timing;
use crate::{build_kmod, cargo, codegen, setup, vm};

/// Run every test: on this machine, and in a VM on both kernels
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run this part only
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Within a VM, run only the tests whose names contain this
    #[arg(value_name = "FILTER", requires = "only")]
    filter: Option<String>,
}

/// What runs on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    /// Lints, generated files, and the tests that need no module
    Host,
    /// The modules in the distribution's kernel
    Vm,
    /// The modules in the checking kernel
    Debug,
}

/// What a run within a VM has time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// All tests, without the slowest checks of the checking kernel.
    Full,
    /// With them, a request takes five times as long: so fewer entries, and no store is filled.
    Leaks,
}

/// How long the tests may take within a VM; the checking kernel is 10 times as slow as the other.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The modules that are there when the tests start.
const MODULES: [&str; 2] = ["kvstore", "nltest"];

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut report = Report {
        timing: Timing::start(),
        parts: Vec::new(),
    };
    let wants = |only| options.only.is_none_or(|wanted| wanted == only);
    if wants(Only::Host) {
        report.part("format", || plain(&["fmt", "--all", "--check"], &[]));
        report.part("generated files", || {
            codegen::run(&codegen::Options { check: true })?;
            Ok(Counts::default())
        });
        let every = ["--workspace", "--all-features", "--quiet"];
        let strict = ["--all-targets", "--", "--deny", "warnings"];
        report.part("clippy", || {
            plain(&[&["clippy"], &every[..], &strict].concat(), &[])
        });
        let strict = [("RUSTDOCFLAGS", "--deny warnings")];
        report.part("docs", || {
            plain(&[&["doc", "--no-deps"], &every[..]].concat(), &strict)
        });
        report.part("host", || {
            counted(&[
                "test",
                "--workspace",
                "--features",
                "genl-user/cli,genl-user/serde",
            ])
        });
    }
    if wants(Only::Vm) {
        report.part("kernel lints", || {
            build_kmod::lint(&setup::ensure(Kind::Normal)?)?;
            Ok(Counts::default())
        });
        report.part("distribution's kernel", || {
            in_vm(Kind::Normal, Pace::Full, options)
        });
    }
    if wants(Only::Debug) {
        report.part("checking kernel", || {
            in_vm(Kind::Debug, Pace::Full, options)
        });
        report.part("leak scan", || in_vm(Kind::Debug, Pace::Leaks, options));
    }
    report.finish()
}

/// The parts that have run.
struct Report {
    timing: Timing,
    parts: Vec<(&'static str, Result<Counts>)>,
}

/// What test runners have counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Report {
    fn part(&mut self, name: &'static str, work: impl FnOnce() -> Result<Counts>) {
        println!("== {name}");
        let result = self.timing.stage(name, work);
        if let Err(error) = &result {
            eprintln!("error: {name}: {error:#}");
        }
        self.parts.push((name, result));
    }

    /// Sums up; an error if any part failed.
    fn finish(&self) -> Result<()> {
        println!("\n{}", self.timing.table());
        let mut total = Counts::default();
        let mut bad = Vec::new();
        for (name, result) in &self.parts {
            match result {
                Ok(counts) => {
                    total.passed += counts.passed;
                    total.failed += counts.failed;
                    if counts.failed > 0 {
                        bad.push(*name);
                    }
                }
                Err(_) => {
                    total.failed += 1;
                    bad.push(*name);
                }
            }
        }
        println!("{} passed, {} failed", total.passed, total.failed);
        match bad.is_empty() {
            true => Ok(()),
            false => bail!("failed: {}", bad.join(", ")),
        }
    }
}

/// Runs cargo for something that has no tests to count.
fn plain(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Counts> {
    let mut command = cargo::command(arguments);
    command.envs(environment.iter().copied());
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed, see above", arguments.join(" "));
    }
    Ok(Counts::default())
}

/// Runs cargo for tests, and counts them.
fn counted(arguments: &[&str]) -> Result<Counts> {
    let mut command = cargo::command(arguments);
    let mut child = command
        .arg("--no-fail-fast")
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut counts = Counts::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let mut to = io::stdout().lock();
        to.write_all(&line)?;
        to.write_all(b"\n")?;
        counts.add(&String::from_utf8_lossy(&line));
    }
    check(child.wait()?.success(), counts)
}

/// Runs the tests of both families against their modules in a VM.
fn in_vm(kernel: Kind, pace: Pace, options: &Options) -> Result<Counts> {
    let ready = setup::ensure(kernel)?;
    let tools = setup::tools()?;
    let tree = build_kmod::Tree::Ready(ready.clone());
    build_kmod::build(&tree, &[])?;
    let program = cargo::test("vm", "vm-tests")?;
    let mut command = vec![program.into_os_string(), "--test-threads=1".into()];
    command.extend(options.filter.as_ref().map(OsString::from));
    if pace == Pace::Leaks {
        command.extend(["--skip", "limits::"].map(OsString::from));
    }
    let mut request = vm::Request::new(kernel, command)?;
    request.fast = kernel == Kind::Debug && pace == Pace::Full;
    if pace == Pace::Leaks {
        request.env("GENL_TEST_ENTRIES", "1000");
    }
    request.modules = MODULES.map(str::to_owned).into();
    request.timeout = TIMEOUT;
    request.keep_stdout = true;
    request.env("GENL_MODULE_DIR", build_kmod::module_dir(&tree)?);
    request.env("GENL_BUILD_ROOT", tools.dir());
    request.env("GENL_KERNEL_SOURCE", ready.source());
    request.env("RUST_BACKTRACE", "1");
    let outcome = vm::run(&request)?;
    outcome.show_faults();
    let mut counts = Counts::default();
    String::from_utf8_lossy(&outcome.stdout)
        .lines()
        .for_each(|line| counts.add(line));
    check(outcome.exit_status() == 0, counts)
}

/// A runner that fails without a test that failed, or that has run none, is an error of its own.
fn check(success: bool, counts: Counts) -> Result<Counts> {
    match counts {
        Counts { failed: 0, .. } if !success => bail!("it failed, though no test did: see above"),
        Counts {
            passed: 0,
            failed: 0,
        } => bail!("no test has run"),
        counts => Ok(counts),
    }
}

impl Counts {
    /// Adds what a summary line of a test runner says: `test result: ok. 7 passed; 0 failed; ...`.
    fn add(&mut self, line: &str) {
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
        assert!(check(true, Counts::default()).is_err());
        assert!(
            check(
                false,
                Counts {
                    passed: 3,
                    failed: 0
                }
            )
            .is_err()
        );
        assert!(
            check(
                true,
                Counts {
                    passed: 3,
                    failed: 0
                }
            )
            .is_ok()
        );
    }
}
