//! A copy of the sources to build in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cache::make_dir;

/// Makes the source files below `copy` those below `source`. Files that are the same keep their times, and what
/// builds have left in `copy` stays, so that the next build has little to do.
pub(crate) fn update(source: &Path, copy: &Path) -> Result<()> {
    make_dir(copy)?;
    let files = sources(source)?;
    for file in &files {
        let to = copy.join(file.strip_prefix(source)?);
        let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        if fs::read(&to).is_ok_and(|old| old == text) {
            continue;
        }
        make_dir(to.parent().unwrap_or(copy))?;
        fs::write(&to, text).with_context(|| format!("cannot write {}", to.display()))?;
    }
    for old in sources(copy)? {
        if !source.join(old.strip_prefix(copy)?).exists() {
            fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    Ok(())
}

/// All files below `dir` that are not products of Kbuild, in order.
pub(crate) fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries = fs::read_dir(dir)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("cannot read {}", dir.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if is_product(&entry.file_name().display().to_string()) {
            continue;
        }
        if fs::metadata(&path).is_ok_and(|meta| meta.is_dir()) {
            files.extend(sources(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether Kbuild makes files of this name.
fn is_product(name: &str) -> bool {
    const ENDS: &[&str] = &[
        ".o",
        ".ko",
        ".mod",
        ".mod.c",
        ".cmd",
        ".order",
        ".rmeta",
        ".a",
        "Module.symvers",
    ];
    name.starts_with('.') || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_follows_its_source() {
        let dir = tempfile::tempdir().unwrap();
        let (source, copy) = (dir.path().join("source"), dir.path().join("copy"));
        let write = |file: PathBuf, text: &str| {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write(source.join("a/main.rs"), "one");
        write(source.join("a/Kbuild"), "kbuild");
        write(source.join("a/main.o"), "built by hand");
        update(&source, &copy).unwrap();
        assert!(!copy.join("a/main.o").exists());
        let kept = fs::metadata(copy.join("a/Kbuild"))
            .unwrap()
            .modified()
            .unwrap();

        write(copy.join("a/main.ko"), "product");
        write(source.join("a/main.rs"), "two");
        update(&source, &copy).unwrap();
        assert_eq!(fs::read_to_string(copy.join("a/main.rs")).unwrap(), "two");
        assert_eq!(
            fs::metadata(copy.join("a/Kbuild"))
                .unwrap()
                .modified()
                .unwrap(),
            kept
        );

        fs::remove_file(source.join("a/main.rs")).unwrap();
        update(&source, &copy).unwrap();
        assert!(!copy.join("a/main.rs").exists());
        assert!(copy.join("a/main.ko").exists());
    }
}
