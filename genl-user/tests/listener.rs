//! What a listener says of families and groups that are not there, by the controller, which every
//! kernel has.

use std::time::Duration;

use genl_user::families::nlctrl::{self, Event};
use genl_user::{Error, Events, Family, Group, Listener, Notice};

/// A group of a family that this kernel does not have, or that has no such group.
macro_rules! missing {
    ($group:ident, $family:literal) => {
        #[derive(Debug, Clone, Copy)]
        struct $group;

        impl Group for $group {
            type Event<'a> = Event<'a>;

            const FAMILY: &'static Family = &Family {
                name: $family,
                version: 1,
            };

            fn name(self) -> &'static str {
                "no-such-group"
            }

            fn event(notice: Notice<'_>) -> Result<Event<'_>, Error> {
                Ok(Event::Unknown(notice))
            }

            fn overrun<'a>() -> Event<'a> {
                Event::Overrun
            }

            fn reloaded<'a>() -> Event<'a> {
                Event::Reloaded
            }
        }
    };
}

missing!(OfNone, "no-such-family");
missing!(OfController, "nlctrl");

#[test]
fn a_family_that_is_not_there_is_named() {
    let error = Events::open(&[OfNone])
        .map(drop)
        .expect_err("there is none");
    assert!(
        matches!(&error, Error::UnknownFamily { name, .. } if name == "no-such-family"),
        "{error}"
    );
}

#[test]
fn a_group_that_is_not_there_is_named() {
    let error = Events::open(&[OfController])
        .map(drop)
        .expect_err("there is none");
    let expected = "netlink family \"nlctrl\" has no multicast group \"no-such-group\"";
    assert_eq!(error.to_string(), expected);
}

/// After it the listener is as good as before.
#[test]
fn what_cannot_be_joined_does_no_harm() {
    let mut listener = Listener::open().expect("a socket");
    listener.join(&[OfNone]).expect_err("there is none");
    listener.join(&[OfController]).expect_err("there is none");
    listener
        .join(&[nlctrl::Group::Notify])
        .expect("the controller");
    listener.leave(&[OfController]).expect("nothing to leave");
    listener.leave(&[nlctrl::Group::Notify]).expect("left");
    listener
        .leave(&[nlctrl::Group::Notify])
        .expect("nothing to leave");
    let heard = listener.next_timeout(Duration::from_millis(10));
    assert!(heard.expect("quiet").is_none());
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_task_can_wait_for_an_event_with_a_timeout() {
    let mut events = nlctrl::AsyncEvents::open(&[nlctrl::Group::Notify])
        .await
        .expect("events");
    let event = events.next_timeout(Duration::from_millis(10)).await;
    assert!(event.expect("quiet").is_none());
    let error = genl_user::AsyncEvents::open(&[OfNone]).await.map(drop);
    assert!(
        matches!(error, Err(Error::UnknownFamily { .. })),
        "{error:?}"
    );
}
