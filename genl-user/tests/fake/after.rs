//! What comes beside an answer, or is left behind by a call or a family, is in nobody's way.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::server::{Event as Told, Served};
use genl_user::families::kvstore::{
    Client, DelNtfOwned, Event, Events, Get, GetDump, GetReplyOwned, Group, Set, Stats,
};
use genl_user::families::nltest::server::{CountDump, Echo, Event as Said, Handler, Hello};
use genl_user::families::{kvstore, nltest};
use genl_user::server::{Items, Op, Refusal};
use genl_user::testing::Kernel;
use genl_user::{Error, Flags, Heard, Listener, Options};

use crate::guest::{in_new_netns, kernel};
use crate::served::Store;
use crate::twin::{After, Before, GROUPS, Twin, Word};
use crate::{keys, open, options, put};

/// Answers with so many bytes, which nearly fill the receive buffer.
const LONG: usize = 60_000;

/// A dump's items, of which each comes by itself.
const ITEM: usize = 30_000;

struct Verbose;

impl Handler for Verbose {
    fn hello(
        &mut self,
        request: Hello<'_>,
        op: &mut Op<'_>,
    ) -> Result<nltest::HelloReplyOwned, Refusal> {
        let text = Some(request.text().to_owned());
        op.notify(&Said::Message(&nltest::MessageOwned {
            text: text.clone(),
            ..Default::default()
        }))?;
        Ok(nltest::HelloReplyOwned { text })
    }

    fn echo(
        &mut self,
        request: Echo<'_>,
        _op: &mut Op<'_>,
    ) -> Result<nltest::EchoReplyOwned, Refusal> {
        Ok(nltest::EchoReplyOwned {
            binary: Some(vec![0; LONG]),
            // And more than fills it.
            multi: vec![0; request.u32().map_or(0, |count| count as usize)],
            ..Default::default()
        })
    }

    fn count_dump(
        &mut self,
        request: CountDump<'_>,
        _op: &mut Op<'_>,
    ) -> Result<Items<Self, nltest::CountDumpReplyOwned>, Refusal> {
        let item = |number| nltest::CountDumpReplyOwned {
            number: Some(number),
            blob: Some(vec![0; ITEM]),
        };
        Ok(Items::of((0..request.to()).map(item)))
    }
}

fn verbose() -> nltest::Client {
    verbose_of(&Kernel::new())
}

fn verbose_of(kernel: &Kernel) -> nltest::Client {
    let served = kernel.register(nltest::server::Served(Verbose));
    served.expect("it is the first family");
    let options = Options::new().kernel(kernel).queue_size(1 << 20);
    nltest::Client::open_with(&options).expect("it is registered")
}

#[test]
fn an_answer_that_does_not_fit_is_no_matter_of_the_next_call() {
    let kernel = Kernel::new();
    let mut client = verbose_of(&kernel);
    let long = nltest::Echo {
        u32: Some(10_000),
        ..Default::default()
    };
    let given_up = |client: &mut nltest::Client| {
        kernel.hold();
        let late = client.within(Duration::from_millis(1)).echo(&long);
        assert!(matches!(late, Err(Error::TimedOut(_))), "{late:?}");
        kernel.release();
    };
    let hello = nltest::Hello { text: "hello" };
    given_up(&mut client);
    assert_eq!(client.hello(&hello).expect("its own").text(), Some("hello"));
    given_up(&mut client);
    let replies = client
        .connection()
        .call_all::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &hello)
        .expect("its own");
    assert_eq!(replies.owned().count(), 1);
    given_up(&mut client);
    let mut batch = client.pipeline();
    let first = batch.hello(&hello).expect("it can be sent");
    let second = batch.echo(&long).expect("it can be sent");
    let answers = batch.send().expect("answers");
    let first = answers.take(first).expect("its own");
    assert_eq!(first.text(), Some("hello"));
    let second = answers.take(second);
    assert!(matches!(second, Err(Error::Truncated { .. })), "{second:?}");
    let own = client.echo(&long);
    assert!(matches!(own, Err(Error::Truncated { .. })), "{own:?}");
}

