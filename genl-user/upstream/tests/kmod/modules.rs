//! Modules: the list of what was built, and how to load and unload one.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What `cargo xtask test` has prepared.
pub(crate) struct Prepared {
    /// Ours, one for each spec.
    pub(crate) ours: Vec<Module>,
    /// The kernel's own that have families, dependencies first.
    pub(crate) theirs: Vec<PathBuf>,
}

/// A module of ours.
pub(crate) struct Module {
    /// The spec that it was made from.
    pub(crate) spec: PathBuf,
    /// The name by which it registers the spec's family.
    pub(crate) family: String,
    /// Its own name.
    pub(crate) name: String,
    /// Its file.
    pub(crate) file: PathBuf,
}

/// Reads the list.
pub(crate) fn prepared() -> Prepared {
    let list = std::env::var_os("GENL_UPSTREAM_KMODS");
    let list = list.expect("`cargo xtask test` sets GENL_UPSTREAM_KMODS");
    let text = std::fs::read_to_string(list).expect("the list can be read");
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entries = |name: &str| list[name].as_array().expect("an array").clone();
    let ours = entries("ours").into_iter().map(|entry| Module {
        spec: text(&entry["spec"]).into(),
        family: text(&entry["family"]),
        name: text(&entry["name"]),
        file: text(&entry["file"]).into(),
    });
    Prepared {
        ours: ours.collect(),
        theirs: entries("theirs")
            .iter()
            .map(|file| text(file).into())
            .collect(),
    }
}

/// Loads the module in `file`, which the distribution may have packed.
pub(crate) fn load(file: &Path) -> io::Result<()> {
    // linux/module.h
    const MODULE_INIT_COMPRESSED_FILE: libc::c_int = 4;
    let mut open = File::open(file)?;
    let mut magic = [0; 4];
    open.read_exact(&mut magic)?;
    open.rewind()?;
    let flags = match &magic == b"\x7fELF" {
        true => 0,
        false => MODULE_INIT_COMPRESSED_FILE,
    };
    let parameters = c"".as_ptr();
    // SAFETY: the descriptor is open, and the parameters are a string that outlives the call.
    let done =
        unsafe { libc::syscall(libc::SYS_finit_module, open.as_raw_fd(), parameters, flags) };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Unloads a module; refused at once with EWOULDBLOCK while it is in use.
pub(crate) fn unload(module: &str) -> io::Result<()> {
    let name = CString::new(module).expect("a module's name has no NUL");
    // SAFETY: the name is a string that outlives the call.
    let done = unsafe { libc::syscall(libc::SYS_delete_module, name.as_ptr(), libc::O_NONBLOCK) };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
