//! What goes wrong in a kernel only at times, and in a fake one when it is told to.

use std::time::Duration;

use genl_user::Error;
use genl_user::families::kvstore::server::{Event as Told, Served};
use genl_user::families::kvstore::{
    Client, DelNtfOwned, Event, Events, Get, GetDump, Group, Set, Stats,
};
use genl_user::families::nlctrl;

use crate::guest::{in_new_netns, kernel};
use crate::raw::refusal;
use crate::served::Store;
use crate::{keys, open, options, put};

/// A time in which what does not come has had its chance.
const INSTANT: Duration = Duration::from_millis(20);

#[test]
fn a_call_fails_when_it_is_told_to() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        kernel().fail_nth("kvstore", "get", 2, libc::EIO);
        kv.get(&Get { key: "a" }).expect("the first one");
        assert_eq!(refusal(kv.get(&Get { key: "a" })).errno, libc::EIO);
        kv.get(&Get { key: "a" }).expect("the third one");
        // What is wrong with a request is told first.
        kernel().fail_next("kvstore", "set", libc::EIO);
        assert_eq!(refusal(kv.set(&Set::default())).errno, libc::ERANGE);
        let set = Set {
            key: "a",
            ..Set::default()
        };
        assert_eq!(refusal(kv.set(&set)).errno, libc::EIO);
    });
}

#[test]
fn a_dump_is_interrupted_when_it_is_told_to() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        kernel().interrupt_next_dump();
        let dump = kv.get_dump(&GetDump::default()).expect("a dump");
        let items: Vec<_> = dump.owned().collect();
        assert!(
            matches!(items[..], [Ok(_), Err(Error::DumpInterrupted)]),
            "{items:?}"
        );
        assert_eq!(keys(&mut kv, None), ["a"]);
        kernel().interrupt_next_dump();
        let dump = kv.get_dump(&GetDump::default()).expect("a dump");
        assert_eq!(dump.consistent(1).expect("the second one").len(), 1);
    });
}

#[test]
fn a_listener_loses_events_when_it_is_told_to() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        put(&mut kv, "before", b"");
        kernel().overrun(changes.port());
        put(&mut kv, "lost", b"");
        assert!(matches!(changes.next(), Ok(Event::Overrun)));
        assert!(
            matches!(changes.next(), Ok(Event::SetNtf(entry)) if entry.key() == Some("before"))
        );
        put(&mut kv, "after", b"");
        assert!(matches!(changes.next(), Ok(Event::SetNtf(entry)) if entry.key() == Some("after")));
    });
}

#[test]
fn an_answer_that_comes_late_answers_nothing_else() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        put(&mut kv, "b", b"2");
        kv.connection()
            .set_timeout(Some(INSTANT))
            .expect("a timeout");
        kernel().hold();
        assert!(matches!(kv.get(&Get { key: "a" }), Err(Error::TimedOut)));
        kernel().release();
        let entry = kv.get(&Get { key: "b" }).expect("its own answer");
        assert_eq!(entry.value(), Some(&b"2"[..]));
        kernel().drop_next_answer();
        assert!(matches!(kv.get(&Get { key: "a" }), Err(Error::TimedOut)));
        kv.get(&Get { key: "a" }).expect("the next one");
    });
}

#[test]
fn who_may_not_write_reads() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        kernel().set_admin(false);
        let set = Set {
            key: "a",
            ..Set::default()
        };
        assert_eq!(refusal(kv.set(&set)).errno, libc::EPERM);
        kv.get(&Get { key: "a" }).expect("reading is for everyone");
    });
}

#[test]
fn a_family_that_comes_back_is_found_again() {
    in_new_netns(|| {
        let mut kv = open();
        let before = kv.connection().family_id();
        assert!(kernel().unregister("kvstore"));
        assert!(!kernel().unregister("kvstore"));
        let gone = kv.stats(&Stats {});
        assert!(matches!(gone, Err(Error::UnknownFamily { .. })), "{gone:?}");
        assert!(matches!(
            Client::open_with(&options()),
            Err(Error::UnknownFamily { .. })
        ));
        let served = kernel().register(Served(Store::default()));
        assert!(kernel().register(Served(Store::default())).is_err());
        kv.stats(&Stats {}).expect("it is there again");
        let now = kv.connection().family_id();
        assert_ne!(before, now);
        assert_eq!(served.expect("registered").id(), now);
    });
}

#[test]
fn the_controller_tells_of_families() {
    in_new_netns(|| {
        let mut notices =
            nlctrl::Events::open_with(&options(), &[nlctrl::Group::Notify]).expect("events");
        kernel().unregister("kvstore");
        let told = |notices: &mut nlctrl::Events| format!("{:?}", notices.next().expect("told"));
        // First its group, then itself.
        assert!(told(&mut notices).contains("changes"));
        assert!(told(&mut notices).contains("kvstore"));
        let mut controller = nlctrl::Client::open_with(&options()).expect("the controller");
        let families = controller
            .getfamily_dump(&nlctrl::GetfamilyDump {})
            .expect("a dump");
        let names: Vec<_> = families
            .owned()
            .map(|family| family.expect("a family").family_name.expect("a name"))
            .collect();
        assert_eq!(names, ["nlctrl"]);
    });
}

#[test]
fn events_come_from_outside_of_calls_too() {
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel()
            .register(Served(Store::default()))
            .expect("registered");
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        let gone = DelNtfOwned {
            key: Some("a".into()),
            ..DelNtfOwned::default()
        };
        family.tell(&Told::DelNtf(&gone)).expect("told");
        family
            .tell_to(changes.port(), &Told::DelNtf(&gone))
            .expect("told");
        for _ in 0..2 {
            assert!(matches!(changes.next(), Ok(Event::DelNtf(gone)) if gone.key() == Some("a")));
        }
        let refused = family
            .tell_to(999, &Told::DelNtf(&gone))
            .expect_err("nobody is there");
        assert_eq!(refused.errno(), libc::ECONNREFUSED);
        put(&mut open(), "b", b"");
        assert!(
            family
                .with(|Served(store)| format!("{store:?}"))
                .expect("it is there")
                .contains("\"b\"")
        );
    });
}
