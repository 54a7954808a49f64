//! `cargo xtask setup`: finds or installs all that the kernel half needs.

mod apt;
mod debug_kernel;
mod host;
mod normal_kernel;
mod root;
mod version;

use std::fs::File;

use anyhow::{Context, Result, bail};

use crate::build_root::{BuildRoot, TOOLS};
use crate::cache::Cache;
use crate::kernel::{Kernel, Kind};

pub(crate) use normal_kernel::Running;
pub(crate) use version::LEAST as LEAST_KERNEL;

/// Find or install all that the kernel half needs: build root and kernel, kept in a cache
///
/// What is there already is kept. To move on to the distribution's newest kernel, remove the link `normal` in
/// the cache and run this again.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Build the checking kernel too (KASAN, lockdep, kmemleak and more)
    #[arg(long)]
    pub(crate) debug: bool,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let normal = ensure(Kind::Normal)?;
    eprintln!(
        "ready: kernel {} in {}",
        normal.release,
        normal.dir().display()
    );
    if options.debug {
        let debug = ensure(Kind::Debug)?;
        eprintln!(
            "ready: checking kernel {} in {}",
            debug.release,
            debug.dir().display()
        );
    }
    Ok(())
}

/// The kernel asked for, which is made ready first if it is not.
pub(crate) fn ensure(kind: Kind) -> Result<Kernel> {
    let cache = Cache::find()?;
    host::check()?;
    if let Some(kernel) = Kernel::find(&cache, kind)? {
        return Ok(kernel);
    }
    let _lock = lock(&cache)?;
    // That one may have done it all.
    if let Some(kernel) = Kernel::find(&cache, kind)? {
        return Ok(kernel);
    }
    host::install(&cache)?;
    if kind == Kind::Debug && Kernel::find(&cache, Kind::Normal)?.is_none() {
        normal(&cache)?;
    }
    match kind {
        Kind::Normal => normal(&cache),
        Kind::Debug => debug_kernel::make(&cache),
    }
}

/// The build root with the tools by which others call families.
pub(crate) fn tools() -> Result<BuildRoot> {
    let kernel = ensure(Kind::Normal)?;
    let cache = Cache::find()?;
    let _lock = lock(&cache)?;
    root::add(&cache, kernel.root(), &TOOLS)?;
    Ok(kernel.root().clone())
}

/// Makes the running kernel of a Debian machine ready to build modules for.
pub(crate) fn running_kernel(running: &Running) -> Result<Kernel> {
    let cache = Cache::find()?;
    let _lock = lock(&cache)?;
    host::install(&cache)?;
    let root = match BuildRoot::find(&cache) {
        Some(root) => root,
        None => root::make(&cache)?,
    };
    normal_kernel::make_running(&cache, root, running)
}

fn lock(cache: &Cache) -> Result<File> {
    cache.lock(|| {
        eprintln!(
            "waiting for another set-up to finish with {} ...",
            cache.dir().display()
        )
    })
}

fn normal(cache: &Cache) -> Result<Kernel> {
    let root = match BuildRoot::find(cache) {
        Some(root) => root,
        None => root::make(cache)?,
    };
    normal_kernel::make(cache, root)
}

/// Fails early if the disk is about to be full.
fn check_space(cache: &Cache, mebibytes: u64) -> Result<()> {
    let dir = cache.dir().display();
    let disk = rustix::fs::statvfs(cache.dir())
        .with_context(|| format!("cannot ask how much space {dir} has"))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
    if free < mebibytes {
        bail!(
            "the disk of {dir} has {free} MiB free, and the next step needs {mebibytes} MiB: \
             make room, or set GENL_CACHE to a directory on a larger disk, then run this again"
        );
    }
    Ok(())
}
