//! A process that opens, calls, dumps, listens, gives up and drops at random, while the module that it talks to is loaded
//! anew again and again: nothing hangs, nothing is left behind, and no answer is wrong.
//!
//! `GENL_STRESS_SECONDS` says for how long.

mod blocking;
mod calm;
mod leaks;
mod model;
mod tasks;

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::guest::{Reload, in_new_netns, load, unload};
use crate::number;
use calm::Calm;
use leaks::Held;

/// Threads that block, each with keys of its own; and tasks that share a thread.
const THREADS: u64 = 3;
const TASKS: u64 = 3;

/// No single step takes that long, on the slowest kernel.
const PATIENCE: Duration = Duration::from_secs(100);

/// Everything is dropped and looked over at the end of a round.
const ROUND: Duration = Duration::from_secs(30);

/// What all who take part share.
struct Stress {
    calm: Calm,
    over: AtomicBool,
    /// How many steps each of them has done.
    steps: Vec<AtomicU64>,
    seed: u64,
}

impl Stress {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn step_done(&self, worker: u64) {
        self.steps[worker as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) -> Vec<u64> {
        self.steps
            .iter()
            .map(|steps| steps.load(Ordering::Relaxed))
            .collect()
    }
}

#[test]
fn clients_stand_whatever_comes() {
    let _reload = Reload("kvstore");
    let whole = Duration::from_secs(number("GENL_STRESS_SECONDS", 20));
    // At least four, so that something is left to compare with the first.
    let round = ROUND.min(whole / 4);
    in_new_netns(|| {
        let begun = Instant::now();
        let mut first = None;
        let mut rounds = 0;
        let mut steps = vec![0; (THREADS + TASKS) as usize];
        let mut reloads = 0;
        while begun.elapsed() < whole {
            let stress = Arc::new(Stress {
                calm: Calm::new(),
                over: AtomicBool::new(false),
                steps: (0..THREADS + TASKS).map(|_| AtomicU64::new(0)).collect(),
                seed: rounds,
            });
            begin_anew();
            run(&stress, round);
            let done = stress.done();
            steps
                .iter_mut()
                .zip(done)
                .for_each(|(sum, done)| *sum += done);
            reloads += stress.calm.storms();
            rounds += 1;
            let held = Held::now();
            // The first round may leave behind what is made once.
            first.get_or_insert(held).assert_not_less_than(&held);
        }
        println!(
            "{} s, {rounds} rounds: {steps:?} steps, the module was loaded {reloads} times; first and last held {first:?} and {:?}",
            whole.as_secs(),
            Held::now()
        );
        assert!(
            steps.iter().all(|&steps| steps > 0),
            "somebody has done nothing: {steps:?}"
        );
        assert!(reloads > 0, "the module was never loaded anew");
    });
}

/// Empties the store: the workers of a round know of nothing that was written before, and the last storm may
/// have given up before it began, as a dump was open.
fn begin_anew() {
    while let Err(error) = unload("kvstore") {
        // A socket is gone a moment after it was closed.
        assert_eq!(error.raw_os_error(), Some(libc::EWOULDBLOCK), "{error}");
        thread::sleep(Duration::from_millis(1));
    }
    load("kvstore", "").expect("it loads");
}

/// One round: all of it at once, until its time is over.
fn run(stress: &Arc<Stress>, round: Duration) {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for worker in 0..THREADS {
            threads.push(scope.spawn(move || blocking::run(stress, worker)));
        }
        threads.push(scope.spawn(move || tasks::run(stress, THREADS..THREADS + TASKS)));
        threads.push(scope.spawn(move || reload(stress)));

        let begun = Instant::now();
        let mut seen = (stress.done(), Instant::now());
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(50));
            // Who has failed lets the others end too; the scope tells of it.
            if begun.elapsed() > round || threads.iter().any(|thread| thread.is_finished()) {
                stress.over.store(true, Ordering::Relaxed);
            }
            let done = stress.done();
            let nobody_waits = done.iter().zip(&seen.0).all(|(now, before)| now > before);
            if nobody_waits {
                seen = (done, Instant::now());
            } else if seen.1.elapsed() > PATIENCE {
                // A thread that hangs is never joined, so nobody else would say it.
                println!("hangs: steps {:?} to {done:?}", seen.0);
                process::exit(1);
            }
        }
    });
}

/// Loads the module anew every now and then.
fn reload(stress: &Stress) {
    while stress.goes_on() {
        thread::sleep(Duration::from_millis(700));
        stress.calm.storm(|| {
            while let Err(error) = unload("kvstore") {
                // A dump is open.
                assert_eq!(error.raw_os_error(), Some(libc::EWOULDBLOCK), "{error}");
                if !stress.goes_on() {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
            load("kvstore", "").expect("it loads");
        });
    }
}
