//! The families against their modules in a real kernel.
//!
//! `cargo xtask test` runs this in a virtual machine in which the modules are loaded, one test
//! at a time: some unload and load the modules.

#[cfg(all(feature = "dynamic", feature = "testing"))]
mod alike;
mod autoload;
mod cgroup;
mod changes;
mod churn;
#[path = "../counting/mod.rs"]
mod counting;
mod dumps;
#[cfg(feature = "dynamic")]
mod everything;
mod examples;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "as in a crate of its own, of which the tests need some"
)]
mod families;
mod faults;
mod follow;
#[cfg(feature = "cli")]
mod genl;
mod guest;
#[cfg(feature = "dynamic")]
mod hostile;
mod kv;
mod limits;
mod listen;
mod modules;
mod namespaces;
mod nltest;
mod nltest_alone;
mod own_rights;
mod raw;
mod refusals;
mod rights;
mod route;
mod runtime;
#[cfg(feature = "testing")]
#[path = "../../examples/store/mod.rs"]
mod served;
mod store;
#[cfg(all(feature = "dynamic", feature = "tokio"))]
mod stress;
mod talk;
#[cfg(feature = "tokio")]
mod tasks;
mod tools;

use genl_user::Options;
use genl_user::families::kvstore;

use kv::{keys, put, put_flagged, put_labels};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// A client of the namespace that the calling thread is in.
fn open() -> kvstore::Client {
    kvstore::Client::open().expect("kvstore is loaded")
}

/// How a client of that namespace is opened.
fn options() -> Options {
    Options::new()
}

/// A number that the environment may say: how much of something a run has time for.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}
