//! What goes wrong in a kernel only at times, and in a fake one when it is told to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::server::{self, Event as Told, Served};
use genl_user::families::kvstore::{
    Client, DelNtfOwned, Event, Events, Get, GetDump, GetReplyOwned, Group, Set, Stats,
};
use genl_user::families::{nlctrl, nltest};
use genl_user::server::{Items, Op, Refusal};
use genl_user::testing::Kernel;
use genl_user::{Error, Listener, Options};

use crate::everything;
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
        kernel().fail_nth(&Client::GET, 2, libc::EIO);
        kv.get(&Get { key: "a" }).expect("the first one");
        assert_eq!(refusal(kv.get(&Get { key: "a" })).errno, libc::EIO);
        kv.get(&Get { key: "a" }).expect("the third one");
        // What is wrong with a request is told first.
        kernel().fail_next(&Client::SET, libc::EIO);
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
        kernel().interrupt_next_dump(&Client::GET_DUMP);
        let dump = kv.get_dump(&GetDump::default()).expect("a dump");
        let items: Vec<_> = dump.owned().collect();
        let [Ok(_), Err(end @ Error::DumpInterrupted { .. })] = &items[..] else {
            panic!("{items:?}")
        };
        let told = "kvstore's dump of get is not consistent: what it lists was changed meanwhile";
        assert_eq!(end.to_string(), told);
        assert_eq!(keys(&mut kv, None), ["a"]);
        kernel().interrupt_next_dump(&Client::GET_DUMP);
        kernel().interrupt_next_dump(&Client::GET_DUMP);
        // Another one's dump is not meant.
        let mut controller = nlctrl::Client::open_with(&options()).expect("the controller");
        let families = controller.getfamily_dump(&nlctrl::GetfamilyDump {});
        families
            .expect("a dump")
            .consistent(0)
            .expect("all is well");
        let dump = kv.get_dump(&GetDump::default()).expect("a dump");
        assert_eq!(dump.consistent(2).expect("the third one").len(), 1);
    });
}

#[test]
fn a_fault_is_for_one_way_to_call() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        kernel().fail_next(&Client::GET_DUMP, libc::ENOMEM);
        kernel().fail_nth(&Client::GET, 2, libc::EIO);
        kernel().interrupt_next_dump(&Client::GET_DUMP);
        kv.get(&Get { key: "a" }).expect("it is no dump");
        let left = ["kvstore dump get", "kvstore do get", "kvstore dump get"];
        assert_eq!(kernel().faults_left(), left);
        let dump = kv.get_dump(&GetDump::default()).map(drop);
        assert_eq!(refusal(dump).errno, libc::ENOMEM);
        let dump = kv.get_dump(&GetDump::default()).expect("a dump");
        assert!(matches!(
            dump.consistent(0),
            Err(Error::DumpInterrupted { .. })
        ));
        assert_eq!(kernel().faults_left(), ["kvstore do get"]);
        assert_eq!(refusal(kv.get(&Get { key: "a" })).errno, libc::EIO);
        assert!(kernel().faults_left().is_empty());
    });
}

/// Refuses its first dump, and lists nothing in others.
struct Unready(bool);

impl server::Handler for Unready {
    fn get_dump(
        &mut self,
        _: server::GetDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, GetReplyOwned>, Refusal> {
        match std::mem::take(&mut self.0) {
            true => Err(Refusal::new(libc::EAGAIN)),
            false => Ok(Items::from_fn(|_, _| Ok(None))),
        }
    }
}

#[test]
fn a_dump_that_does_not_begin_is_not_interrupted() {
    let kernel = Kernel::new();
    kernel.register(Served(Unready(true))).expect("registered");
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).expect("a client");
    kernel.interrupt_next_dump(&Client::GET_DUMP);
    kernel.fail_next(&Client::GET_DUMP, libc::EIO);
    for errno in [libc::EIO, libc::EAGAIN] {
        let dump = kv.get_dump(&GetDump::default()).map(drop);
        assert_eq!(refusal(dump).errno, errno);
        assert_eq!(kernel.faults_left(), ["kvstore dump get"]);
    }
    let dump = kv.get_dump(&GetDump::default()).expect("a dump");
    assert!(matches!(
        dump.consistent(0),
        Err(Error::DumpInterrupted { .. })
    ));
    assert!(kernel.faults_left().is_empty());
}

