//! A client: a process that is told what to do.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How a client is started.
pub(crate) struct Program {
    pub(crate) name: String,
    words: Vec<String>,
}

impl Program {
    /// NAME PROGRAM ARGUMENT…
    pub(crate) fn of(words: &[String]) -> Self {
        let (name, words) = words.split_first().expect("a name");
        Self {
            name: name.clone(),
            words: words.to_vec(),
        }
    }

    pub(crate) fn command(&self) -> Command {
        let (program, arguments) = self.words.split_first().expect("a program");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }
}

/// What a client answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) ns: u64,
    pub(crate) allocs: Option<u64>,
    pub(crate) switches: Option<u64>,
    pub(crate) sum: Option<u64>,
    pub(crate) lost: u64,
}

impl Answer {
    /// `None` is what it cannot do.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split(' ').collect();
        let [ns, allocs, switches, sum, lost] = words[..] else {
            assert_eq!(line, "none", "no answer");
            return None;
        };
        let number = |word: &str| word.parse().ok();
        Some(Self {
            ns: number(ns)?,
            allocs: number(allocs),
            switches: number(switches),
            sum: number(sum),
            lost: number(lost)?,
        })
    }
}

/// A client that runs; it ends with this value.
pub(crate) struct Peer {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Peer {
    /// Starts it, on this processor alone if one is given.
    pub(crate) fn start(program: &Program, processor: Option<usize>) -> Self {
        let mut command = program.command();
        if let Some(processor) = processor {
            // SAFETY: between fork and exec only a bare system call is made.
            unsafe { command.pre_exec(move || pin(processor)) };
        }
        let mut child = command.spawn().expect("a program that was built");
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            // Nobody listens any more once the peer is dropped.
            lines
                .take_while(|line| sender.send(line.clone()).is_ok())
                .for_each(drop);
        });
        Self {
            child,
            stdin,
            lines,
        }
    }

    /// What became of a case; `None` if the client cannot do it, or never answers.
    pub(crate) fn ask(
        &mut self,
        case: &str,
        count: u64,
        threads: usize,
        patience: Duration,
    ) -> Option<Answer> {
        self.tell(case, count, threads);
        self.hear(patience).as_deref().and_then(Answer::of)
    }

    pub(crate) fn tell(&mut self, case: &str, count: u64, threads: usize) {
        // One that has died does not answer either.
        writeln!(self.stdin, "{case} {count} {threads}").ok();
    }

    pub(crate) fn hear(&mut self, patience: Duration) -> Option<String> {
        self.lines.recv_timeout(patience).ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The processor that is likely to have least to do beside.
pub(crate) fn last_processor() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from) - 1
}

fn pin(processor: usize) -> std::io::Result<()> {
    // SAFETY: zeros are an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is valid, and bounds are checked by the macro's own array.
    unsafe { libc::CPU_SET(processor, &mut set) };
    // SAFETY: `set` is valid for reads of its size.
    match unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}
