//! Values are shown as people know them.

use genl_user::families::kvstore::{EntryFlags, GetReply, Set};
use genl_user::families::nltest::Color;
use genl_user::wire::{Attrs, Encoder, Enum, FromAttrs};
use genl_user::{Request, Value};

fn encode(request: &impl Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(&mut Encoder::new(&mut out)).unwrap();
    out
}

const SET: Set<'_> = Set {
    key: "host",
    value: Some(b"\x00example"),
    flags: Some(EntryFlags::READ_ONLY),
    meta: None,
};

#[test]
fn messages_show_texts_flags_and_bytes() {
    let bytes = encode(&SET);
    let reply = GetReply::from_attrs(Attrs::new(&bytes, 0)).unwrap();
    let shown = r#"{ key: Some("host"), value: Some(b"\x00example"), revision: None, flags: Some(EntryFlags(READ_ONLY)), meta: None }"#;
    assert_eq!(format!("{reply:?}"), format!("GetReply {shown}"));
    let owned = reply.to_owned();
    assert_eq!(format!("{owned:?}"), format!("GetReplyOwned {shown}"));
    assert!(format!("{SET:?}").contains(r#"value: Some(b"\x00example")"#));
}

#[test]
fn enums_show_their_names() {
    for (color, debug, display) in [
        (Color::Green, "Green", "green"),
        (Color::Unknown(77), "Unknown(77)", "77"),
    ] {
        assert_eq!(format!("{color:?}"), debug);
        assert_eq!(color.to_string(), display);
        assert_eq!(display.parse(), Ok(color));
    }
    // A number that has a name is that name's value.
    let green = u32::from(Color::Green).to_string();
    assert_eq!(green.parse(), Ok(Color::Green));
    assert_eq!(format!("{:>7}", Color::Green), "  green");
}

#[test]
fn names_that_are_none_are_told_those_that_are() {
    let error = "gren".parse::<Color>().unwrap_err().to_string();
    let names: Vec<_> = Color::NAMES.iter().map(|(_, name)| *name).collect();
    let expected = format!("\"gren\" is no color: they are {}", names.join(", "));
    assert_eq!(error, expected);
}

#[test]
fn flags_show_their_names() {
    for (flags, shown) in [
        (
            EntryFlags::READ_ONLY | EntryFlags::STICKY,
            "READ_ONLY | STICKY",
        ),
        (EntryFlags::from_bits_retain(5), "READ_ONLY | 0x4"),
        (EntryFlags::empty(), "0x0"),
    ] {
        assert_eq!(flags.to_string(), shown);
    }
}

#[test]
fn values_that_were_refused_are_short() {
    let shown = Value::Bitfield32 {
        value: 1,
        selector: 5,
    }
    .to_string();
    assert_eq!(shown, "0x1 of 0x5");
}
