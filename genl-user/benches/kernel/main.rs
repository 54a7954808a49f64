//! What an operation costs in the kernel: the module kvstore beside the same one in C, kvstore_c.
//!
//! `cargo xtask bench --kernel` runs it in a VM that has both modules. First both have to answer
//! alike. Then they take turns in each case, asked by the same code, and each line of output is
//! one case: `CASE RUST-BEST RUST-MEDIAN C-BEST C-MEDIAN RATIO`. Costs are of one operation, in
//! nanoseconds of the VM's clock, which may count instructions; the ratio is that of a round's cost
//! to that of the C module's round, median of all rounds.

mod alike;
mod kvstore;
mod netlink;

use std::time::Instant;

use kvstore::{DEL, GET, STATS, UNKNOWN};
use netlink::{DUMP, Family, Socket, kind};

/// Rounds of a case; each one measures both modules.
const ROUNDS: usize = 15;

/// Operations of a round, where one does not take long. A round is to be over before the next tick
/// of the clock.
const OPERATIONS: usize = 40;

/// Entries of the store while one of them is asked for, and in a dump.
const FEW: usize = 1_000;
const MANY: usize = 10_000;

/// Bytes of a value.
const SMALL: usize = 64;
const LARGE: usize = 4096;

fn main() {
    let families = ["kvstore", "kvstore_c"].map(Family::find);
    new_stores();
    alike::check(families);
    new_stores();

    let mut modules = families.map(Module::new);
    modules.iter_mut().for_each(|module| module.fill(0..FEW));
    measure("unknown-command", &mut modules, Module::unknown);
    measure("get", &mut modules, |module| module.get(SMALL));
    measure("get-4096", &mut modules, |module| module.get(LARGE));
    measure("set-new", &mut modules, Module::set_new);
    measure("set-replace", &mut modules, Module::set_replace);
    measure("del", &mut modules, Module::del);
    measure("stats", &mut modules, Module::stats);
    for listeners in [1, 100] {
        modules
            .iter_mut()
            .for_each(|module| module.listen(listeners));
        let case = format!("set-listeners-{listeners}");
        measure(&case, &mut modules, Module::notify);
    }
    modules.iter_mut().for_each(|module| module.listen(0));
    modules.iter_mut().for_each(|module| module.fill(FEW..MANY));
    measure("dump-10000", &mut modules, Module::dump);
}

/// Moves to a namespace of its own, and so to stores that are empty.
fn new_stores() {
    // SAFETY: the call takes a number only.
    let outcome = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    assert_eq!(outcome, 0, "unshare: {}", std::io::Error::last_os_error());
}

/// Measures a case and prints its line.
fn measure(case: &str, modules: &mut [Module; 2], round: impl Fn(&mut Module) -> f64) {
    let mut costs = [const { Vec::new() }; 2];
    // What is done for the first time takes longer.
    modules.iter_mut().for_each(|module| _ = round(module));
    for number in 0..ROUNDS {
        // Who goes first changes from round to round.
        for turn in 0..2 {
            let module = (number + turn) % 2;
            costs[module].push(round(&mut modules[module]));
        }
    }
    let pairs = costs[0].iter().zip(&costs[1]);
    let ratio = median(&pairs.map(|(rust, c)| rust / c).collect::<Vec<_>>());
    let [rust, c] = costs.each_ref().map(|costs| (best(costs), median(costs)));
    println!(
        "{case} {:.1} {:.1} {:.1} {:.1} {ratio:.4}",
        rust.0, rust.1, c.0, c.1
    );
}

/// One of the two, and who talks to it.
struct Module {
    family: Family,
    socket: Socket,
    listeners: Vec<Socket>,
}

impl Module {
    fn new(family: Family) -> Self {
        Self {
            family,
            socket: Socket::open(),
            listeners: Vec::new(),
        }
    }

    /// Makes entries.
    fn fill(&mut self, numbers: std::ops::Range<usize>) {
        let requests =
            numbers.map(|number| kvstore::set(self.family, &kvstore::name(number), SMALL));
        let requests = requests.collect();
        self.cost(requests);
    }

    fn listen(&mut self, count: usize) {
        self.listeners.clear();
        self.listeners
            .extend((0..count).map(|_| Socket::listener(self.family)));
    }

    /// What one of the requests costs; each has to be answered by a reply.
    fn cost(&mut self, mut requests: Vec<Vec<u8>>) -> f64 {
        let start = Instant::now();
        for request in &mut requests {
            let reply = self.socket.call(request);
            assert_eq!(kind(reply), self.family.id, "{reply:?}");
        }
        start.elapsed().as_nanos() as f64 / requests.len() as f64
    }

    /// What the core does for any request and its answer: no family has this command.
    fn unknown(&mut self) -> f64 {
        let mut requests = vec![self.family.request(UNKNOWN, 0, &[]); OPERATIONS];
        let start = Instant::now();
        for request in &mut requests {
            let reply = self.socket.call(request);
            assert_eq!(i32::from(kind(reply)), libc::NLMSG_ERROR);
        }
        start.elapsed().as_nanos() as f64 / OPERATIONS as f64
    }

    /// Reads an entry with a value of `len` bytes, in a store of [`FEW`].
    fn get(&mut self, len: usize) -> f64 {
        let key = kvstore::name(FEW / 3);
        self.cost(vec![kvstore::set(self.family, &key, len)]);
        let cost = self.cost(vec![kvstore::of(self.family, GET, &key); OPERATIONS]);
        self.cost(vec![kvstore::set(self.family, &key, SMALL)]);
        cost
    }

    fn set_new(&mut self) -> f64 {
        let requests = self.each_new(|family, key| kvstore::set(family, key, SMALL));
        let cost = self.cost(requests);
        let requests = self.each_new(|family, key| kvstore::of(family, DEL, key));
        self.cost(requests);
        cost
    }

    fn set_replace(&mut self) -> f64 {
        let request = kvstore::set(self.family, &kvstore::name(FEW / 3), SMALL);
        self.cost(vec![request; OPERATIONS])
    }

    fn del(&mut self) -> f64 {
        let requests = self.each_new(|family, key| kvstore::set(family, key, SMALL));
        self.cost(requests);
        let requests = self.each_new(|family, key| kvstore::of(family, DEL, key));
        self.cost(requests)
    }

    /// A request for each of some keys that stand between others, which no entry has.
    fn each_new(&self, request: impl Fn(Family, &str) -> Vec<u8>) -> Vec<Vec<u8>> {
        let keys = (0..OPERATIONS).map(|number| format!("{}/new", kvstore::name(number * 20)));
        keys.map(|key| request(self.family, &key)).collect()
    }

    fn stats(&mut self) -> f64 {
        self.cost(vec![self.family.request(STATS, 0, &[]); OPERATIONS])
    }

    /// Replaces an entry while others listen.
    fn notify(&mut self) -> f64 {
        const FIT: usize = 8;
        let request = kvstore::set(self.family, &kvstore::name(FEW / 3), SMALL);
        let cost = self.cost(vec![request; FIT]);
        for listener in &mut self.listeners {
            assert_eq!(listener.drain(), FIT);
        }
        cost
    }

    /// Reads all [`MANY`] entries.
    fn dump(&mut self) -> f64 {
        let mut request = self.family.request(GET, DUMP, &[]);
        let start = Instant::now();
        assert_eq!(self.socket.dump(&mut request), MANY);
        start.elapsed().as_nanos() as f64
    }
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
