//! What a call costs: this crate's client beside the least that can be done by hand.
//!
//! `cargo xtask bench` drives it. The clients take turns in each case, so that both meet the same
//! machine, and each line of output is one client in one case:
//! `CASE CLIENT BEST MEDIAN RATIO ALLOCS SYSCALLS`. Times are in nanoseconds an operation; the
//! ratio is that of a round's time to the raw client's in the same round, median of all rounds;
//! allocations and system calls are those of an operation.
//!
//! With `--only CASE CLIENT COUNT` nothing is measured: so many operations are done, for the
//! program, which runs itself so, to count their system calls.

#[path = "../tests/counting/mod.rs"]
mod counting;
mod raw;
mod tracer;

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyDump};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Rounds of each case; each round times every client once.
const ROUNDS: usize = 201;

/// How long a round of one client is to take, about.
const ROUND_NS: f64 = 2_000_000.0;

const CASES: [&str; 2] = ["getfamily-do", "getfamily-dump"];
const CLIENTS: [&str; 2] = ["raw", "genl-user"];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["--only", case, client, count] => {
            let count = count.parse().expect("a count");
            let mut call = call(case, client);
            (0..count).for_each(|_| call());
        }
        // `cargo bench` passes `--bench`.
        _ => CASES.iter().for_each(|case| measure(case)),
    }
}

/// What one operation of a client in a case is; its socket is open already.
fn call(case: &str, client: &str) -> Box<dyn FnMut()> {
    match (case, client) {
        ("getfamily-do", "raw") => {
            let mut raw = raw::Socket::open();
            Box::new(move || assert_eq!(black_box(raw.getfamily()), 16))
        }
        ("getfamily-dump", "raw") => {
            let mut raw = raw::Socket::open();
            Box::new(move || assert_ne!(black_box(raw.dump()), 0))
        }
        ("getfamily-do", "genl-user") => {
            let mut client = Client::open().expect("nlctrl is always there");
            let request = Getfamily {
                family_name: Some("nlctrl"),
                ..Getfamily::default()
            };
            Box::new(move || {
                let family = client.getfamily(&request).expect("a reply");
                assert_eq!(black_box(family.family_id()), Some(16));
            })
        }
        ("getfamily-dump", "genl-user") => {
            let mut client = Client::open().expect("nlctrl is always there");
            Box::new(move || {
                let mut families = client.getfamily_dump(&GetfamilyDump {}).expect("a dump");
                let mut ids = 0;
                while let Some(family) = families.next().expect("a family") {
                    ids += u64::from(family.family_id().expect("an id"));
                }
                assert_ne!(black_box(ids), 0);
            })
        }
        _ => panic!("no case {case} of client {client}"),
    }
}

fn measure(case: &str) {
    let mut calls = CLIENTS.map(|client| call(case, client));
    let mut allocs = [0.0; 2];
    for (call, allocs) in calls.iter_mut().zip(&mut allocs) {
        (0..1000).for_each(|_| call());
        *allocs = counting::count(|| (0..1000).for_each(|_| call())) as f64 / 1000.0;
    }
    let count = (ROUND_NS / time(&mut calls[0], 1000)).max(1.0) as usize;

    let mut times = [const { Vec::new() }; 2];
    for round in 0..ROUNDS {
        // Who goes first changes from round to round.
        for turn in 0..2 {
            let client = (round + turn) % 2;
            times[client].push(time(&mut calls[client], count));
        }
    }
    let ratios: [Vec<f64>; 2] = [0, 1].map(|client| {
        let pairs = times[client].iter().zip(&times[0]);
        pairs.map(|(time, raw)| time / raw).collect()
    });
    for (client, name) in CLIENTS.iter().enumerate() {
        let best = times[client].iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "{case} {name} {best:.1} {:.1} {:.3} {:.3} {:.3}",
            median(&times[client]),
            median(&ratios[client]),
            allocs[client],
            syscalls(case, name)
        );
    }
}

/// Nanoseconds a call, on average of `count` calls.
fn time(call: &mut dyn FnMut(), count: usize) -> f64 {
    let start = Instant::now();
    (0..count).for_each(|_| call());
    start.elapsed().as_nanos() as f64 / count as f64
}

/// System calls an operation: what 200 take more than 100, so that neither start nor end count.
fn syscalls(case: &str, client: &str) -> f64 {
    let program = std::env::current_exe().expect("a path to this program");
    let [fewer, more] = [100, 200].map(|count: u32| {
        let mut command = Command::new(&program);
        command.args(["--only", case, client, &count.to_string()]);
        tracer::count(&mut command).expect("a process that can be traced")
    });
    (more - fewer) as f64 / 100.0
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
