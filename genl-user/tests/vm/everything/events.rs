//! The family's events: to those who listen, and to nobody else.

use std::time::Duration;

use genl_user::Error;

use crate::families::everything::{Client, Emit, Event, Events, Group, Leaf, Mode};
use crate::guest::{Reload, as_nobody, in_new_netns, load, unload, without_sys_admin};

const SOON: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);

/// A request for events that carry something of each kind.
fn emit(port: Option<u32>) -> Emit<'static> {
    Emit {
        number: Some(7),
        text: Some("hear"),
        flag: true,
        blob: Some(&[1, 2, 3]),
        leaf: Some(Leaf {
            id: Some(8),
            name: Some("leaf"),
            shares: &[3, 1, 2],
            ..Leaf::default()
        }),
        mode: Some(Mode::LOUD | Mode::DEEP),
        port,
    }
}

fn send(emit: &Emit<'_>) {
    let mut client = Client::open().expect("everything is loaded");
    client.emit(emit).expect("emit");
}

/// The next event of each kind, in the order in which the module sends them.
#[test]
fn each_event_has_what_it_is_to_carry() {
    in_new_netns(|| {
        let mut events = Events::open(&[Group::Open, Group::Owners]).expect("events");
        send(&emit(Some(events.port())));
        let mut seen = Vec::new();
        for _ in 0..4 {
            match events
                .next_timeout(SOON)
                .expect("an event")
                .expect("in time")
            {
                Event::NeedNtf(event) => {
                    let leaf = event.leaf().expect("a leaf");
                    assert_eq!((event.number(), event.text()), (Some(7), Some("hear")));
                    assert_eq!((event.flag(), event.blob()), (true, Some(&[1, 2, 3][..])));
                    assert_eq!(event.mode(), Some(Mode::LOUD | Mode::DEEP));
                    assert_eq!((leaf.id(), leaf.name()), (Some(8), Some("leaf")));
                    assert!(leaf.shares().eq([3, 1, 2]));
                    seen.push("need-ntf");
                }
                Event::Told(event) => {
                    let leaf = event.leaf().expect("a leaf");
                    assert_eq!((event.number(), event.text()), (Some(7), Some("hear")));
                    assert_eq!((event.flag(), leaf.id()), (true, Some(8)));
                    seen.push("told");
                }
                Event::Confided(event) => {
                    assert_eq!(event.number(), Some(7));
                    seen.push("confided");
                }
                Event::Direct(event) => {
                    assert_eq!((event.number(), event.text()), (Some(7), Some("hear")));
                    seen.push("direct");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, ["need-ntf", "told", "confided", "direct"]);
    });
}

#[test]
fn events_stay_where_they_belong() {
    in_new_netns(|| {
        let mut elsewhere = Events::open(&[Group::Open, Group::Owners]).expect("events");
        in_new_netns(|| {
            let mut owners = Events::open(&[Group::Owners]).expect("events");
            send(&emit(None));
            let event = owners.next_timeout(SOON).expect("an event");
            assert!(matches!(event, Some(Event::Confided(_))), "{event:?}");
            let event = owners.next_timeout(QUIET).expect("quiet");
            assert!(event.is_none(), "{event:?}");
        });
        let event = elsewhere.next_timeout(QUIET).expect("quiet");
        assert!(event.is_none(), "{event:?}");
    });
}

#[test]
fn a_group_of_the_administrators_is_for_them_alone() {
    in_new_netns(|| {
        as_nobody(|| {
            Events::open(&[Group::Open]).expect("anyone may listen");
            let refused = Events::open(&[Group::Owners]).map(drop);
            let errno = refused.as_ref().err().and_then(Error::errno);
            assert_eq!(errno, Some(libc::EPERM), "{refused:?}");
        });
    });
}

/// The module comes back while the listener is without the right, as a daemon is that has given it up.
#[test]
fn a_group_that_cannot_be_joined_again_is_told_and_tried_again() {
    let _reload = Reload("everything");
    in_new_netns(|| {
        let mut owners = Events::open(&[Group::Owners]).expect("events");
        unload("everything").expect("nobody uses it");
        load("everything", "").expect("it loads");
        as_nobody(|| {
            let told = owners.next_timeout(SOON).map(|event| format!("{event:?}"));
            assert!(
                matches!(&told, Err(error @ Error::Join { group, .. })
                    if group == "owners" && error.errno() == Some(libc::EPERM)),
                "{told:?}"
            );
            let event = owners.next_timeout(SOON).expect("it is told once");
            assert!(matches!(event, Some(Event::Reloaded)), "{event:?}");
            send(&emit(None));
            let event = owners.next_timeout(QUIET).expect("quiet");
            assert!(event.is_none(), "{event:?}");
        });
        // What was sent meanwhile is lost, and that is told.
        let event = owners.next_timeout(SOON).expect("it has the right again");
        assert!(matches!(event, Some(Event::Overrun)), "{event:?}");
        send(&emit(None));
        let event = owners.next_timeout(SOON).expect("an event");
        assert!(matches!(event, Some(Event::Confided(_))), "{event:?}");
    });
}

#[test]
fn a_group_can_ask_for_another_right() {
    in_new_netns(|| {
        Events::open(&[Group::Keepers]).expect("root may");
        without_sys_admin(|| {
            Events::open(&[Group::Owners]).expect("it is CAP_NET_ADMIN that this takes");
            let refused = Events::open(&[Group::Keepers]).map(drop);
            let errno = refused.as_ref().err().and_then(Error::errno);
            assert_eq!(errno, Some(libc::EPERM), "{refused:?}");
        });
    });
}