#[test]
fn faults_that_make_no_sense_are_told_at_once() {
    /// What is said of something that cannot be wished.
    fn told_of(wish: impl FnOnce(&Kernel)) -> String {
        let kernel = Kernel::new();
        let ended = catch_unwind(AssertUnwindSafe(|| wish(&kernel)));
        let said = ended.expect_err("it makes no sense");
        let said = match said.downcast::<String>() {
            Ok(said) => *said,
            Err(said) => said.downcast_ref::<&str>().expect("words").to_string(),
        };
        // Nothing of it is left.
        assert!(kernel.faults_left().is_empty());
        said
    }

    for errno in [i32::MIN, -libc::EIO, 0, 4096] {
        let said = told_of(|kernel| kernel.fail_next(&Client::GET, errno));
        assert_eq!(
            said,
            format!("{errno} is no error number: these are 1 to 4095")
        );
    }
    assert_eq!(
        told_of(|kernel| kernel.fail_nth(&Client::GET, 0, libc::EIO)),
        "calls are counted from 1"
    );
    assert_eq!(
        told_of(|kernel| kernel.interrupt_next_dump(&Client::GET)),
        "a do is not interrupted: get"
    );
    assert_eq!(told_of(|kernel| kernel.overrun(7)), "nobody has the port 7");
    assert_eq!(
        told_of(|kernel| kernel.overrun_group(Group::Changes)),
        "nobody listens to the group \"changes\" of \"kvstore\""
    );
}

#[test]
fn all_who_listen_to_a_group_lose_events_when_they_are_told_to() {
    in_new_netns(|| {
        let mut kv = open();
        let open = |groups: &[Group]| Events::open_with(&options(), groups).expect("events");
        let mut listeners = [open(&[Group::Changes]), open(&[Group::Changes])];
        let mut other = open(&[]);
        kernel().overrun_group(Group::Changes);
        put(&mut kv, "lost", b"");
        for changes in &mut listeners {
            assert!(matches!(changes.next(), Ok(Event::Overrun)));
            assert!(changes.next_timeout(INSTANT).expect("no error").is_none());
        }
        assert!(other.next_timeout(INSTANT).expect("no error").is_none());
        // The controller's group is that of all listeners.
        kernel().overrun_group(nlctrl::Group::Notify);
        assert!(matches!(other.next(), Ok(Event::Overrun)));
    });
}

#[test]
fn who_talks_to_a_fake_kernel_talks_to_no_process() {
    let kernel = Kernel::new();
    let open = |options: &Options| nlctrl::Client::open_with(options).map(drop);
    // Nobody has port 0 but the real kernel.
    open(&Options::new().peer(0).kernel(&kernel)).expect("the fake one");
    let opened = open(&Options::new().kernel(&kernel).peer(0));
    assert!(
        matches!(opened, Err(Error::Unreachable { peer: 0, .. })),
        "{opened:?}"
    );
}

#[test]
fn a_listener_loses_events_when_it_is_told_to() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        put(&mut kv, "before", b"");
        kernel().overrun(changes.port());
        put(&mut kv, "lost", b"");
        assert!(
            matches!(changes.next(), Ok(Event::SetNtf(entry)) if entry.key() == Some("before"))
        );
        assert!(matches!(changes.next(), Ok(Event::Overrun)));
        put(&mut kv, "after", b"");
        assert!(matches!(changes.next(), Ok(Event::SetNtf(entry)) if entry.key() == Some("after")));
    });
}

#[test]
fn each_loss_is_told_though_the_one_before_was_not_yet() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        put(&mut kv, "first", b"");
        put(&mut kv, "second", b"");
        let port = changes.port();
        kernel().overrun(port);
        let mut next = || match changes.next_timeout(INSTANT).expect("no error") {
            Some(Event::SetNtf(entry)) => entry.key().map(str::to_owned),
            Some(Event::Overrun) => Some("lost".to_owned()),
            Some(other) => panic!("{other:?}"),
            None => None,
        };
        assert_eq!(next().as_deref(), Some("first"));
        assert_eq!(next().as_deref(), Some("second"));
        // The queue is empty again, and the listener has not seen that.
        kernel().overrun(port);
        let rest: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(rest, ["lost", "lost"]);
    });
}

