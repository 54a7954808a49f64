//! What stands around a handler, how deep nests go, and what the kernel is not built with.

use genl_user::dynamic::serde_json::{Value, json};
use genl_user::dynamic::{self, Error, Request};

use crate::families::everything::{Built, Client, Hooked, HookedDump, Moment, Unbuilt};
use crate::guest::in_new_netns;
use crate::raw::refusal;

fn open() -> Client {
    Client::open().expect("everything is loaded")
}

/// How many calls are between their hooks, this one counted.
fn entered(client: &mut Client) -> Option<u64> {
    let hooked = Hooked {
        number: 1,
        refuse: None,
    };
    client.hooked(&hooked).expect("hooked").calls()
}

#[test]
fn what_was_entered_is_left_again() {
    in_new_netns(|| {
        let mut client = open();
        for refuse in [Moment::Never, Moment::Before, Moment::Within] {
            let hooked = Hooked {
                number: 1,
                refuse: Some(refuse),
            };
            match refuse {
                Moment::Never => drop(client.hooked(&hooked).expect("hooked")),
                _ => assert_eq!(refusal(client.hooked(&hooked)).errno, libc::ECANCELED),
            }
            assert_eq!(entered(&mut client), Some(1), "{refuse:?}");
        }
    });
}

#[test]
fn what_was_opened_is_closed_again() {
    in_new_netns(|| {
        let mut client = open();
        for _ in 0..3 {
            let mut dump = client
                .hooked_dump(&HookedDump { count: Some(500) })
                .expect("a dump");
            let first = dump.next().expect("an item").expect("not the end");
            assert_eq!(first.calls(), Some(1));
            // Dropped half-way, and its socket closed.
            drop(dump);
            client = open();
        }
        let dump = client.hooked_dump(&HookedDump { count: None });
        let calls = dump
            .expect("a dump")
            .owned()
            .map(|item| item.expect("an item").calls);
        assert_eq!(calls.collect::<Vec<_>>(), [Some(1)]);
    });
}

#[test]
fn an_option_of_the_kernel_decides_what_there_is() {
    let mut client = open();
    let reply = client.built(&Built { number: Some(5) }).expect("built");
    assert_eq!(reply.number(), Some(5));
    let refused = refusal(client.unbuilt(&Unbuilt { number: Some(5) }));
    assert_eq!(refused.errno, libc::EOPNOTSUPP);
}

/// So many trees in each other.
fn tree(depth: usize) -> Value {
    (1..depth).fold(json!({"name": "leaf"}), |tree, _| json!({"left": tree}))
}

/// Ten levels of policies are followed (`MAX_POLICY_RECURSION_DEPTH`), the message's own is one.
#[test]
fn nests_are_as_deep_as_the_kernel_follows_them() {
    let family = &super::families()[0];
    let mut client = dynamic::Client::open(family.clone()).expect("everything is loaded");
    let mut call = |depth| {
        let values = json!({"tree": tree(depth)});
        let values = values.as_object().expect("an object").clone();
        let replies = client.call(&Request::new("nests", values.clone()));
        replies.map(|replies| assert_eq!(replies, [values]))
    };
    call(9).expect("it is not too deep");
    match call(10) {
        Err(Error::Refused(refused)) => {
            assert_eq!((refused.errno, refused.attribute), (libc::EINVAL, None));
            assert!(refused.message.expect("a message").contains("depth"));
        }
        other => panic!("{other:?}"),
    }
}
