//! Follows a machine from its start to its end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Request;
use super::qemu::Running;

/// How long a machine may take from power-on to init: without KVM and on a busy host it can be slow.
const BOOT: Duration = Duration::from_secs(180);

/// How long it may take from the command's end to its own, leak scan included.
const END: Duration = Duration::from_secs(240);

/// The machine was killed before its init had said a word.
#[derive(Debug, thiserror::Error)]
#[error("the VM did not boot within {} seconds; it was killed", BOOT.as_secs())]
pub(super) struct NotBooted;

/// What init had to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The command's exit status.
    pub(super) status: u8,
    /// What went wrong after the command: a module that stays, memory that leaked.
    pub(super) faults: Vec<String>,
    pub(super) stdout: Vec<u8>,
    /// From power-on to the command's start.
    pub(super) boot: Duration,
    /// From there to the command's end.
    pub(super) command: Duration,
}

/// Waits for the machine to do its task; fails if it does not get there, by [`NotBooted`] if it was too early for any
/// of it.
pub(super) fn follow(mut running: Running, request: &Request) -> Result<Verdict> {
    let started = Instant::now();
    let messages = messages(running.control.try_clone()?);
    let to = (!request.hide_stdout).then_some(io::stdout as fn() -> _);
    let stdout = relay(running.stdout.try_clone()?, request.keep_stdout, to);
    let stderr = relay(running.stderr.try_clone()?, false, Some(io::stderr));
    let timeout = request.timeout;

    let mut verdict = Verdict::default();
    let mut commanded = None;
    let mut deadline = started + BOOT;
    let mut phase = "boot";
    loop {
        let message = match messages
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => match phase {
                "run" => bail!(
                    "the command was still running after {} seconds (see --timeout); the VM was killed",
                    timeout.as_secs()
                ),
                "end" => bail!(
                    "the VM did not end within {} seconds of its command; it was killed",
                    END.as_secs()
                ),
                "load" => bail!(
                    "the VM did not load its modules within {} seconds; it was killed",
                    BOOT.as_secs()
                ),
                _ => return Err(NotBooted.into()),
            },
            Err(RecvTimeoutError::Disconnected) => match phase {
                "boot" => bail!("the VM ended before it had booted"),
                _ => bail!("the VM died before its task was done"),
            },
        };
        let (what, rest) = message.split_once(' ').unwrap_or((&message, ""));
        match what {
            "up" => {
                phase = "load";
                deadline = Instant::now() + BOOT;
            }
            "run" => {
                phase = "run";
                commanded = Some(Instant::now());
                verdict.boot = started.elapsed();
                deadline = Instant::now() + timeout;
            }
            "exit" => {
                phase = "end";
                verdict.command = commanded
                    .map(|since: Instant| since.elapsed())
                    .unwrap_or_default();
                verdict.status = rest.parse().unwrap_or(u8::MAX);
                deadline = Instant::now() + END;
            }
            "fault" => verdict.faults.push(rest.to_owned()),
            "failed" => bail!("{rest}"),
            "done" => break,
            _ => bail!("the guest's init says `{message}`, which nobody understands"),
        }
    }
    // It powers off now. If that takes long, everything it had to say is said.
    for _ in 0..50 {
        if running.process.try_wait()?.is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    // Closes the other ends of the sockets.
    drop(running);
    verdict.stdout = stdout.join().unwrap_or_default();
    stderr.join().ok();
    Ok(verdict)
}

fn messages(control: UnixStream) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut control = BufReader::new(control);
        let mut message = Vec::new();
        // Ends with the machine, or when nobody listens any more.
        while control.read_until(0, &mut message).is_ok() && message.pop() == Some(0) {
            if send
                .send(String::from_utf8_lossy(&message).into_owned())
                .is_err()
            {
                break;
            }
            message.clear();
        }
    });
    receive
}

/// Passes on what comes out of a port until the machine ends, and keeps it if asked to.
fn relay<W: Write + 'static>(
    mut from: UnixStream,
    keep: bool,
    to: Option<fn() -> W>,
) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if keep {
                kept.extend_from_slice(&buffer[..length]);
            }
            // Nobody may be reading any more; the command runs on regardless, as into a closed terminal.
            if let Some(mut to) = to.map(|to| to()) {
                to.write_all(&buffer[..length])
                    .and_then(|()| to.flush())
                    .ok();
            }
        }
        kept
    })
}
