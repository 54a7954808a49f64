//! Where the checkout and its build products are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cache::make_dir;

/// The checkout.
pub(crate) fn root() -> PathBuf {
    // Set by `cargo run`; else the place it was built at.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.parent().unwrap_or(Path::new("/")).to_owned()
}

/// Cargo's target directory: the one this very program was built into.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find out where this program is")?;
    // TARGET/debug/xtask, or TARGET/debug/deps/xtask-HASH when this is its unit test.
    let profile = program
        .ancestors()
        .skip(1)
        .find(|dir| !dir.ends_with("deps"));
    let target = profile.and_then(Path::parent);
    Ok(target
        .with_context(|| format!("{} is not in a target directory", program.display()))?
        .to_owned())
}

/// Where the log called `name` belongs: in the target directory, since whoever builds may write there.
pub(crate) fn log(name: &str) -> Result<PathBuf> {
    let logs = target()?.join("logs");
    make_dir(&logs)?;
    Ok(logs.join(format!("{name}.log")))
}
