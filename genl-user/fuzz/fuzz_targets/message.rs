//! Any bytes as a datagram of messages that the generated clients read: the same messages and attributes as by
//! netlink's rules; of each a view or an error, the former whenever the dynamic decoder can read it too.

#![no_main]

use std::sync::LazyLock;

use genl_user::dynamic::genl_schema::model::{Family, Message};
use genl_user::dynamic::{Unknown, decode};
use genl_user::fuzzing;
use genl_user::wire::{Attrs, Defect};
use genl_user_fuzz::netlink::{self, GENLMSGHDR, NLMSGHDR};
use genl_user_fuzz::typed::{KINDS, Kind};
use genl_user_fuzz::{message, specs};
use libfuzzer_sys::fuzz_target;

static SPECS: LazyLock<Vec<Family>> = LazyLock::new(specs);
static MESSAGES: LazyLock<Vec<(&Family, &Message)>> =
    LazyLock::new(|| KINDS.iter().map(|kind| message(&SPECS, kind)).collect());

fuzz_target!(|input: &[u8]| {
    let Some((&choice, datagram)) = input.split_first() else {
        return;
    };
    let choice = usize::from(choice) % KINDS.len();
    let (seen, whole) = fuzzing::messages(datagram);
    let expected = netlink::messages(datagram);
    assert_eq!(whole, expected.broken_at.is_none());
    assert_eq!(seen.len(), expected.whole.len());
    for (seen, expected) in seen.iter().zip(&expected.whole) {
        let head = (expected.kind, expected.flags, expected.seq, expected.port);
        assert_eq!((seen.head, &seen.bytes[..]), (head, expected.bytes));
        read(&KINDS[choice], MESSAGES[choice], &seen.bytes);
    }
});

fn read(kind: &Kind, (family, spec): (&Family, &Message), message: &[u8]) {
    let begin = NLMSGHDR + GENLMSGHDR;
    let Some((cmd, payload)) = fuzzing::payload(message) else {
        assert!(message.len() < begin);
        return;
    };
    assert_eq!(
        (cmd, payload.as_bytes()),
        (message[NLMSGHDR], &message[begin..])
    );
    walk(payload.attrs(), netlink::attrs(payload.as_bytes(), begin));

    let typed = (kind.read)(payload);
    let dynamic = decode(family, spec, payload.as_bytes(), Unknown::Skip);
    match (typed, dynamic) {
        (Err(malformed), _) if malformed.defect == Defect::NotUtf8 => {}
        (Err(malformed), Ok(values)) => {
            panic!("{}: {malformed:?}, but {values:?}", kind.owned)
        }
        // The typed view looks only at the attributes that this message has.
        (Ok(()), _) | (Err(_), Err(_)) => {}
    }
}

fn walk(attrs: Attrs<'_>, expected: netlink::Run<netlink::Attr<'_>>) {
    let mut broken_at = None;
    let mut whole = Vec::new();
    for attr in attrs {
        match attr {
            Ok(attr) => whole.push(netlink::Attr {
                kind: attr.kind(),
                at: attr.offset(),
                payload: attr.bytes().expect("they are as they are"),
            }),
            Err(malformed) => {
                assert_eq!(broken_at.replace(malformed.offset as usize), None);
            }
        }
    }
    assert_eq!(netlink::Run { whole, broken_at }, expected);
}
