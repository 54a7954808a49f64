//! The kernel tree that modules are built against.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build_root::{self, BuildRoot, Shared};
use crate::cache::{self, Cache};
use crate::kernel::{self, Kernel};

/// A kernel tree and the compiler that goes with it.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// One that setup made ready, with the build root's compiler.
    Ready(Kernel),
    /// Somebody else's.
    Foreign(Foreign),
}

/// Somebody else's kernel tree.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    dir: PathBuf,
    release: String,
    /// What make is told about the compiler.
    compiler: String,
    /// Whose toolchain it is: the build root's, or else the host's.
    root: Option<BuildRoot>,
}

impl Tree {
    /// The tree at `dir`, if modules in Rust can be built against it.
    pub(super) fn foreign(dir: &Path) -> Result<Self> {
        let shown = dir.display();
        let dir =
            fs::canonicalize(dir).with_context(|| format!("there is no kernel tree {shown}"))?;
        let config = fs::read_to_string(dir.join(".config"))
            .with_context(|| format!("{shown} has no .config, so no kernel was built there"))?;
        if kernel::option(&config, "CONFIG_RUST") != Some("y") {
            bail!(
                "the kernel in {shown} was configured without Rust: set CONFIG_RUST=y and build it again"
            );
        }
        if !has_rust(&dir) {
            bail!(
                "{shown} lacks the kernel's Rust crates (headers alone are not enough): \
                 run `make modules_prepare` in the kernel's source tree and name that one"
            );
        }
        let release =
            fs::read_to_string(dir.join("include/config/kernel.release")).with_context(|| {
                format!("{shown} is not prepared: run `make modules_prepare` there")
            })?;
        let root = toolchain(&config)?;
        let programs = root
            .as_ref()
            .map(|root| root.dir().join("usr/bin").into_os_string());
        let programs = programs
            .or_else(|| std::env::var_os("PATH"))
            .unwrap_or_default();
        Ok(Self::Foreign(Foreign {
            dir,
            release: release.trim().to_owned(),
            compiler: compiler(&config, &programs),
            root,
        }))
    }

    /// What `uname -r` says in the kernel.
    pub(super) fn release(&self) -> &str {
        match self {
            Self::Ready(kernel) => &kernel.release,
            Self::Foreign(foreign) => &foreign.release,
        }
    }

    /// A name that no other tree has.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Ready(kernel) => kernel.name(),
            Self::Foreign(foreign) => {
                format!(
                    "{}-{}",
                    foreign.release,
                    cache::key(&[&foreign.dir.to_string_lossy()])
                )
            }
        }
    }

    /// A `make` that builds the modules of `dir`; `shared` is what it may see besides.
    pub(super) fn make(&self, dir: &Path, shared: &[Shared<'_>]) -> Command {
        match self {
            Self::Ready(kernel) => kernel.make_modules(dir, shared),
            Self::Foreign(foreign) => foreign.make(dir, shared),
        }
    }
}

impl Foreign {
    fn make(&self, dir: &Path, shared: &[Shared<'_>]) -> Command {
        // A tree that was built with O= is one half, its source the other.
        let source = fs::canonicalize(self.dir.join("source")).unwrap_or_else(|_| self.dir.clone());
        let mut make = match &self.root {
            Some(root) => {
                let tree = [Shared::read(&source), Shared::read(&self.dir)];
                root.command("make", &[&tree, shared].concat())
            }
            None => build_root::on_host("make", shared),
        };
        make.arg("-C")
            .arg(&self.dir)
            .arg(kernel::prefixed("M=", dir));
        make.arg(kernel::jobs()).arg(&self.compiler);
        make
    }
}

/// Whose rustc is the one that the kernel was built with: the build root's, or else (none) the host's.
fn toolchain(config: &str) -> Result<Option<BuildRoot>> {
    let theirs = kernel::option(config, "CONFIG_RUSTC_VERSION_TEXT").unwrap_or_default();
    if let Some(root) = BuildRoot::find(&Cache::find()?)
        && root.rustc_version()? == theirs
    {
        return Ok(Some(root));
    }
    let ours = Command::new("rustc")
        .arg("--version")
        .current_dir("/")
        .output();
    let ours = ours.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    match ours.unwrap_or_default() {
        ours if ours == theirs => Ok(None),
        ours => bail!(
            "the kernel was built with \"{theirs}\", this machine has \"{ours}\", and Rust has no stable ABI: \
             put that very rustc first in PATH"
        ),
    }
}

/// Whether the tree at `dir` has what modules in Rust are compiled against.
pub(super) fn has_rust(dir: &Path) -> bool {
    dir.join("rust/libkernel.rmeta").exists()
}

/// What make must be told for it to take the compiler that the kernel was built with, if that is in `path`.
fn compiler(config: &str, path: &OsStr) -> String {
    let has = |program: &str| std::env::split_paths(path).any(|dir| dir.join(program).is_file());
    if kernel::option(config, "CONFIG_CC_IS_CLANG") == Some("y") {
        let version = kernel::option(config, "CONFIG_CLANG_VERSION")
            .and_then(|version| version.parse::<u32>().ok());
        let major = version
            .map(|version| version / 10_000)
            .filter(|major| has(&format!("clang-{major}")));
        return major.map_or_else(|| "LLVM=1".to_owned(), |major| format!("LLVM=-{major}"));
    }
    // "gcc-14 (Debian 14.2.0-19) 14.2.0"
    let text = kernel::option(config, "CONFIG_CC_VERSION_TEXT").unwrap_or_default();
    match text.split_whitespace().next() {
        Some(name) if has(name) => format!("CC={name}"),
        _ => "CC=gcc".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_tree_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let refusal = || Tree::foreign(dir.path()).unwrap_err().to_string();
        assert!(
            Tree::foreign(&dir.path().join("none"))
                .unwrap_err()
                .to_string()
                .contains("there is no kernel tree")
        );
        assert!(refusal().contains("has no .config"));
        fs::write(dir.path().join(".config"), "# CONFIG_RUST is not set\n").unwrap();
        assert!(refusal().contains("without Rust"));
        fs::write(dir.path().join(".config"), "CONFIG_RUST=y\n").unwrap();
        assert!(refusal().contains("lacks the kernel's Rust crates"));
        fs::create_dir(dir.path().join("rust")).unwrap();
        fs::write(dir.path().join("rust/libkernel.rmeta"), "").unwrap();
        assert!(refusal().contains("is not prepared"));
    }

    #[test]
    fn the_kernels_own_compiler_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        for program in ["gcc-14", "clang-19"] {
            fs::write(dir.path().join(program), "").unwrap();
        }
        let compiler = |config| compiler(config, dir.path().as_os_str());
        assert_eq!(
            compiler("CONFIG_CC_VERSION_TEXT=\"gcc-14 (Some 14.2.0-19) 14.2.0\"\n"),
            "CC=gcc-14"
        );
        assert_eq!(
            compiler("CONFIG_CC_VERSION_TEXT=\"gcc-15 (Some 15.1.0)\"\n"),
            "CC=gcc"
        );
        assert_eq!(
            compiler("CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=190107\n"),
            "LLVM=-19"
        );
        assert_eq!(
            compiler("CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=200000\n"),
            "LLVM=1"
        );
    }
}
