//! What the kernel's runtime can do, by nltest: several replies to a call, echoes, audiences of an
//! event, everything an extended ACK can say, dumps that fail, modules that are in use.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{iter, thread};

use genl_user::families::nltest::{self, Audience, Broadcast, CountDump, Event, Group, Sleep};
use libc::{NLM_F_ACK, NLM_F_DUMP, NLM_F_ECHO};

use crate::guest::{Netns, Reload, in_new_netns, load, unload};
use crate::raw::refusal;
use crate::talk::{COOKIE, OFFS, POLICY, Said, Talk};

/// Commands of nltest.
mod cmd {
    pub(super) const BROADCAST: u8 = 4;
    pub(super) const REPEAT: u8 = 6;
    pub(super) const COUNT: u8 = 8;
    pub(super) const REMARK: u8 = 9;
}

/// Attributes of nltest.
mod attr {
    pub(super) const MESSAGE_TEXT: u16 = 2;
    pub(super) const MESSAGE_AUDIENCE: u16 = 3;
    pub(super) const REPETITION_TEXT: u16 = 1;
    pub(super) const REPETITION_TIMES: u16 = 2;
    pub(super) const REPETITION_NUMBER: u16 = 3;
    pub(super) const REPETITION_AT_ONCE: u16 = 4;
    pub(super) const REPETITION_ALL: u16 = 5;
    pub(super) const COUNT_TO: u16 = 1;
    pub(super) const COUNT_BLOB_LEN: u16 = 2;
    pub(super) const COUNT_FAIL_AT: u16 = 3;
    pub(super) const COUNT_NUMBER: u16 = 4;
    pub(super) const REMARK_TEXT: u16 = 1;
    pub(super) const REMARK_COOKIE: u16 = 2;
    pub(super) const REMARK_NUMBER: u16 = 3;
}

const QUIET: Duration = Duration::from_millis(200);

fn number(said: &Said, kind: u16) -> u32 {
    let mut attrs = said.attrs().map(|attr| attr.expect("whole attributes"));
    let found = attrs.find(|attr| attr.kind() == kind);
    found.expect("it is there").u32().expect("a number")
}

#[test]
fn a_call_can_be_answered_by_many_messages() {
    const TIMES: u32 = 100;
    let mut talk = Talk::open();
    let seq = talk.ask(cmd::REPEAT, NLM_F_ACK, |attrs| {
        attrs.str(attr::REPETITION_TEXT, "again").expect("it fits");
        attrs.u32(attr::REPETITION_TIMES, TIMES);
    });
    for expected in 0..TIMES {
        let said = talk.next();
        assert_eq!(said.seq, seq);
        assert_eq!(number(&said, attr::REPETITION_NUMBER), expected);
    }
    assert_eq!(talk.next().errno(), Some(0), "the ACK comes last");
}

#[test]
fn answers_that_the_queue_cannot_hold_are_an_error() {
    let mut talk = Talk::open();
    let text = "x".repeat(256);
    talk.ask(cmd::REPEAT, NLM_F_ACK, |attrs| {
        attrs.str(attr::REPETITION_TEXT, &text).expect("it fits");
        attrs.u32(attr::REPETITION_TIMES, 1000);
    });
    let lost = talk.try_next().expect_err("some do not fit");
    assert_eq!(lost.raw_os_error(), Some(libc::ENOBUFS));
    let said = iter::from_fn(|| talk.next_within(QUIET));
    let replies = said.filter(|said| said.errno().is_none()).count();
    assert!((1..1000).contains(&replies), "{replies}");
}

