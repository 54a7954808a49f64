//! The tool, as the tests call it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use genl_user::dynamic::serde_json::{self, Value};

/// What a call of the tool came to.
pub(crate) struct Said {
    /// The exit status.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// The one line of JSON on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.stdout.lines().count(),
            1,
            "{}{}",
            self.stdout,
            self.stderr
        );
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// It was refused with this status and exactly these words, and showed nothing.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &str) {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(code), ""),
            "{}",
            self.stderr
        );
        assert_eq!(self.stderr, words);
    }
}

/// Calls the tool, which finds no specs but those that the arguments name.
pub(crate) fn genl(args: &[&str]) -> Said {
    said(command(args).output().unwrap())
}

/// Calls the tool with the spec of nlctrl.
pub(crate) fn nlctrl(args: &[&str]) -> Said {
    let path = spec("nlctrl.yaml");
    genl(&[&["--spec", &path], args].concat())
}

/// Calls the tool with a text on stdin.
pub(crate) fn genl_reads(args: &[&str], input: &str) -> Said {
    let mut command = command(args);
    command.stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    said(child.wait_with_output().unwrap())
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_genl"));
    command
        .args(args)
        .env_remove("GENL_SPEC_PATH")
        .stdin(Stdio::null());
    command
}

/// The path of a spec that ships.
pub(crate) fn spec(name: &str) -> String {
    let path = folder().join(name);
    path.to_str().unwrap().to_owned()
}

/// Where the specs are that ship.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schema/families")
}

pub(crate) fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
