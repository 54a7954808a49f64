//! Owned types go through serde and come back.

use std::fmt::Debug;

use genl_user::families::kvstore::{EntryFlags, GetReplyOwned, MetaOwned};
use genl_user::families::nlctrl::{GetpolicyDumpReplyOwned, PolicyOwned};
use genl_user::families::nltest::{Color, EchoReplyOwned};
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
}

#[test]
fn enums_come_back_even_unnamed() {
    let mut echo = EchoReplyOwned::default();
    for color in [Color::Green, Color::Unknown(77)] {
        echo.enum_ = Some(color);
        comes_back(&echo);
    }
}

#[test]
fn maps_come_back() {
    comes_back(&GetpolicyDumpReplyOwned {
        policy: vec![(0, vec![(1, PolicyOwned::default())])],
        ..GetpolicyDumpReplyOwned::default()
    });
}
