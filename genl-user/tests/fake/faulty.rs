//! What the examples do when something goes wrong, as it does in a real kernel at times, and in a fake
//! one when it is told to.

#[path = "../../examples/deadline.rs"]
#[expect(dead_code, reason = "its main function")]
mod deadline;

use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::Client;
use genl_user::families::kvstore::server::Served;

use crate::examples::{dump, output, overrun, wait_for_family};
use crate::guest::{in_new_netns, kernel};
use crate::served::Store;
use crate::{open, options, put};

#[test]
fn dump_that_is_interrupted() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "host", b"example");
        put(&mut kv, "user", b"root");
        kernel().interrupt_next_dump(&Client::GET_DUMP);
        let told = output(|out| dump::run(out, &options(), None));
        assert!(
            told.contains("item: user\nit was changed meanwhile\n"),
            "{told}"
        );
        assert!(told.ends_with("2 entries at one moment\n"), "{told}");
    });
}

#[test]
fn an_answer_that_comes_late() {
    in_new_netns(|| {
        let kernel = kernel();
        let told = output(|out| {
            deadline::run(out, &options(), |call| match call {
                "hurried" => kernel.hold(),
                _ => kernel.release(),
            })
        });
        assert_eq!(told, "hurried: not answered in time\npatient: 0 entries\n");
        let told = output(|out| deadline::run(out, &options(), |_| ()));
        assert_eq!(told, "hurried: answered in time\npatient: 0 entries\n");
    });
}

#[test]
fn a_family_that_comes_late() {
    in_new_netns(|| {
        let kernel = kernel();
        kernel.unregister("kvstore");
        let wait = |patience| {
            let options = genl_user::Options::new().kernel(&kernel);
            output(|out| wait_for_family::run(out, &options, patience))
        };
        let told = wait(Duration::from_millis(20));
        assert!(
            told.starts_with("the kernel has no netlink family \"kvstore\""),
            "{told}"
        );
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                let registered = kernel.register(Served(Store::default()));
                registered.expect("it is the first of its name");
            });
            assert_eq!(wait(Duration::from_secs(20)), "it has 0 entries\n");
        });
    });
}

#[test]
fn events_that_are_lost() {
    in_new_netns(|| {
        let mut kv = open();
        let kernel = kernel();
        let told = output(|out| {
            overrun::run(out, &options(), 2, |port| {
                put(&mut kv, "a", b"");
                kernel.overrun(port);
                put(&mut kv, "b", b"");
            })
        });
        // What was in the queue already comes before it.
        assert_eq!(told, "set a\nsome were lost; there are 2 entries\n");
    });
}
