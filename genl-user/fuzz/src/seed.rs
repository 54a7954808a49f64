//! Writes corpora to begin with, in a folder for each target: of each message one that has all of its attributes, and
//! refusals of a request.
//!
//! `RUSTFLAGS="--cfg fuzzing" cargo run --bin seed -- corpus`

use std::path::{Path, PathBuf};

use genl_user::Request;
use genl_user::dynamic::encode;
use genl_user::dynamic::genl_schema::model::{Attr, AttrKind, Family, Holds, Message, SetId};
use genl_user::dynamic::serde_json::{Map, Value, json};
use genl_user::families::kvstore;
use genl_user::fuzzing::{self, FAMILY_ID, LISTENED_ID, PORT};
use genl_user::wire::Encoder;
use genl_user_fuzz::netlink::padded;
use genl_user_fuzz::typed::KINDS;
use genl_user_fuzz::{message, specs};

/// Nests within nests that a seed has.
const DEPTH: usize = 3;

fn main() {
    let corpus = PathBuf::from(std::env::args_os().nth(1).expect("the corpus folder"));
    let specs = specs();
    write(&corpus.join("decode"), decoded(&specs));
    write(&corpus.join("message"), messages(&specs));
    write(&corpus.join("extended_ack"), refusals());
    write(&corpus.join("dump"), dumps());
    write(&corpus.join("events"), events());
}

fn write(folder: &Path, seeds: Vec<Vec<u8>>) {
    std::fs::create_dir_all(folder).expect("a folder to write to");
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).expect("a file");
    }
    println!("{} seeds in {}", seeds.len(), folder.display());
}

/// Of each message of each spec.
fn decoded(specs: &[Family]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (spec, family) in specs.iter().enumerate() {
        for (number, message) in family.messages.iter().enumerate() {
            let [low, high] = (number as u16).to_le_bytes();
            let choice = [spec as u8, low, high];
            let contents = contents(family, message).into_iter();
            seeds.extend(contents.map(|content| [&choice, &content[..]].concat()));
        }
    }
    seeds
}

/// Of each message that a generated client reads; all that are made of it in one datagram too.
fn messages(specs: &[Family]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (choice, kind) in (0u8..).zip(KINDS) {
        let (family, spec) = message(specs, kind);
        let contents = contents(family, spec).into_iter();
        let whole = contents.map(|content| fuzzing::message((32, 2, 1, 1), 1, &content));
        let mut datagram = vec![choice];
        for mut message in whole {
            seeds.push([&[choice], &message[..]].concat());
            message.resize(padded(message.len()), 0);
            datagram.extend(message);
        }
        seeds.push(datagram);
    }
    seeds
}

