//! Events that go on when their family is loaded anew, and what keeps up with all that a family has.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::{
    Client, Del, Event, Events, Get, GetDump, GetReplyOwned, Group,
};
use genl_user::families::nltest::{self, Broadcast};
use genl_user::{Error, Listener, Options, Snapshot, Update};

use crate::guest::{Netns, Reload, in_new_netns, load, unload};
use crate::{open, put};

const SOON: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);

fn listen() -> Events {
    Events::open(&[Group::Changes]).expect("events")
}

fn dump(kv: &mut Client) -> Result<Snapshot<Vec<GetReplyOwned>>, Error> {
    let state = kv.get_dump(&GetDump::default())?.consistent(1_000)?;
    let revision = state.iter().filter_map(|entry| entry.revision).max();
    Ok(Snapshot { state, revision })
}

fn revision(event: &Event<'_>) -> Option<u64> {
    match event {
        Event::SetNtf(entry) => entry.revision(),
        Event::DelNtf(entry) => entry.revision(),
        _ => None,
    }
}

/// An update in short.
#[derive(Debug, PartialEq)]
enum Seen {
    All(Vec<String>),
    Set(String),
    Deleted(String),
}

fn all(keys: &[&str]) -> Seen {
    Seen::All(keys.iter().map(|&key| key.to_owned()).collect())
}

fn set(key: &str) -> Seen {
    Seen::Set(key.into())
}

fn seen(update: Update<Vec<GetReplyOwned>, Event<'_>>) -> Seen {
    match update {
        Update::Snapshot(entries) => {
            let keys = entries.into_iter().map(|entry| entry.key.expect("a key"));
            Seen::All(keys.collect())
        }
        Update::Event(Event::SetNtf(entry)) => Seen::Set(entry.key().expect("a key").into()),
        Update::Event(Event::DelNtf(entry)) => Seen::Deleted(entry.key().expect("a key").into()),
        Update::Event(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_dump_comes_first_and_then_what_changes() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        let mut other = open();
        let mut store = listen().follow(move || dump(&mut other));
        // The dump sees it, so it does not come again.
        put(&mut kv, "b", b"");
        assert_eq!(seen(store.next().expect("a dump")), all(&["a", "b"]));
        put(&mut kv, "c", b"");
        kv.del(&Del { key: "a" }).expect("del");
        assert_eq!(seen(store.next().expect("an event")), set("c"));
        let gone = seen(store.next().expect("an event"));
        assert_eq!(gone, Seen::Deleted("a".into()));
        assert!(store.next_timeout(QUIET).expect("quiet").is_none());
    });
}

/// What changes while the dump runs comes after it; once more, unless revisions tell.
#[test]
fn what_changes_during_the_dump_is_not_lost() {
    for by_revision in [false, true] {
        in_new_netns(|| {
            let mut kv = open();
            let mut store = listen().follow(|| {
                put(&mut kv, "seen", b"");
                let snapshot = dump(&mut kv)?;
                put(&mut kv, "unseen", b"");
                Ok(snapshot)
            });
            if by_revision {
                store = store.drop_older(revision);
            }
            assert_eq!(seen(store.next().expect("a dump")), all(&["seen"]));
            if !by_revision {
                assert_eq!(seen(store.next().expect("an event")), set("seen"));
            }
            assert_eq!(seen(store.next().expect("an event")), set("unseen"));
            assert!(store.next_timeout(QUIET).expect("quiet").is_none());
        });
    }
}

#[test]
fn a_dump_that_failed_is_tried_again() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        let mut fail = true;
        let mut store = listen().follow(move || match std::mem::take(&mut fail) {
            true => Err(Error::DumpInterrupted {
                family: "kvstore",
                operation: "get",
            }),
            false => dump(&mut kv),
        });
        let failed = store.next().map(seen).expect_err("the first dump fails");
        assert!(matches!(failed, Error::DumpInterrupted { .. }), "{failed}");
        assert_eq!(seen(store.next().expect("a dump")), all(&["a"]));
    });
}

/// Events are lost again and again, and what is in the queue then is older than what was lost.
#[test]
fn a_mirror_is_what_it_mirrors() {
    mirror(false);
}

