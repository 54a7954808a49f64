//! Counts the system calls of a process and all its threads, by tracing it.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

/// What WSTOPSIG gives at a system call's entry and exit, thanks to PTRACE_O_TRACESYSGOOD.
const SYSCALL_STOP: libc::c_int = libc::SIGTRAP | 0x80;

/// How many system calls the command makes until it exits, told this on its stdin.
pub(crate) fn count(command: &mut Command, told: &str) -> io::Result<u64> {
    // SAFETY: between fork and exec only a bare system call is made.
    unsafe { command.pre_exec(|| ptrace(libc::PTRACE_TRACEME, 0, 0, 0)) };
    let mut child = command.spawn()?;
    let pid = child.id().cast_signed();
    // It stops by itself when it has become the new program.
    wait(pid)?;
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACECLONE;
    ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options as usize)?;
    ptrace(libc::PTRACE_SYSCALL, pid, 0, 0)?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::InvalidInput)?;
    stdin.write_all(told.as_bytes())?;
    drop(stdin);
    let mut stops = 0;
    loop {
        let (thread, status) = wait(-1)?;
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            if thread != pid {
                continue;
            }
            if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
                // Each call but those that end a thread has stopped it twice.
                return Ok(stops / 2);
            }
            return Err(io::Error::other("the traced process failed"));
        }
        let signal = libc::WSTOPSIG(status);
        stops += u64::from(signal == SYSCALL_STOP);
        // Stops of the tracing itself are no signals.
        let deliver = match signal {
            SYSCALL_STOP | libc::SIGTRAP | libc::SIGSTOP => 0,
            signal => signal as usize,
        };
        // It may be gone already, with the rest of its process.
        ptrace(libc::PTRACE_SYSCALL, thread, 0, deliver).ok();
    }
}

fn ptrace(request: libc::c_uint, pid: libc::pid_t, address: usize, data: usize) -> io::Result<()> {
    let address = ptr::without_provenance_mut::<u8>(address);
    // SAFETY: the requests above take numbers only.
    match unsafe { libc::ptrace(request, pid, address, data) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Waits for a thread, any if `pid` is -1.
fn wait(pid: libc::pid_t) -> io::Result<(libc::pid_t, libc::c_int)> {
    let mut status = 0;
    // SAFETY: `status` is valid for writes.
    match unsafe { libc::waitpid(pid, &mut status, libc::__WALL) } {
        -1 => Err(io::Error::last_os_error()),
        thread => Ok((thread, status)),
    }
}
