//! Events in tasks of tokio's.

use std::time::Duration;

use genl_user::families::kvstore::{AsyncEvents, Event, GetDump, Group};
use genl_user::families::nltest::{self, Broadcast};
use genl_user::{AsyncListener, Error, Snapshot, Update};

use crate::guest::{Reload, in_new_netns, load, unload};
use crate::{open, put};

const SOON: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);

fn run<R>(task: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(task)
}

/// The key of the next event, which has to be of an entry that was set.
async fn key(changes: &mut AsyncEvents) -> String {
    match changes.next_timeout(SOON).await.expect("an event") {
        Some(Event::SetNtf(entry)) => entry.key().expect("a key").to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn events_are_awaited() {
    in_new_netns(|| {
        run(async {
            let mut changes = AsyncEvents::open(&[Group::Changes]).await.expect("events");
            assert!(changes.next_timeout(QUIET).await.expect("quiet").is_none());
            put(&mut open(), "a", b"");
            assert_eq!(key(&mut changes).await, "a");
            // It waits while something else runs, and nothing has to be in the queue already.
            let (heard, ()) = tokio::join!(key(&mut changes), async {
                tokio::time::sleep(QUIET).await;
                put(&mut open(), "b", b"");
            });
            assert_eq!(heard, "b");
            changes.leave(&[Group::Changes]).expect("left");
            put(&mut open(), "c", b"");
            changes.join(&[Group::Changes]).await.expect("joined");
            put(&mut open(), "d", b"");
            assert_eq!(key(&mut changes).await, "d");
        });
    });
}

#[test]
fn who_stops_waiting_loses_no_event() {
    const COUNT: usize = 200;
    in_new_netns(|| {
        run(async {
            let mut changes = AsyncEvents::open(&[Group::Changes]).await.expect("events");
            let mut kv = open();
            let (mut put_last, mut heard) = (0, 0);
            while heard < COUNT {
                if put_last < COUNT {
                    put(&mut kv, &put_last.to_string(), b"");
                    put_last += 1;
                }
                // Either branch may win; the event's future is dropped if it is the other.
                tokio::select! {
                    biased;
                    () = tokio::task::yield_now(), if heard % 3 == 0 && put_last < COUNT => {}
                    key = key(&mut changes) => {
                        assert_eq!(key, heard.to_string());
                        heard += 1;
                    }
                }
            }
        });
    });
}

#[test]
fn a_listener_in_a_task_hears_many_families_and_follows_them() {
    let _reload = Reload("nltest");
    in_new_netns(|| {
        run(async {
            let mut listener = AsyncListener::open().await.expect("a socket");
            listener.join(&[Group::Changes]).await.expect("kvstore");
            listener.join(&[nltest::Group::Chat]).await.expect("nltest");
            put(&mut open(), "a", b"");
            let heard = listener.next().await.expect("an event");
            assert!(
                heard
                    .event::<nltest::Group>()
                    .expect("no event of it")
                    .is_none()
            );
            let event = heard.event::<Group>().expect("it is readable");
            assert!(matches!(event, Some(Event::SetNtf(_))), "{event:?}");
            unload("nltest").expect("nobody uses it");
            load("nltest", "").expect("it loads");
            let heard = listener.next().await.expect("an event");
            let event = heard.event::<nltest::Group>().expect("it is readable");
            assert!(matches!(event, Some(nltest::Event::Reloaded)), "{event:?}");
            let mut client = nltest::Client::open().expect("nltest is loaded");
            let (text, audience) = ("after", None);
            client
                .broadcast(&Broadcast { text, audience })
                .expect("broadcast");
            let heard = listener.next_timeout(SOON).await.expect("an event");
            let event = heard.expect("in time").event::<nltest::Group>();
            match event.expect("it is readable") {
                Some(nltest::Event::Message(message)) => assert_eq!(message.text(), Some("after")),
                other => panic!("{other:?}"),
            }
        });
    });
}

#[test]
fn a_mirror_is_kept_in_a_task() {
    in_new_netns(|| {
        put(&mut open(), "a", b"");
        run(async {
            let changes = AsyncEvents::open(&[Group::Changes]).await.expect("events");
            let mut store = changes.follow(async || {
                tokio::task::yield_now().await;
                let dump = open().get_dump(&GetDump::default())?.consistent(10)?;
                Ok::<_, Error>(Snapshot::new(dump.len()))
            });
            assert!(matches!(store.next().await, Ok(Update::Snapshot(1))));
            put(&mut open(), "b", b"");
            match store.next_timeout(SOON).await.expect("an update") {
                Some(Update::Event(Event::SetNtf(entry))) => assert_eq!(entry.key(), Some("b")),
                other => panic!("{other:?}"),
            }
            let mut kv = open();
            for _ in 0..2_000 {
                put(&mut kv, "b", &[1; 1024]);
            }
            loop {
                let update = store.next_timeout(SOON).await.expect("an update");
                match update.expect("there is a dump, as some were lost") {
                    Update::Snapshot(entries) => break assert_eq!(entries, 2),
                    Update::Event(_) => {}
                }
            }
        });
    });
}