#[test]
fn a_loss_is_told_behind_a_queue_that_was_longer() {
    in_new_netns(|| {
        let mut kv = open();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        // As many as the queue holds, and more.
        for _ in 0..1000 {
            put(&mut kv, "a", b"");
        }
        changes.set_queue_size(4096).expect("a shorter queue");
        let (mut heard, mut lost_behind) = (0, None);
        while let Some(event) = changes.next_timeout(INSTANT).expect("no error") {
            match event {
                Event::SetNtf(_) => heard += 1,
                Event::Overrun => lost_behind = Some(heard),
                other => panic!("{other:?}"),
            }
        }
        assert!((100..1000).contains(&heard), "{heard}");
        assert_eq!(lost_behind, Some(heard));
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
        assert!(matches!(kv.get(&Get { key: "a" }), Err(Error::TimedOut(_))));
        kernel().release();
        let entry = kv.get(&Get { key: "b" }).expect("its own answer");
        assert_eq!(entry.value(), Some(&b"2"[..]));
        kernel().drop_next_answer();
        assert!(matches!(kv.get(&Get { key: "a" }), Err(Error::TimedOut(_))));
        kv.get(&Get { key: "a" }).expect("the next one");
    });
}

#[test]
fn a_dump_that_is_lost_costs_one_call() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        kv.connection()
            .set_timeout(Some(INSTANT))
            .expect("a timeout");
        kernel().drop_next_answer();
        kernel().fail_nth(&Client::GET, 2, libc::EIO);
        let left = ["kvstore do get", "an answer to be lost"];
        assert_eq!(kernel().faults_left(), left);
        let dump = kv.get_dump(&GetDump::default()).map(drop);
        assert!(matches!(dump, Err(Error::TimedOut(_))), "{dump:?}");
        assert_eq!(kernel().faults_left(), left[..1]);
        kv.get(&Get { key: "a" }).expect("the next call");
        assert_eq!(keys(&mut kv, None), ["a"]);
    });
}

#[test]
fn a_full_queue_costs_one_answer() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        put(&mut kv, "a", b"1");
        let gone = DelNtfOwned::default();
        for _ in 0..1000 {
            let told = family.tell_to(kv.connection().port(), &Told::DelNtf(&gone));
            told.expect("its loss is for its reader to know");
        }
        let lost = kv.get(&Get { key: "a" }).map(drop);
        assert_eq!(lost.unwrap_err().errno(), Some(libc::ENOBUFS));
        kv.get(&Get { key: "a" }).expect("its own answer");
        assert_eq!(keys(&mut kv, None), ["a"]);
    });
}

#[test]
fn no_time_is_too_long() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"1");
        kv.connection()
            .set_timeout(Some(INSTANT))
            .expect("a timeout");
        let kernel = kernel();
        kernel.hold();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(4 * INSTANT);
                kernel.release();
            });
            let entry = kv.within(Duration::MAX).get(&Get { key: "a" }).map(drop);
            entry.expect("it was waited for");
        });
    });
}

