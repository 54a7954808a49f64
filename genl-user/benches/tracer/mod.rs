//! Counts the system calls of a process, by tracing it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

/// What WSTOPSIG gives at a system call's entry and exit, thanks to PTRACE_O_TRACESYSGOOD.
const SYSCALL_STOP: libc::c_int = libc::SIGTRAP | 0x80;

/// How many system calls the command makes, which must have a single thread and succeed.
pub(crate) fn count(command: &mut Command) -> io::Result<u64> {
    // SAFETY: between fork and exec only a bare system call is made.
    unsafe { command.pre_exec(|| ptrace(libc::PTRACE_TRACEME, 0, 0)) };
    let pid = command.spawn()?.id().cast_signed();
    // It stops by itself when it has become the new program.
    wait(pid)?;
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
    ptrace(libc::PTRACE_SETOPTIONS, pid, options as usize)?;
    let mut stops = 0;
    loop {
        ptrace(libc::PTRACE_SYSCALL, pid, 0)?;
        let status = wait(pid)?;
        if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
            // Each call but the last, exit itself, has stopped it twice.
            return Ok(stops / 2);
        }
        if !libc::WIFSTOPPED(status) {
            return Err(io::Error::other("the traced process failed"));
        }
        stops += u64::from(libc::WSTOPSIG(status) == SYSCALL_STOP);
    }
}

fn ptrace(request: libc::c_uint, pid: libc::pid_t, data: usize) -> io::Result<()> {
    // SAFETY: the requests above take numbers only.
    match unsafe { libc::ptrace(request, pid, ptr::null_mut::<u8>(), data) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn wait(pid: libc::pid_t) -> io::Result<libc::c_int> {
    let mut status = 0;
    // SAFETY: `status` is valid for writes.
    match unsafe { libc::waitpid(pid, &mut status, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(status),
    }
}
