//! What who gets no answer in time is told: who did not answer, what, and for how long.

use std::io;
use std::time::Duration;

use genl_user::families::kvstore::{Client, Get, GetDump, GetReplyOwned, Group};
use genl_user::{DEFAULT_TIMEOUT, Error, Listener};

use crate::guest::{in_new_netns, kernel};
use crate::{open, options, put};

const SOON: Duration = Duration::from_millis(20);

/// A client that does not wait for long, of a store with more entries than fit into one piece of a dump.
fn hasty() -> Client {
    let mut kv = open();
    for number in 0..100 {
        put(&mut kv, &format!("key-{number}"), &[0; 1000]);
    }
    let set = kv.connection().set_timeout(Some(SOON));
    set.expect("a timeout");
    kv
}

fn told<T>(asked: Result<T, Error>) -> String {
    let error = asked.err().expect("no answer comes");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    error.to_string()
}

const GET: &str = "kvstore did not answer get within 20ms";
const GETFAMILY: &str = "nlctrl did not answer getfamily of \"kvstore\" within 20ms";

#[test]
fn of_a_call() {
    in_new_netns(|| {
        let (mut kv, request) = (hasty(), Get { key: "key-1" });
        kernel().hold();
        assert_eq!(told(kv.get(&request)), GET);
        let another = Duration::from_millis(15);
        let Err(Error::TimedOut(late)) = kv.within(another).get(&request) else {
            panic!("no answer comes");
        };
        assert_eq!((&*late.family, &*late.operation), ("kvstore", "get"));
        assert_eq!((late.peer, late.timeout, late.sent), (None, another, true));
        let connection = kv.connection();
        let replies = connection.call_all::<GetReplyOwned>(&Client::GET, &request);
        assert_eq!(told(replies), GET);
    });
}

#[test]
fn of_calls_that_were_sent_together() {
    in_new_netns(|| {
        let mut kv = hasty();
        kernel().hold();
        let mut batch = kv.pipeline();
        let ticket = batch.get(&Get { key: "key-1" }).expect("it can be sent");
        let answers = batch.send().expect("it is sent");
        for _ in 0..2 {
            assert_eq!(told(answers.take(ticket)), GET);
        }
    });
}

#[test]
fn of_a_dump() {
    in_new_netns(|| {
        let mut kv = hasty();
        let request = GetDump::default();
        let mut dump = kv.get_dump(&request).expect("it begins");
        kernel().hold();
        let end = loop {
            match dump.next() {
                Ok(item) => assert!(item.is_some(), "there is more"),
                Err(error) => break error,
            }
        };
        assert_eq!(told::<()>(Err(end)), GET);
        drop(dump);
        kernel().release();
        // Of another client, which need not read first what is left of that one, and not its first, before
        // which it receives something else.
        let mut kv = hasty();
        let dump = kv.get_dump(&request).expect("it begins");
        assert_eq!(dump.owned().filter_map(Result::ok).count(), 100);
        kernel().drop_next_answer();
        assert_eq!(told(kv.get_dump(&request)), GET);
    });
}

#[test]
fn a_late_dump_is_in_no_other_dumps_way() {
    in_new_netns(|| {
        let mut kv = hasty();
        let request = GetDump::default();
        let all = |kv: &mut Client| {
            kernel().release();
            // Time for what is left of the other, which is read first.
            let set = kv.connection().set_timeout(Some(DEFAULT_TIMEOUT));
            set.expect("a timeout");
            let dump = kv.get_dump(&request).expect("it begins");
            dump.owned().filter_map(Result::ok).count()
        };
        kernel().hold();
        assert_eq!(told(kv.get_dump(&request).map(drop)), GET);
        assert_eq!(all(&mut kv), 100);

        let set = kv.connection().set_timeout(Some(SOON));
        set.expect("a timeout");
        let mut dump = kv.get_dump(&request).expect("it begins");
        kernel().hold();
        while let Ok(item) = dump.next() {
            assert!(item.is_some(), "there is more");
        }
        drop(dump);
        assert_eq!(all(&mut kv), 100);
    });
}

#[test]
fn nor_is_it_once_other_calls_have_come_between() {
    in_new_netns(|| {
        let mut kv = hasty();
        let request = GetDump::default();
        kernel().hold();
        assert_eq!(told(kv.get_dump(&request).map(drop)), GET);
        assert_eq!(told(kv.get(&Get { key: "key-1" })), GET);
        kernel().release();
        let set = kv.connection().set_timeout(Some(DEFAULT_TIMEOUT));
        set.expect("a timeout");
        let dump = kv.get_dump(&request).expect("it begins");
        assert_eq!(dump.owned().filter_map(Result::ok).count(), 100);
        // Of one that was read in part.
        let mut dump = kv.get_dump(&request).expect("it begins");
        assert!(dump.next().expect("an item").is_some());
        kernel().hold();
        drop(dump);
        let late = kv.within(SOON).get(&Get { key: "key-1" }).map(drop);
        assert!(late.is_err(), "nothing comes");
        kernel().release();
        kv.get(&Get { key: "key-1" }).expect("its own answer");
        let dump = kv.get_dump(&request).expect("it begins");
        assert_eq!(dump.owned().filter_map(Result::ok).count(), 100);
    });
}

#[test]
fn of_what_was_not_sent_because_of_a_dump() {
    in_new_netns(|| {
        let mut kv = hasty();
        let mut dump = kv.get_dump(&GetDump::default()).expect("it begins");
        assert!(dump.next().expect("an item").is_some());
        // Of the rest nothing comes before the next call.
        kernel().hold();
        drop(dump);
        let late = kv.get(&Get { key: "key-1" });
        assert_eq!(told(late), "kvstore could not be sent get within 20ms");
    });
}

#[test]
fn of_a_client_that_is_opened() {
    in_new_netns(|| {
        kernel().hold();
        let opened = Client::open_with(&options().timeout(SOON));
        assert_eq!(told(opened), GETFAMILY);
    });
}

#[test]
fn of_a_group_that_is_joined() {
    in_new_netns(|| {
        let options = options().timeout(SOON);
        let mut listener = Listener::open_with(&options).expect("a listener");
        kernel().hold();
        assert_eq!(told(listener.join(&[Group::Changes])), GETFAMILY);
    });
}
