//! The codec in Miri, which sees what no run on a real machine shows: undefined behaviour, and what would go wrong on
//! machines of other byte order and word size.
//!
//! It takes a nightly toolchain with Miri and the standard library's source. Where that is missing it is not fetched: the
//! part says so, and has nothing to count.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::counts::Counts;

/// What has to be there.
const COMPONENTS: [&str; 2] = ["miri", "rust-src"];

/// This machine, and one of 32 bits whose numbers begin with the byte that counts most.
const TARGETS: [Option<&str>; 2] = [None, Some("powerpc-unknown-linux-gnu")];

/// The tests that make no system call.
const TESTS: [&[&str]; 2] = [
    &["--test", "property", "--test", "hostile"],
    &["--lib", "--", "wire::", "extack::", "layout::"],
];

/// Runs the tests, if Miri is there.
pub(super) fn run() -> Result<Counts> {
    if !is_there() {
        println!(
            "not run, as Miri is not there; `rustup toolchain install nightly --component miri,rust-src` brings it"
        );
        return Ok(Counts::default());
    }
    let mut counts = Counts::default();
    for target in TARGETS {
        println!("on {}", target.unwrap_or("this machine"));
        for tests in TESTS {
            let mut command = Command::new("rustup");
            command.args(["run", "nightly", "cargo", "miri", "test"]);
            command.args(["--package", "genl-user"]);
            command.args(target.into_iter().flat_map(|target| ["--target", target]));
            match super::count(command.args(tests).stdin(Stdio::null())) {
                Ok(run) => counts.append(run),
                // What the others found is told too.
                Err(error) => {
                    println!("{error:#}");
                    counts.verdict(&tests.join(" "), false);
                }
            }
        }
    }
    Ok(counts)
}

fn is_there() -> bool {
    let installed = Command::new("rustup")
        .args(["component", "list", "--toolchain", "nightly", "--installed"])
        .stderr(Stdio::null())
        .output()
        .context("cannot run rustup");
    let Ok(installed) = installed else {
        return false;
    };
    let list = String::from_utf8_lossy(&installed.stdout);
    COMPONENTS
        .iter()
        .all(|component| list.lines().any(|line| line.starts_with(component)))
}