#[test]
fn a_mirror_that_knows_revisions_is_what_it_mirrors() {
    mirror(true);
}

fn mirror(by_revision: bool) {
    const CHANGES: u64 = 5_000;
    in_new_netns(|| {
        let mut other = open();
        let mut store = listen().follow(move || dump(&mut other));
        store.events().set_queue_size(16 << 10).expect("a queue");
        if by_revision {
            store = store.drop_older(revision);
        }
        let mut mirror = BTreeMap::new();
        let mut dumps = 0;
        let here = Netns::current();
        let changes = &AtomicU64::new(0);
        thread::scope(|scope| {
            scope.spawn(|| here.run(|| change(CHANGES, changes)));
            while !mirror.contains_key("the end") {
                let update = store.next_timeout(SOON).expect("it is readable");
                match update.expect("the end comes") {
                    Update::Snapshot(entries) => {
                        dumps += 1;
                        mirror = by_key(entries);
                        // More than the queue holds are made before the next is read.
                        let enough = changes.load(Ordering::Relaxed) + 300;
                        while changes.load(Ordering::Relaxed) < enough.min(CHANGES) {
                            thread::yield_now();
                        }
                    }
                    Update::Event(Event::SetNtf(entry)) => {
                        let entry = entry.to_owned();
                        mirror.insert(entry.key.expect("a key"), entry.value);
                    }
                    Update::Event(Event::DelNtf(gone)) => {
                        mirror.remove(gone.key().expect("a key"));
                    }
                    Update::Event(other) => panic!("{other:?}"),
                }
            }
        });
        assert!(dumps > 2, "{dumps} dumps");
        let entries = dump(&mut open()).expect("a dump").state;
        assert_eq!(mirror, by_key(entries));
    });
}

