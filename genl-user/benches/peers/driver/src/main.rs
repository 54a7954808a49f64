//! Measures clients beside each other; `cargo xtask bench` drives it, on this machine and in a virtual one.
//!
//! Each client is a process (../harness says what it is told), so that rounds can take turns. Arguments: `host`, `store`
//! or `store-counted` (where the clock counts instructions), whose cases are measured, then `--peer NAME PROGRAM ARGUMENT…` for each client; the first is the raw one,
//! by whose figures the others are checked. A line of output is one client in one case:
//!
//! `CASE THREADS CLIENT SWITCHES ALLOCS SYSCALLS TIME…`, an operation each, the times in nanoseconds and one a round;
//! `recorded BYTES`, that are decoded in an operation of `decode`;
//! `events 1 CLIENT SWITCHES ALLOCS - RECEIVED LOST TIME`, an event each but for what was received and how often losses
//! were told. What a client cannot do is left out, what it does not tell is `-`.

mod peer;
mod tracer;

use std::time::Duration;

use peer::{Answer, Peer, Program};

/// How long a round of one client is to take, about; a virtual machine may be far slower than this one.
const ROUND: Duration = Duration::from_millis(2);
const ROUND_IN_VM: Duration = Duration::from_millis(20);

/// How long a client may take for what is asked of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Events that are sent to those who listen.
const EVENTS: u64 = 100_000;
/// How often the event is sent that ends it, as it may be lost as well, and how long is waited between.
const ENDS: u32 = 100;
const BETWEEN_ENDS: Duration = Duration::from_millis(100);

/// A case, how many threads do it, how many requests are one operation of it, how many rounds there are, and how long
/// each takes about.
struct Case {
    name: &'static str,
    threads: usize,
    requests: u64,
    rounds: usize,
    round: Duration,
}

const fn case(name: &'static str, rounds: usize) -> Case {
    Case {
        name,
        threads: 1,
        requests: 1,
        rounds,
        round: ROUND,
    }
}

const fn in_vm(name: &'static str, rounds: usize) -> Case {
    Case {
        round: ROUND_IN_VM,
        ..case(name, rounds)
    }
}

const HOST: [Case; 7] = [
    case("family", 151),
    case("families", 101),
    case("policy", 101),
    Case {
        requests: 64,
        ..case("pipeline", 151)
    },
    case("decode", 101),
    Case {
        threads: 2,
        ..case("family", 31)
    },
    Case {
        threads: 4,
        ..case("family", 31)
    },
];

const STORE: [Case; 5] = [
    in_vm("get", 51),
    in_vm("set", 51),
    in_vm("list", 7),
    Case {
        threads: 2,
        ..in_vm("get", 15)
    },
    Case {
        threads: 4,
        ..in_vm("get", 15)
    },
];

/// Where the clock counts instructions one round is as good as many, and threads take turns.
const STORE_COUNTED: [Case; 3] = [case("get", 9), case("set", 9), case("list", 3)];

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let mut parts = args.split(|arg| arg == "--peer");
    let place = parts.next().and_then(|words| words.first());
    let programs: Vec<_> = parts.map(Program::of).collect();
    match place.map(String::as_str) {
        Some("host") => {
            let recorded = Peer::start(&programs[0], None).ask("recorded", 1, 1, PATIENCE);
            let bytes = recorded.and_then(|recorded| recorded.sum);
            println!("recorded {}", bytes.expect("how much there is to decode"));
            HOST.iter().for_each(|case| measure(case, &programs));
        }
        Some(store @ ("store" | "store-counted")) => {
            let cases = match store {
                "store" => &STORE[..],
                _ => &STORE_COUNTED,
            };
            Peer::start(&programs[0], None)
                .ask("fill", 1, 1, PATIENCE)
                .expect("the module");
            cases.iter().for_each(|case| measure(case, &programs));
            programs
                .iter()
                .for_each(|program| listen(program, &programs[0]));
        }
        _ => eprintln!("this is for `cargo xtask bench`"),
    }
}

fn measure(case: &Case, programs: &[Program]) {
    // Threads are to run beside each other, a single one is not to wander.
    let processor = (case.threads == 1).then_some(peer::last_processor());
    let mut clients = Vec::new();
    for program in programs {
        let mut peer = Peer::start(program, processor);
        if let Some(first) = peer.ask(case.name, 1, 1, PATIENCE) {
            clients.push(Client::new(case, program, peer, first));
        }
    }
    let sum = clients.first().expect("the raw client").sum;
    for client in &clients {
        let name = &client.program.name;
        assert_eq!(
            client.sum, sum,
            "{name} read something else in {}",
            case.name
        );
    }
    for round in 0..case.rounds {
        // Who goes first changes from round to round.
        let first = round % clients.len();
        let (later, sooner) = clients.split_at_mut(first);
        sooner
            .iter_mut()
            .chain(later)
            .for_each(|client| client.round(case));
    }
    for client in &clients {
        client.report(case);
    }
}

