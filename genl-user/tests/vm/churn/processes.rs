//! Processes that make traffic until they are told to end: this program again, running one test.

use std::env;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// In a worker's environment its number.
const NUMBER: &str = "GENL_TEST_WORKER";

/// What stands before a worker's result.
const MARK: &str = "result: ";

/// So many processes that run the ignored test `name`, in the calling thread's network namespace.
pub(super) fn start(name: &str, count: usize) -> Vec<Worker> {
    (0..count)
        .map(|number| {
            let program = env::current_exe().expect("this program has a path");
            let child = Command::new(program)
                .args([name, "--exact", "--ignored", "--nocapture"])
                .env(NUMBER, number.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            Worker(child.expect("a process starts"))
        })
        .collect()
}

/// A process; dropping it kills it.
pub(super) struct Worker(Child);

impl Worker {
    /// It has not ended by itself.
    pub(super) fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("its state").is_none()
    }

    /// Lets it come to its end; gives its result. Fails if it has failed.
    pub(super) fn end(mut self) -> u64 {
        drop(self.0.stdin.take());
        self.result()
    }

    /// Waits until it has come to its end.
    pub(super) fn result(mut self) -> u64 {
        let mut text = String::new();
        let stdout = self.0.stdout.as_mut().expect("it is piped");
        stdout.read_to_string(&mut text).expect("its output");
        let status = self.0.wait().expect("its status");
        assert!(status.success(), "a process failed:\n{text}");
        let (_, result) = text.split_once(MARK).expect("a result");
        let digits: String = result.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// In a worker: its number.
pub(super) fn number() -> u64 {
    let number = env::var(NUMBER).expect("another test starts this one");
    number.parse().expect("a number")
}

/// In a worker: whether to go on, until the process that started it wants it to end.
pub(super) fn wanted() -> &'static AtomicBool {
    static WANTED: AtomicBool = AtomicBool::new(true);
    thread::spawn(|| {
        // Nothing is ever written, so it ends when the other end is closed.
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        WANTED.store(false, Ordering::Relaxed);
    });
    &WANTED
}

/// In a worker: what it has to tell.
pub(super) fn tell(result: u64) {
    println!("{MARK}{result}");
}