/// Sets and deletes entries, and counts; the last has the key "the end".
fn change(times: u64, done: &AtomicU64) {
    let mut kv = open();
    for number in 0..times {
        let key = format!("{}", number * 7 % 61);
        match number % 3 {
            0 => drop(kv.del(&Del { key: &key })),
            _ => {
                put(&mut kv, &key, number.to_string().as_bytes());
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    put(&mut kv, "the end", b"");
}

fn by_key(entries: Vec<GetReplyOwned>) -> BTreeMap<String, Option<Vec<u8>>> {
    let entries = entries.into_iter();
    entries
        .map(|entry| (entry.key.expect("a key"), entry.value))
        .collect()
}

fn reload(module: &str) {
    unload(module).expect("nobody uses it");
    load(module, "").expect("it loads");
}

#[test]
fn events_follow_a_family_that_is_loaded_anew() {
    let _reload = Reload("kvstore");
    in_new_netns(|| {
        let mut changes = listen();
        for round in 0..3 {
            put(&mut open(), "before", b"");
            reload("kvstore");
            match changes.next_timeout(SOON).expect("an event") {
                Some(Event::SetNtf(entry)) => assert_eq!(entry.key(), Some("before")),
                other => panic!("{round}: {other:?}"),
            }
            match changes.next_timeout(SOON).expect("an event") {
                Some(Event::Reloaded) => {}
                other => panic!("{round}: {other:?}"),
            }
            put(&mut open(), "after", b"");
            match changes.next_timeout(SOON).expect("an event") {
                Some(Event::SetNtf(entry)) => assert_eq!(entry.key(), Some("after")),
                other => panic!("{round}: {other:?}"),
            }
        }
        assert!(changes.next_timeout(QUIET).expect("quiet").is_none());
    });
}

/// It concerns the family alone whose module it was.
#[test]
fn other_families_do_not_hear_of_a_reload() {
    let _reload = Reload("nltest");
    in_new_netns(|| {
        let mut listener = Listener::open().expect("a socket");
        listener.join(&[Group::Changes]).expect("kvstore");
        listener.join(&[nltest::Group::Chat]).expect("nltest");
        reload("nltest");
        let heard = listener.next_timeout(SOON).expect("it is readable");
        let heard = heard.expect("an event");
        assert!(heard.event::<Group>().expect("it is readable").is_none());
        let event = heard.event::<nltest::Group>().expect("it is readable");
        assert!(matches!(event, Some(nltest::Event::Reloaded)), "{event:?}");
        let mut client = nltest::Client::open().expect("nltest is loaded");
        let (text, audience) = ("after", None);
        client
            .broadcast(&Broadcast { text, audience })
            .expect("broadcast");
        let heard = listener.next_timeout(SOON).expect("it is readable");
        let event = heard.expect("an event").event::<nltest::Group>();
        match event.expect("it is readable") {
            Some(nltest::Event::Message(message)) => assert_eq!(message.text(), Some("after")),
            other => panic!("{other:?}"),
        }
    });
}

/// The controller tells of it when the queue is full already.
#[test]
fn a_reload_is_noticed_though_the_notice_of_it_is_lost() {
    let _reload = Reload("nltest");
    in_new_netns(|| {
        let mut listener = Listener::open().expect("a socket");
        listener.join(&[Group::Changes]).expect("kvstore");
        listener.join(&[nltest::Group::Chat]).expect("nltest");
        let mut kv = open();
        for _ in 0..2_000 {
            put(&mut kv, "a", &[1; 1024]);
        }
        reload("nltest");
        let mut lost = false;
        loop {
            let heard = listener.next_timeout(SOON).expect("it is readable");
            match heard.expect("it is noticed").event::<nltest::Group>() {
                Ok(Some(nltest::Event::Overrun)) => lost = true,
                Ok(Some(nltest::Event::Reloaded)) => break,
                Ok(None) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(lost, "the queue was not full");
    });
}

#[test]
fn a_family_can_be_waited_for() {
    let _reload = Reload("kvstore");
    in_new_netns(|| {
        unload("kvstore").expect("nobody uses it");
        let patience = |time| Options::new().wait_for_family(time);
        let error = Events::open_with(&patience(QUIET), &[Group::Changes]).map(drop);
        assert!(
            matches!(error, Err(Error::UnknownFamily { .. })),
            "{error:?}"
        );
        thread::scope(|scope| {
            scope.spawn(|| {
                // Another one comes first.
                thread::sleep(QUIET);
                reload("nltest");
                thread::sleep(QUIET);
                load("kvstore", "").expect("it loads");
            });
            let events = Events::open_with(&patience(SOON), &[Group::Changes]);
            let mut changes = events.expect("it comes");
            put(&mut open(), "a", b"");
            match changes.next_timeout(SOON).expect("an event") {
                Some(Event::SetNtf(entry)) => assert_eq!(entry.key(), Some("a")),
                other => panic!("{other:?}"),
            }
        });
    });
}

/// So does who listens by a spec.
#[cfg(feature = "dynamic")]
#[test]
fn a_monitor_follows_its_family() {
    use genl_user::dynamic::{self, Monitor, genl_schema};

    let _reload = Reload("kvstore");
    let spec = include_str!("../../../schema/families/kvstore.yaml");
    let family = genl_schema::compile("kvstore.yaml", spec).expect("it is right");
    in_new_netns(|| {
        let mut monitor = Monitor::open(family, &["changes"]).expect("a monitor");
        reload("kvstore");
        let mut next = || monitor.next(Some(SOON)).expect("an event");
        assert_eq!(next(), Some(dynamic::Event::Reloaded));
        put(&mut open(), "after", b"");
        match next() {
            Some(dynamic::Event::Known { name, values }) => {
                assert_eq!((&*name, &values["key"]), ("set-ntf", &"after".into()));
            }
            other => panic!("{other:?}"),
        }
    });
}

/// What was known of a store that is gone is forgotten.
#[test]
fn a_mirror_follows_its_family() {
    let _reload = Reload("kvstore");
    in_new_netns(|| {
        put(&mut open(), "before", b"");
        let mut other = open();
        let mut store = listen()
            .follow(move || dump(&mut other))
            .drop_older(revision);
        assert_eq!(seen(store.next().expect("a dump")), all(&["before"]));
        reload("kvstore");
        assert_eq!(seen(store.next().expect("a dump")), all(&[]));
        // Its revision is no higher than that of the first store.
        put(&mut open(), "after", b"");
        assert_eq!(seen(store.next().expect("an event")), set("after"));
        let mut kv = open();
        assert!(kv.get(&Get { key: "before" }).is_err());
    });
}
