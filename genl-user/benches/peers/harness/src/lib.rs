//! What every peer in Rust shares: it is told on stdin what to do, and answers on stdout.
//!
//! A line `CASE COUNT THREADS` is answered with `NS ALLOCS SWITCHES SUM LOST`: how many nanoseconds it took to do the
//! case's operation so often in each thread, how often memory was asked for, how often a thread gave up its processor
//! because it had to wait, what came of an operation (peers must agree on it), and how many losses it was told of.
//! The answer is `none` where the peer cannot do it. A case's socket is opened when the case is first asked for, and
//! kept; threads open their own.
//!
//! In the case `events`, COUNT is of no meaning. The peer says `ready` when it listens, reads slowly until it is told of
//! the key `end`, and answers with the processor time that it took; SUM is then how many events it got.

#[path = "../../../../tests/counting/mod.rs"]
mod counting;
mod recorded;

pub use recorded::{recorded, recorded_len};

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::Barrier;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Does a case's operation so often, on its socket. It gives what came of the last one, which depends on what was read,
/// so that nothing can be left out.
pub type Operation = Box<dyn FnMut(u64) -> u64>;

/// The operation that is this, each time.
pub fn each(mut once: impl FnMut() -> u64 + 'static) -> Operation {
    Box::new(move |count| {
        let mut sum = 0;
        (0..count).for_each(|_| sum = once());
        sum
    })
}

/// How often a slow reader pauses, in events, and for how long. It reads 20,000 events a second at most.
const PAUSE_EVERY: u64 = 1000;
const PAUSE: Duration = Duration::from_millis(50);

/// The entries of the dump, without the large one.
pub const SMALL_ENTRIES: usize = 9_999;
/// The key of the large entry, and the size of its value.
pub const LARGE_KEY: &str = "large";
pub const LARGE: usize = 1024;
/// Requests in one batch.
pub const BATCH: usize = 64;

/// Tells who reads events what it is to do.
pub struct Reader {
    heard: u64,
    lost: u64,
}

impl Reader {
    /// To be called once, when nothing will be missed any more.
    pub fn ready(&mut self) {
        println!("ready");
    }

    /// An event about the entry of this key came. Whether to go on.
    pub fn heard(&mut self, key: &str) -> bool {
        if key == "end" {
            return false;
        }
        self.heard += 1;
        if self.heard.is_multiple_of(PAUSE_EVERY) {
            std::thread::sleep(PAUSE);
        }
        true
    }

    /// The client said that events were lost.
    pub fn lost(&mut self) {
        self.lost += 1;
    }
}

/// Does what stdin says until that ends. `open` makes the operation of a case, `listen` reads events.
pub fn serve(open: fn(&str) -> Option<Operation>, listen: Option<fn(&mut Reader)>) {
    let mut operations = HashMap::new();
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<_> = line.split(' ').collect();
        let [case, count, threads] = words[..] else {
            panic!("not CASE COUNT THREADS: {line}");
        };
        let count: u64 = count.parse().expect("a count");
        let threads: usize = threads.parse().expect("a number of threads");
        let answer = match (case, threads) {
            ("events", _) => listen.map(events),
            (_, 1) => operations
                .entry(case.to_owned())
                .or_insert_with(|| open(case))
                .as_mut()
                .map(|operation| one(operation, count)),
            _ => open(case).map(|_| many(open, case, count, threads)),
        };
        let mut stdout = io::stdout().lock();
        match answer {
            Some(answer) => writeln!(stdout, "{answer}").expect("a reader"),
            None => writeln!(stdout, "none").expect("a reader"),
        }
    }
}

fn one(operation: &mut Operation, count: u64) -> String {
    let switches = usage().ru_nvcsw;
    let mut sum = 0;
    let mut ns = 0;
    let allocs = counting::count(|| {
        let start = Instant::now();
        sum = operation(count);
        ns = start.elapsed().as_nanos();
    });
    format!("{ns} {allocs} {} {sum} 0", usage().ru_nvcsw - switches)
}

fn many(open: fn(&str) -> Option<Operation>, case: &str, count: u64, threads: usize) -> String {
    let barrier = Barrier::new(threads);
    // From the first thread's begin to the last one's end.
    let times = std::thread::scope(|scope| {
        let run = || {
            let mut operation = open(case).expect("what the first thread could open");
            operation(count.min(100));
            barrier.wait();
            let start = Instant::now();
            operation(count);
            (start, Instant::now())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let times = threads
            .into_iter()
            .map(|thread| thread.join().expect("its times"));
        times.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    });
    let (start, end) = times.expect("a thread");
    // Starting threads allocates and waits.
    format!("{} - - - 0", (end - start).as_nanos())
}

fn events(listen: fn(&mut Reader)) -> String {
    let mut reader = Reader { heard: 0, lost: 0 };
    let before = processor_ns();
    let switches = usage().ru_nvcsw;
    let allocs = counting::count(|| listen(&mut reader));
    let ns = processor_ns() - before;
    let switches = usage().ru_nvcsw - switches;
    format!("{ns} {allocs} {switches} {} {}", reader.heard, reader.lost)
}

fn processor_ns() -> i64 {
    let usage = usage();
    let ns = |time: libc::timeval| time.tv_sec * 1_000_000_000 + time.tv_usec * 1_000;
    ns(usage.ru_utime) + ns(usage.ru_stime)
}

fn usage() -> libc::rusage {
    // SAFETY: zeros are a value of the struct.
    let mut usage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for writes.
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    assert_eq!(status, 0);
    usage
}

/// The value of the large entry.
pub fn large_value() -> Vec<u8> {
    (0..LARGE).map(|at| at as u8).collect()
}