#[test]
fn a_reply_grows_as_needed_up_to_a_limit_that_is_told() {
    let mut talk = Talk::open();
    let text = "x".repeat(255);
    // Each takes 260 bytes, and no message grows beyond 1 MiB.
    for (times, fits) in [(1, true), (1_000, true), (4_000, true), (10_000, false)] {
        // A queue takes one message of any length, but no ACK behind a long one.
        talk.ask(cmd::REPEAT, 0, |attrs| {
            attrs.str(attr::REPETITION_TEXT, &text).expect("it fits");
            attrs.u32(attr::REPETITION_TIMES, times);
            attrs.flag(attr::REPETITION_AT_ONCE);
        });
        let said = talk.next();
        if fits {
            let all = said.attrs().map(|attr| attr.expect("whole attributes"));
            let all: Vec<_> = all.collect();
            assert_eq!(all.len() as u32, times);
            for attr in all {
                assert_eq!(attr.kind(), attr::REPETITION_ALL);
                assert_eq!(attr.str().expect("a text"), text);
            }
        } else {
            assert_eq!(said.errno(), Some(libc::EMSGSIZE));
            let words = "the answer is too long for a message";
            assert_eq!(said.words().as_deref(), Some(words));
        }
    }
}

#[test]
fn who_asks_for_an_echo_hears_the_event_once() {
    in_new_netns(|| {
        let mut sender = Talk::open();
        sender.join_chat();
        let mut listener = nltest::Events::open(&[Group::Chat]).expect("events");
        for flags in [NLM_F_ACK | NLM_F_ECHO, NLM_F_ACK] {
            let seq = sender.ask(cmd::BROADCAST, flags, |attrs| {
                attrs.str(attr::MESSAGE_TEXT, "news").expect("it fits");
                attrs.u32(attr::MESSAGE_AUDIENCE, 2);
            });
            let heard = sender.next();
            // As a listener, or by the echo: either way it says what caused it.
            assert_eq!((heard.errno(), heard.seq), (None, seq));
            assert_ne!(heard.portid, 0);
            assert_eq!(sender.next().errno(), Some(0));
            assert!(sender.next_within(QUIET).is_none(), "it is told once");
            match listener
                .next_timeout(Duration::from_secs(20))
                .expect("an event")
            {
                Some(Event::Message(message)) => assert_eq!(message.text(), Some("news")),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn an_echo_needs_no_listener() {
    in_new_netns(|| {
        let mut sender = Talk::open();
        let seq = sender.ask(cmd::BROADCAST, NLM_F_ACK | NLM_F_ECHO, |attrs| {
            attrs.str(attr::MESSAGE_TEXT, "to me").expect("it fits");
            attrs.u32(attr::MESSAGE_AUDIENCE, 2);
        });
        assert_eq!((sender.next().errno(), seq), (None, 1));
        assert_eq!(sender.next().errno(), Some(0));
        sender.ask(cmd::BROADCAST, NLM_F_ACK, |attrs| {
            attrs.str(attr::MESSAGE_TEXT, "to nobody").expect("it fits");
            attrs.u32(attr::MESSAGE_AUDIENCE, 2);
        });
        assert_eq!(sender.next().errno(), Some(0));
    });
}

#[test]
fn an_event_can_go_to_all_namespaces() {
    in_new_netns(|| {
        let mut here = nltest::Events::open(&[Group::Chat]).expect("events");
        let there = Netns::current();
        in_new_netns(|| {
            let mut elsewhere = nltest::Events::open(&[Group::Chat]).expect("events");
            let mut sender = nltest::Client::open().expect("nltest is loaded");
            for (audience, far) in [(Audience::Everywhere, true), (Audience::Namespace, false)] {
                let audience = Some(audience);
                let text = "everyone?";
                sender
                    .broadcast(&Broadcast { text, audience })
                    .expect("broadcast");
                assert!(hears(&mut elsewhere), "who is in the same namespace does");
                assert_eq!(there.run(|| hears(&mut here)), far);
            }
        });
    });
}

/// Listeners need no rights, and can be in namespaces of their own.
#[test]
fn a_listener_that_does_not_read_keeps_events_from_nobody_else() {
    in_new_netns(|| {
        let mut before = nltest::Events::open(&[Group::Chat]).expect("events");
        let mut stuck = in_new_netns(|| {
            let talk = Talk::open();
            talk.join_chat();
            talk.hinder();
            talk
        });
        in_new_netns(|| {
            let mut behind = nltest::Events::open(&[Group::Chat]).expect("events");
            let mut sender = nltest::Client::open().expect("nltest is loaded");
            for _ in 0..16 {
                let (text, audience) = ("everyone?", Some(Audience::Everywhere));
                sender
                    .broadcast(&Broadcast { text, audience })
                    .expect("broadcast");
                assert!(hears(&mut before));
                assert!(hears(&mut behind));
            }
        });
        let lost = stuck.try_next().expect_err("its queue is full");
        assert_eq!(lost.raw_os_error(), Some(libc::ENOBUFS));
    });
}

fn hears(events: &mut nltest::Events) -> bool {
    // What comes at all has come before the sender had its ACK.
    match events.next_timeout(QUIET).expect("nothing was lost") {
        Some(Event::Message(message)) => message.text() == Some("everyone?"),
        None => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_success_can_come_with_words_and_a_cookie() {
    let mut talk = Talk::open();
    talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
        attrs
            .str(attr::REMARK_TEXT, "mind the gap")
            .expect("it fits");
        attrs.u64(attr::REMARK_COOKIE, 0x0123_4567_89ab_cdef);
    });
    let ack = talk.next();
    assert_eq!(ack.errno(), Some(0));
    assert_eq!(ack.words().as_deref(), Some("remark: mind the gap"));
    let cookie = 0x0123_4567_89ab_cdef_u64.to_ne_bytes();
    assert_eq!(ack.ack(COOKIE).as_deref(), Some(&cookie[..]));
}

#[test]
fn long_words_end_with_a_whole_character() {
    let mut talk = Talk::open();
    // 79 bytes fit; "remark: " has 8 of them.
    for (pad, kept) in [(70, 70), (69, 71), (71, 71)] {
        let text = "a".repeat(pad) + "\u{e9}\u{e9}";
        talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
            attrs.str(attr::REMARK_TEXT, &text).expect("it fits");
        });
        let words = talk.next().words().expect("words");
        assert_eq!(words, format!("remark: {}", &text[..kept]));
    }
    talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
        attrs
            .bytes(attr::REMARK_TEXT, b"\xff\n\0")
            .expect("it fits");
    });
    assert_eq!(talk.next().words().as_deref(), Some("remark: \\xff\\n"));
}

#[test]
fn a_handlers_refusal_can_tell_the_policy() {
    let mut talk = Talk::open();
    talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
        attrs.str(attr::REMARK_TEXT, "ab").expect("it fits");
        attrs.u8(attr::REMARK_NUMBER, 13);
    });
    let refused = talk.next();
    assert_eq!(refused.errno(), Some(libc::EINVAL));
    assert_eq!(refused.words().as_deref(), Some("13 brings bad luck"));
    // Two headers, and the first attribute with its padding.
    assert_eq!(refused.ack(OFFS), Some((20_u32 + 8).to_ne_bytes().to_vec()));
    assert!(refused.ack(POLICY).is_some_and(|policy| !policy.is_empty()));
}