/// A client in a case.
struct Client<'a> {
    program: &'a Program,
    peer: Peer,
    sum: Option<u64>,
    /// Operations in a round, and of all rounds.
    count: u64,
    done: u64,
    allocs: Option<u64>,
    switches: Option<u64>,
    times: Vec<f64>,
}

impl<'a> Client<'a> {
    fn new(case: &Case, program: &'a Program, mut peer: Peer, first: Answer) -> Self {
        let mut operation = |count| {
            let answer = peer.ask(case.name, count, 1, PATIENCE);
            answer.expect("what it did before").ns.max(1) as f64 / count as f64
        };
        // The first ones are slower than all later ones, and any may be disturbed.
        let few = operation(1).min(operation(1));
        let warm = (case.round.as_nanos() as f64 / few).clamp(1.0, 1000.0) as u64;
        let operation = (0..3).map(|_| operation(warm)).fold(few, f64::min);
        let count = (case.round.as_nanos() as f64 / operation).max(1.0) as u64;
        Self {
            program,
            peer,
            sum: first.sum,
            count,
            done: 0,
            allocs: Some(0),
            switches: Some(0),
            times: Vec::new(),
        }
    }

    fn round(&mut self, case: &Case) {
        let answer = self.peer.ask(case.name, self.count, case.threads, PATIENCE);
        let Some(answer) = answer else { return };
        let add = |sum: Option<u64>, more: Option<u64>| Some(sum? + more?);
        self.allocs = add(self.allocs, answer.allocs);
        self.switches = add(self.switches, answer.switches);
        self.done += self.count;
        let operations = self.count * case.requests * case.threads as u64;
        self.times.push(answer.ns as f64 / operations as f64);
    }

    fn report(&self, case: &Case) {
        if self.times.is_empty() {
            return;
        }
        let operations = (self.done * case.requests) as f64;
        let each = |count: Option<u64>| count.map(|count| count as f64 / operations);
        let syscalls = (case.threads == 1).then(|| self.syscalls(case));
        print!("{} {} {}", case.name, case.threads, self.program.name);
        for number in [each(self.switches), each(self.allocs), syscalls] {
            match number {
                Some(number) => print!(" {number:.3}"),
                None => print!(" -"),
            }
        }
        self.times.iter().for_each(|time| print!(" {time:.1}"));
        println!();
    }

    /// System calls an operation: what more operations take more, so that neither start nor end count.
    fn syscalls(&self, case: &Case) -> f64 {
        let (fewer, more) = if case.name == "list" {
            (1, 3)
        } else {
            (20, 120)
        };
        let [few, many] = [fewer, more].map(|count| {
            let told = format!("{} {count} 1\n", case.name);
            tracer::count(&mut self.program.command(), &told).expect("a program that can be traced")
        });
        many.saturating_sub(few) as f64 / ((more - fewer) * case.requests) as f64
    }
}

/// Sends a program events faster than it reads them.
fn listen(program: &Program, producer: &Program) {
    let mut reader = Peer::start(program, Some(peer::last_processor()));
    reader.tell("events", 1, 1);
    match reader.hear(PATIENCE).as_deref() {
        Some("ready") => {}
        _ => return,
    }
    let mut producer = Peer::start(producer, Some(0));
    producer
        .ask("produce", EVENTS, 1, PATIENCE)
        .expect("the module");
    let answer = (0..ENDS).find_map(|_| {
        producer.ask("end", 1, 1, PATIENCE);
        reader.hear(BETWEEN_ENDS)
    });
    let Some(answer) = answer.as_deref().and_then(Answer::of) else {
        println!("events 1 {} - - - - - -", program.name);
        return;
    };
    let received = answer.sum.unwrap_or(0);
    let each = |count: u64| count as f64 / received.max(1) as f64;
    println!(
        "events 1 {} {:.3} {:.3} - {received} {} {:.1}",
        program.name,
        each(answer.switches.unwrap_or(0)),
        each(answer.allocs.unwrap_or(0)),
        answer.lost,
        each(answer.ns)
    );
}
