//! Makes the kernel that this machine runs ready to build modules for: a Debian kernel, with its headers installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{check_space, normal_kernel, root};
use crate::build_root::BuildRoot;
use crate::cache::{Cache, fill_dir};
use crate::kernel::{Kernel, Kind};
use crate::progress::step;

/// A Debian kernel that runs on this machine.
#[derive(Debug)]
pub(crate) struct Running {
    /// What `uname -r` says.
    pub(crate) release: String,
    /// The version of the package it came in.
    pub(crate) version: String,
    /// Where its headers are.
    pub(crate) headers: PathBuf,
}

impl Running {
    /// The name of its directory in the cache.
    fn key(&self) -> String {
        format!(
            "{}-{}-running{}",
            self.release,
            self.version,
            Kind::Normal.key()
        )
    }
}

/// The kernel, if it is ready.
pub(super) fn find(cache: &Cache, running: &Running) -> Result<Option<Kernel>> {
    match (
        cache.current("running", &running.key()),
        BuildRoot::find(cache),
    ) {
        (Some(dir), Some(root)) => Kernel::open(Kind::Normal, dir, root).map(Some),
        _ => Ok(None),
    }
}

/// Prepares the matching source as it is done for the normal kernel.
pub(super) fn make(cache: &Cache, root: BuildRoot, running: &Running) -> Result<Kernel> {
    check_space(cache, normal_kernel::SPACE)?;
    step(cache.log("running-lists"), "package lists", |log| {
        root::update(log, &root)
    })?;
    let series: Vec<&str> = running.version.splitn(3, '.').take(2).collect();
    let package = format!("linux-source-{}", series.join("."));
    let source =
        normal_kernel::get_source(cache, &root, &package, &running.version).with_context(|| {
            format!(
                "no source for the running kernel, which is of {}: upgrade it, or use --kdir",
                running.version
            )
        })?;
    let dir = cache.path("kernels").join(running.key());
    fill_dir(&dir, |partial| {
        for (from, to) in [(".config", "config"), ("Module.symvers", "Module.symvers")] {
            let from = running.headers.join(from);
            fs::copy(&from, partial.join(to))
                .with_context(|| format!("cannot copy {}", from.display()))?;
        }
        fs::write(partial.join("release"), &running.release)?;
        Ok(symlink(&source, partial.join("source"))?)
    })?;
    let kernel = Kernel::open(Kind::Normal, dir, root)?;
    normal_kernel::finish(cache, &kernel)?;
    cache.set_current("running", kernel.dir())?;
    Ok(kernel)
}
