//! `cargo xtask demo`: from nothing to typed calls into a loaded module.

use std::ffi::OsStr;

use anyhow::{Result, bail};

use crate::kernel::Kind;
use crate::timing::Timing;
use crate::{build_kmod, cargo, setup, vm};

/// What the demo shows: families, and the program that calls them.
const FAMILIES: [&str; 2] = ["kvstore", "nltest"];
const PROGRAM: &str = "tour";

/// Show it all: set up, build the modules, boot a kernel, and call what they serve
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

/// Runs the verb.
pub(crate) fn run(_options: &Options) -> Result<()> {
    let mut timing = Timing::start();
    let kernel = timing.stage("set up", || setup::ensure(Kind::Normal))?;
    let families = FAMILIES.map(str::to_owned);
    let tree = build_kmod::Tree::Ready(kernel);
    timing.stage("build the modules", || build_kmod::build(&tree, &families))?;
    let program = timing.stage("build the client", || cargo::example(PROGRAM))?;
    let mut request = vm::Request::new(Kind::Normal, [AsRef::<OsStr>::as_ref(&program)])?;
    request.modules = families.into();
    let outcome = vm::run(&request)?;
    timing.add("boot the kernel", outcome.boot);
    timing.add("run the client", outcome.command);
    outcome.show_faults();
    if outcome.exit_status() != 0 {
        bail!(
            "the demo failed; what the kernel said is in {}",
            outcome.log.display()
        );
    }
    println!("\n{}", timing.table());
    Ok(())
}