#[test]
fn a_dump_can_fail_in_the_middle() {
    let mut talk = Talk::open();
    for fail_at in [0, 1, 5_000] {
        talk.ask(cmd::COUNT, NLM_F_DUMP, |attrs| {
            attrs.u32(attr::COUNT_TO, 10_000);
            attrs.u32(attr::COUNT_FAIL_AT, fail_at);
        });
        for expected in 0..fail_at {
            assert_eq!(number(&talk.next(), attr::COUNT_NUMBER), expected);
        }
        let end = talk.next();
        assert_eq!(end.errno(), Some(libc::EDOM));
        let words = format!("{fail_at} is where it was to fail");
        assert_eq!(end.words(), Some(words));
    }
}

#[test]
fn no_item_is_lost_or_told_twice_at_the_end_of_a_chunk() {
    let mut client = nltest::Client::open().expect("nltest is loaded");
    // The last is longer than what several items may share.
    for (to, blob_len) in [
        (500, None),
        (500, Some(1)),
        (500, Some(1_000)),
        (500, Some(8_192)),
        (20, Some(nltest::MAX_COUNTED_LEN as u32)),
    ] {
        let count = CountDump {
            to,
            blob_len,
            ..CountDump::default()
        };
        let items = client.count_dump(&count).expect("a dump").owned();
        let items: Vec<_> = items.collect::<Result<_, _>>().expect("all of it");
        let numbers: Vec<_> = items.iter().map(|item| item.number).collect();
        assert_eq!(numbers, (0..to).map(Some).collect::<Vec<_>>());
        let len = blob_len.map(|len| len as usize);
        assert!(
            items
                .iter()
                .all(|item| item.blob.as_ref().map(Vec::len) == len)
        );
    }
}

