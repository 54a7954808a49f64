//! Owned types go through serde and come back; views have the same shape.

use std::fmt::Debug;

use genl_user::Request;
use genl_user::families::kvstore::{EntryFlags, GetReply, GetReplyOwned, Meta, MetaOwned, Set};
use genl_user::families::nlctrl::{GetpolicyDumpReply, GetpolicyDumpReplyOwned, PolicyOwned};
use genl_user::families::nltest::{Color, Echo, EchoReply, EchoReplyOwned};
use genl_user::wire::{Attrs, Encoder, FromAttrs};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    text
}

#[test]
fn an_entry_comes_back() {
    let text = comes_back(&GetReplyOwned {
        key: Some("host".into()),
        value: Some(vec![0, 255]),
        revision: Some(u64::MAX),
        flags: Some(EntryFlags::READ_ONLY | EntryFlags::STICKY),
        meta: Some(MetaOwned {
            created_ns: Some(1),
            hits: None,
            label: vec!["a".into(), "b".into()],
        }),
    });
    // Flags by name, for people to read.
    assert!(text.contains(r#""flags":"READ_ONLY | STICKY""#), "{text}");
    let text = comes_back(&(EntryFlags::STICKY | EntryFlags::from_bits_retain(0x10)));
    assert_eq!(text, r#""STICKY | 0x10""#);
}

#[test]
fn what_is_absent_is_its_default() {
    let entry: GetReplyOwned = serde_json::from_str(r#"{"key":"host","meta":{"hits":1}}"#).unwrap();
    let meta = MetaOwned {
        hits: Some(1),
        ..MetaOwned::default()
    };
    let expected = GetReplyOwned {
        key: Some("host".into()),
        meta: Some(meta),
        ..GetReplyOwned::default()
    };
    assert_eq!(entry, expected);
    // It has lists and a flag.
    let echo: EchoReplyOwned = serde_json::from_str("{}").unwrap();
    assert_eq!(echo, EchoReplyOwned::default());
}

#[test]
fn the_names_are_those_in_rust() {
    let json = |echo: &EchoReplyOwned| serde_json::to_value(echo).unwrap();
    let echo = EchoReplyOwned {
        enum_: Some(Color::Green),
        ..EchoReplyOwned::default()
    };
    assert_eq!(json(&echo)["enum_"], "Green");
    assert_eq!(json(&echo)["flag"], false);
    let unnamed = EchoReplyOwned {
        enum_: Some(Color::Unknown(77)),
        ..echo
    };
    assert_eq!(
        json(&unnamed)["enum_"],
        serde_json::json!({ "Unknown": 77 })
    );
    let entry = GetReplyOwned {
        value: Some(vec![0, 255]),
        ..GetReplyOwned::default()
    };
    let entry = serde_json::to_value(entry).unwrap();
    assert_eq!(entry["value"], serde_json::json!([0, 255]));
    assert_eq!(entry["key"], serde_json::Value::Null);
}

#[test]
fn enums_come_back_even_unnamed() {
    let mut echo = EchoReplyOwned::default();
    for color in [Color::Green, Color::Unknown(77)] {
        echo.enum_ = Some(color);
        comes_back(&echo);
    }
}

/// The view of what a request holds, and the owned copy of it, serialize alike.
fn are_alike<
    'b,
    V: Serialize + FromAttrs<'b>,
    O: Serialize + DeserializeOwned + PartialEq + Debug,
>(
    bytes: &'b [u8],
    to_owned: impl Fn(&V) -> O,
) {
    let view = V::from_attrs(Attrs::new(bytes, 0)).unwrap();
    let owned = to_owned(&view);
    let text = serde_json::to_string(&view).unwrap();
    assert_eq!(text, serde_json::to_string(&owned).unwrap());
    assert_eq!(serde_json::from_str::<O>(&text).unwrap(), owned);
}

#[test]
fn views_have_the_shape_of_owned_types() {
    let mut bytes = Vec::new();
    let set = Set {
        key: "host",
        value: Some(&[0, 255]),
        flags: Some(EntryFlags::STICKY),
        meta: Some(Meta {
            hits: Some(7),
            label: &["a", "b"],
            ..Meta::default()
        }),
    };
    set.encode(&mut Encoder::new(&mut bytes)).unwrap();
    are_alike(&bytes, GetReply::to_owned);

    bytes.clear();
    let echo = Echo {
        enum_: Some(Color::Green),
        multi: &[1, 2],
        ..Echo::default()
    };
    echo.encode(&mut Encoder::new(&mut bytes)).unwrap();
    are_alike(&bytes, EchoReply::to_owned);

    // Two levels of numbers, and what is numbered in an array.
    bytes.clear();
    let mut out = Encoder::new(&mut bytes);
    let nested = out.nest(8, |out| {
        out.nest(3, |out| {
            out.nest(4, |out| {
                out.u32(1, 2);
                Ok(())
            })
        })
    });
    nested.unwrap();
    are_alike(&bytes, GetpolicyDumpReply::to_owned);
}

#[test]
fn maps_come_back() {
    let text = comes_back(&GetpolicyDumpReplyOwned {
        policy: vec![(0, vec![(1, PolicyOwned::default())])],
        ..GetpolicyDumpReplyOwned::default()
    });
    assert!(text.contains(r#""policy":[[0,[[1,{"#), "{text}");
}
