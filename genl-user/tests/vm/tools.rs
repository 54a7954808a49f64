//! The tools that others use: iproute2's `genl`, and the kernel tree's own YNL command line.
//!
//! `cargo xtask test` says where they are: both run in the build root's own user space.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use genl_user::families::kvstore::Get;

use crate::{keys, open, put};

fn path(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("`cargo xtask test` sets {variable}"))
        .into()
}

/// A program of the build root, run with the root's own libraries.
pub(crate) fn in_build_root(program: &str) -> Command {
    let root = path("GENL_BUILD_ROOT");
    let mut command = Command::new(root.join("lib64/ld-linux-x86-64.so.2"));
    command
        .arg("--library-path")
        .arg(root.join("usr/lib/x86_64-linux-gnu"))
        .arg(root.join(program))
        .env("PYTHONHOME", root.join("usr"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The kernel tree's `pyynl/cli.py` with the kvstore spec of this checkout.
fn ynl() -> Command {
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = in_build_root("usr/bin/python3");
    command
        .arg(path("GENL_KERNEL_SOURCE").join("tools/net/ynl/pyynl/cli.py"))
        .arg("--spec")
        .arg(checkout.join("schema/families/kvstore.yaml"))
        .args(["--no-schema", "--output-json"]);
    command
}

pub(crate) fn stdout(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout.into_owned()
}

/// These run in the namespace that the machine booted with, which others use too.
pub(crate) struct Forget(pub(crate) &'static str);

impl Drop for Forget {
    fn drop(&mut self) {
        let _ = open().del(&genl_user::families::kvstore::Del { key: self.0 });
    }
}

#[test]
fn iproute2_sees_the_family() {
    let shown = stdout(in_build_root("usr/sbin/genl").args(["ctrl", "get", "name", "kvstore"]));
    assert!(shown.contains("Name: kvstore"), "{shown}");
    assert!(shown.contains("changes"), "{shown}");
}

#[test]
fn ynl_sets_gets_and_dumps() {
    let _forget = Forget("from-ynl");
    let set =
        r#"{"key": "from-ynl", "value": "00ff10", "flags": ["sticky"], "meta": {"label": ["x"]}}"#;
    let revision = stdout(ynl().args(["--do", "set", "--json", set]));
    assert!(revision.contains("\"revision\""), "{revision}");
    let mut kv = open();
    let entry = kv.get(&Get { key: "from-ynl" }).expect("get").to_owned();
    assert_eq!(entry.value.as_deref(), Some(&b"\x00\xff\x10"[..]));
    assert_eq!(entry.meta.expect("meta").label, ["x"]);
    let shown = stdout(ynl().args(["--do", "get", "--json", r#"{"key": "from-ynl"}"#]));
    for part in [r#""key": "from-ynl""#, "sticky", r#""label""#, r#""hits""#] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown = stdout(ynl().args(["--dump", "get", "--json", r#"{"prefix": "from-"}"#]));
    assert!(shown.contains("from-ynl"), "{shown}");
    assert_eq!(keys(&mut kv, Some("from-")), ["from-ynl"]);
}

#[test]
fn ynl_hears_of_changes() {
    let _forget = Forget("told-to-ynl");
    let mut listener = ynl()
        .args(["--subscribe", "changes", "--duration", "40"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It takes its time to start and to listen, so it is told until it has heard.
    let stdout = listener.stdout.take().expect("a pipe");
    let heard = std::thread::spawn(move || {
        use std::io::{BufRead, BufReader};

        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        lines
            .take_while(|line| !line.contains("told-to-ynl"))
            .count()
    });
    let start = Instant::now();
    while !heard.is_finished() && start.elapsed() < Duration::from_secs(60) {
        put(&mut open(), "told-to-ynl", b"");
        std::thread::sleep(Duration::from_millis(100));
    }
    let in_time = heard.is_finished();
    let _ = listener.kill();
    listener.wait().expect("it ends");
    assert!(in_time, "the listener heard nothing");
}