#[test]
fn an_item_that_no_chunk_can_hold_is_an_error() {
    let mut talk = Talk::open();
    // One is too long for a chunk, the other for an attribute.
    for blob_len in [60_000, 65_536] {
        talk.ask(cmd::COUNT, NLM_F_DUMP, |attrs| {
            attrs.u32(attr::COUNT_TO, 1);
            attrs.u32(attr::COUNT_BLOB_LEN, blob_len);
        });
        let end = talk.next();
        assert_eq!(end.errno(), Some(libc::EMSGSIZE));
        assert_eq!(
            end.words().as_deref(),
            Some("an entry is too long for a dump")
        );
    }
}

#[test]
fn a_handlers_own_error_is_not_explained() {
    let mut talk = Talk::open();
    talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
        attrs.str(attr::REMARK_TEXT, "no").expect("it fits");
        attrs.u8(attr::REMARK_NUMBER, 14);
    });
    let refused = talk.next();
    assert_eq!(refused.errno(), Some(libc::EMSGSIZE));
    assert_eq!(refused.words(), None);
}

#[test]
fn the_kernels_own_error_numbers_do_not_leave_it() {
    let mut talk = Talk::open();
    for (number, errno) in [
        // EINTR, with which the core sends no ACK at all.
        (15, libc::EAGAIN),
        // EPROBE_DEFER, ENOTSUPP and EBADHANDLE.
        (16, libc::EAGAIN),
        (17, libc::EOPNOTSUPP),
        (18, libc::EIO),
    ] {
        talk.ask(cmd::REMARK, NLM_F_ACK, |attrs| {
            attrs.str(attr::REMARK_TEXT, "no").expect("it fits");
            attrs.u8(attr::REMARK_NUMBER, number);
        });
        assert_eq!(talk.next().errno(), Some(errno), "{number}");
    }
}

/// The cursor holds a reference; the leak scan finds it if nobody drops it.
#[test]
fn a_dump_that_is_left_drops_its_cursor() {
    for _ in 0..10 {
        let mut talk = Talk::open();
        talk.ask(cmd::COUNT, NLM_F_DUMP, |attrs| {
            attrs.u32(attr::COUNT_TO, 1_000_000);
            attrs.u32(attr::COUNT_BLOB_LEN, 8_000);
        });
        assert_eq!(number(&talk.next(), attr::COUNT_NUMBER), 0);
    }
    unload("nltest").expect("no dump is open");
    load("nltest", "").expect("it loads");
}

#[test]
fn unloading_waits_for_who_sleeps_in_a_call() {
    const SLEEP: Duration = Duration::from_millis(1_500);
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let mut client = nltest::Client::open().expect("nltest is loaded");
            let milliseconds = SLEEP.as_millis() as u32;
            let begin = Instant::now();
            client.sleep(&Sleep { milliseconds }).expect("it sleeps");
            begin.elapsed()
        });
        thread::sleep(SLEEP / 3);
        let begin = Instant::now();
        unload("nltest").expect("nobody holds a reference");
        let waited = begin.elapsed();
        assert!(waited > SLEEP / 3, "it waited only {waited:?}");
        assert!(sleeper.join().expect("no panic") >= SLEEP);
    });
    load("nltest", "").expect("it loads");
}

