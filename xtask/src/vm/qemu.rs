//! Starts QEMU.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context, Result};

use crate::build_root::BuildRoot;

/// What every kernel is told. An oops ends the machine, for nothing that comes after it can be trusted. A busy host may
/// keep a processor of the guest waiting for long, so what is taken for a stall is longer than usual, and the timer is
/// not tried for some ticks in a given time, without which the kernel would panic (`check_timer()`).
const PARAMETERS: &str = "console=ttyS0 loglevel=7 printk.time=1 panic=-1 oops=panic \
    sysctl.kernel.watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60 no_timer_check";

/// How the guest's instructions are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    /// By the processor.
    Kvm,
    /// By QEMU's translator.
    Tcg,
    /// By QEMU's translator, one processor after the other, and the guest's clock goes on by a
    /// nanosecond with each instruction: what the guest times is what it executes.
    Counting,
}

/// A machine to start.
pub(super) struct Machine<'a> {
    /// Where QEMU is.
    pub(super) root: &'a BuildRoot,
    pub(super) accelerator: Accelerator,
    pub(super) image: &'a Path,
    pub(super) initramfs: &'a File,
    /// Added to the kernel's command line.
    pub(super) parameters: &'a str,
    /// In MiB.
    pub(super) memory: u32,
    pub(super) cpus: u32,
    /// Where the kernel's console goes, and what QEMU itself has to say.
    pub(super) log: &'a Path,
}

/// A machine that runs. It is killed when this is dropped, or the thread that started it ends.
pub(super) struct Running {
    pub(super) process: Child,
    /// Messages of the guest's init, each ended by a NUL.
    pub(super) control: UnixStream,
    pub(super) stdout: UnixStream,
    pub(super) stderr: UnixStream,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        self.process.kill().and_then(|()| self.process.wait()).ok();
    }
}

/// Starts the machine.
pub(super) fn start(machine: &Machine<'_>) -> Result<Running> {
    let log = File::options().create(true).append(true).open(machine.log);
    let log = log.with_context(|| format!("cannot write {}", machine.log.display()))?;
    let initramfs = OwnedFd::from(machine.initramfs.try_clone()?);

    let mut qemu = machine.root.qemu();
    match machine.accelerator {
        Accelerator::Kvm => qemu.args(["-accel", "kvm", "-cpu", "host"]),
        Accelerator::Tcg => qemu.args(["-accel", "tcg,thread=multi", "-cpu", "max"]),
        Accelerator::Counting => qemu
            .args(["-accel", "tcg,thread=single", "-cpu", "max"])
            .args(["-icount", "shift=0,sleep=off"]),
    };
    qemu.args([
        "-machine",
        "q35",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-no-reboot",
    ])
    .args([
        "-smp",
        &machine.cpus.to_string(),
        "-m",
        &format!("{}M", machine.memory),
    ])
    .arg("-kernel")
    .arg(machine.image)
    .args([
        "-initrd",
        &format!("/proc/self/fd/{}", initramfs.as_raw_fd()),
    ])
    .arg("-append")
    .arg(format!("{PARAMETERS} {}", machine.parameters))
    .arg("-chardev")
    .arg(file_option("file,id=console,append=on,path=", machine.log))
    .args(["-serial", "chardev:console"])
    .args([
        "-fsdev",
        "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
    ])
    .args(["-device", "virtio-9p-pci,fsdev=host,mount_tag=host"])
    .args(["-device", "virtio-serial-pci,id=ports"]);
    let mut inherited = vec![initramfs];
    let mut port = |number: u32| -> Result<UnixStream> {
        let (near, far) = UnixStream::pair().context("cannot make a socket")?;
        qemu.args([
            "-chardev",
            &format!("socket,id=port{number},fd={}", far.as_raw_fd()),
        ])
        .args([
            "-device",
            &format!("virtserialport,bus=ports.0,nr={number},chardev=port{number}"),
        ]);
        inherited.push(far.into());
        Ok(near)
    };
    let (control, stdout, stderr) = (port(1)?, port(2)?, port(3)?);

    qemu.stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    // SAFETY: the closure runs between fork and exec, and makes nothing but system calls.
    unsafe {
        qemu.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            for fd in &inherited {
                rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
            }
            Ok(())
        });
    }
    let process = qemu
        .spawn()
        .context("cannot start QEMU; `cargo xtask setup` installs it")?;
    Ok(Running {
        process,
        control,
        stdout,
        stderr,
    })
}

/// An option that ends in a path. QEMU takes a comma for the end of a value, and two for one comma.
fn file_option(option: &str, path: &Path) -> OsString {
    let mut bytes = option.as_bytes().to_vec();
    for byte in path.as_os_str().as_bytes() {
        bytes.push(*byte);
        if *byte == b',' {
            bytes.push(b',');
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_paths_are_doubled() {
        assert_eq!(
            file_option("file,path=", Path::new("/a,b")),
            OsString::from("file,path=/a,,b")
        );
    }
}
