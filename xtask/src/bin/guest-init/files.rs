//! The file systems.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::mount::{MountFlags, mount, mount_move};

type Result<T> = std::result::Result<T, String>;

/// Mounts what init itself needs.
pub(crate) fn mount_first() -> Result<()> {
    virtual_mount("devtmpfs", "/dev", "")
}

/// Makes the host's files, which the guest sees read-only, the root, and mounts on it what every system has.
/// What is written below /tmp and /run stays in memory.
pub(crate) fn enter_host() -> Result<()> {
    let options = c"trans=virtio,version=9p2000.L,msize=512000,cache=loose";
    mount("host", "/host", "9p", MountFlags::RDONLY, options)
        .map_err(|error| format!("cannot mount the host's files: {error}"))?;
    mount_move("/dev", "/host/dev").map_err(|error| format!("cannot move /dev: {error}"))?;
    for directory in ["/host/dev/pts", "/host/dev/shm"] {
        make_directory(directory)?;
    }
    virtual_mount("devpts", "/host/dev/pts", "ptmxmode=666,mode=620")?;
    virtual_mount("tmpfs", "/host/dev/shm", "mode=1777")?;
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ] {
        symlink(target, Path::new("/host/dev").join(name))
            .map_err(|error| format!("cannot make /dev/{name}: {error}"))?;
    }
    virtual_mount("proc", "/host/proc", "")?;
    virtual_mount("sysfs", "/host/sys", "")?;
    virtual_mount("debugfs", "/host/sys/kernel/debug", "")?;
    virtual_mount("tmpfs", "/written", "mode=755")?;
    for directory in ["tmp", "run"] {
        make_writable(directory)?;
    }

    // As switch_root(8) does it: a mere chroot would forbid user namespaces.
    let enter = || {
        std::env::set_current_dir("/host")?;
        mount_move("/host", "/")?;
        rustix::process::chroot(".")?;
        std::env::set_current_dir("/")
    };
    enter().map_err(|error| format!("cannot enter the host's files: {error}"))
}

/// Lets the host's `directory` be written to, as far as the guest can see.
fn make_writable(directory: &str) -> Result<()> {
    let host = format!("/host/{directory}");
    let Ok(there) = fs::metadata(&host) else {
        return Ok(());
    };
    let [upper, work] = ["upper", "work"].map(|name| format!("/written/{directory}/{name}"));
    make_directory(&upper)?;
    make_directory(&work)?;
    fs::set_permissions(&upper, there.permissions())
        .map_err(|error| format!("cannot set the mode of {upper}: {error}"))?;
    virtual_mount(
        "overlay",
        &host,
        &format!("lowerdir={host},upperdir={upper},workdir={work}"),
    )
}

fn make_directory(path: &str) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| format!("cannot make {path}: {error}"))
}

fn virtual_mount(kind: &str, target: &str, options: &str) -> Result<()> {
    let options = std::ffi::CString::new(options).map_err(|error| error.to_string())?;
    mount(kind, target, kind, MountFlags::empty(), options.as_c_str())
        .map_err(|error| format!("cannot mount {kind} on {target}: {error}"))
}
