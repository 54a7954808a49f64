//! What the tests ask of the machine they run on: network namespaces, and the tools of iproute2, whose answers are
//! compared with ours.

use std::ffi::{CString, OsStr};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

/// Runs `test` in a network namespace of its own, which goes with all its devices when the test ends.
pub(crate) fn in_new_netns<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    let on_own_thread = || {
        // SAFETY: the call takes a number only.
        let done = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(done, 0, "unshare: {}", io::Error::last_os_error());
        test()
    };
    thread::scope(|scope| match scope.spawn(on_own_thread).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// What `ip` with these words as arguments writes, run in the calling thread's namespace.
pub(crate) fn ip(arguments: &str) -> String {
    output(tool("usr/sbin/ip").args(arguments.split_whitespace()))
}

/// What `ip -json` with these words has to show: an array of objects.
pub(crate) fn ip_show(arguments: &str) -> Vec<Value> {
    let mut command = tool("usr/sbin/ip");
    let shown = output(
        command
            .args(["-json", "-details"])
            .args(arguments.split_whitespace()),
    );
    match serde_json::from_str(&shown) {
        Ok(Value::Array(items)) => items,
        _ if shown.trim().is_empty() => Vec::new(),
        other => panic!("ip {arguments}: {other:?}: {shown}"),
    }
}

/// The index of the interface called `name` in the calling thread's namespace.
pub(crate) fn ifindex(name: &str) -> u32 {
    let name = CString::new(name).expect("a name has no NUL");
    // SAFETY: the name is a string that outlives the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => panic!("{name:?}: {}", io::Error::last_os_error()),
        index => index,
    }
}

/// A program of the build root, run with the root's own libraries.
pub(crate) fn tool(program: impl AsRef<OsStr>) -> Command {
    let root = path("GENL_BUILD_ROOT");
    let mut command = Command::new(root.join("lib64/ld-linux-x86-64.so.2"));
    command
        .arg("--library-path")
        .arg(root.join("usr/lib/x86_64-linux-gnu"))
        .arg(root.join(program.as_ref()));
    command
}

/// What a command writes, which must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let stdout = String::from_utf8_lossy(&stdout);
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout.into_owned()
}

/// A path that the environment holds.
pub(crate) fn path(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("`cargo xtask test` sets {variable}"))
        .into()
}
