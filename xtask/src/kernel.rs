//! The kernels that setup makes ready, and what is known of each.
//!
//! ```text
//! kernels/NAME/build/            built or prepared; give it to `make -C` to build modules
//! kernels/NAME/release           what `uname -r` says in it
//! kernels/NAME/source            link to its source
//! kernels/NAME/vmlinuz           what QEMU boots
//! kernels/NAME/lib/modules/…     its own modules, with modules.dep
//! ```

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build_root::{BuildRoot, Shared};
use crate::cache::{Cache, key};

/// The options that the checking kernel is built with.
pub(crate) const DEBUG_CONFIG: &str = include_str!("../kernel/debug.config");

/// Which of the two kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The distribution's own, unchanged.
    Normal,
    /// Ours, with every checker on.
    Debug,
}

impl Kind {
    /// The kernel's name in the cache and in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Debug => "debug",
        }
    }

    /// Ends the name of the kernel's directory: compiler and configuration. Another one means another kernel.
    pub(crate) fn key(self) -> String {
        let config = match self {
            Self::Normal => "distribution",
            Self::Debug => DEBUG_CONFIG,
        };
        format!("-{}-{}", self.name(), key(&[&BuildRoot::key(), config]))
    }

    /// What `make` is told about the compiler.
    pub(crate) fn compiler(self) -> &'static str {
        match self {
            Self::Normal => "CC=gcc-14",
            Self::Debug => "LLVM=-19",
        }
    }
}

/// A kernel that is ready to build modules against and to boot.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    pub(crate) kind: Kind,
    /// What `uname -r` says in it.
    pub(crate) release: String,
    dir: PathBuf,
    root: BuildRoot,
}

impl Kernel {
    /// The kernel of the cache, if it is complete.
    pub(crate) fn find(cache: &Cache, kind: Kind) -> Result<Option<Self>> {
        let Some(root) = BuildRoot::find(cache) else {
            return Ok(None);
        };
        let Some(dir) = cache.current(kind.name(), &kind.key()) else {
            return Ok(None);
        };
        let kernel = Self::open(kind, dir, root)?;
        // The source is shared, and may have been removed to save space.
        Ok(kernel.source().is_dir().then_some(kernel))
    }

    /// The complete kernel in `dir`.
    pub(crate) fn open(kind: Kind, dir: PathBuf, root: BuildRoot) -> Result<Self> {
        let file = dir.join("release");
        let release =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self {
            kind,
            release: release.trim().to_owned(),
            dir,
            root,
        })
    }

    /// The directory of all that follows.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The build root whose compilers it was built with.
    pub(crate) fn root(&self) -> &BuildRoot {
        &self.root
    }

    /// The directory to give to `make -C`.
    pub(crate) fn build(&self) -> PathBuf {
        self.dir.join("build")
    }

    /// The kernel's source tree.
    pub(crate) fn source(&self) -> PathBuf {
        let link = self.dir.join("source");
        fs::canonicalize(&link).unwrap_or(link)
    }

    /// A `make` that works on the kernel itself.
    pub(crate) fn make_build(&self) -> Command {
        let (build, source) = (self.build(), self.source());
        let mut make = self
            .root
            .command("make", &[Shared::read(&source), Shared::write(&self.dir)]);
        make.arg("-C")
            .arg(&source)
            .arg(prefixed("O=", &build))
            .arg(jobs())
            .arg(self.kind.compiler());
        make
    }

    /// A `make` that builds the modules of `dir`; `shared` is what it may see besides the kernel.
    pub(crate) fn make_modules(&self, dir: &Path, shared: &[Shared<'_>]) -> Command {
        let (build, source) = (self.build(), self.source());
        let shared: Vec<_> = [Shared::read(&source), Shared::read(&self.dir)]
            .iter()
            .chain(shared)
            .copied()
            .collect();
        let mut make = self.root.command("make", &shared);
        make.arg("-C")
            .arg(build)
            .arg(prefixed("M=", dir))
            .arg(jobs())
            .arg(self.kind.compiler());
        make
    }

    /// What a boot loader takes.
    pub(crate) fn image(&self) -> PathBuf {
        self.dir.join("vmlinuz")
    }

    /// The directory of its own modules, which holds modules.dep.
    pub(crate) fn modules(&self) -> PathBuf {
        self.dir.join("lib/modules").join(&self.release)
    }

    /// A name that no other kernel has.
    pub(crate) fn name(&self) -> String {
        self.dir
            .file_name()
            .unwrap_or_default()
            .display()
            .to_string()
    }
}

/// How many jobs make runs at once.
pub(crate) fn jobs() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("-j{cores}")
}

/// `M=` and a path, for example.
pub(crate) fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(prefix);
    argument.push(path);
    argument
}

/// Fails if Kbuild cannot work in `dir`.
pub(crate) fn check_path(dir: &Path) -> Result<()> {
    let path = dir.to_string_lossy();
    if path.contains(|c: char| c.is_whitespace() || c == ':') {
        bail!("Kbuild works in no path with a blank or a colon in it, and this is one: {path}");
    }
    Ok(())
}

/// The value of an option in a kernel configuration, without quotes; none if it is not set.
pub(crate) fn option<'a>(config: &'a str, name: &str) -> Option<&'a str> {
    let value = config
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_kbuild_cannot_take_are_refused() {
        check_path(Path::new("/home/me/genl-1.0~rc+1")).unwrap();
        check_path(Path::new("/home/my files")).unwrap_err();
        check_path(Path::new("/home/a:b")).unwrap_err();
    }

    #[test]
    fn options() {
        let config =
            "CONFIG_RUST=y\nCONFIG_RUSTC_VERSION_TEXT=\"rustc 1.85.1\"\n# CONFIG_NET is not set\n";
        assert_eq!(option(config, "CONFIG_RUST"), Some("y"));
        assert_eq!(
            option(config, "CONFIG_RUSTC_VERSION_TEXT"),
            Some("rustc 1.85.1")
        );
        assert_eq!(option(config, "CONFIG_NET"), None);
    }
}
