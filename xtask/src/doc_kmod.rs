//! `cargo xtask doc-kmod`: documentation of the kernel half, for those who write handlers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build_kmod;
use crate::cache::{self, make_dir};
use crate::kernel::{Kernel, Kind};
use crate::{setup, workspace};

/// Document runtime and handler trait of families with rustdoc; prints the path of the index page
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Families to document: directories of genl-kmod [default: all]
    #[arg(value_name = "FAMILY")]
    families: Vec<String>,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let index = document(&setup::ensure(Kind::Normal)?, &options.families)?;
    println!("{}", index.display());
    Ok(())
}

/// Documents the crates of `families` (all, if none is named), and returns the path of the index page.
///
/// A flaw in the documentation is an error.
pub(crate) fn document(kernel: &Kernel, families: &[String]) -> Result<PathBuf> {
    build_kmod::families(families)?;
    let dir = workspace::target()?.join("doc-kmod");
    // What is no longer there is to be in no index.
    cache::remove(&dir)?;
    make_dir(&dir)?;
    build_kmod::document(kernel, families, &dir)?;
    link_sources(&dir, &kernel.source())?;
    Ok(dir.join("index.html"))
}

/// Lets links to files of the kernel tree, `srctree/include/…`, lead there.
fn link_sources(dir: &Path, source: &Path) -> Result<()> {
    let link = format!("href=\"file://{}/", source.display());
    let context = || format!("cannot go through {}", dir.display());
    for entry in fs::read_dir(dir).with_context(context)? {
        let path = entry.with_context(context)?.path();
        if path.is_dir() {
            link_sources(&path, source)?;
        } else if path.extension().is_some_and(|it| it == "html") {
            let page = fs::read_to_string(&path).with_context(context)?;
            let linked = page.replace("href=\"srctree/", &link);
            if linked != page {
                fs::write(&path, linked).with_context(context)?;
            }
        }
    }
    Ok(())
}
