//! What only old families may do: be lenient; and have a header before their attributes.

use std::time::Duration;

use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::dynamic::{Client, Error};

use super::message::{Body, Node, payload};
use crate::families::every_legacy::{self, Event, Events, Group, Head, Place, Tell};
use crate::guest::in_new_netns;

/// The header's bytes, and what they say: an interface, a tag, and so on.
const HEADER: [u8; 20] = [
    0xff, 0xff, 0xff, 0xff, 9, 0, 0x12, 0x34, 7, 0, b'l', b'a', b'b', 0, 0, 0, 1, 0, 0, 0,
];

const NUMBER: u16 = 1;
const TEXT: u16 = 2;
const PART: u16 = 5;

fn open() -> Client {
    let family = &super::families()[1];
    Client::open(family.clone()).expect("every_legacy is loaded")
}

fn bytes(id: u16, bytes: &[u8]) -> Node {
    Node::new(id, Body::Bytes(bytes.to_vec()))
}

/// What a dump tells.
fn dumped(operation: &str, nodes: &[Node]) -> Result<Vec<Map<String, Value>>, Error> {
    let mut client = open();
    client
        .dump_raw(operation, &payload(&HEADER, nodes))?
        .collect()
}

#[track_caller]
fn assert_number(replies: &[Map<String, Value>], number: Option<u32>) {
    assert_eq!(replies.len(), 1, "{replies:?}");
    let number = number.map(Value::from);
    assert_eq!(replies[0].get("number"), number.as_ref());
    assert_eq!(replies[0].get("ifindex"), Some(&json!(-1)));
    assert_eq!(replies[0].get("tag"), Some(&json!(9)));
}

/// The core passes over what it does not know, and takes what is longer than it should be; what is
/// out of range it refuses nevertheless. Of what is too long a view reads the beginning, as C does.
#[test]
fn a_lenient_operation_takes_what_a_strict_one_does_not() {
    let mut client = open();
    let mut call = |nodes: &[Node]| client.call_raw("lenient", &payload(&HEADER, nodes));
    let good = bytes(NUMBER, &7_u32.to_ne_bytes());
    let unknown = bytes(77, b"what?");
    assert_number(&call(&[good.clone(), unknown]).expect("taken"), Some(7));
    let wide = bytes(NUMBER, &[7_u32.to_ne_bytes(), [9; 4]].concat());
    assert_number(&call(&[wide]).expect("taken"), Some(7));
    let unflagged = Node::new(PART, Body::Nest(vec![good])).with_other_flag();
    let replies = call(&[unflagged]).expect("taken");
    assert_eq!(replies[0].get("part"), Some(&json!({"number": 7})));
    let far = bytes(NUMBER, &101_u32.to_ne_bytes());
    assert_refused(call(&[far]), libc::ERANGE);
    assert_refused(call(&[bytes(TEXT, b"open")]), libc::EINVAL);
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Error>, errno: i32) {
    match answer {
        Err(Error::Refused(refused)) => assert_eq!(refused.errno, errno, "{refused}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dump_can_be_lenient() {
    let good = bytes(NUMBER, &7_u32.to_ne_bytes());
    let items = dumped("relaxed", &[good, bytes(77, b"what?")]).expect("taken");
    assert_number(&items, Some(7));
    let far = bytes(NUMBER, &101_u32.to_ne_bytes());
    assert_refused(dumped("relaxed", &[far]), libc::ERANGE);
}

/// The core does not even look whether there is a whole header before the attributes.
#[test]
fn a_dump_can_go_unchecked() {
    let good = bytes(NUMBER, &7_u32.to_ne_bytes());
    let items = dumped("unchecked", &[good, bytes(77, b"what?")]).expect("taken");
    assert_number(&items, Some(7));
    assert_refused(dumped("unchecked", &[bytes(NUMBER, &[7])]), libc::ERANGE);
    for len in 0..HEADER.len() {
        let mut client = open();
        let dump = client.dump_raw("unchecked", &HEADER[..len]);
        match dump.and_then(|dump| dump.collect::<Result<Vec<_>, _>>()) {
            // What is not there is zero.
            Ok(items) => assert_eq!(items[0].get("mark"), Some(&json!(0)), "{len}"),
            Err(Error::Refused(refused)) => assert_eq!(refused.errno, libc::EINVAL, "{len}"),
            Err(error) => panic!("{len}: {error}"),
        }
    }
}

#[test]
fn events_have_the_header_too() {
    in_new_netns(|| {
        let mut events = Events::open(&[Group::Things]).expect("events");
        let head = Head {
            ifindex: -5,
            tag: 3,
            place: Place {
                port: 0x1234,
                level: 1,
            },
            ..Head::default()
        };
        let mut client = every_legacy::Client::open().expect("every_legacy is loaded");
        let tell = Tell {
            header: head,
            number: Some(4),
            text: Some("hear"),
        };
        client.tell(&tell).expect("tell");
        let soon = Duration::from_secs(20);
        match events
            .next_timeout(soon)
            .expect("an event")
            .expect("in time")
        {
            Event::AllNtf(event) => {
                assert_eq!((event.header(), event.number()), (head, Some(4)));
            }
            other => panic!("{other:?}"),
        }
        match events
            .next_timeout(soon)
            .expect("an event")
            .expect("in time")
        {
            Event::Told(event) => {
                assert_eq!((event.header(), event.text()), (head, Some("hear")));
            }
            other => panic!("{other:?}"),
        }
    });
}
