//! The tests of kvstore's and nltest's kernel modules, run against the same families served in
//! userspace, behind a fake kernel: what that accepts and refuses is what the real one does.

mod after;
#[path = "../vm/changes.rs"]
mod changes;
#[path = "../vm/dumps.rs"]
mod dumps;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "as in a crate of its own, of which the tests need some"
)]
#[path = "../vm/families/everything.rs"]
mod everything;
#[path = "../vm/examples.rs"]
mod examples;
mod faulty;
mod guest;
mod knobs;
#[path = "../vm/kv.rs"]
mod kv;
mod late;
mod misused;
#[path = "../vm/nltest.rs"]
mod nltest;
#[path = "../vm/raw.rs"]
mod raw;
#[path = "../vm/refusals.rs"]
mod refusals;
mod rejoin;
#[path = "../vm/rights.rs"]
mod rights;
#[path = "../../examples/store/mod.rs"]
mod served;
#[path = "../vm/store.rs"]
mod store;
mod talker;
#[cfg(feature = "tokio")]
mod tasks;
mod twin;
mod wanting;

use genl_user::Options;
use genl_user::families::kvstore;
use kv::{keys, put, put_flagged, put_labels};

/// A client of the fake kernel that the calling thread is at.
fn open() -> kvstore::Client {
    kvstore::Client::open_with(&options()).expect("kvstore is registered")
}

/// How a client of that kernel is opened.
fn options() -> Options {
    Options::new().kernel(&guest::kernel())
}