#[test]
fn to_leave_a_group_leaves_none_that_has_its_number_now() {
    struct Silent;

    impl nltest::server::Handler for Silent {}

    in_new_netns(|| {
        let mut listener = Listener::open_with(&options()).expect("a listener");
        listener.join(&[Group::Changes]).expect("joined");
        kernel().unregister("kvstore");
        let chat = kernel().register(nltest::server::Served(Silent));
        listener.join(&[nltest::Group::Chat]).expect("joined");
        listener.leave(&[Group::Changes]).expect("left");
        let message = nltest::MessageOwned::default();
        let told = chat
            .expect("registered")
            .tell(&nltest::server::Event::Message(&message));
        told.expect("told");
        let heard = listener.next_timeout(INSTANT).expect("no error");
        assert_eq!(
            heard
                .and_then(|heard| heard.notice())
                .and_then(|it| it.family()),
            Some("nltest")
        );
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
        let again = kernel().register(Served(Store::default()));
        let error = again.expect_err("there is one").to_string();
        assert_eq!(error, "the family \"kvstore\" is registered already");
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

#[test]
fn what_is_known_of_a_family_is_kept_up_to_date_by_who_listens() {
    in_new_netns(|| {
        let id = || Client::open_with(&options()).map(|client| { client }.connection().family_id());
        let before = id().expect("it is registered");
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        kernel().unregister("kvstore");
        // Nobody has read that it is gone.
        assert_eq!(id().expect("it was known"), before);
        assert!(changes.next_timeout(INSTANT).expect("no event").is_none());
        assert!(matches!(id(), Err(Error::UnknownFamily { .. })));

        let register = || {
            kernel()
                .register(Served(Store::default()))
                .expect("it is gone")
        };
        let known = register().id();
        assert_eq!(id().expect("it is there"), known);
        kernel().unregister("kvstore");
        let now = register().id();
        assert_eq!(id().expect("it was known"), known);
        assert!(matches!(changes.next(), Ok(Event::Reloaded)));
        while changes.next_timeout(INSTANT).expect("no error").is_some() {}
        assert_eq!(id().expect("it is known"), now);

        // Another kernel's families are others.
        in_new_netns(|| {
            let other = kernel().unregister("kvstore");
            assert!(other && matches!(id(), Err(Error::UnknownFamily { .. })));
        });
    });
}

#[test]
fn a_module_is_loaded_when_its_family_is_asked_for() {
    in_new_netns(|| {
        let wait = || options().wait_for_family(INSTANT);
        kernel().unregister("kvstore");
        let absent = Client::open_with(&wait());
        assert!(matches!(absent, Err(Error::UnknownFamily { .. })));
        // In time, while somebody waits.
        thread::scope(|scope| {
            let here = kernel();
            scope.spawn(move || {
                thread::sleep(INSTANT);
                let registered = here.register(Served(Store::default()));
                registered.expect("it is gone");
            });
            let patient = options().wait_for_family(Duration::from_secs(20));
            let client = Client::open_with(&patient);
            put(&mut client.expect("it has come"), "a", b"");
        });

        let mut loaded = 0;
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        let mut kv = open();
        let (count, counted) = mpsc::channel();
        kernel().install(move || {
            count.send(()).expect("the test is there");
            Served(Store::default())
        });
        for _ in 0..2 {
            kernel().unregister("kvstore");
            // By a call of who knew it before, whose first try is refused.
            assert_eq!(keys(&mut kv, None), Vec::<String>::new());
            assert!(matches!(changes.next(), Ok(Event::Reloaded)));
            put(&mut kv, "a", b"");
            assert!(matches!(changes.next(), Ok(Event::SetNtf(_))));
            loaded += counted.try_iter().count();
        }
        open();
        loaded += counted.try_iter().count();
        assert_eq!(loaded, 2);
    });
}

#[test]
fn each_group_asks_for_its_own_right() {
    use everything::{Events, Group};

    struct Nobody;

    impl everything::server::Handler for Nobody {}

    in_new_netns(|| {
        let served = everything::server::Served(Nobody);
        kernel().register(served).expect("it is not there");
        let errno = |group| {
            let events = Events::open_with(&options(), &[group]);
            events.map_or_else(|error| error.errno(), |_| Some(0))
        };
        let errnos = || [Group::Open, Group::Owners, Group::Keepers].map(errno);
        assert_eq!(errnos(), [0, 0, 0].map(Some));
        kernel().set_sys_admin(false);
        assert_eq!(errnos(), [0, 0, libc::EPERM].map(Some));
        kernel().set_admin(false);
        assert_eq!(errnos(), [0, libc::EPERM, libc::EPERM].map(Some));
        let error = Events::open_with(&options(), &[Group::Owners]).expect_err("it takes a right");
        assert_eq!(
            error.to_string(),
            "cannot join the group \"owners\" of \"everything\": \
             Operation not permitted (os error 1)"
        );
        kernel().set_sys_admin(true);
        assert_eq!(errnos(), [0, libc::EPERM, 0].map(Some));
    });
}

#[test]
fn a_request_that_no_socket_sends_is_not_sent() {
    in_new_netns(|| {
        let mut client = nltest::Client::open_with(&options()).expect("it is there");
        let mut echo = |count: usize| {
            let multi = &vec![0; count];
            let request = nltest::Echo {
                multi,
                ..Default::default()
            };
            client.echo(&request).map(|reply| reply.multi().count())
        };
        // Eight bytes each behind the headers, as much as the kernel's own sockets take by default.
        let most = (212_992 - 32 - 20) / 8;
        let long = echo(most + 1);
        assert!(
            matches!(long, Err(Error::TooLong { room: 212_960, .. })),
            "{long:?}"
        );
        assert!(matches!(echo(most), Err(Error::Truncated { .. })));
        assert_eq!(echo(1000).expect("it is short"), 1000);
    });
}
