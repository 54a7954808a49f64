//! How long it takes to make clients and uAPI headers of all generic netlink specs of a kernel tree.
//!
//! `GENL_KERNEL_SOURCE` names the tree. Prints the specs, and a line for each step: its name, and
//! nanoseconds for all specs together, those of the best round and the median of all rounds.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use genl_schema::emit::{Origin, uapi, user};
use genl_schema::model::Family;

const ROUNDS: usize = 11;

struct Spec {
    path: String,
    text: String,
}

impl Spec {
    fn compile(&self) -> Family {
        genl_schema::compile(&self.path, &self.text).unwrap_or_else(|report| panic!("{report}"))
    }

    fn origin(&self) -> Origin<'_> {
        Origin {
            command: "cargo bench",
            spec: &self.path,
        }
    }
}

fn main() {
    let specs = specs();
    for spec in &specs {
        println!("spec {}", spec.path);
    }
    // The first round, with cold caches, is what a process that does it once takes.
    measure("once", 1, || all(&specs));
    let families: Vec<_> = specs.iter().map(Spec::compile).collect();
    let known = || specs.iter().zip(&families);
    measure("all", ROUNDS, || all(&specs));
    measure("understand", ROUNDS, || {
        specs
            .iter()
            .map(|spec| black_box(spec.compile()).sets.len())
            .sum()
    });
    measure("client", ROUNDS, || {
        known()
            .map(|(spec, family)| user::render(family, spec.origin()).len())
            .sum()
    });
    measure("header", ROUNDS, || {
        known()
            .map(|(spec, family)| uapi::render(family, spec.origin()).len())
            .sum()
    });
}

/// From text to text; gives the length, so that nothing is left out.
fn all(specs: &[Spec]) -> usize {
    let lengths = specs.iter().map(|spec| {
        let family = spec.compile();
        user::render(&family, spec.origin()).len() + uapi::render(&family, spec.origin()).len()
    });
    lengths.sum()
}

fn measure(step: &str, rounds: usize, mut run: impl FnMut() -> usize) {
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    println!("{step} {} {}", times[0], times[times.len() / 2]);
}

fn specs() -> Vec<Spec> {
    let tree = std::env::var_os("GENL_KERNEL_SOURCE").expect("GENL_KERNEL_SOURCE is set");
    let dir = PathBuf::from(tree).join("Documentation/netlink/specs");
    let mut specs = Vec::new();
    for file in std::fs::read_dir(dir).expect("the tree has specs") {
        let path = file.expect("the folder can be read").path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a spec can be read");
        if !text.contains("\nprotocol: netlink-raw") {
            let path = path.to_string_lossy().into_owned();
            specs.push(Spec { path, text });
        }
    }
    specs
}
