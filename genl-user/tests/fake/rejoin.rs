//! Listeners whose families come back when something else is wrong.

use std::time::{Duration, Instant};

use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Event, Events, Group};
use genl_user::families::nlctrl;
use genl_user::testing::{Kernel, Registration};
use genl_user::{Error, Heard, Listener, Options};

use crate::guest::{in_new_netns, kernel};
use crate::served::Store;
use crate::twin::{Guarded, Twin, Word};
use crate::{open, options, put};

/// More than the first pauses together, before something is tried again.
const SOON: Duration = Duration::from_secs(2);

#[test]
fn a_group_that_cannot_be_joined_again_is_told_and_tried_again() {
    let kernel = Kernel::new();
    kernel.register(Guarded).expect("it is the first family");
    let options = Options::new().kernel(&kernel);
    let mut listener = Listener::open_with(&options).expect("a listener");
    let groups = ["lost", "kept"].map(Twin);
    listener.join(&groups).expect("it has the right");
    kernel.set_admin(false);
    kernel.unregister("twin");
    let family = kernel.register(Guarded).expect("it comes back");
    // Each of them is told, once.
    for Twin(wanted) in groups {
        let told = listener.next().map(|heard| format!("{heard:?}"));
        assert!(
            matches!(&told, Err(error @ Error::Join { group, .. })
                if group == wanted && error.errno() == Some(libc::EPERM)),
            "{told:?}"
        );
    }
    assert!(matches!(listener.next(), Ok(Heard::Reloaded("twin"))));
    family.tell(&Word).expect("nobody hears it");
    let quiet = listener.next_timeout(SOON / 20).expect("it was told");
    assert!(quiet.is_none(), "{quiet:?}");
    // To join it again is what it says.
    let refused = listener.join(&groups).expect_err("it has not the right");
    assert_eq!(refused.errno(), Some(libc::EPERM));
    kernel.set_admin(true);
    // Without a deadline too.
    assert!(matches!(listener.next(), Ok(Heard::Overrun)));
    family.tell(&Word).expect("told");
    let heard = listener.next_timeout(SOON).expect("no error");
    let notice = heard.and_then(Heard::notice).expect("a notice");
    assert_eq!(notice.family(), Some("twin"));
    let quiet = listener.next_timeout(SOON / 20).expect("all is well");
    assert!(quiet.is_none(), "{quiet:?}");
}

/// A listener that could not join its group again when the family came back, and knows it.
fn shut_out() -> (Kernel, Listener, Registration<Guarded>) {
    let kernel = Kernel::new();
    kernel.register(Guarded).expect("it is the first family");
    let options = Options::new().kernel(&kernel);
    let mut listener = Listener::open_with(&options).expect("a listener");
    listener.join(&[Twin("lost")]).expect("it has the right");
    kernel.set_admin(false);
    kernel.unregister("twin");
    let family = kernel.register(Guarded).expect("it comes back");
    assert!(matches!(listener.next(), Err(Error::Join { .. })));
    assert!(matches!(listener.next(), Ok(Heard::Reloaded("twin"))));
    (kernel, listener, family)
}

#[test]
fn a_group_that_cannot_be_joined_again_can_be_left() {
    let (kernel, mut listener, family) = shut_out();
    listener.leave(&[Twin("lost")]).expect("it is left");
    kernel.set_admin(true);
    family.tell(&Word).expect("nobody hears it");
    let quiet = listener.next_timeout(SOON / 20).expect("all is well");
    assert!(quiet.is_none(), "{quiet:?}");
}

#[test]
fn a_group_is_not_joined_again_whose_number_is_another_familys_by_now() {
    let (kernel, mut listener, _) = shut_out();
    // The listener has not read that yet when it is time to try again.
    kernel.unregister("twin");
    let store = kernel.register(Served(Store::default()));
    store.expect("it gets the number");
    kernel.set_admin(true);
    std::thread::sleep(SOON / 20);
    let quiet = listener.next_timeout(SOON / 20).expect("no error");
    assert!(quiet.is_none(), "{quiet:?}");
    let options = Options::new().kernel(&kernel);
    let mut client = genl_user::families::kvstore::Client::open_with(&options).expect("a client");
    put(&mut client, "a", b"");
    let quiet = listener.next_timeout(SOON / 20).expect("no error");
    assert!(quiet.is_none(), "{quiet:?}");
}

#[test]
fn a_question_that_fails_does_not_mean_that_the_family_is_gone() {
    in_new_netns(|| {
        let kernel = kernel();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        kernel.overrun(changes.port());
        assert!(matches!(changes.next(), Ok(Event::Overrun)));
        kernel.fail_next(&nlctrl::Client::GETFAMILY, libc::ENOMEM);
        let told = changes.next_timeout(SOON).map(|event| event.is_some());
        let error = told.expect_err("it asks what has become of the family");
        assert_eq!(
            error.to_string(),
            "nlctrl refused getfamily: Cannot allocate memory"
        );
        put(&mut open(), "a", b"");
        let heard = changes.next_timeout(SOON).expect("no error");
        assert!(matches!(heard, Some(Event::SetNtf(_))), "{heard:?}");
    });
}

#[test]
fn a_question_that_fails_is_asked_again() {
    in_new_netns(|| {
        let kernel = kernel();
        let mut changes = Events::open_with(&options(), &[Group::Changes]).expect("events");
        // What the controller tells of the new one is lost.
        kernel.overrun(changes.port());
        kernel.unregister("kvstore");
        kernel
            .register(Served(Store::default()))
            .expect("it is gone");
        assert!(matches!(changes.next(), Ok(Event::Overrun)));
        let started = Instant::now();
        for _ in 0..3 {
            kernel.fail_next(&nlctrl::Client::GETFAMILY, libc::ENOMEM);
            let told = changes.next().map(|event| format!("{event:?}"));
            assert!(matches!(told, Err(Error::Refused(_))), "{told:?}");
        }
        // Not without a pause.
        assert!(started.elapsed() > Duration::from_millis(20));
        assert!(matches!(changes.next(), Ok(Event::Reloaded)));
        put(&mut open(), "a", b"");
        let heard = changes.next_timeout(SOON).expect("no error");
        assert!(matches!(heard, Some(Event::SetNtf(_))), "{heard:?}");
    });
}
