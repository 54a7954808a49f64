//! What the tests against the kernel's own specs are told: where the specs are, and how to run Python.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::shell;
use crate::build_root::Shared;
use crate::kernel::Kind;
use crate::{setup, workspace};

/// The kernel tree with its specs, their tools, and its headers.
pub(crate) const KERNEL_SOURCE: &str = "GENL_KERNEL_SOURCE";

/// A program that is the build root's Python, with its YAML reader.
pub(crate) const PYTHON: &str = "GENL_PYTHON";

/// Variables of the environment, with their values.
pub(crate) type Environment = Vec<(&'static str, OsString)>;

/// What programs of this machine are told.
pub(crate) fn on_host() -> Result<Environment> {
    let source = setup::ensure(Kind::Normal)?.source();
    Ok(vec![
        (PYTHON, python(&source)?.into()),
        (KERNEL_SOURCE, source.into()),
    ])
}

/// Writes the program that runs the build root's Python. It sees checkout, target directory, kernel tree and temporary
/// files at their own paths, and shares network and environment with its caller.
fn python(kernel_source: &Path) -> Result<PathBuf> {
    let (checkout, target) = (workspace::root(), workspace::target()?);
    let temporary = std::env::temp_dir();
    // What may lie within another one comes after it.
    let shared = [
        Shared::write(&temporary),
        Shared::read(&checkout),
        Shared::write(&target),
        Shared::read(kernel_source),
    ];
    let command = setup::tools()?.open_command("/usr/bin/python3", &shared);
    let file = target.join("genl-python");
    // Another run may be using it, so it is replaced in one step.
    let mut script = tempfile::NamedTempFile::new_in(&target)
        .with_context(|| format!("cannot write in {}", target.display()))?;
    script.write_all(&shell::program(&command))?;
    fs::set_permissions(script.path(), fs::Permissions::from_mode(0o755))?;
    script
        .persist(&file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
