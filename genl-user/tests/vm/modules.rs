//! Modules that come and go.

use std::time::{Duration, Instant};

use genl_user::Error;
use genl_user::families::kvstore::{Get, GetDump};
use genl_user::families::{nlctrl, nltest};

use crate::guest::{Reload, in_new_netns, load, unload, unload_unnoticed};
use crate::{open, put};

#[test]
fn an_open_dump_holds_the_module() {
    let _reload = Reload("kvstore");
    in_new_netns(|| {
        let mut kv = open();
        for number in 0..2_000 {
            put(&mut kv, &number.to_string(), b"");
        }
        let mut other = open();
        let mut dump = other.get_dump(&GetDump::default()).expect("a dump");
        dump.next().expect("an entry").expect("not the end");
        let refused = unload("kvstore").expect_err("a dump is open");
        assert_eq!(refused.raw_os_error(), Some(libc::EWOULDBLOCK));
        let rest = dump
            .owned()
            .collect::<Result<Vec<_>, _>>()
            .expect("the rest");
        assert_eq!(rest.len(), 1_999);
        unload("kvstore").expect("no dump is open");
    });
}

#[test]
fn a_client_outlives_its_module() {
    let _reload = Reload("kvstore");
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        let id = kv.connection().family_id();
        unload("kvstore").expect("nobody uses it");
        let gone = kv.get(&Get { key: "a" }).map(drop);
        assert!(matches!(gone, Err(Error::UnknownFamily { .. })), "{gone:?}");
        let gone = kv.get_dump(&GetDump::default()).map(drop);
        assert!(matches!(gone, Err(Error::UnknownFamily { .. })), "{gone:?}");
        load("kvstore", "").expect("it loads");
        // A new store, so it is empty.
        put(&mut kv, "b", b"2");
        assert_eq!(
            kv.get(&Get { key: "b" }).expect("get").value(),
            Some(&b"2"[..])
        );
        assert_ne!(kv.connection().family_id(), id);
    });
}

#[test]
fn a_client_waits_for_its_module() {
    const LATER: Duration = Duration::from_millis(500);
    let _reload = Reload("nltest");
    unload("nltest").expect("nobody uses it");
    let started = Instant::now();
    let absent = nltest::Client::open_when_available(LATER).map(drop);
    assert!(
        matches!(absent, Err(Error::UnknownFamily { .. })),
        "{absent:?}"
    );
    assert!(started.elapsed() >= LATER);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(LATER);
            load("nltest", "").expect("it loads");
        });
        let waited = nltest::Client::open_when_available(Duration::from_secs(60));
        let id = waited.expect("the family").connection().family_id();
        let known = nltest::Client::open().expect("nltest");
        assert_eq!({ known }.connection().family_id(), id);
    });
    assert!(started.elapsed() >= 2 * LATER);
}

#[test]
fn what_is_known_of_a_family_is_kept_up_to_date_by_who_listens() {
    let _reload = Reload("nltest");
    let open = || nltest::Client::open().map(|client| { client }.connection().family_id());
    let before = open().expect("it is loaded");
    // Whatever it listens to.
    let mut events = nltest::Events::open(&[]).expect("events");
    unload_unnoticed("nltest").expect("nobody uses it");
    // Nobody has read that it is gone.
    assert_eq!(open().expect("it was known"), before);
    let quiet = events.next_timeout(Duration::from_millis(100));
    assert!(quiet.expect("no event").is_none());
    let gone = open();
    assert!(matches!(gone, Err(Error::UnknownFamily { .. })), "{gone:?}");

    load("nltest", "").expect("it loads");
    let known = open().expect("it is there");
    assert_ne!(known, before);
    unload_unnoticed("nltest").expect("nobody uses it");
    load("nltest", "").expect("it loads");
    assert_eq!(open().expect("it was known"), known);
    while !matches!(
        events.next_timeout(Duration::from_secs(20)),
        Ok(Some(nltest::Event::Reloaded))
    ) {}
    let quiet = events.next_timeout(Duration::from_millis(100));
    assert!(matches!(quiet, Ok(None | Some(nltest::Event::Reloaded))));
    assert_ne!(open().expect("it is there"), known);
}

#[test]
fn the_controller_tells_of_it() {
    let _reload = Reload("nltest");
    let mut events = nlctrl::Events::open(&[nlctrl::Group::Notify]).expect("events");
    unload("nltest").expect("nobody uses it");
    load("nltest", "").expect("it loads");
    let (mut removed, mut added) = (false, false);
    while !(removed && added) {
        match events
            .next_timeout(Duration::from_secs(20))
            .expect("an event")
            .expect("in time")
        {
            nlctrl::Event::Delfamily(family) if family.family_name() == Some("nltest") => {
                removed = true;
            }
            nlctrl::Event::Newfamily(family) if family.family_name() == Some("nltest") => {
                assert!(removed, "it goes before it comes");
                added = true;
            }
            _ => {}
        }
    }
}

/// Another module calls what nltest exports, while it is loaded: the kernel speaks first.
#[test]
fn the_kernel_speaks_first() {
    let mut port = nltest::Events::open(&[]).expect("events");
    let mut chat = nltest::Events::open(&[nltest::Group::Chat]).expect("events");
    load("nltest_trigger", &format!("portid={}", port.port())).expect("it loads");
    for events in [&mut port, &mut chat] {
        match events
            .next_timeout(Duration::from_secs(20))
            .expect("an event")
        {
            Some(nltest::Event::Message(message)) => {
                assert!(!message.text().expect("a text").is_empty());
                assert_eq!(message.portid(), None, "the kernel itself sent it");
            }
            other => panic!("{other:?}"),
        }
    }
    let refused = unload("nltest").expect_err("the trigger uses it");
    assert_eq!(refused.raw_os_error(), Some(libc::EWOULDBLOCK));
    unload("nltest_trigger").expect("nobody uses it");
}
