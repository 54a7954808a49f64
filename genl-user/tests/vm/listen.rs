//! One socket that listens: to many families, to groups of any number, in all namespaces, and not
//! to what it caused itself.

use std::time::Duration;

use genl_user::Listener;
use genl_user::families::kvstore::{self, Clear, Del};
use genl_user::families::nlctrl::{self, GetfamilyDump};
use genl_user::families::nltest::{self, Audience, Broadcast};

use crate::families::every_legacy::{self, Tell};
use crate::guest::{Netns, as_nobody, in_new_netns};
use crate::{counting, open, put, route};

const SOON: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);

/// Of kvstore and nltest, what is of interest here.
#[derive(Debug, PartialEq)]
enum Said {
    Set(String),
    Deleted(String),
    Text(String),
    /// Events were lost: who was told.
    Lost(&'static str),
    /// The id of the namespace that it came from, and what it was.
    From(i32, Box<Said>),
}

fn set(key: &str) -> Said {
    Said::Set(key.into())
}

fn text(text: &str) -> Said {
    Said::Text(text.into())
}

/// What the next event is to each of the families that it concerns.
fn next(listener: &mut Listener) -> Vec<Said> {
    let heard = listener.next_timeout(SOON).expect("it is readable");
    said(heard.expect("an event"))
}

fn said(heard: genl_user::Heard<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    match heard.event::<kvstore::Group>().expect("it is readable") {
        Some(kvstore::Event::SetNtf(entry)) => said.push(set(entry.key().expect("a key"))),
        Some(kvstore::Event::DelNtf(entry)) => {
            said.push(Said::Deleted(entry.key().expect("a key").into()));
        }
        Some(kvstore::Event::Overrun) => said.push(Said::Lost("kvstore")),
        Some(other) => panic!("{other:?}"),
        None => {}
    }
    match heard.event::<nltest::Group>().expect("it is readable") {
        Some(nltest::Event::Message(message)) => {
            said.push(text(message.text().expect("a text")));
        }
        Some(nltest::Event::Overrun) => said.push(Said::Lost("nltest")),
        Some(other) => panic!("{other:?}"),
        None => {}
    }
    match heard.notice().and_then(|notice| notice.nsid()) {
        Some(nsid) => said
            .into_iter()
            .map(|said| Said::From(nsid, Box::new(said)))
            .collect(),
        None => said,
    }
}

fn is_quiet(listener: &mut Listener) -> bool {
    listener.next_timeout(QUIET).expect("quiet").is_none()
}

fn say(text: &str) {
    say_to(text, None);
}

fn say_to(text: &str, audience: Option<Audience>) {
    let mut client = nltest::Client::open().expect("nltest is loaded");
    client
        .broadcast(&Broadcast { text, audience })
        .expect("broadcast");
}

fn listen() -> Listener {
    let mut listener = Listener::open().expect("a socket");
    listener.join(&[kvstore::Group::Changes]).expect("kvstore");
    listener.join(&[nltest::Group::Chat]).expect("nltest");
    listener
}

#[test]
fn one_socket_hears_many_families_in_order() {
    in_new_netns(|| {
        let mut listener = listen();
        put(&mut open(), "a", b"1");
        say("between");
        put(&mut open(), "b", b"2");
        open().del(&Del { key: "a" }).expect("del");
        assert_eq!(next(&mut listener), [set("a")]);
        assert_eq!(next(&mut listener), [text("between")]);
        assert_eq!(next(&mut listener), [set("b")]);
        assert_eq!(next(&mut listener), [Said::Deleted("a".into())]);
        assert!(is_quiet(&mut listener));
    });
}

/// Hears some of 2,000 changes of one key, and then that others were lost.
fn until_lost(listener: &mut Listener) {
    let lost = [Said::Lost("kvstore"), Said::Lost("nltest")];
    let before = std::iter::from_fn(|| Some(next(listener)).filter(|heard| *heard != lost));
    let before: Vec<_> = before.collect();
    assert!((2..2_000).contains(&before.len()), "{}", before.len());
    assert!(
        before.iter().all(|heard| *heard == [set("a")]),
        "{before:?}"
    );
}

#[test]
fn that_some_were_lost_is_told_to_each_family() {
    in_new_netns(|| {
        let mut listener = listen();
        let mut kv = open();
        for _ in 0..2_000 {
            put(&mut kv, "a", &[1; 1024]);
        }
        until_lost(&mut listener);
        say("after");
        assert_eq!(next(&mut listener), [text("after")]);
    });
}

/// What has come before a family is joined is neither lost nor late.
#[test]
fn to_join_a_family_loses_nothing() {
    in_new_netns(|| {
        let mut listener = Listener::open().expect("a socket");
        listener.join(&[kvstore::Group::Changes]).expect("kvstore");
        let mut kv = open();
        let keys: Vec<_> = (0..20).map(|number| number.to_string()).collect();
        for key in &keys[..10] {
            put(&mut kv, key, b"");
        }
        assert_eq!(next(&mut listener), [set("0")]);
        listener.join(&[nltest::Group::Chat]).expect("nltest");
        for key in &keys[10..] {
            put(&mut kv, key, b"");
        }
        say("last");
        for key in &keys[1..] {
            assert_eq!(next(&mut listener), [set(key)]);
        }
        assert_eq!(next(&mut listener), [text("last")]);
    });
}

/// The answer to the question for the family has no room in the queue.
#[test]
fn a_family_is_joined_though_the_queue_is_full() {
    in_new_netns(|| {
        let mut listener = Listener::open().expect("a socket");
        listener.join(&[kvstore::Group::Changes]).expect("kvstore");
        let mut kv = open();
        for _ in 0..2_000 {
            put(&mut kv, "a", &[1; 1024]);
        }
        listener.join(&[nltest::Group::Chat]).expect("nltest");
        say("after");
        until_lost(&mut listener);
        assert_eq!(next(&mut listener), [text("after")]);
    });
}

#[test]
fn what_is_left_is_not_heard_any_more() {
    in_new_netns(|| {
        let mut listener = listen();
        listener.leave(&[kvstore::Group::Changes]).expect("left");
        put(&mut open(), "a", b"");
        say("still");
        assert_eq!(next(&mut listener), [text("still")]);
        listener.leave(&[kvstore::Group::Changes]).expect("twice");
        listener.join(&[kvstore::Group::Changes]).expect("again");
        put(&mut open(), "b", b"");
        assert_eq!(next(&mut listener), [set("b")]);
        assert!(is_quiet(&mut listener));
    });
}

#[test]
fn what_there_is_not_is_not_joined() {
    as_nobody(|| {
        let mut listener = Listener::open().expect("a socket");
        let refused = listener
            .join(&[crate::families::everything::Group::Owners])
            .expect_err("it takes a right");
        assert_eq!(refused.errno(), Some(libc::EPERM), "{refused}");
        listener.join(&[nltest::Group::Chat]).expect("nltest");
    });
}

/// The 32 groups before `things` see to it that its number has no bit in the mask of an address.
#[test]
fn a_group_may_have_any_number() {
    let mut controller = nlctrl::Client::open().expect("nlctrl");
    let mut families = controller
        .getfamily_dump(&GetfamilyDump {})
        .expect("a dump");
    let mut number = None;
    while let Some(family) = families.next().expect("a family") {
        if family.family_name() == Some(every_legacy::FAMILY.name) {
            let mut groups = family.mcast_groups();
            let things = groups.find(|group| group.name() == Some("things"));
            number = things.and_then(|things| things.id());
        }
    }
    let number = number.expect("every_legacy is loaded");
    assert!(number > 32, "{number}");
    in_new_netns(|| {
        let mut events = every_legacy::Events::open(&[]).expect("events");
        let tell = || {
            let mut client = every_legacy::Client::open().expect("every_legacy is loaded");
            client.tell(&Tell::default()).expect("tell");
        };
        tell();
        assert!(events.next_timeout(QUIET).expect("quiet").is_none());
        events.join(&[every_legacy::Group::Things]).expect("joined");
        tell();
        for _ in 0..2 {
            match events.next_timeout(SOON).expect("an event") {
                Some(every_legacy::Event::AllNtf(_) | every_legacy::Event::Told(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        events.leave(&[every_legacy::Group::Things]).expect("left");
        tell();
        assert!(events.next_timeout(QUIET).expect("quiet").is_none());
    });
}

#[test]
fn ones_own_changes_can_be_passed_over() {
    in_new_netns(|| {
        let (mut mine, mut theirs) = (open(), open());
        let mut listener = listen();
        listener.ignore(mine.connection().port());
        put(&mut mine, "mine", b"");
        put(&mut theirs, "theirs", b"");
        mine.clear(&Clear {}).expect("clear");
        // Nobody caused it, as far as it tells.
        say("the kernel");
        assert_eq!(next(&mut listener), [set("theirs")]);
        assert_eq!(next(&mut listener), [text("the kernel")]);
        assert!(is_quiet(&mut listener));
    });
}

#[test]
fn an_event_tells_who_caused_it() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = kvstore::Events::open(&[kvstore::Group::Changes]).expect("events");
        put(&mut kv, "a", b"");
        let heard = changes.listener().next_timeout(SOON).expect("an event");
        let notice = heard.and_then(|heard| heard.notice()).expect("a message");
        assert_eq!(notice.port(), kv.connection().port());
        assert_eq!(notice.family(), Some("kvstore"));
        assert_ne!(notice.seq(), 0);
        assert_eq!(notice.nsid(), None);
    });
}

#[test]
fn all_namespaces_can_be_heard() {
    const ID: i32 = 77;
    in_new_netns(|| {
        let mut listener = listen();
        listener.hear_all_namespaces().expect("root may");
        let mine = open().connection().port();
        let here = Netns::current();
        in_new_netns(|| {
            put(&mut open(), "no id", b"");
            let there = Netns::current();
            here.run(|| route::set_nsid(&there, ID));
            put(&mut open(), "id", b"");
            say_to("everyone", Some(Audience::Everywhere));
        });
        put(&mut open(), "here", b"");
        let far = |said| [Said::From(ID, Box::new(said))];
        assert_eq!(next(&mut listener), far(set("id")));
        let mut everyone = [next(&mut listener), next(&mut listener)];
        everyone.sort_by_key(Vec::len);
        assert!(everyone.contains(&vec![text("everyone")]), "{everyone:?}");
        assert!(
            everyone.contains(&far(text("everyone")).into()),
            "{everyone:?}"
        );
        assert_eq!(next(&mut listener), [set("here")]);
        assert!(is_quiet(&mut listener));
        // The ports of another namespace are others.
        listener.ignore(mine);
    });
}

#[test]
fn all_namespaces_are_heard_by_who_may_only() {
    as_nobody(|| {
        let mut listener = Listener::open().expect("a socket");
        let refused = listener.hear_all_namespaces().expect_err("nobody may not");
        assert_eq!(refused.errno(), Some(libc::EPERM), "{refused}");
    });
}

#[test]
fn an_event_allocates_nothing() {
    const COUNT: usize = 100;
    in_new_netns(|| {
        let mut changes = kvstore::Events::open(&[kvstore::Group::Changes]).expect("events");
        changes.ignore(1);
        let mut kv = open();
        for _ in 0..COUNT {
            put(&mut kv, "a", b"1");
        }
        let mut revisions = 0;
        let allocations = counting::count(|| {
            for _ in 0..COUNT {
                match changes.next().expect("an event") {
                    kvstore::Event::SetNtf(entry) => revisions += entry.revision().unwrap_or(0),
                    other => panic!("{other:?}"),
                }
            }
        });
        let count = COUNT as u64;
        assert_eq!((allocations, revisions), (0, count * (count + 1) / 2));
    });
}

#[test]
fn the_queue_can_be_longer_than_the_systems_limit() {
    in_new_netns(|| {
        let mut listener = listen();
        listener.set_queue_size(64 << 20).expect("root may");
        let mut kv = open();
        for _ in 0..2_000 {
            put(&mut kv, "a", &[1; 1024]);
        }
        for _ in 0..2_000 {
            assert_eq!(next(&mut listener), [set("a")]);
        }
    });
}
