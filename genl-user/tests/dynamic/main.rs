//! The dynamic codec: each kind of attribute by its bytes, and what is refused; and calls by it.
//!
//! Bytes are given for little-endian machines; on others these tests are not run.

#![cfg(target_endian = "little")]

mod calls;
#[cfg(feature = "testing")]
mod elsewhere;

use genl_schema::model::{Family, Message};
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::dynamic::{Fault, Problem, Unknown, decode, encode};
use genl_user::wire::Defect;

/// The fixed header of every message, all of it zero.
const HEADER: [u8; 8] = [0; 8];

fn family() -> Family {
    genl_schema::compile("every.yaml", include_str!("every.yaml")).unwrap()
}

fn request(family: &Family) -> &Message {
    &family[family.ops[0].do_.as_ref().unwrap().request]
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn encoded(value: Value) -> Result<Vec<u8>, Fault> {
    let family = family();
    let bytes = encode(&family, request(&family), &object(value))?;
    assert_eq!(bytes[..8], HEADER);
    Ok(bytes[8..].to_vec())
}

fn decoded(attrs: &[u8]) -> Result<Value, Fault> {
    let family = family();
    let bytes = [&HEADER, attrs].concat();
    let mut values = decode(&family, request(&family), &bytes, Unknown::Keep)?;
    for member in ["ifindex", "half"] {
        assert_eq!(values.shift_remove(member), Some(json!(0)));
    }
    Ok(Value::Object(values))
}

/// A value and its bytes are each other's.
#[track_caller]
fn both_ways(value: Value, attrs: &[u8]) {
    assert_eq!(encoded(value.clone()).unwrap(), attrs, "{value}");
    assert_eq!(decoded(attrs).unwrap(), value);
}

#[test]
fn integers_have_their_width_and_order() {
    both_ways(json!({"u8": 7}), &[5, 0, 1, 0, 7, 0, 0, 0]);
    both_ways(json!({"u16": 0x0102}), &[6, 0, 2, 0, 2, 1, 0, 0]);
    both_ways(json!({"u32": 0x0102_0304}), &[8, 0, 3, 0, 4, 3, 2, 1]);
    let most = [12, 0, 4, 0, 255, 255, 255, 255, 255, 255, 255, 255];
    both_ways(json!({"u64": u64::MAX}), &most);
    both_ways(json!({"s8": -2}), &[5, 0, 5, 0, 0xfe, 0, 0, 0]);
    both_ways(json!({"s16": -2}), &[6, 0, 6, 0, 0xfe, 0xff, 0, 0]);
    both_ways(json!({"s32": i32::MIN}), &[8, 0, 7, 0, 0, 0, 0, 0x80]);
    let least = [12, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x80];
    both_ways(json!({"s64": i64::MIN}), &least);
    both_ways(json!({"be16": 0x0102}), &[6, 0, 11, 0, 1, 2, 0, 0]);
    both_ways(json!({"le32": 0x0102_0304}), &[8, 0, 12, 0, 4, 3, 2, 1]);
    let big = [12, 0, 13, 0, 255, 255, 255, 255, 255, 255, 255, 0xfe];
    both_ways(json!({"be64": -2}), &big);
}

#[test]
fn variable_integers_are_as_short_as_they_can_be() {
    let long = |kind, low: u8, high: u8| [12, 0, kind, 0, 0, 0, 0, low, high, high, high, high];
    both_ways(json!({"uint": u32::MAX}), &[8, 0, 9, 0, 255, 255, 255, 255]);
    both_ways(
        json!({"uint": 1u64 << 32}),
        &[12, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    );
    both_ways(json!({"sint": i32::MIN}), &[8, 0, 10, 0, 0, 0, 0, 0x80]);
    both_ways(json!({"sint": 1u32 << 31}), &long(10, 0x80, 0));
    both_ways(
        json!({"sint": i64::from(i32::MIN) - 1}),
        &[12, 0, 10, 0, 255, 255, 255, 0x7f, 255, 255, 255, 255],
    );
}

#[test]
fn enums_and_flags_have_names() {
    both_ways(json!({"color": "green"}), &[8, 0, 21, 0, 1, 0, 0, 0]);
    both_ways(json!({"color": 9}), &[8, 0, 21, 0, 9, 0, 0, 0]);
    let wide = |low| [12, 0, 22, 0, low, 0, 0, 0, 0, 0, 0, 0];
    both_ways(json!({"mode": ["deep", "fast"]}), &wide(5));
    both_ways(json!({"mode": ["loud", 64]}), &wide(66));
    both_ways(json!({"mode": []}), &wide(0));
    both_ways(json!({"shades": ["light"]}), &[8, 0, 23, 0, 32, 0, 0, 0]);
    for spelled in [
        json!("deep,fast"),
        json!(5),
        json!(["fast", 4]),
        json!("0x5"),
    ] {
        assert_eq!(encoded(json!({ "mode": spelled })).unwrap(), wide(5));
    }
    let bits = [12, 0, 24, 0, 1, 0, 0, 0, 3, 0, 0, 0];
    both_ways(
        json!({"bits": {"value": ["fast"], "selector": ["fast", "loud"]}}),
        &bits,
    );
}

#[test]
fn texts_and_bytes_come_in_their_looks() {
    both_ways(json!({"text": "abc"}), &[8, 0, 15, 0, b'a', b'b', b'c', 0]);
    both_ways(json!({"flag": true}), &[4, 0, 14, 0]);
    let nothing = encoded(json!({"flag": false, "bytes": null}));
    assert!(nothing.unwrap().is_empty());
    both_ways(json!({"bytes": "00ff"}), &[6, 0, 16, 0, 0, 255, 0, 0]);
    both_ways(
        json!({"mac": "02:00:00:00:00:01"}),
        &[10, 0, 17, 0, 2, 0, 0, 0, 0, 1, 0, 0],
    );
    both_ways(json!({"ip": "192.0.2.1"}), &[8, 0, 18, 0, 192, 0, 2, 1]);
    both_ways(json!({"ip4": "192.0.2.1"}), &[8, 0, 19, 0, 192, 0, 2, 1]);
    both_ways(json!({"hex": "0x1f"}), &[8, 0, 20, 0, 0x1f, 0, 0, 0]);
    assert_eq!(
        decoded(&[6, 0, 15, 0, 0xff, 0, 0, 0]).unwrap(),
        json!({"text": "\u{fffd}"})
    );
}

#[test]
fn structs_are_laid_out_as_c_does() {
    let value = json!({"struct": {
        "tag": 1, "inner": {"byte": 2, "word": 3}, "address": "02:00:00:00:00:01",
        "color": "blue", "wide": 4,
    }});
    let mut bytes = vec![36, 0, 25, 0];
    bytes.extend([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 3]);
    bytes.extend([2, 0, 0, 0, 0, 1, 2, 0]);
    bytes.extend([0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
    both_ways(value, &bytes);
    assert_eq!(
        decoded(&[5, 0, 25, 0, 7, 0, 0, 0]).unwrap(),
        json!({"struct": {
            "tag": 7, "inner": {"byte": 0, "word": 0}, "address": "00:00:00:00:00:00",
            "color": "red", "wide": 0,
        }})
    );
    both_ways(json!({"array": [1, 2]}), &[8, 0, 26, 0, 0, 1, 0, 2]);
}

#[test]
fn the_fixed_header_stands_among_the_attributes() {
    let family = family();
    let values = object(json!({"u8": 7, "ifindex": -1, "half": 2}));
    let bytes = encode(&family, request(&family), &values).unwrap();
    assert_eq!(
        bytes,
        [255, 255, 255, 255, 2, 0, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0]
    );
    let back = decode(&family, request(&family), &bytes, Unknown::Keep).unwrap();
    assert_eq!(back, values);
    let fault = decode(&family, request(&family), &bytes[..6], Unknown::Keep).unwrap_err();
    assert_eq!(*fault.problem, Problem::Malformed(Defect::Leftover(6)));
}

#[test]
fn nests_and_lists_hold_others() {
    both_ways(
        json!({"nest": {"u8": 7}}),
        &[12, 0, 27, 0x80, 5, 0, 1, 0, 7, 0, 0, 0],
    );
    let names = [6, 0, 28, 0, b'a', 0, 0, 0, 6, 0, 28, 0, b'b', 0, 0, 0];
    both_ways(json!({"names": ["a", "b"]}), &names);
    let nests = [12, 0, 29, 0x80, 8, 0, 1, 0, 5, 0, 0, 0];
    both_ways(json!({"nests": [{"id": 5}]}), &nests);
    let list = |number| [16, 0, 30, 0x80, 12, 0, number, 0x80, 8, 0, 1, 0, 5, 0, 0, 0];
    both_ways(json!({"list": [{"3": {"id": 5}}]}), &list(3));
    assert_eq!(encoded(json!({"list": [{"id": 5}]})).unwrap(), list(0));
    let numbers = [
        20, 0, 31, 0x80, 8, 0, 0, 0, 5, 0, 0, 0, 8, 0, 1, 0, 6, 0, 0, 0,
    ];
    both_ways(json!({"numbers": [5, 6]}), &numbers);
}

#[test]
fn types_that_are_values_are_values() {
    let entry = |attr, id| [16, 0, 1, 0x80, 12, 0, attr, 0x80, 8, 0, 1, 0, id, 0, 0, 0];
    let one = [&[20, 0, 32, 0x80], &entry(2, 9)[..]].concat();
    both_ways(json!({"policy": {"index": 1, "attr": 2, "id": 9}}), &one);
    let typed = json!({"policy": {"index": "1", "attr": "0x2", "id": "9"}});
    assert_eq!(encoded(typed).unwrap(), one);
    let all = json!({"policy": [
        {"index": 1, "attr": 2, "id": 9}, {"index": 1, "attr": 3, "id": 8},
    ]});
    let other = [&[20, 0, 32, 0x80], &entry(3, 8)[..]].concat();
    both_ways(all.clone(), &[one, other].concat());
    let together = [&[36, 0, 32, 0x80], &entry(2, 9)[..], &entry(3, 8)].concat();
    assert_eq!(decoded(&together).unwrap(), all);
    let stat = [16, 0, 33, 0x80, 12, 0, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0];
    both_ways(json!({"stat": [{"id": 5, "value": 6}]}), &stat);
}

#[test]
fn what_the_spec_does_not_know_is_kept_or_skipped() {
    let attrs = [
        6, 0, 99, 0, 1, 2, 0, 0, 12, 0, 98, 0x80, 8, 0, 1, 0, 1, 0, 0, 0, 5, 0, 35, 0, 1, 0, 0, 0,
    ];
    assert_eq!(
        decoded(&attrs).unwrap(),
        json!({"UnknownAttr(99)": "0102", "UnknownAttr(98)": {"UnknownAttr(1)": "01000000"}, "gone": "01"})
    );
    both_ways(
        json!({"UnknownAttr(99)": "0102", "UnknownAttr(98)": {"UnknownAttr(1)": "01000000"}}),
        &attrs[..20],
    );
    // A nest that is none: its bytes are shown.
    assert_eq!(
        decoded(&[7, 0, 98, 0x80, 1, 2, 3, 0]).unwrap(),
        json!({"UnknownAttr(98)": "010203"})
    );
    let family = family();
    let bytes = [&HEADER, &attrs[..]].concat();
    let known = decode(&family, request(&family), &bytes, Unknown::Skip).unwrap();
    assert_eq!(known.keys().collect::<Vec<_>>(), ["ifindex", "half"]);
}

#[test]
fn a_value_that_cannot_be_sent_is_named() {
    for (value, said) in [
        (
            json!({"u9": 1}),
            "all has no attribute \"u9\"; did you mean \"u8\"?",
        ),
        (
            json!({"nest": {"u8": 256}}),
            "nest.u8: 256 does not fit u8, which holds 0 to 255",
        ),
        (
            json!({"list": [{"idd": 1}]}),
            "list[0]: small has no attribute \"idd\"; did you mean \"id\"?",
        ),
        (
            json!({"nests": [{}, {"label": 1.5, "id": true}, {"id": "x"}]}),
            "nests[2].id: expected a number (u32), not \"x\"",
        ),
        (
            json!({"color": "gren"}),
            "color: color has no value \"gren\"; did you mean \"green\"?",
        ),
        (
            json!({"color": "x"}),
            "color: color has no value \"x\"; it has red, green, blue",
        ),
        (
            json!({"mode": ["fsat"]}),
            "mode: mode has no value \"fsat\"; did you mean \"fast\"?",
        ),
        (
            json!({"mac": "zz"}),
            "mac: expected a hardware address such as 02:00:00:00:00:01, not \"zz\"",
        ),
        (
            json!({"nest": 1}),
            "nest: expected an object with attributes of all, not 1",
        ),
        (
            json!({"pad": 1}),
            "pad: it has no value: the spec calls it padding",
        ),
        (json!({"text": "a\0b"}), "text: a text must not contain NUL"),
        (
            json!({"bytes": "00".repeat(65532)}),
            "bytes: 65532 bytes are too many: it holds 65531",
        ),
        (
            json!({"struct": {"address": "02:00:00:00:00:00:01"}}),
            "struct.address: 7 bytes are too many: it holds 6",
        ),
        (
            json!({"struct": {"tga": 1}}),
            "struct: outer has no member \"tga\"; did you mean \"tag\"?",
        ),
        (
            json!({"policy": {"attr": 1}}),
            "policy.index: expected a number up to 16383, not null",
        ),
        (
            json!({"flag": "yes"}),
            "flag: expected true or false, not \"yes\"",
        ),
    ] {
        assert_eq!(encoded(value).unwrap_err().to_string(), said);
    }
}

#[test]
fn bytes_that_make_no_sense_are_named() {
    for (attrs, said) in [
        (
            &[8, 0, 1, 0, 1, 2, 3, 4][..],
            "u8: it makes no sense: it has 4 bytes where 1 were expected",
        ),
        (
            &[12, 0, 27, 0, 7, 0, 2, 0, 1, 2, 3, 0],
            "nest.u16: it makes no sense: it has 3 bytes where 2 were expected",
        ),
        (
            &[9, 0, 1, 0],
            "it makes no sense: its length field says 9 bytes, which cannot be",
        ),
        (
            &[7, 0, 26, 0, 1, 2, 3, 0],
            "array: it makes no sense: it has 1 bytes where 2 were expected",
        ),
    ] {
        assert_eq!(decoded(attrs).unwrap_err().to_string(), said);
    }
}

#[test]
fn nests_that_have_no_end_do() {
    // The longest nest in a nest in a nest…: each level takes 4 bytes.
    let levels = usize::from(u16::MAX) / 4;
    let mut attrs = Vec::new();
    for level in (1..=levels).rev() {
        attrs.extend((level as u16 * 4).to_ne_bytes());
        attrs.extend((27u16 | 0x8000).to_ne_bytes());
    }
    let fault = decoded(&attrs).unwrap_err();
    assert_eq!(*fault.problem, Problem::Malformed(Defect::TooDeep));
    // Of nests that nobody knows the rest is shown as it is.
    for at in (2..attrs.len()).step_by(4) {
        attrs[at] = 99;
    }
    let mut values = decoded(&attrs).unwrap();
    let mut levels = 0;
    while let Some(inner) = values.get_mut("UnknownAttr(99)") {
        values = inner.take();
        levels += 1;
    }
    assert!((10..100).contains(&levels) && values.is_string());
}