/// What says all that an extended ACK can, of a request with a nest: as an error, capped or not, and as a dump's end.
fn refusals() -> Vec<Vec<u8>> {
    let set = kvstore::Set {
        key: "host",
        meta: Some(kvstore::Meta {
            label: &["one", "two"],
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut attrs = Vec::new();
    set.encode(&mut Encoder::new(&mut attrs)).expect("it fits");
    let mut told = Vec::new();
    let mut out = Encoder::new(&mut told);
    out.str(1, "no such label").expect("it fits");
    out.u32(2, 20 + 12 + 4);
    let limits = out.nest(4, |out| {
        out.u32(1, 12);
        out.u32(7, 64);
        Ok(())
    });
    limits.expect("they fit");
    out.u32(5, 2);
    out.u32(6, 20 + 12);

    let whole = fuzzing::message((16, 5, 1, 1), 2, &attrs);
    let errno = (-22i32).to_ne_bytes();
    let (error, done, capped, tlvs) = (0, 1, 1, 2);
    let seed = |kind, flags, repeated: &[u8]| {
        let choice = [0, kind, flags, attrs.len() as u8];
        [&choice, &attrs[..], &errno, repeated, &told].concat()
    };
    vec![
        seed(error, capped | tlvs, &whole[..16]),
        seed(error, tlvs, &whole),
        seed(done, tlvs, &[]),
    ]
}

/// Dumps of two entries, in one datagram or two, to the end or dropped; and one that is refused.
fn dumps() -> Vec<Vec<u8>> {
    let message = |kind, flags, content: &[u8]| {
        let mut bytes = fuzzing::message((kind, flags, 1, PORT), 1, content);
        bytes.resize(padded(bytes.len()), 0);
        bytes
    };
    let entry = [8, 0, 1, 0, b'k', b'e', b'y', 0, 5, 0, 2, 0, 7];
    let item = message(FAMILY_ID, 2, &entry);
    let changed = message(FAMILY_ID, 2 | 16, &entry);
    let done = message(3, 2, &[]);
    // Its errno stands where others have their genlmsghdr.
    let refused = message(2, 0, &[0; 16]);
    [
        vec![datagram(&[&item, &item]), datagram(&[&done])],
        vec![datagram(&[&item, &changed, &done])],
        vec![datagram(&[&item]), datagram(&[&refused])],
        vec![datagram(&[&refused])],
    ]
    .into_iter()
    .flat_map(|datagrams| [1, 255].map(|steps| [&[steps], &datagrams.concat()[..]].concat()))
    .collect()
}

/// A change, one that was lost, a deletion; and the family going, and coming with another id.
fn events() -> Vec<Vec<u8>> {
    let event = |id, cmd| {
        let entry = [
            8, 0, 1, 0, b'k', b'e', b'y', 0, 12, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        ];
        fuzzing::message((id, 0, 0, 0), cmd, &entry)
    };
    let told = |cmd, id: u16| {
        let mut attrs = Vec::new();
        let mut out = Encoder::new(&mut attrs);
        out.u16(1, id);
        out.str(2, "kvstore").expect("it fits");
        let groups = out.nest(7, |out| {
            out.nest(1, |out| {
                out.u32(2, 16);
                out.str(1, "changes")
            })
        });
        groups.expect("they fit");
        fuzzing::message((16, 0, 0, 0), cmd, &attrs)
    };
    let overrun = vec![0, 0x10];
    let set = datagram(&[&event(LISTENED_ID, 6)]);
    let del = datagram(&[&event(LISTENED_ID, 7), &event(99, 1)]);
    let gone = datagram(&[&told(2, LISTENED_ID)]);
    let came = datagram(&[&told(1, 100)]);
    let anew = datagram(&[&event(100, 6)]);
    vec![
        [&set[..], &overrun, &del].concat(),
        [set, gone, came, anew].concat(),
    ]
}

/// Messages as the targets take a datagram.
fn datagram(messages: &[&[u8]]) -> Vec<u8> {
    let bytes = messages.concat();
    [&(bytes.len() as u16).to_le_bytes(), &bytes[..]].concat()
}

/// The message with all that it can have, then with each of them alone.
fn contents(family: &Family, message: &Message) -> Vec<Vec<u8>> {
    let values = example(family, message.set, DEPTH);
    let one_each = values
        .iter()
        .map(|(name, value)| Map::from_iter([(name.clone(), value.clone())]));
    // All at once may be more than a message holds.
    std::iter::once(values.clone())
        .chain(one_each)
        .filter_map(|values| encode(family, message, &values).ok())
        .collect()
}

fn example(family: &Family, set: SetId, depth: usize) -> Map<String, Value> {
    let attrs = family[set].attrs.iter();
    let values = attrs.filter_map(|attr| {
        let value = value(family, attr, &attr.kind, depth)?;
        Some((attr.name.as_str().to_owned(), value))
    });
    values.collect()
}

fn value(family: &Family, attr: &Attr, kind: &AttrKind, depth: usize) -> Option<Value> {
    Some(match kind {
        AttrKind::Pad | AttrKind::Unused => return None,
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) if depth == 0 => {
            return None;
        }
        AttrKind::Flag => json!(true),
        AttrKind::Int(_) => json!(1),
        AttrKind::String(_) => json!("lo"),
        AttrKind::Binary(binary) => match binary.holds {
            Holds::Struct(_) => json!({}),
            Holds::Array(_) => json!([1, 2]),
            Holds::Bytes if attr.hint.is_none() => json!("00ff"),
            Holds::Bytes => json!("192.0.2.1"),
        },
        AttrKind::Bitfield32(_) => json!({"value": 1, "selector": 3}),
        AttrKind::Nest(set) => Value::Object(example(family, *set, depth - 1)),
        AttrKind::IndexedArray(element) => json!([value(family, attr, element, depth - 1)?]),
        AttrKind::TypeValue(levels, element) => {
            let mut entry = match &**element {
                AttrKind::Nest(set) => example(family, *set, depth - 1),
                _ => Map::from_iter([("value".to_owned(), json!(1))]),
            };
            entry.extend(
                levels
                    .iter()
                    .map(|level| (level.as_str().to_owned(), json!(1))),
            );
            Value::Object(entry)
        }
    })
}