#[test]
fn an_echo_is_no_reply() {
    let mut client = verbose();
    let request = nltest::Hello { text: "hello" };
    let connection = client.connection().with_flags(Flags::ECHO);
    let reply = connection.call::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &request);
    assert_eq!(reply.expect("the reply").text(), Some("hello"));
    let replies = connection
        .with_flags(Flags::ECHO)
        .call_all::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &request)
        .expect("it has begun");
    let replies: Result<Vec<_>, _> = replies.owned().collect();
    let text = Some("hello".to_owned());
    let only = nltest::HelloReplyOwned { text };
    assert_eq!(replies.expect("the reply"), [only]);
}

#[test]
fn a_dump_has_all_of_the_buffer_again() {
    let mut client = verbose();
    let long = client
        .with_flags(Flags::ACK)
        .echo(&nltest::Echo::default())
        .expect("an answer");
    assert_eq!(long.binary().map(<[u8]>::len), Some(LONG));
    let request = nltest::CountDump {
        to: 3,
        ..Default::default()
    };
    let dump = client.count_dump(&request).expect("a dump");
    assert_eq!(dump.owned().filter_map(Result::ok).count(), 3);
}

#[test]
fn no_call_is_made_after_the_deadline() {
    const CALLS: u32 = 1000;
    in_new_netns(|| {
        let mut kv = open();
        let keys: Vec<_> = (0..CALLS).map(|number| format!("key-{number}")).collect();
        kernel().hold();
        let mut batch = kv.within(Duration::from_millis(500)).pipeline();
        let tickets: Vec<_> = keys
            .iter()
            .map(|key| {
                let set = Set {
                    key,
                    ..Set::default()
                };
                batch.set(&set).expect("it can be sent")
            })
            .collect();
        let answers = batch.send().expect("it is sent");
        let was_sent = |ticket| match answers.take(ticket) {
            Err(Error::TimedOut(late)) => late.sent,
            other => panic!("{other:?}"),
        };
        let sent: Vec<_> = tickets.into_iter().map(was_sent).collect();
        assert!(sent.is_sorted_by_key(|sent| !sent));
        let sent = sent.into_iter().filter(|sent| *sent).count();
        kernel().release();
        let stats = kv.stats(&Stats {}).expect("the totals");
        let done = stats.entries().expect("how many");
        // Those that were sent together are done together.
        assert!((1..CALLS).contains(&done), "{done}");
        assert_eq!(sent, done as usize);
    });
}

#[test]
fn replies_that_are_lost_take_no_later_answer_with_them() {
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        let mut kv = open();
        put(&mut kv, "a", b"1");
        let connection = kv.connection();
        let set = connection.set_timeout(Some(Duration::from_millis(20)));
        set.expect("a timeout");
        let (port, request) = (connection.port(), Get { key: "a" });
        let mut replies = connection
            .call_all::<GetReplyOwned>(&Client::GET, &request)
            .expect("it has begun");
        let gone = DelNtfOwned::default();
        for _ in 0..1000 {
            let told = family.tell_to(port, &Told::DelNtf(&gone));
            told.expect("its loss is for its reader to know");
        }
        assert!(replies.next().expect("it was there before").is_some());
        let lost = replies.next().map(|reply| reply.is_some());
        assert_eq!(lost.unwrap_err().errno(), Some(libc::ENOBUFS));
        kv.get(&request).expect("its own answer");
    });
}

