//! What init is to do, and the command.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{ErrorKind, PipeReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions};

use crate::control::Output;

/// What the host left in the initramfs.
pub(crate) struct Task {
    pub(crate) boot_modules: Vec<String>,
    pub(crate) modules: Vec<String>,
    pub(crate) find_leaks: bool,
    command: Vec<OsString>,
    environment: Vec<OsString>,
    directory: PathBuf,
}

impl Task {
    /// Reads it.
    pub(crate) fn read() -> Result<Self, String> {
        let names = |file| {
            list(file).map(|names| {
                names
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect()
            })
        };
        Ok(Self {
            boot_modules: names("boot-modules")?,
            modules: names("modules")?,
            find_leaks: Path::new("/task/find-leaks").exists(),
            command: list("command")?,
            environment: list("environment")?,
            directory: list("directory")?
                .into_iter()
                .next()
                .unwrap_or_default()
                .into(),
        })
    }

    /// Runs the command, ends whatever it leaves running, and returns its status as a shell would.
    pub(crate) fn run(&self, output: Output) -> Result<u8, String> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err("there is no command".to_owned());
        };
        std::env::set_current_dir(&self.directory).map_err(|error| {
            format!(
                "the directory {} is not there in the VM: {error}",
                self.directory.display()
            )
        })?;
        let pipe = || std::io::pipe().map_err(|error| format!("cannot make a pipe: {error}"));
        let (stdout, to_stdout) = pipe()?;
        let (stderr, to_stderr) = pipe()?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(to_stdout)
            .stderr(to_stderr);
        for pair in self.environment.chunks_exact(2) {
            command.env(&pair[0], &pair[1]);
        }
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let _ = writeln!(&output.stderr, "{}: {error}", program.display());
                // As shells have it: not found, or found but not to be run.
                return Ok(if error.kind() == ErrorKind::NotFound {
                    127
                } else {
                    126
                });
            }
        };
        // Closes this process's ends of the pipes, so that they end with the last process that has them.
        drop(command);
        let relays = [relay(stdout, output.stdout), relay(stderr, output.stderr)];
        let status = wait_for(child.id())?;
        end_all();
        for relay in relays {
            let _ = relay.join();
        }
        Ok(status)
    }
}

/// The items of a list, each ended by a NUL.
fn list(name: &str) -> Result<Vec<OsString>, String> {
    let path = format!("/task/{name}");
    let bytes = fs::read(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let items = bytes
        .strip_suffix(&[0])
        .map(|items| items.split(|byte| *byte == 0));
    Ok(items
        .into_iter()
        .flatten()
        .map(|item| OsStr::from_bytes(item).to_owned())
        .collect())
}

/// Passes on what the command writes. It has a pipe, not the port itself, which cannot be opened twice: the
/// likes of `echo x >/dev/stderr` would fail.
fn relay(mut from: PipeReader, mut to: File) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = vec![0; 32 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    })
}

/// Waits for a child, and for the orphans that end before it. Returns its status as a shell would.
fn wait_for(child: u32) -> Result<u8, String> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().cast_unsigned() == child => {
                let code = status
                    .exit_status()
                    .or_else(|| status.terminating_signal().map(|signal| 128 + signal));
                return Ok(code
                    .and_then(|code| u8::try_from(code).ok())
                    .unwrap_or(u8::MAX));
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(format!("cannot wait for the command: {error}")),
        }
    }
}

/// Ends all processes but this one, so that modules can be unloaded, and the pipes end.
fn end_all() {
    // The group -1, as kill(2) has it, is everything except init. It fails if there is nothing.
    let _ = rustix::process::kill_process_group(Pid::INIT, Signal::KILL);
    while matches!(
        rustix::process::wait(WaitOptions::empty()),
        Ok(Some(_)) | Err(Errno::INTR)
    ) {}
}