#[test]
fn a_parameter_of_the_module_sets_a_limit() {
    let refused = load_with("max_sleep_ms=many").expect_err("that is no number");
    assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
    load_with("max_sleep_ms=5").expect("it loads");
    let mut client = nltest::Client::open().expect("nltest is loaded");
    client.sleep(&Sleep { milliseconds: 5 }).expect("it sleeps");
    let refused = refusal(client.sleep(&Sleep { milliseconds: 6 }));
    assert_eq!(
        (
            refused.errno,
            refused.attribute.as_deref(),
            refused.message.as_deref()
        ),
        (
            libc::ERANGE,
            Some("sleep.milliseconds"),
            Some("nobody may sleep longer than 5 ms")
        )
    );
    load_with("").expect("it loads");
}

/// Loads nltest with these parameters, in place of what there is.
fn load_with(parameters: &str) -> std::io::Result<()> {
    let _ = unload("nltest");
    let loaded = load("nltest", parameters);
    if loaded.is_err() {
        load("nltest", "").expect("it loads without parameters");
    }
    loaded
}

/// Who asks for an echo hears it before the ACK. When the module goes, the event goes with it, but what it tells of has
/// happened.
#[test]
fn echoes_end_with_the_module() {
    const ROUNDS: u32 = 20;
    let _reload = Reload("nltest");
    let (over, heard) = (&AtomicBool::new(false), &AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if let Some(talk) = Talk::try_open() {
                        broadcast_until_it_goes(talk, over, heard);
                    }
                }
            });
        }
        for _ in 0..ROUNDS {
            let (before, begin) = (heard.load(Ordering::Relaxed), Instant::now());
            while heard.load(Ordering::Relaxed) == before
                && begin.elapsed() < Duration::from_secs(60)
            {
                thread::sleep(Duration::from_millis(1));
            }
            let unloaded = unload("nltest").and_then(|()| load("nltest", ""));
            if unloaded.is_err() || heard.load(Ordering::Relaxed) == before {
                over.store(true, Ordering::Relaxed);
                panic!("{unloaded:?}, {before} echoes");
            }
        }
        over.store(true, Ordering::Relaxed);
    });
}

fn broadcast_until_it_goes(mut talk: Talk, over: &AtomicBool, heard: &AtomicU32) {
    while !over.load(Ordering::Relaxed) {
        talk.ask(cmd::BROADCAST, NLM_F_ACK | NLM_F_ECHO, |attrs| {
            attrs
                .str(attr::MESSAGE_TEXT, "still here")
                .expect("it fits");
            attrs.u32(attr::MESSAGE_AUDIENCE, 2);
        });
        match talk.next().errno() {
            None => {
                assert_eq!(talk.next().errno(), Some(0));
                heard.fetch_add(1, Ordering::Relaxed);
            }
            Some(0) => {}
            errno => {
                assert_eq!(errno, Some(libc::ENOENT), "there is no such family");
                return;
            }
        }
    }
}

/// Another module, in C, sends events by what nltest exports.
#[test]
fn c_modules_send_events_from_any_context() {
    for context in ["process", "locked", "softirq"] {
        for everywhere in ["n", "y"] {
            let mut port = nltest::Events::open(&[]).expect("events");
            let mut chat = nltest::Events::open(&[Group::Chat]).expect("events");
            let parameters = format!(
                "portid={} context={context} everywhere={everywhere} text=from-{context}",
                port.port()
            );
            load("nltest_trigger", &parameters).expect("it loads");
            unload("nltest_trigger").expect("nobody uses it");
            for events in [&mut port, &mut chat] {
                match events
                    .next_timeout(Duration::from_secs(20))
                    .expect("an event")
                {
                    Some(Event::Message(message)) => {
                        assert_eq!(message.text(), Some(&*format!("from-{context}")));
                        assert_eq!(message.portid(), None);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}