#[test]
fn the_deadline_of_a_call_that_is_not_made_is_not_that_of_another() {
    let now = Duration::ZERO;
    let unfit = Get { key: "a\0b" };
    // With these flags it would be a dump.
    let both = Flags::REPLACE | Flags::EXCL;
    let patient = |kv: &mut Client| {
        let kernel = kernel();
        kernel.hold();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                kernel.release();
            });
            kv.stats(&Stats {}).map(drop).expect("it is waited for");
        });
    };
    in_new_netns(|| {
        let mut kv = open();
        drop(kv.within(now).pipeline());
        patient(&mut kv);
        kv.within(now).get(&unfit).expect_err("it cannot be sent");
        patient(&mut kv);
        let dump = kv.within(now).with_flags(both).stats(&Stats {});
        assert!(matches!(dump, Err(Error::DumpFlags { .. })));
        patient(&mut kv);
        let request = GetDump {
            prefix: Some("a\0b"),
        };
        let dump = kv.within(now).get_dump(&request).map(drop);
        dump.expect_err("it cannot be sent");
        patient(&mut kv);
        // What cannot be added leaves it to the others.
        let mut batch = kv.within(now).pipeline();
        batch.get(&unfit).expect_err("it cannot be sent");
        let stats = batch.stats(&Stats {}).expect("it can be sent");
        kernel().hold();
        let late = batch.send().expect("it is sent").take(stats);
        assert!(matches!(late, Err(Error::TimedOut(_))), "{late:?}");
        patient(&mut kv);
    });
}

#[test]
fn a_dump_whose_end_is_lost_costs_one_call_whatever_else_comes() {
    const TIMEOUT: Duration = Duration::from_millis(400);
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        let mut kv = open();
        put(&mut kv, "a", b"1");
        let connection = kv.connection();
        connection.set_timeout(Some(TIMEOUT)).expect("a timeout");
        let port = connection.port();
        kernel().drop_next_answer();
        let begun = kv.get_dump(&GetDump::default()).map(drop);
        assert!(matches!(begun, Err(Error::TimedOut(_))), "{begun:?}");
        let (stop, stopped) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let gone = DelNtfOwned::default();
                while stopped.recv_timeout(TIMEOUT / 10) == Err(RecvTimeoutError::Timeout) {
                    let told = family.tell_to(port, &Told::DelNtf(&gone));
                    told.expect("a word that has nothing to do with the dump");
                }
            });
            let request = Get { key: "a" };
            let (first, second) = (kv.get(&request).map(drop), kv.get(&request).map(drop));
            drop(stop);
            assert!(first.is_ok(), "{first:?}");
            assert!(second.is_ok(), "{second:?}");
        });
    });
}

#[test]
fn groups_are_joined_after_an_overrun() {
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        let options = options().queue_size(4096).timeout(Duration::from_secs(2));
        let mut listener = Listener::open_with(&options).expect("a socket");
        listener.join(&[kvstore::Group::Changes]).expect("joined");
        for _ in 0..100 {
            let told = family.tell(&Told::DelNtf(&DelNtfOwned::default()));
            told.expect("told");
        }
        assert!(matches!(listener.next(), Ok(Heard::Message(_))));
        // The queue takes nothing before it was read to its end, not even the controller's answer.
        let joined = listener.join(&[nltest::Group::Chat]);
        assert!(joined.is_ok(), "{joined:?}");
        let mut heard = 1;
        while matches!(listener.next(), Ok(Heard::Message(_))) {
            heard += 1;
        }
        assert!(heard < 100, "{heard}");
        // That was the overrun.
        let told = family.tell(&Told::DelNtf(&DelNtfOwned::default()));
        told.expect("told");
        assert!(matches!(listener.next(), Ok(Heard::Message(_))));
    });
}

/// The queue is empty when the loss is told: what comes then gets in, or its loss is told again.
#[test]
fn a_dump_and_what_comes_after_an_overrun_miss_nothing() {
    in_new_netns(|| {
        let mut kv = open();
        let options = options().queue_size(4096);
        let mut changes = Events::open_with(&options, &[Group::Changes]).expect("events");
        for number in 0..200 {
            put(&mut kv, &format!("{number:03}"), b"");
        }
        let mut before = 0;
        loop {
            match changes.next().expect("an event") {
                Event::SetNtf(_) => before += 1,
                Event::Overrun => break,
                other => panic!("{other:?}"),
            }
        }
        assert!((1..200).contains(&before), "{before}");
        assert_eq!(keys(&mut kv, None).len(), 200);
        put(&mut kv, "after", b"");
        let event = changes.next_timeout(Duration::from_secs(2));
        let event = event.expect("no error");
        assert!(matches!(event, Some(Event::SetNtf(entry)) if entry.key() == Some("after")));
    });
}

