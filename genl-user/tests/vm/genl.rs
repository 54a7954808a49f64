//! The command-line tool, with a family that can be changed: `genl` sets, gets and listens.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::tools::Forget;
use crate::{open, put};

const SPEC: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../schema/families/kvstore.yaml"
);

fn genl(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_genl"));
    command.args(["--spec", SPEC]).args(args);
    command
}

/// What a call came to: its exit status, stdout and stderr.
fn said(args: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = genl(args).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn genl_sets_gets_and_dumps() {
    let _forget = Forget("from-genl");
    let (code, stdout, stderr) = said(&[
        "do",
        "set",
        "key=from-genl",
        "value=00ff10",
        "flags=sticky",
        "meta.label=one",
        "meta.label=two",
        "--output-json",
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("{\"revision\": "), "{stdout}");
    let (_, stdout, stderr) = said(&["do", "get", "key=from-genl"]);
    assert!(stdout.contains("value:    00ff10\n"), "{stdout}{stderr}");
    assert!(stdout.contains("\n  label:      one, two\n"), "{stdout}");
    let (_, stdout, _) = said(&["dump", "get", "prefix=from-", "--output-json"]);
    let part = r#""flags": ["sticky"], "meta": {"created-ns": "#;
    assert!(stdout.starts_with("[{\"key\": \"from-genl\", "), "{stdout}");
    assert!(stdout.contains(part), "{stdout}");
    assert!(
        stdout.ends_with("\"label\": [\"one\", \"two\"]}}]\n"),
        "{stdout}"
    );
}

#[test]
fn genl_tells_what_the_module_says() {
    let words = "error: kvstore refused get: No such file or directory: there is no such entry; \
                 at key, which is \"nobody\" (6 bytes)\n";
    let refused = |words: &str| (Some(1), String::new(), words.to_owned());
    assert_eq!(said(&["do", "get", "key=nobody"]), refused(words));
    let (code, _, stderr) = said(&["do", "get"]);
    assert_eq!(code, Some(1));
    assert!(stderr.ends_with("; key is missing\n"), "{stderr}");
}

#[test]
fn genl_finds_the_module_to_be_as_its_spec_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_genl"))
        .args(["spec", "diff", SPEC])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert_eq!(text, "");
}

#[test]
fn genl_hears_of_changes() {
    let _forget = Forget("told-to-genl");
    let mut listener = Listener::start(&["monitor", "changes", "--count", "2", "--output-json"]);
    // It takes its time to start and to listen, so it is told until it has heard.
    let start = Instant::now();
    while listener.is_running() && start.elapsed() < Duration::from_secs(60) {
        put(&mut open(), "told-to-genl", b"x");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (stdout, _) = listener.end();
    let expected = r#"{"name": "set-ntf", "msg": {"key": "told-to-genl", "value": "78", "#;
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    assert!(
        stdout.lines().all(|line| line.starts_with(expected)),
        "{stdout}"
    );
}

#[test]
fn genl_says_that_changes_were_lost() {
    let _forget = Forget("flood");
    let listener = Listener::start(&["monitor", "--duration", "20", "--output-json"]);
    let mut kv = open();
    // While it is stopped more comes than its queue holds; before, it has to be listening.
    std::thread::sleep(Duration::from_secs(3));
    listener.signal(libc::SIGSTOP);
    for _ in 0..5000 {
        put(&mut kv, "flood", &[0; 100]);
    }
    listener.signal(libc::SIGCONT);
    let (stdout, stderr) = listener.end();
    assert!(stdout.contains("{\"overrun\": true}\n"), "{stdout}");
    assert!(
        stderr.contains("warning: notifications were lost"),
        "{stderr}"
    );
}

/// A monitor that runs beside the test.
struct Listener(Child);

impl Listener {
    fn start(args: &[&str]) -> Self {
        let mut command = genl(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("it starts"))
    }

    fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("it can be asked for").is_none()
    }

    fn signal(&self, signal: libc::c_int) {
        let pid = libc::pid_t::try_from(self.0.id()).expect("a process id");
        // SAFETY: no memory is involved, and the process is our child, which was not waited for.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }

    /// Waits for its end, and gives all that it wrote.
    fn end(mut self) -> (String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        let mut pipes = (self.0.stdout.take(), self.0.stderr.take());
        pipes
            .0
            .as_mut()
            .expect("a pipe")
            .read_to_string(&mut stdout)
            .expect("UTF-8");
        pipes
            .1
            .as_mut()
            .expect("a pipe")
            .read_to_string(&mut stderr)
            .expect("UTF-8");
        assert!(self.0.wait().expect("it ends").success(), "{stderr}");
        (stdout, stderr)
    }
}
