//! The families against their modules in a real kernel.
//!
//! `cargo xtask test` runs this in a virtual machine in which the modules are loaded, one test
//! at a time: some unload and load the modules.

mod cgroup;
mod changes;
mod churn;
mod dumps;
#[cfg(feature = "dynamic")]
mod everything;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "as in a crate of its own, of which the tests need some"
)]
mod families;
mod faults;
#[cfg(feature = "cli")]
mod genl;
mod guest;
#[cfg(feature = "dynamic")]
mod hostile;
mod limits;
mod modules;
mod namespaces;
mod nltest;
mod raw;
mod refusals;
mod rights;
mod runtime;
mod store;
mod talk;
mod tools;

use genl_user::families::kvstore::{self, EntryFlags, Meta, Set};

/// A client of the namespace that the calling thread is in.
fn open() -> kvstore::Client {
    kvstore::Client::open().expect("kvstore is loaded")
}

/// A number that the environment may say: how much of something a run has time for.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}

/// Sets an entry that has nothing but a value; gives its revision.
fn put(kv: &mut kvstore::Client, key: &str, value: &[u8]) -> u64 {
    let entry = Set {
        key,
        value: Some(value),
        ..Set::default()
    };
    kv.set(&entry).expect("set").revision().expect("a revision")
}

/// Sets an entry with these flags.
fn put_flagged(kv: &mut kvstore::Client, key: &str, flags: EntryFlags) {
    let entry = Set {
        key,
        flags: Some(flags),
        ..Set::default()
    };
    kv.set(&entry).expect("set");
}

/// Sets an entry with these labels.
fn put_labels(
    kv: &mut kvstore::Client,
    key: &str,
    labels: &[&str],
) -> Result<(), genl_user::Error> {
    let meta = Meta {
        label: labels,
        ..Meta::default()
    };
    kv.set(&Set {
        key,
        meta: Some(meta),
        ..Set::default()
    })
    .map(drop)
}

/// The keys of a dump of those with `prefix`, in the order in which they come.
fn keys(kv: &mut kvstore::Client, prefix: Option<&str>) -> Vec<String> {
    let dump = kv.get_dump(&kvstore::GetDump { prefix }).expect("a dump");
    dump.owned()
        .map(|entry| entry.expect("an entry").key.expect("a key"))
        .collect()
}
