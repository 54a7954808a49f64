//! What kvstore's operations do when all is well.

use std::time::{SystemTime, UNIX_EPOCH};

use genl_user::families::kvstore::{Clear, Del, EntryFlags, Get, GetDump, Meta, Set, Stats};

use crate::guest::in_new_netns;
use crate::raw::refusal;
use crate::{keys, open, put, put_flagged, put_labels};

#[test]
fn an_entry_comes_back_as_it_was_set() {
    in_new_netns(|| {
        let mut kv = open();
        let before = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock");
        let set = Set {
            key: "host",
            value: Some(b"example\0\xff"),
            flags: Some(EntryFlags::STICKY),
            meta: Some(Meta {
                label: &["one", "two", ""],
                ..Meta::default()
            }),
        };
        let revision = kv.set(&set).expect("set").revision();
        let entry = kv.get(&Get { key: "host" }).expect("get");
        assert_eq!(entry.key(), Some("host"));
        assert_eq!(entry.value(), Some(&b"example\0\xff"[..]));
        assert_eq!(entry.revision(), revision);
        assert_eq!(entry.flags(), Some(EntryFlags::STICKY));
        let meta = entry.meta().expect("meta");
        assert_eq!(meta.label().collect::<Vec<_>>(), ["one", "two", ""]);
        let created = u128::from(meta.created_ns().expect("created-ns"));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock");
        assert!(
            (before.as_nanos()..=now.as_nanos()).contains(&created),
            "{created}"
        );
    });
}

#[test]
fn an_absent_value_is_empty() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"something");
        kv.set(&Set {
            key: "a",
            ..Set::default()
        })
        .expect("set");
        let entry = kv.get(&Get { key: "a" }).expect("get").to_owned();
        assert_eq!(entry.value.unwrap_or_default(), b"");
        assert_eq!(entry.flags.unwrap_or_default(), EntryFlags::empty());
        assert_eq!(entry.meta.expect("meta").label, Vec::<String>::new());
    });
}

#[test]
fn every_change_raises_the_revision_by_one() {
    in_new_netns(|| {
        let mut kv = open();
        assert_eq!(kv.stats(&Stats {}).expect("stats").revision(), Some(0));
        assert_eq!(put(&mut kv, "a", b"1"), 1);
        assert_eq!(put(&mut kv, "b", b"1"), 2);
        assert_eq!(put(&mut kv, "a", b"2"), 3);
        assert_eq!(kv.del(&Del { key: "b" }).expect("del").revision(), Some(4));
        assert_eq!(kv.stats(&Stats {}).expect("stats").revision(), Some(4));
        assert_eq!(kv.get(&Get { key: "a" }).expect("get").revision(), Some(3));
    });
}

#[test]
fn gets_are_counted() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        let first = kv
            .get(&Get { key: "a" })
            .expect("get")
            .meta()
            .expect("meta")
            .hits();
        let second = kv
            .get(&Get { key: "a" })
            .expect("get")
            .meta()
            .expect("meta")
            .hits();
        assert_eq!(second.expect("hits"), first.expect("hits") + 1);
    });
}

#[test]
fn what_is_not_there_cannot_be_read_or_deleted() {
    in_new_netns(|| {
        let mut kv = open();
        let refused = refusal(kv.get(&Get { key: "no" }));
        assert_eq!(refused.errno, libc::ENOENT);
        assert_eq!(refused.attribute.as_deref(), Some("get.key"));
        assert!(refused.message.is_some());
        let refused = refusal(kv.del(&Del { key: "no" }));
        assert_eq!(refused.errno, libc::ENOENT);
        assert_eq!(refused.attribute.as_deref(), Some("del.key"));
    });
}

#[test]
fn deleted_is_gone() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        kv.del(&Del { key: "a" }).expect("del");
        assert_eq!(refusal(kv.get(&Get { key: "a" })).errno, libc::ENOENT);
        assert_eq!(kv.stats(&Stats {}).expect("stats").entries(), Some(0));
    });
}

