//! Who may do what.

use std::time::Duration;

use genl_user::families::kvstore::{Clear, Del, Event, Events, Get, Group, Set, Stats};
use genl_user::families::nltest;

use crate::guest::{as_nobody, in_new_netns};
use crate::raw::refusal;
use crate::{keys, open, options, put};

#[test]
fn anyone_may_read() {
    in_new_netns(|| {
        put(&mut open(), "a", b"1");
        as_nobody(|| {
            let mut kv = open();
            assert_eq!(
                kv.get(&Get { key: "a" }).expect("get").value(),
                Some(&b"1"[..])
            );
            assert_eq!(keys(&mut kv, None), ["a"]);
            assert_eq!(kv.stats(&Stats {}).expect("stats").entries(), Some(1));
        });
    });
}

#[test]
fn anyone_may_listen() {
    in_new_netns(|| {
        let mut changes =
            as_nobody(|| Events::open_with(&options(), &[Group::Changes]).expect("events"));
        put(&mut open(), "a", b"1");
        let event = changes
            .next_timeout(Duration::from_secs(5))
            .expect("an event");
        assert!(matches!(event, Some(Event::SetNtf(_))), "{event:?}");
    });
}

#[test]
fn without_the_right_nothing_is_written() {
    in_new_netns(|| {
        put(&mut open(), "a", b"1");
        as_nobody(|| {
            let mut kv = open();
            let refusals = [
                refusal(kv.set(&Set {
                    key: "b",
                    ..Set::default()
                })),
                refusal(kv.del(&Del { key: "a" })),
                refusal(kv.clear(&Clear {})),
            ];
            let mut batch = kv.pipeline();
            let piped = batch.clear(&Clear {}).expect("it can be sent");
            let piped = refusal(batch.send().expect("answers").take(piped));
            for refused in refusals.into_iter().chain([piped]) {
                assert_eq!(refused.errno, libc::EPERM);
                assert_eq!(refused.capability, Some("CAP_NET_ADMIN"));
            }
        });
        assert_eq!(keys(&mut open(), None), ["a"]);
    });
}

#[test]
fn without_the_right_nobody_else_is_written_to() {
    in_new_netns(|| {
        let mut events = nltest::Events::open_with(&options(), &[]).expect("events");
        let portid = events.port();
        as_nobody(|| {
            let mut client = nltest::Client::open_with(&options()).expect("nltest");
            let refused = refusal(client.unicast(&nltest::Unicast {
                portid,
                text: "psst",
            }));
            assert_eq!(refused.errno, libc::EPERM);
        });
        assert!(
            events
                .next_timeout(Duration::from_millis(200))
                .expect("quiet")
                .is_none()
        );
    });
}
