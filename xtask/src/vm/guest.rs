//! What is handed to the guest's init, and the init itself.
//!
//! Everything travels as files of the initramfs, lists as NUL-terminated items, so that any bytes get through.
//! The counterpart is src/bin/guest-init.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::initramfs::Writer;
use super::modules::Module;
use crate::workspace;

/// What the guest is to do.
pub(super) struct Task<'a> {
    /// Loaded before the host's files are there, which are on file systems of these modules.
    pub(super) boot_modules: &'a [Module],
    /// Loaded before the command, in this order, and unloaded after it.
    pub(super) modules: &'a [Module],
    pub(super) command: &'a [OsString],
    pub(super) environment: &'a [(OsString, OsString)],
    pub(super) directory: &'a Path,
    /// Whether to look for leaked memory at the end.
    pub(super) find_leaks: bool,
}

/// Packs init and task into an initramfs, a file without a name.
pub(super) fn pack(task: &Task<'_>) -> Result<File> {
    let file = tempfile::tempfile().context("cannot make a temporary file for the initramfs")?;
    let init = init()?;
    let mut file = write(BufWriter::new(file), task, &init)
        .and_then(|writer| writer.into_inner().map_err(|error| error.into_error()))
        .context("cannot write the initramfs: is the disk of the temporary files full?")?;
    file.rewind()?;
    Ok(file)
}

fn write<W: Write>(to: W, task: &Task<'_>, init: &Path) -> std::io::Result<W> {
    let mut archive = Writer::new(to);
    for directory in ["dev", "proc", "sys", "host", "written", "task", "module"] {
        archive.directory(directory)?;
    }
    archive.file("init", &fs::read(init)?)?;
    let names = |modules: &[Module]| list(modules.iter().map(|module| OsStr::new(&module.name)));
    archive.file("task/boot-modules", &names(task.boot_modules))?;
    archive.file("task/modules", &names(task.modules))?;
    archive.file(
        "task/command",
        &list(task.command.iter().map(OsString::as_os_str)),
    )?;
    let environment = task
        .environment
        .iter()
        .flat_map(|(name, value)| [name.as_os_str(), value.as_os_str()]);
    archive.file("task/environment", &list(environment))?;
    archive.file("task/directory", &list([task.directory.as_os_str()]))?;
    if task.find_leaks {
        archive.file("task/find-leaks", &[])?;
    }
    for module in task.boot_modules.iter().chain(task.modules) {
        archive.file(&format!("module/{}", module.name), &fs::read(&module.file)?)?;
    }
    archive.finish()
}

fn list<'a>(items: impl IntoIterator<Item = &'a OsStr>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        bytes.extend_from_slice(item.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// The guest's init, brought up to date. It is linked statically, since it runs where there is no library.
fn init() -> Result<PathBuf> {
    let target = workspace::target()?;
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "rustc",
            "--quiet",
            "--package",
            "xtask",
            "--bin",
            "guest-init",
            "--manifest-path",
        ])
        .arg(workspace::root().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-C", "target-feature=+crt-static"])
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "the guest's init does not build (it is linked statically, which takes libc.a: libc6-dev on Debian, \
             glibc-static on Fedora):\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(target.join("debug/guest-init"))
}
