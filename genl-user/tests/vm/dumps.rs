//! Dumps of many entries, left alone, changed meanwhile, abandoned.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use genl_user::Error;
use genl_user::families::kvstore::{self, Del, Get, GetDump};

use crate::guest::{Netns, in_new_netns};
use crate::{keys, open, put};

/// How many entries are dumped: 10,000, unless `cargo xtask test` says otherwise for a kernel that
/// takes its time.
fn count() -> usize {
    match std::env::var("GENL_TEST_ENTRIES") {
        Ok(count) => count.parse().expect("GENL_TEST_ENTRIES is a number"),
        Err(_) => 10_000,
    }
}

fn key(number: usize) -> String {
    format!("stays-{number:05}")
}

/// A client of a new store with many entries, each with its key as its value.
fn filled() -> kvstore::Client {
    let mut kv = open();
    for number in 0..count() {
        let key = key(number);
        put(&mut kv, &key, key.as_bytes());
    }
    kv
}

#[test]
fn all_entries_come_once_and_in_order() {
    in_new_netns(|| {
        let mut kv = filled();
        let mut dump = kv.get_dump(&GetDump::default()).expect("a dump");
        let mut seen = 0;
        while let Some(entry) = dump.next().expect("an entry") {
            assert_eq!(entry.key(), Some(key(seen).as_str()));
            assert_eq!(entry.value(), Some(key(seen).as_bytes()));
            seen += 1;
        }
        assert_eq!(seen, count());
    });
}

#[test]
fn the_largest_entries_fill_chunk_after_chunk() {
    in_new_netns(|| {
        let mut kv = open();
        let names: Vec<_> = (0..100).map(|number| format!("{number:064}")).collect();
        for name in &names {
            put(&mut kv, name, &[1; 4096]);
        }
        assert_eq!(keys(&mut kv, None), names);
    });
}

/// Entries are written between any two chunks: those that stay all come once, and the end tells.
#[test]
fn what_changes_meanwhile_is_told() {
    in_new_netns(|| {
        let mut kv = filled();
        let mut writer = open();
        let mut seen = Vec::new();
        let mut dump = kv.get_dump(&GetDump::default()).expect("a dump");
        let end = loop {
            match dump.next() {
                Ok(Some(entry)) => seen.push(entry.key().expect("a key").to_owned()),
                end => break end.map(drop),
            }
            if seen.len() % 100 == 0 {
                // Before the cursor, behind it, and where it is.
                put(&mut writer, &format!("a-{}", seen.len()), b"");
                put(&mut writer, &format!("z-{}", seen.len()), b"");
                let gone = format!("{}-gone", seen[seen.len() - 1]);
                put(&mut writer, &gone, b"");
                writer.del(&Del { key: &gone }).expect("del");
            }
        };
        assert!(matches!(end, Err(Error::DumpInterrupted { .. })), "{end:?}");
        let stayed: Vec<_> = seen
            .iter()
            .filter(|key| key.starts_with("stays-"))
            .collect();
        let stayed: Vec<_> = stayed
            .into_iter()
            .filter(|key| !key.ends_with("gone"))
            .collect();
        assert_eq!(
            stayed,
            (0..count())
                .map(key)
                .collect::<Vec<_>>()
                .iter()
                .collect::<Vec<_>>()
        );
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "no key comes twice");
    });
}

/// Nor is a cursor lost whose entry goes, with all that follow.
#[test]
fn everything_may_go_meanwhile() {
    in_new_netns(|| {
        let mut kv = filled();
        let mut writer = open();
        let mut dump = kv.get_dump(&GetDump::default()).expect("a dump");
        dump.next().expect("an entry");
        for number in 0..count() {
            writer.del(&Del { key: &key(number) }).expect("del");
        }
        let end = loop {
            match dump.next() {
                Ok(Some(_)) => {}
                end => break end.map(drop),
            }
        };
        assert!(matches!(end, Err(Error::DumpInterrupted { .. })), "{end:?}");
    });
}

/// The same with a writer in another thread, which knows nothing of chunks.
#[test]
fn a_consistent_dump_is_had_once_writing_stops() {
    in_new_netns(|| {
        let mut kv = filled();
        let stop = AtomicBool::new(false);
        let here = Netns::current();
        let dumps = thread::scope(|scope| {
            scope.spawn(|| {
                here.run(|| {
                    let mut writer = open();
                    while !stop.load(Ordering::Relaxed) {
                        put(&mut writer, "z", b"");
                        writer.del(&Del { key: "z" }).expect("del");
                    }
                });
            });
            let dumps: Vec<_> = (0..5).map(|_| dump_stays(&mut kv)).collect();
            stop.store(true, Ordering::Relaxed);
            dumps
        });
        assert!(dumps.iter().all(|(seen, _)| *seen == count()), "{dumps:?}");
        let interrupted = |(_, end): &(usize, Result<(), Error>)| match end {
            Ok(()) => false,
            Err(Error::DumpInterrupted { .. }) => true,
            Err(error) => panic!("{error}"),
        };
        let interrupted = dumps.iter().filter(|dump| interrupted(dump)).count();
        assert_ne!(interrupted, 0, "the writer writes all the time");
        let dump = kv
            .get_dump(&GetDump {
                prefix: Some("stays-"),
            })
            .expect("a dump");
        assert_eq!(dump.consistent(3).expect("consistent").len(), count());
    });
}

/// Dumps what stays: how many entries came, and how it ended.
fn dump_stays(kv: &mut kvstore::Client) -> (usize, Result<(), Error>) {
    let prefix = Some("stays-");
    let mut dump = match kv.get_dump(&GetDump { prefix }) {
        Ok(dump) => dump,
        Err(error) => return (0, Err(error)),
    };
    let mut seen = 0;
    loop {
        match dump.next() {
            Ok(Some(_)) => seen += 1,
            Ok(None) => return (seen, Ok(())),
            Err(error) => return (seen, Err(error)),
        }
    }
}

#[test]
fn an_abandoned_dump_is_not_in_the_way() {
    in_new_netns(|| {
        let mut kv = filled();
        for _ in 0..10 {
            let mut dump = kv.get_dump(&GetDump::default()).expect("a dump");
            dump.next().expect("an entry");
        }
        assert_eq!(
            kv.get(&Get { key: &key(7) }).expect("get").key(),
            Some(key(7).as_str())
        );
    });
}

#[test]
fn a_socket_may_be_closed_in_the_middle_of_a_dump() {
    in_new_netns(|| {
        let mut kv = filled();
        for _ in 0..20 {
            let mut other = open();
            // Forgetting it keeps the client from reading the dump to its end.
            let mut dump = other
                .get_dump(&GetDump { prefix: Some("s") })
                .expect("a dump");
            dump.next().expect("an entry");
            std::mem::forget(dump);
            drop(other);
        }
        assert_eq!(keys(&mut kv, None).len(), count());
    });
}

#[test]
fn two_sockets_dump_at_once() {
    in_new_netns(|| {
        let (mut first, mut second) = (filled(), open());
        let mut a = first.get_dump(&GetDump::default()).expect("a dump");
        let mut b = second.get_dump(&GetDump::default()).expect("a dump");
        for number in 0..count() {
            let expected = key(number);
            for dump in [&mut a, &mut b] {
                let entry = dump.next().expect("an entry").expect("not the end");
                assert_eq!(entry.key(), Some(expected.as_str()));
            }
        }
        assert!(a.next().expect("the end").is_none());
        assert!(b.next().expect("the end").is_none());
    });
}
