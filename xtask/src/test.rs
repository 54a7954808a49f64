//! `cargo xtask test`: every test there is.
//!
//! A part that fails does not keep the others from running; the last lines count them all. They run side by
//! side, as far as there are processors.

mod counts;
mod features;
mod in_vm;
mod lanes;
mod miri;
mod misuse;
mod new_family;
mod shell;
pub(crate) mod upstream;
mod upstream_kmod;

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::kernel::Kind;
use crate::timing::Timing;
use crate::{bench, build_kmod, cargo, codegen, doc_kmod, setup};

use counts::Counts;
use in_vm::Pace;

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
    /// What a handler must not be able to do: it is not to compile
    Misuse,
    /// The modules in the distribution's kernel
    Vm,
    /// The modules in the checking kernel
    Debug,
    /// The checking kernel's search for memory that the modules leak
    Leaks,
    /// Kernel code for the kernel tree's specs, beside the families that the kernel has itself
    Upstream,
}

/// All of [`Only`], as it is written: side by side, so that what takes the longest begins first.
const SIDE_BY_SIDE: &[&str] = &["debug", "leaks", "host", "vm", "upstream", "misuse"];

/// What `cargo test` has turned on: all that runs on this machine.
const FEATURES: &str =
    "genl-user/cli,genl-user/serde,genl-user/testing,genl-user/tokio,genl-upstream/specs";

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut report = Report {
        timing: Timing::start(),
        total: Counts::default(),
        bad: Vec::new(),
    };
    let Some(only) = options.only else {
        // Once, and where it can be seen.
        report.part("kernels", || {
            setup::ensure(Kind::Normal)?;
            setup::ensure(Kind::Debug)?;
            Ok(Counts::default())
        });
        for ended in lanes::run(SIDE_BY_SIDE) {
            report.timing.add(ended.name, ended.time);
            report.add(ended.name, ended.result);
        }
        return report.finish();
    };
    let filter = options.filter.as_deref();
    let wants = |part| only == part;
    if wants(Only::Host) {
        report.part("format", || run_cargo(&["fmt", "--all", "--check"]));
        report.part("generated files", || {
            codegen::run(&codegen::Options { check: true })?;
            Ok(Counts::default())
        });
        let every = ["--workspace", "--all-features", "--quiet"];
        let strict = ["--", "--deny", "warnings"];
        report.part("clippy", || {
            // Cargo does not count the tests for a VM among all targets, so that it does not run them here.
            run_cargo(&[&["clippy", "--all-targets"], &every[..], &strict].concat())?;
            run_cargo(
                &[
                    &["clippy", "--test", "vm", "--test", "kmod"],
                    &every[..],
                    &strict,
                ]
                .concat(),
            )
        });
        report.part("benchmark's clients", || {
            bench::peers::check()?;
            Ok(Counts::default())
        });
        report.part("docs", || {
            run_cargo(&[&["doc", "--no-deps"], &every[..]].concat())
        });
        report.part("host", || {
            count_cargo(&["test", "--workspace", "--features", FEATURES])
        });
        report.part("sets of features", features::run);
        report.part("codec in Miri", miri::run);
    }
    if wants(Only::Misuse) {
        report.part("misuse of the runtime", misuse::run);
    }
    if wants(Only::Vm) {
        report.part("kernel lints", || {
            build_kmod::lint(&setup::ensure(Kind::Normal)?)?;
            Ok(Counts::default())
        });
        report.part("kernel docs", || {
            doc_kmod::document(&setup::ensure(Kind::Normal)?, &[])?;
            Ok(Counts::default())
        });
        report.part("footprint", || {
            bench::kernel::check_footprints()?;
            Ok(Counts::default())
        });
        report.part("distribution's kernel", || {
            in_vm::run(Kind::Normal, Pace::Full, filter)
        });
    }
    if wants(Only::Vm) && filter.is_none() {
        report.part("a new family", new_family::run);
    }
    if wants(Only::Debug) {
        report.part("checking kernel", || {
            in_vm::run(Kind::Debug, Pace::Full, filter)
        });
    }
    if wants(Only::Leaks) {
        report.part("leak scan", || in_vm::run(Kind::Debug, Pace::Leaks, filter));
    }
    if wants(Only::Upstream) {
        report.part("kernel code for the kernel's specs", || {
            upstream_kmod::run(filter)
        });
    }
    report.finish()
}

/// What the parts that have run came to.
struct Report {
    timing: Timing,
    total: Counts,
    /// The parts that failed.
    bad: Vec<&'static str>,
}

/// What stands before the name of a test that failed, in the lines that sum up.
const FAILED: &str = "FAILED: ";

impl Report {
    fn part(&mut self, name: &'static str, work: impl FnOnce() -> Result<Counts>) {
        println!("== {name}");
        let mut result = self.timing.stage(name, work);
        for test in result.iter_mut().flat_map(|counts| &mut counts.failures) {
            *test = format!("{name}: {test}");
        }
        self.add(name, result);
    }

    /// Adds a part, whose tests have names that say of which part they are.
    fn add(&mut self, name: &'static str, result: Result<Counts>) {
        let counts = result.unwrap_or_else(|error| {
            eprintln!("error: {name}: {error:#}");
            let mut counts = Counts::default();
            // Its first line: there may be pages of it.
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default();
            counts.verdict(&format!("{name}: {why}"), false);
            counts
        });
        if counts.failed > 0 {
            self.bad.push(name);
        }
        self.total.append(counts);
    }

    /// Sums up; an error if any part failed.
    fn finish(&self) -> Result<()> {
        println!("\n{}", self.timing.table());
        for test in &self.total.failures {
            println!("{FAILED}{test}");
        }
        println!("{}", self.total);
        match self.bad.is_empty() {
            true => Ok(()),
            false => bail!("failed: {}", self.bad.join(", ")),
        }
    }
}

/// Runs cargo for something that has no tests to count.
fn run_cargo(arguments: &[&str]) -> Result<Counts> {
    let status = strict_cargo(arguments)?
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed, see above", arguments.join(" "));
    }
    Ok(Counts::default())
}

/// Runs cargo for tests, and counts them.
fn count_cargo(arguments: &[&str]) -> Result<Counts> {
    count(strict_cargo(arguments)?.arg("--no-fail-fast"))
}

/// Runs a cargo that runs tests, shows what it prints, and counts them.
fn count(tests: &mut Command) -> Result<Counts> {
    let mut child = tests
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
    counts.check(child.wait()?.success())
}

/// Cargo, told where the kernel's specs are, with documentation that has no flaw.
fn strict_cargo(arguments: &[&str]) -> Result<Command> {
    let mut command = cargo::command(arguments);
    command
        .envs(upstream::on_host()?)
        .env("RUSTDOCFLAGS", "--deny warnings");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_part_runs() {
        let parts = Only::value_variants().iter();
        let mut parts: Vec<_> = parts
            .filter_map(|part| Some(part.to_possible_value()?.get_name().to_owned()))
            .collect();
        let mut run = SIDE_BY_SIDE.to_vec();
        parts.sort();
        run.sort();
        assert_eq!(parts, run);
    }
}
