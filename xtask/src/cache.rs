//! The cache outside the checkout: downloads, build root, kernels, logs.
//!
//! ```text
//! lock                     held by whoever changes the cache
//! roots/KEY/               build root; KEY covers suite and packages
//! sources/VERSION/         pristine kernel sources, one directory a package version
//! kernels/NAME/            a kernel ready for use, see `Kernel`
//! normal, debug, root      links to what is in use; made last, so a link means "complete"
//! logs/                    what each step of the set-up printed
//! ```

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The cache directory.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Finds the cache: `$GENL_CACHE`, else `genl` in the user's cache directory. It need not exist yet.
    pub(crate) fn find() -> Result<Self> {
        let var = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let dir = var("GENL_CACHE")
            .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("genl")))
            .or_else(|| var("HOME").map(|dir| dir.join(".cache/genl")))
            .context("no place for the cache: set GENL_CACHE to a directory")?;
        if dir.is_absolute() {
            return Ok(Self { dir });
        }
        let dir =
            std::path::absolute(&dir).with_context(|| format!("the cache {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// The directory itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A path below the cache.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.dir.join(below)
    }

    /// Where the log of a set-up's step belongs.
    pub(crate) fn log(&self, step: &str) -> PathBuf {
        self.path("logs").join(format!("{step}.log"))
    }

    /// Takes the cache for this process alone. If another one has it, `wait` is called once and the
    /// call blocks until that one is done.
    pub(crate) fn lock(&self, wait: impl FnOnce()) -> Result<File> {
        make_dir(&self.dir)?;
        lock(&self.path("lock"), wait)
    }

    /// What the link `name` points at, if it is there and its target's name is `key` or ends in it.
    pub(crate) fn current(&self, name: &str, key: &str) -> Option<PathBuf> {
        let target = fs::canonicalize(self.path(name)).ok()?;
        target
            .file_name()?
            .to_str()?
            .ends_with(key)
            .then_some(target)
    }

    /// Makes the link `name` point at `target`, in one atomic step.
    pub(crate) fn set_current(&self, name: &str, target: &Path) -> Result<()> {
        let fresh = self.path(format!(".{name}"));
        remove(&fresh)?;
        let target = target.strip_prefix(&self.dir).unwrap_or(target);
        symlink(target, &fresh)
            .and_then(|()| fs::rename(&fresh, self.path(name)))
            .with_context(|| format!("cannot link {}", self.path(name).display()))
    }
}

/// Locks the file at `path`, which is made if need be, until the result is dropped.
pub(crate) fn lock(path: &Path, wait: impl FnOnce()) -> Result<File> {
    let cannot = || format!("cannot lock {}", path.display());
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            wait();
            file.lock().with_context(cannot)?;
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
    }
    Ok(file)
}

/// Makes a directory and those above it.
pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the directory {}", dir.display()))
}

/// Removes whatever is at `path`; nothing there is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

/// Fills the directory `to` in one atomic step: `fill` works in a directory beside it, which then
/// takes its name. What an interrupted run left behind is thrown away. A complete `to` is kept.
pub(crate) fn fill_dir(to: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let (Some(parent), Some(name)) = (to.parent(), to.file_name()) else {
        bail!("{} is no place for a directory", to.display());
    };
    let partial = parent.join(format!("{}.partial", name.display()));
    remove(&partial)?;
    make_dir(&partial)?;
    fill(&partial)?;
    fs::rename(&partial, to)
        .with_context(|| format!("cannot rename {} to {}", partial.display(), to.display()))
}

/// A short key for `parts`: 64-bit FNV-1a in hex, the same on every machine and with every compiler.
pub(crate) fn key(parts: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_separates_its_parts() {
        assert_eq!(key(&[]), "cbf29ce484222325");
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
    }

    #[test]
    fn a_directory_appears_only_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("to");
        fill_dir(&to, |partial| {
            fs::write(partial.join("left-behind"), "")?;
            bail!("interrupted")
        })
        .unwrap_err();
        assert!(!to.exists());
        fill_dir(&to, |partial| {
            assert!(!partial.join("left-behind").exists());
            assert!(!to.exists());
            Ok(fs::write(partial.join("file"), "")?)
        })
        .unwrap();
        assert!(to.join("file").exists());
        fill_dir(&to, |_| panic!("it is complete")).unwrap();
    }

    #[test]
    fn a_link_counts_only_with_the_right_key() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache {
            dir: fs::canonicalize(dir.path()).unwrap(),
        };
        assert_eq!(cache.current("root", "1"), None);
        let target = cache.path("roots/trixie-1");
        make_dir(&target).unwrap();
        cache.set_current("root", &target).unwrap();
        cache.set_current("root", &target).unwrap();
        assert_eq!(cache.current("root", "-1"), Some(target));
        assert_eq!(cache.current("root", "-2"), None);
    }
}