#[test]
fn stats_add_up() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", &[0; 100]);
        put(&mut kv, "b", &[0; 20]);
        put(&mut kv, "b", &[0; 3]);
        put_flagged(&mut kv, "c", EntryFlags::READ_ONLY);
        put_flagged(&mut kv, "d", EntryFlags::READ_ONLY | EntryFlags::STICKY);
        let stats = kv.stats(&Stats {}).expect("stats").to_owned();
        assert_eq!(stats.entries, Some(4));
        assert_eq!(stats.bytes, Some(103));
        let counts = stats.flag_counts.expect("flag-counts");
        assert_eq!(counts.read_only, Some(2));
        assert_eq!(counts.sticky, Some(1));
        kv.del(&Del { key: "a" }).expect("del");
        assert_eq!(kv.stats(&Stats {}).expect("stats").bytes(), Some(3));
    });
}

#[test]
fn clear_spares_the_sticky() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "plain", b"1");
        put_flagged(&mut kv, "read-only", EntryFlags::READ_ONLY);
        put_flagged(&mut kv, "sticky", EntryFlags::STICKY);
        kv.clear(&Clear {}).expect("clear");
        assert_eq!(keys(&mut kv, None), ["sticky"]);
        let stats = kv.stats(&Stats {}).expect("stats").to_owned();
        assert_eq!((stats.entries, stats.bytes), (Some(1), Some(0)));
        let counts = stats.flag_counts.expect("flag-counts");
        assert_eq!((counts.read_only, counts.sticky), (Some(0), Some(1)));
    });
}

#[test]
fn read_only_is_neither_replaced_nor_deleted() {
    in_new_netns(|| {
        let mut kv = open();
        put_flagged(&mut kv, "a", EntryFlags::READ_ONLY);
        let refused = refusal(kv.set(&Set {
            key: "a",
            ..Set::default()
        }));
        assert_eq!(refused.errno, libc::EPERM);
        assert_eq!(refused.attribute.as_deref(), Some("set.key"));
        // It was no want of rights.
        assert_eq!(refused.capability, None);
        assert!(refused.message.expect("a message").contains("read-only"));
        let refused = refusal(kv.del(&Del { key: "a" }));
        assert_eq!(refused.errno, libc::EPERM);
        assert_eq!(refused.attribute.as_deref(), Some("del.key"));
        assert!(refused.message.expect("a message").contains("read-only"));
        kv.get(&Get { key: "a" }).expect("still there");
    });
}

#[test]
fn a_dump_takes_those_with_the_prefix() {
    in_new_netns(|| {
        let mut kv = open();
        assert_eq!(keys(&mut kv, None), Vec::<String>::new());
        for key in ["b", "ab", "a", "abc", "ac", "\u{e4}"] {
            put(&mut kv, key, key.as_bytes());
        }
        assert_eq!(keys(&mut kv, None), ["a", "ab", "abc", "ac", "b", "\u{e4}"]);
        assert_eq!(keys(&mut kv, Some("")), keys(&mut kv, None));
        assert_eq!(keys(&mut kv, Some("ab")), ["ab", "abc"]);
        assert_eq!(keys(&mut kv, Some("abcd")), Vec::<String>::new());
    });
}

#[test]
fn a_dump_has_what_get_has() {
    in_new_netns(|| {
        let mut kv = open();
        put_labels(&mut kv, "a", &["x", "y"]).expect("set");
        put(&mut kv, "b", &[7; 4096]);
        let mut dumped: Vec<_> = kv
            .get_dump(&GetDump::default())
            .expect("a dump")
            .owned()
            .collect::<Result<_, _>>()
            .expect("entries");
        let mut got: Vec<_> = ["a", "b"]
            .map(|key| kv.get(&Get { key }).expect("get").to_owned())
            .into();
        // Only gets are counted.
        for entry in dumped.iter_mut().chain(&mut got) {
            entry.meta.as_mut().expect("meta").hits = None;
        }
        assert_eq!(dumped, got);
    });
}

#[test]
fn what_is_as_long_as_allowed_is_taken() {
    in_new_netns(|| {
        let mut kv = open();
        let key = "k".repeat(64);
        let label = "l".repeat(64);
        let labels = [label.as_str(); 16];
        let set = Set {
            key: &key,
            value: Some(&[0xa5; 4096]),
            flags: Some(EntryFlags::all()),
            meta: Some(Meta {
                label: &labels,
                ..Meta::default()
            }),
        };
        kv.set(&set).expect("set");
        let entry = kv.get(&Get { key: &key }).expect("get").to_owned();
        assert_eq!(entry.value, Some(vec![0xa5; 4096]));
        assert_eq!(entry.meta.expect("meta").label, labels);
        assert_eq!(keys(&mut kv, Some(&key)), [key]);
    });
}
