//! What the tests of kvstore do again and again, whoever serves it.

use genl_user::families::kvstore::{self, EntryFlags, Meta, Set};

/// Sets an entry that has nothing but a value; gives its revision.
pub(crate) fn put(kv: &mut kvstore::Client, key: &str, value: &[u8]) -> u64 {
    let entry = Set {
        key,
        value: Some(value),
        ..Set::default()
    };
    kv.set(&entry).expect("set").revision().expect("a revision")
}

/// Sets an entry with these flags.
pub(crate) fn put_flagged(kv: &mut kvstore::Client, key: &str, flags: EntryFlags) {
    let entry = Set {
        key,
        flags: Some(flags),
        ..Set::default()
    };
    kv.set(&entry).expect("set");
}

/// Sets an entry with these labels.
pub(crate) fn put_labels(
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
pub(crate) fn keys(kv: &mut kvstore::Client, prefix: Option<&str>) -> Vec<String> {
    let dump = kv.get_dump(&kvstore::GetDump { prefix }).expect("a dump");
    dump.owned()
        .map(|entry| entry.expect("an entry").key.expect("a key"))
        .collect()
}
