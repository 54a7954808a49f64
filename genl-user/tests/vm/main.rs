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
mod elsewhere;
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
mod given;
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

use given::{number, open, options};
use kv::{keys, put, put_flagged, put_labels};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;
