//! The group `changes`: who listens hears every change, or that some were lost.

use std::thread;
use std::time::Duration;

use genl_user::Flags;
use genl_user::families::kvstore::{
    self, Clear, Client, Del, DelNtfOwned, EntryFlags, Event, Events, Group, Set,
};

use crate::guest::{Netns, in_new_netns};
use crate::raw::refusal;
use crate::{open, options, put, put_flagged, put_labels};

const SOON: Duration = Duration::from_secs(20);

fn listen() -> kvstore::Events {
    listen_to(&[Group::Changes])
}

fn listen_to(groups: &[Group]) -> kvstore::Events {
    Events::open_with(&options(), groups).expect("events")
}

/// An event in short.
#[derive(Debug, PartialEq)]
enum Change {
    Set(String, u64),
    Del(String, u64),
    Overrun,
}

fn next(changes: &mut kvstore::Events) -> Option<Change> {
    let event = changes.next_timeout(SOON).expect("an event")?;
    Some(match event {
        Event::SetNtf(entry) => Change::Set(
            entry.key().expect("key").into(),
            entry.revision().expect("revision"),
        ),
        Event::DelNtf(entry) => Change::Del(
            entry.key().expect("key").into(),
            entry.revision().expect("revision"),
        ),
        Event::Overrun => Change::Overrun,
        other => panic!("{other:?}"),
    })
}

#[test]
fn every_change_is_told_in_order() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "before", b"");
        let mut changes = listen();
        put(&mut kv, "a", b"1");
        put(&mut kv, "a", b"2");
        kv.del(&Del { key: "a" }).expect("del");
        refusal(kv.del(&Del { key: "a" }));
        put_flagged(&mut kv, "b", EntryFlags::STICKY);
        kv.clear(&Clear {}).expect("clear");
        let told: Vec<_> = (0..5)
            .map(|_| next(&mut changes).expect("an event"))
            .collect();
        let expected = [
            Change::Set("a".into(), 2),
            Change::Set("a".into(), 3),
            Change::Del("a".into(), 4),
            Change::Set("b".into(), 5),
            Change::Del("before".into(), 6),
        ];
        assert_eq!(told, expected);
        assert!(
            changes
                .next_timeout(Duration::from_millis(200))
                .expect("quiet")
                .is_none()
        );
    });
}

#[test]
fn a_set_tells_what_get_would() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = listen();
        put_labels(&mut kv, "a", &["x", "y"]).expect("set");
        let mut told = match changes.next_timeout(SOON).expect("an event") {
            Some(Event::SetNtf(entry)) => entry.to_owned(),
            other => panic!("{other:?}"),
        };
        let mut got = kv.get(&kvstore::Get { key: "a" }).expect("get").to_owned();
        // Only the get counts itself.
        told.meta.as_mut().expect("meta").hits = None;
        got.meta.as_mut().expect("meta").hits = None;
        assert_eq!(told, got);
    });
}

/// The one that keeps up hears all; the one that does not hears that it has lost some, and then
/// what comes after.
#[test]
fn a_slow_listener_learns_that_it_lost_some() {
    const COUNT: u64 = 5_000;
    in_new_netns(|| {
        let mut slow = listen();
        let mut fast = listen();
        fast.set_queue_size(64 << 20).expect("a queue");
        let here = Netns::current();
        thread::scope(|scope| {
            scope.spawn(|| {
                here.run(|| {
                    let mut kv = open();
                    for _ in 0..COUNT {
                        put(&mut kv, "a", &[1; 1024]);
                    }
                });
            });
            for revision in 1..=COUNT {
                assert_eq!(next(&mut fast), Some(Change::Set("a".into(), revision)));
            }
        });
        // What was lost is missing behind what came before.
        let mut heard = 0;
        while let Some(change) = next(&mut slow).filter(|change| *change != Change::Overrun) {
            heard += 1;
            assert_eq!(change, Change::Set("a".into(), heard));
        }
        assert!((1..COUNT).contains(&heard), "{heard}");
        put(&mut open(), "after", b"");
        assert_eq!(
            next(&mut slow),
            Some(Change::Set("after".into(), COUNT + 1))
        );
    });
}

#[test]
fn who_listens_to_no_group_hears_nothing() {
    in_new_netns(|| {
        let mut nothing = listen_to(&[]);
        put(&mut open(), "a", b"");
        assert!(
            nothing
                .next_timeout(Duration::from_millis(300))
                .expect("quiet")
                .is_none()
        );
    });
}

#[test]
fn what_is_refused_is_not_told() {
    in_new_netns(|| {
        let mut changes = listen();
        refusal(open().set(&Set {
            key: "a",
            value: Some(&[0; 5000]),
            ..Set::default()
        }));
        refusal(put_labels(&mut open(), "a", &["l"; 17]));
        assert!(
            changes
                .next_timeout(Duration::from_millis(300))
                .expect("quiet")
                .is_none()
        );
    });
}

#[test]
fn who_asks_for_an_echo_gets_the_event_too() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = listen();
        let set = |key| Set {
            key,
            value: Some(b"1"),
            ..Set::default()
        };
        // A call passes over the event, and gives its own reply.
        let reply = kv.with_flags(Flags::ECHO).set(&set("a")).expect("set");
        assert_eq!(reply.revision(), Some(1));
        kv.set(&set("b")).expect("set");

        // Where there is none, the events can be had in its place.
        let connection = kv.connection().with_flags(Flags::ECHO);
        let echoes = connection.call_all::<DelNtfOwned>(&Client::CLEAR, &Clear {});
        let mut echoes = echoes.expect("clear");
        for (key, revision) in [("a", 3), ("b", 4)] {
            let echo = echoes.next().expect("no error").expect("an event");
            assert_eq!((echo.key(), echo.revision()), (Some(key), Some(revision)));
        }
        assert!(echoes.next().expect("the ACK").is_none());

        kv.set(&set("c")).expect("set");
        let connection = kv.connection();
        let echoes = connection.call_all::<DelNtfOwned>(&Client::CLEAR, &Clear {});
        let mut echoes = echoes.expect("clear");
        assert!(echoes.next().expect("the ACK").is_none(), "nobody asked");

        // Who else listens hears each of them once.
        let set = |key: &str, revision| Change::Set(key.into(), revision);
        let del = |key: &str, revision| Change::Del(key.into(), revision);
        let all = [
            set("a", 1),
            set("b", 2),
            del("a", 3),
            del("b", 4),
            set("c", 5),
            del("c", 6),
        ];
        for change in all {
            assert_eq!(next(&mut changes), Some(change));
        }
    });
}
