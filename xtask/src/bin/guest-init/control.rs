//! The ports to the host.
//!
//! Port 1 carries messages, each ended by a NUL: `up` (init runs), `run` (the command starts), `exit N` (it has
//! ended), `fault TEXT` (something is wrong that the command does not know of), `failed TEXT` (the task cannot
//! be done), `done`. Ports 2 and 3 are the command's stdout and stderr.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the kernel may take to find the ports after it has started init.
const PORTS: Duration = Duration::from_secs(60);

/// The port for messages.
pub(crate) struct Control(File);

impl Control {
    /// Waits for the port to appear.
    pub(crate) fn open() -> Result<Self, String> {
        port(1).map(Self)
    }

    /// Sends a message. A host that does not listen has ended, and this machine with it.
    pub(crate) fn say(&mut self, message: &str) {
        let _ = self.0.write_all(&[message.as_bytes(), &[0]].concat());
    }
}

/// Where the command's output goes.
pub(crate) struct Output {
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

impl Output {
    /// Waits for the ports to appear.
    pub(crate) fn open() -> Result<Self, String> {
        Ok(Self {
            stdout: port(2)?,
            stderr: port(3)?,
        })
    }
}

/// Waits for the port of this number, and opens it.
fn port(number: u32) -> Result<File, String> {
    let since = Instant::now();
    loop {
        if let Some(path) = find(number) {
            return File::options()
                .write(true)
                .open(&path)
                .map_err(|error| format!("cannot open {}: {error}", path.display()));
        }
        if since.elapsed() > PORTS {
            return Err(format!("the VM has no port {number} to the host"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The port is called `vportDpN`, where D counts the virtio devices of any sort.
fn find(number: u32) -> Option<PathBuf> {
    let end = format!("p{number}");
    let is_it = |name: &str| {
        name.strip_prefix("vport")
            .and_then(|rest| rest.strip_suffix(&end))
            .is_some_and(|device| device.parse::<u32>().is_ok())
    };
    let found = fs::read_dir("/dev")
        .ok()?
        .flatten()
        .find(|entry| entry.file_name().to_str().is_some_and(is_it));
    found.map(|entry| entry.path())
}
