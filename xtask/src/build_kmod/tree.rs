//! The kernel tree that modules are built against.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build_root::{self, Shared};
use crate::cache;
use crate::kernel::{self, Kernel};

/// A kernel tree and the compiler that goes with it.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// One that setup made ready, with the build root's compiler.
    Ready(Kernel),
    /// Somebody else's, with the host's compiler.
    Foreign(Foreign),
}

/// Somebody else's kernel tree.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    dir: PathBuf,
    release: String,
    compiler: String,
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
        Ok(Self::Foreign(Foreign {
            dir,
            release: release.trim().to_owned(),
            compiler: compiler(&config),
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
            Self::Foreign(foreign) => {
                let mut make = build_root::on_host("make", shared);
                make.arg("-C")
                    .arg(&foreign.dir)
                    .arg(kernel::prefixed("M=", dir));
                make.arg(kernel::jobs()).arg(&foreign.compiler);
                make
            }
        }
    }
}

/// Whether the tree at `dir` has what modules in Rust are compiled against.
pub(super) fn has_rust(dir: &Path) -> bool {
    dir.join("rust/libkernel.rmeta").exists()
}

/// What make must be told for it to take the compiler that the kernel was built with.
fn compiler(config: &str) -> String {
    // "gcc-14 (Debian 14.2.0-19) 14.2.0", or "Debian clang version 19.1.7 (3+b1)".
    let text = kernel::option(config, "CONFIG_CC_VERSION_TEXT").unwrap_or_default();
    if kernel::option(config, "CONFIG_CC_IS_CLANG") == Some("y") {
        let version = kernel::option(config, "CONFIG_CLANG_VERSION")
            .and_then(|version| version.parse::<u32>().ok());
        let suffixed = version
            .map(|version| version / 10_000)
            .filter(|major| on_path(&format!("clang-{major}")));
        return suffixed.map_or_else(|| "LLVM=1".to_owned(), |major| format!("LLVM=-{major}"));
    }
    let name = text.split_whitespace().next().unwrap_or_default();
    format!("CC={}", if on_path(name) { name } else { "gcc" })
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    !program.is_empty() && std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
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
        assert_eq!(
            compiler("CONFIG_CC_VERSION_TEXT=\"sh (Some 14.2.0-19) 14.2.0\"\n"),
            "CC=sh"
        );
        assert_eq!(
            compiler("CONFIG_CC_VERSION_TEXT=\"no-such-gcc (Some 14.2.0)\"\n"),
            "CC=gcc"
        );
        assert_eq!(
            compiler("CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=990000\n"),
            "LLVM=1"
        );
    }
}
