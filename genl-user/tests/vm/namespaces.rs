//! One store a network namespace: neither entries nor events leave it.

#[path = "../../examples/all_namespaces.rs"]
#[expect(dead_code, reason = "its main function")]
mod all_namespaces;

use std::thread;
use std::time::{Duration, Instant};

use genl_user::families::kvstore::{
    Client, Event, Events, Get, Group, MAX_BYTES, MAX_VALUE_LEN, Stats,
};
use genl_user::{Error, Options};

use crate::guest::{Netns, in_new_netns};
use crate::raw::refusal;
use crate::route::set_nsid;
use crate::{keys, open, put, route};

#[test]
fn entries_stay_in_their_namespace() {
    in_new_netns(|| {
        let mut outer = open();
        put(&mut outer, "outer", b"1");
        in_new_netns(|| {
            let mut inner = open();
            assert_eq!(
                refusal(inner.get(&Get { key: "outer" })).errno,
                libc::ENOENT
            );
            put(&mut inner, "inner", b"1");
            assert_eq!(keys(&mut inner, None), ["inner"]);
        });
        assert_eq!(keys(&mut outer, None), ["outer"]);
        assert_eq!(outer.stats(&Stats {}).expect("stats").revision(), Some(1));
    });
}

#[test]
fn a_client_stays_in_the_namespace_where_it_was_opened() {
    in_new_netns(|| {
        let here = Netns::current();
        let mut kv = in_new_netns(|| {
            let mut kv = open();
            put(&mut kv, "there", b"1");
            kv
        });
        assert_eq!(keys(&mut kv, None), ["there"]);
        assert_eq!(here.run(|| keys(&mut open(), None)), Vec::<String>::new());
    });
}

#[test]
fn a_namespace_is_found_by_its_number() {
    const NUMBER: i32 = 23;
    let numbered = || Client::open_with(&Options::new().netns(genl_user::Netns::numbered(NUMBER)));
    in_new_netns(|| {
        let here = Netns::current();
        in_new_netns(|| {
            put(&mut open(), "there", b"1");
            let there = Netns::current();
            // Only the first thread of a process is to be found, and it is elsewhere.
            let mut process = std::process::Command::new("sleep")
                .arg("600")
                .spawn()
                .expect("sleep(1)");
            here.run(|| {
                assert!(matches!(numbered(), Err(Error::Netns { .. })));
                set_nsid(&there, NUMBER);
                assert_eq!(keys(&mut numbered().expect("it is there"), None), ["there"]);
                assert_eq!(keys(&mut open(), None), Vec::<String>::new());
            });
            process.kill().expect("it runs");
            process.wait().expect("it has ended");
            // Another namespace gives it no number.
            assert!(matches!(numbered(), Err(Error::Netns { .. })));
        });
    });
}

#[test]
fn events_stay_in_their_namespace() {
    in_new_netns(|| {
        let mut changes = Events::open(&[Group::Changes]).expect("events");
        in_new_netns(|| put(&mut open(), "elsewhere", b"1"));
        assert!(
            changes
                .next_timeout(Duration::from_millis(300))
                .expect("quiet")
                .is_none()
        );
        put(&mut open(), "here", b"1");
        match changes
            .next_timeout(Duration::from_secs(5))
            .expect("an event")
        {
            Some(Event::SetNtf(entry)) => assert_eq!(entry.key(), Some("here")),
            other => panic!("{other:?}"),
        };
    });
}

#[test]
fn a_namespace_takes_its_store_along() {
    let before = available();
    let taken = in_new_netns(|| {
        let mut kv = open();
        for number in 0..MAX_BYTES / MAX_VALUE_LEN {
            put(&mut kv, &number.to_string(), &[1; MAX_VALUE_LEN as usize]);
        }
        before.saturating_sub(available())
    });
    assert!(taken > MAX_BYTES / 2, "a full store takes {taken} bytes");
    // A namespace goes some time after its last user has, and the checking kernel holds back a part
    // of what is freed.
    let start = Instant::now();
    while before.saturating_sub(available()) > taken / 4 * 3 {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the store is still there"
        );
        thread::sleep(Duration::from_millis(100));
    }
    in_new_netns(|| assert_eq!(open().stats(&Stats {}).expect("stats").entries(), Some(0)));
}

/// How much memory is free or can be made so, in bytes.
fn available() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").expect("/proc is mounted");
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .expect("MemAvailable in kB")
        .parse::<u64>()
        .expect("a number")
        * 1024
}

#[test]
fn an_example_hears_all_of_them() {
    in_new_netns(|| {
        let here = Netns::current();
        let meanwhile = || {
            in_new_netns(|| {
                let there = Netns::current();
                here.run(|| route::set_nsid(&there, 77));
                put(&mut open(), "far", b"");
            });
            put(&mut open(), "near", b"");
            Ok(())
        };
        let mut told = Vec::new();
        all_namespaces::run(&mut told, 2, meanwhile).expect("it runs");
        let expected = "namespace 77: set Some(\"far\")\nhere: set Some(\"near\")\n";
        assert_eq!(String::from_utf8_lossy(&told), expected);
    });
}
