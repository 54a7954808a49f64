//! `cargo xtask setup`: finds or installs all that the kernel half needs.

mod apt;
mod debug_kernel;
mod host;
mod normal_kernel;
mod root;
mod running_kernel;
mod version;

use std::fs::File;

use anyhow::{Context, Result, bail};

use crate::build_root::{BuildRoot, Extra, QEMU, TOOLS};
use crate::cache::Cache;
use crate::kernel::{self, Kernel, Kind};
use crate::vm;

pub(crate) use running_kernel::Running;
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
    if let Some(kernel) = Kernel::find(&cache, kind)?
        && host::has_tools()
        && root::has(&cache, &QEMU)
    {
        return Ok(kernel);
    }
    let _lock = begin(&cache)?;
    // Whoever had the lock before may have made it.
    let normal = match Kernel::find(&cache, Kind::Normal)? {
        Some(kernel) => {
            root::add(&cache, kernel.root(), &QEMU)?;
            kernel
        }
        None => normal(&cache)?,
    };
    match kind {
        Kind::Normal => Ok(normal),
        Kind::Debug => match Kernel::find(&cache, Kind::Debug)? {
            Some(kernel) => Ok(kernel),
            None => debug_kernel::make(&cache, &normal),
        },
    }
}

/// The build root with the tools by which others call families.
pub(crate) fn tools() -> Result<BuildRoot> {
    with(&TOOLS)
}

/// The build root with these packages.
pub(crate) fn with(extra: &Extra) -> Result<BuildRoot> {
    let root = ensure(Kind::Normal)?.root().clone();
    let cache = Cache::find()?;
    if !root::has(&cache, extra) {
        let _lock = begin(&cache)?;
        root::add(&cache, &root, extra)?;
    }
    Ok(root)
}

/// Makes the running kernel of a Debian machine ready to build modules for.
pub(crate) fn running_kernel(running: &Running) -> Result<Kernel> {
    let cache = Cache::find()?;
    host::check()?;
    if let Some(kernel) = running_kernel::find(&cache, running)? {
        return Ok(kernel);
    }
    let _lock = begin(&cache)?;
    let root = root(&cache)?;
    running_kernel::make(&cache, root, running)
}

/// Begins to change the cache, and the host.
fn begin(cache: &Cache) -> Result<File> {
    kernel::check_path(cache.dir()).context("set GENL_CACHE to another directory")?;
    host::check_may_set_up(cache)?;
    let lock = cache.lock(|| {
        eprintln!(
            "waiting for another set-up to finish with {} ...",
            cache.dir().display()
        )
    })?;
    host::install(cache)?;
    Ok(lock)
}

fn normal(cache: &Cache) -> Result<Kernel> {
    let root = root(cache)?;
    root::add(cache, &root, &QEMU)?;
    let kernel = normal_kernel::make(cache, root)?;
    // Later runs are to find the answer, and to have nothing to say.
    vm::probe(cache, &kernel)?;
    Ok(kernel)
}

fn root(cache: &Cache) -> Result<BuildRoot> {
    match BuildRoot::find(cache) {
        Some(root) => Ok(root),
        None => root::make(cache),
    }
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