/// What has come next is a message, no loss; `None` if nothing has come.
fn is_message(listener: &mut Listener) -> Option<bool> {
    let heard = listener.next_timeout(Duration::ZERO).expect("no error");
    heard.map(|heard| heard.notice().is_some())
}

/// What is lost while a join waits is told behind what came before it, though a loss is untold already.
#[test]
fn losses_before_and_during_a_join_are_told_behind_what_is_older() {
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        let told = DelNtfOwned::default();
        let options = options().wait_for_family(Duration::from_secs(20));
        let mut listener = Listener::open_with(&options).expect("a socket");
        listener.join(&[kvstore::Group::Changes]).expect("joined");
        let (kernel, port) = (kernel(), listener.port());
        let tell_and_lose = || {
            family.tell(&Told::DelNtf(&told)).expect("told");
            kernel.overrun(port);
        };
        tell_and_lose();
        thread::scope(|scope| {
            scope.spawn(|| {
                // Time to read what is there, so that this gets in.
                thread::sleep(Duration::from_millis(100));
                tell_and_lose();
                kernel.register(Before).expect("it is not there");
            });
            let joined = listener.join(&[Twin("kept")]);
            assert!(joined.is_ok(), "{joined:?}");
        });
        let heard: Vec<_> = std::iter::from_fn(|| is_message(&mut listener)).collect();
        assert_eq!((heard[0], heard.last()), (true, Some(&false)), "{heard:?}");
    });
}

#[test]
fn what_comes_while_a_family_is_waited_for_takes_no_more_room_than_the_queue() {
    const EVENTS: usize = 500;
    in_new_netns(|| {
        kernel().unregister("kvstore");
        let family = kernel().register(Served(Store::default()));
        let family = family.expect("registered");
        let told = DelNtfOwned::default();
        let options = options()
            .queue_size(4096)
            .wait_for_family(Duration::from_secs(120));
        let mut listener = Listener::open_with(&options).expect("a socket");
        listener.join(&[kvstore::Group::Changes]).expect("joined");
        let kernel = kernel();
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..EVENTS {
                    family.tell(&Told::DelNtf(&told)).expect("told");
                    // Time to read it, so that it is not the queue that is full.
                    thread::sleep(Duration::from_micros(100));
                }
                kernel.register(Before).expect("it is not there");
            });
            let joined = listener.join(&[Twin("kept")]);
            assert!(joined.is_ok(), "{joined:?}");
        });
        let heard: Vec<_> = std::iter::from_fn(|| is_message(&mut listener)).collect();
        let count = heard.iter().filter(|is_message| **is_message).count();
        assert!((1..EVENTS / 2).contains(&count), "{count}");
        // That some were lost comes last.
        assert_eq!(heard.last(), Some(&false));
        // Now there is room again.
        family.tell(&Told::DelNtf(&told)).expect("told");
        assert_eq!(is_message(&mut listener), Some(true));
        assert_eq!(is_message(&mut listener), None);
    });
}

#[test]
fn a_group_that_is_gone_takes_no_other_with_it() {
    let kernel = Kernel::new();
    kernel.register(Before).expect("it is the first family");
    let mut listener = Listener::open_with(&Options::new().kernel(&kernel)).expect("a listener");
    let groups = GROUPS.map(|group| Twin(group.name));
    listener.join(&groups).expect("joined");
    kernel.unregister("twin");
    let after = kernel.register(After).expect("it comes back");
    let gone = listener.next().map(|heard| format!("{heard:?}"));
    assert!(
        matches!(&gone, Err(Error::UnknownGroup { group, .. }) if group == "lost"),
        "{gone:?}"
    );
    assert!(matches!(listener.next(), Ok(Heard::Reloaded("twin"))));
    after.tell(&Word).expect("told");
    let heard = listener.next_timeout(Duration::from_secs(1));
    let notice = heard.expect("no error").and_then(Heard::notice);
    assert_eq!(notice.and_then(|notice| notice.family()), Some("twin"));
}
