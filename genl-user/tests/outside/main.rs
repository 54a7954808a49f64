//! A generated module in a crate that is not the runtime's: it compiles, it is what the generator
//! makes of its spec today, and what one end writes the other end reads.
//!
//! `BLESS=1 cargo test -p genl-user --test outside` takes the generator's text as the right one.

#[expect(
    dead_code,
    unreachable_pub,
    reason = "made for users, and here only tried"
)]
mod every;
#[expect(dead_code, unreachable_pub, reason = "as above")]
mod placed;
#[cfg(feature = "testing")]
mod served;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use every::{
    _10Base, Branch, Level, LevelFlags, Make, MakeReply, Pair, Part, PartOwned, Places, PokeReply,
    Record, Temperature, Tree, Unnamed,
};
use genl_user::wire::{
    Attrs, Bitfield32, Bytes, Defect, Encoder, FromAttrs, FromPayload, Malformed, Misfit, Payload,
    Text,
};
use genl_user::{Answer, Message, Request};
use placed::{Locate, LocateReply, LocateReplyOwned, Place};

fn encode(request: &impl Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(&mut Encoder::new(&mut out)).unwrap();
    out
}

#[test]
fn is_what_the_generator_makes() {
    for name in ["every", "placed"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside");
        let spec = std::fs::read_to_string(dir.join(name).with_extension("yaml")).unwrap();
        let source = format!("genl-user/tests/outside/{name}.yaml");
        let family = genl_schema::compile_for_kernel(&source, &spec)
            .map_err(|report| report.render(false))
            .unwrap();
        let origin = genl_schema::emit::Origin {
            command: "cargo xtask codegen",
            spec: &source,
        };
        let server = genl_schema::emit::user::Server::Featured;
        let text = genl_schema::emit::user::render_with(&family, origin, server);
        let text = rustfmt(&text);
        let golden = dir.join(name).with_extension("rs");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&golden).unwrap() == text,
            "{name}.rs is stale; look at what BLESS=1 changes"
        );
    }
}

fn rustfmt(text: &str) -> String {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

const PAIR: Pair = Pair {
    one: 1,
    two: 0x0102_0304_0506_0708,
};

const RECORD: Record = Record {
    level: Level::High,
    delta: -2,
    mac: [2, 0, 0, 0, 0, 1],
    name: Text::from_bytes(*b"a name\0\0"),
    pair: PAIR,
    key: Bytes([7; 40]),
    places: Places::THERE,
    clone: 9,
};

const LEAF: Tree<'_> = Tree {
    name: Some("leaf"),
    left: None,
    right: None,
    more: &[],
};

const TREE: Tree<'_> = Tree {
    name: Some("root"),
    left: Some(&Tree {
        name: None,
        left: Some(&LEAF),
        right: None,
        more: &[LEAF, LEAF],
    }),
    right: Some(&Branch {
        length: Some(5),
        tree: Some(&Tree {
            name: None,
            left: None,
            right: None,
            more: &[LEAF],
        }),
    }),
    more: &[],
};

#[test]
fn everything_comes_back() {
    let part = |size, name| Part { size, name };
    let request = Make {
        level: Level::High,
        narrow_level: Some(Level::Unknown),
        levels: &[Level::Low, Level::Type, Level::Unnamed(77)],
        level_set: Some(LevelFlags::HIGH | LevelFlags::TYPE),
        places: Some(Places::THERE),
        wide_places: Some(Places::from_bits_retain(1 << 63)),
        blobs: &[b"", b"one", b"\0\0"],
        parts: &[part(Some(1), None), part(Some(1 << 40), Some("big"))],
        array: &[part(None, Some("first")), part(None, None)],
        offsets: &[-1, i64::MIN, 1 << 31],
        signed_be: Some(-2),
        self_: Some("me"),
        layout: true,
        by_number: &[(7, &[(300, part(Some(1), None))]), (8, &[])],
        by_one_number: &[(0, part(Some(1), None)), (9, part(None, None))],
        counts: &[(1, 10), (2, u64::MAX)],
        pair: Some(PAIR),
        record: Some(RECORD),
        pairs: &[PAIR, Pair::default()],
        numbers: Some(&[1, u32::MAX]),
        le_numbers: Some(&[-2, 3]),
        level_numbers: Some(&[Level::High, Level::Unnamed(9)]),
        number_lists: &[&[1, 2], &[]],
        bits: Some(Bitfield32 {
            value: 1,
            selector: 3,
        }),
        place_bits: Some(Bitfield32 {
            value: Places::HERE,
            selector: Places::all(),
        }),
        level_bits: Some(Bitfield32 {
            value: LevelFlags::LOW,
            selector: LevelFlags::from_bits_retain(1 << 31),
        }),
        indexed_levels: &[Level::High, Level::Low],
        indexed_names: &["first", ""],
        indexed_blobs: &[b"first", b""],
        names: &["full", "a"],
        little: Some(0x0102_0304),
        temperature: Some(Temperature::Frozen),
        unnamed: Some(Unnamed::Unknown(5)),
        base: Some(_10Base::_10T),
        clone_: Some(1),
        header: Some(2),
        type_: Some(3),
        tree: Some(TREE),
        out: Some(4),
        view: &[5, 6],
    };
    let bytes = encode(&request);
    let reply = MakeReply::from_attrs(Attrs::new(&bytes, 0)).unwrap();
    let copy = reply.to_owned();
    assert_eq!(copy.level, Some(Level::High));
    assert_eq!(copy.narrow_level, Some(Level::Unknown));
    assert_eq!(copy.levels, request.levels);
    assert_eq!(copy.level_set, request.level_set);
    assert_eq!(copy.places, request.places);
    assert_eq!(copy.wide_places, request.wide_places);
    assert_eq!(copy.blobs, request.blobs);
    let owned = |part: &Part<'_>| PartOwned {
        size: part.size,
        name: part.name.map(str::to_owned),
    };
    assert_eq!(
        copy.parts,
        request.parts.iter().map(owned).collect::<Vec<_>>()
    );
    assert_eq!(
        copy.array,
        request.array.iter().map(owned).collect::<Vec<_>>()
    );
    assert_eq!(copy.offsets, request.offsets);
    assert_eq!(copy.signed_be, Some(-2));
    assert_eq!(
        copy.by_number[0],
        (7, vec![(300, owned(&part(Some(1), None)))])
    );
    assert_eq!(copy.by_number[1], (8, vec![]));
    assert_eq!(copy.by_one_number.len(), 2);
    assert_eq!(copy.counts, request.counts);
    assert_eq!((copy.pair, copy.record), (request.pair, request.record));
    assert_eq!(copy.pairs, request.pairs);
    assert_eq!(copy.numbers.as_deref(), request.numbers);
    assert_eq!(copy.le_numbers.as_deref(), request.le_numbers);
    assert_eq!(copy.level_numbers.as_deref(), request.level_numbers);
    assert_eq!(copy.number_lists, request.number_lists);
    assert_eq!(copy.bits, request.bits);
    assert_eq!(copy.place_bits, request.place_bits);
    assert_eq!(copy.level_bits, request.level_bits);
    assert_eq!(copy.indexed_levels, request.indexed_levels);
    assert_eq!(copy.indexed_names, request.indexed_names);
    assert_eq!(copy.indexed_blobs, request.indexed_blobs);
    assert_eq!(copy.names, request.names);
    assert_eq!(copy.little, request.little);
    assert_eq!(copy.temperature, Some(Temperature::Frozen));
    assert_eq!(copy.unnamed, Some(Unnamed::Unknown(5)));
    assert_eq!(copy.base, request.base);
    assert_eq!(
        (copy.clone_, copy.header, copy.type_),
        (Some(1), Some(2), Some(3))
    );
    assert_eq!((copy.out, copy.view), (Some(4), vec![5, 6]));
    let tree = copy.tree.clone().unwrap();
    assert_eq!(
        tree.left.unwrap().left.unwrap().name.as_deref(),
        Some("leaf")
    );
    let branch = tree.right.unwrap();
    assert_eq!(
        (branch.length, branch.tree.unwrap().more.len()),
        (Some(5), 1)
    );
    // An array's numbers begin where YNL begins them; a reader must not care.
    let array = Attrs::new(&bytes, 0)
        .map(Result::unwrap)
        .find(|attr| attr.kind() == 9);
    let numbers: Vec<_> = array
        .unwrap()
        .nested()
        .map(|attr| attr.unwrap().kind())
        .collect();
    assert_eq!(numbers, [0, 1]);
    assert_eq!(reply.self_(), Some("me"));
    assert!(reply.layout());
    let debug = format!("{reply:?}");
    for shown in ["HIGH | TYPE", "Unnamed(77)", "size: Some(1)", "\"first\""] {
        assert!(debug.contains(shown), "{shown} in {debug}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn structs_and_bits_go_through_serde() {
    let request = Make {
        record: Some(RECORD),
        place_bits: Some(Bitfield32 {
            value: Places::HERE,
            selector: Places::all(),
        }),
        tree: Some(TREE),
        ..Make::default()
    };
    let bytes = encode(&request);
    let reply = MakeReply::from_attrs(Attrs::new(&bytes, 0)).unwrap();
    let json = serde_json::to_value(reply.to_owned()).unwrap();
    assert_eq!(json["record"]["name"], "a name");
    assert_eq!(json["record"]["mac"], serde_json::json!([2, 0, 0, 0, 0, 1]));
    assert_eq!(json["place_bits"]["value"], "HERE");
    assert_eq!(json["tree"]["left"]["more"][1]["name"], "leaf");
    let back: every::MakeReplyOwned = serde_json::from_value(json).unwrap();
    assert_eq!(back, reply.to_owned());
}

#[test]
fn what_is_absent_is_absent() {
    let bytes = encode(&Make::default());
    // The one attribute that is required: a header and 4 bytes.
    assert_eq!(bytes.len(), 8);
    let copy = MakeReply::from_attrs(Attrs::new(&[], 0))
        .unwrap()
        .to_owned();
    assert_eq!(copy, every::MakeReplyOwned::default());
}

#[test]
fn nests_by_number_are_maps() {
    let mut out = Vec::new();
    Encoder::new(&mut out)
        .nest(14, |out| {
            out.nest(7, |out| {
                out.nest(300, |out| out.str(2, "a"))?;
                out.nest(301, |out| out.str(2, "b"))
            })?;
            out.nest(8, |_| Ok(()))
        })
        .unwrap();
    let reply = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap();
    let numbers: Vec<_> = reply.by_number().map(|(number, _)| number).collect();
    assert_eq!(numbers, [7, 8]);
    let inner = reply.by_number().get(7).unwrap();
    assert_eq!(inner.get(301).unwrap().name(), Some("b"));
    assert!(inner.get(302).is_none());
    assert!(reply.by_number().get(8).unwrap().is_empty());
    assert_eq!(reply.to_owned().by_number[0].1[1].0, 301);
}

#[test]
fn values_spread_over_several_attributes_are_one_map() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    for (number, count) in [(3, 30), (4, 40), (3, 31)] {
        encoder
            .nest(16, |out| {
                out.u64(number, count);
                Ok(())
            })
            .unwrap();
        encoder.u8(37, 1);
    }
    let reply = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap();
    assert_eq!(
        reply.counts().collect::<Vec<_>>(),
        [(3, 30), (4, 40), (3, 31)]
    );
    assert_eq!(
        (reply.counts().get(4), reply.counts().get(5)),
        (Some(40), None)
    );
    assert!(reply.by_one_number().is_empty());
}

#[test]
fn structs_have_the_layout_of_c() {
    let mut out = Vec::new();
    Encoder::new(&mut out).structure(1, &RECORD).unwrap();
    let bytes = &out[4..];
    assert_eq!(bytes.len(), 88);
    assert_eq!(
        bytes[..12],
        [1, 0, 0xfe, 0xff, 2, 0, 0, 0, 0, 1, b'a', b' ']
    );
    assert_eq!(
        bytes[24..40],
        [1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    );
    assert_eq!(bytes[80..84], 2u32.to_ne_bytes());
    assert_eq!(bytes[84..], [9, 0, 0, 0]);
}

#[test]
fn structs_of_other_versions_are_read() {
    let mut whole = Vec::new();
    Encoder::new(&mut whole).structure(1, &RECORD).unwrap();
    let read = |bytes: &[u8]| {
        let mut out = Vec::new();
        Encoder::new(&mut out).bytes(18, bytes).unwrap();
        let reply = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap();
        reply.record().unwrap()
    };
    let longer = [&whole[4..], &[0xff; 8]].concat();
    assert_eq!(read(&longer), RECORD);
    let shorter = read(&whole[4..4 + 30]);
    assert_eq!((shorter.delta, shorter.name), (RECORD.delta, RECORD.name));
    assert_eq!(
        (shorter.pair, shorter.key),
        (Pair { one: 1, two: 0 }, Bytes([0; 40]))
    );
    assert_eq!(read(&[]), Record::default());
}

#[test]
fn an_array_has_no_half_elements() {
    let mut out = Vec::new();
    Encoder::new(&mut out).bytes(20, &[0; 7]).unwrap();
    let malformed = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap_err();
    assert_eq!(malformed.defect, Defect::Leftover(3));
}

#[test]
fn texts_need_no_nul() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.bytes(30, b"full").unwrap();
    encoder.bytes(30, b"a\0").unwrap();
    let reply = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap();
    assert_eq!(reply.names().collect::<Vec<_>>(), ["full", "a"]);
}

#[test]
fn a_header_stands_before_the_attributes() {
    let header = Place {
        ifindex: 7,
        tag: 0x0102,
    };
    let request = Locate {
        header,
        header_: Some(1),
        name: Some("leaf"),
    };
    let bytes = encode(&request);
    assert_eq!(bytes[..4], 7u32.to_ne_bytes());
    assert_eq!(bytes[4..8], [0x0102u16.to_ne_bytes(), [0; 2]].concat());
    let reply = LocateReply::from_payload(Payload::new(&bytes, 20)).unwrap();
    assert_eq!((reply.header(), reply.header_()), (header, Some(1)));
    assert_eq!(reply.to_owned().header, header);
    assert_eq!(reply.name(), Some("leaf"));
    assert_eq!(placed::Client::LOCATE.header, 8);
    assert_eq!(LocateReplyOwned::HEADER, 8);

    // Cut short, as no kernel sends it.
    let reply = LocateReply::from_payload(Payload::new(&bytes[..4], 20)).unwrap();
    assert_eq!(reply.header(), Place { ifindex: 7, tag: 0 });
}

#[test]
fn whatever_comes_can_be_gone_through() {
    let request = Make {
        array: &[Part {
            size: Some(1),
            name: Some("one"),
        }],
        by_number: &[(7, &[(1, Part::default())])],
        record: Some(RECORD),
        numbers: Some(&[1, 2]),
        indexed_names: &["first"],
        tree: Some(TREE),
        ..Make::default()
    };
    let bytes = encode(&request);
    for at in 0..bytes.len() {
        for change in [1, 4, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= change;
            if let Ok(reply) = MakeReply::from_attrs(Attrs::new(&bytes, 0)) {
                assert!(!format!("{reply:?}").is_empty());
                // What was read and checked once does not get lost.
                let tree = reply.to_owned().tree;
                let left = reply.tree().and_then(|tree| tree.left());
                assert_eq!(tree.and_then(|tree| tree.left).is_some(), left.is_some());
            }
        }
    }
}

#[test]
fn nests_in_themselves_are_read_as_deep_as_is_sensible() {
    let bytes = tree(35);
    let reply = MakeReply::from_attrs(Attrs::new(&bytes, 0)).unwrap();
    let mut levels = 0;
    let mut tree_at = reply.tree().unwrap().left();
    while let Some(inner) = tree_at {
        levels += 1;
        tree_at = inner.left();
    }
    assert_eq!(levels, 35);
    assert!(format!("{reply:?}").contains("left: Some"));
    assert!(format!("{:?}", reply.to_owned()).contains("left: Some"));

    let bytes = tree(10_000);
    let malformed = MakeReply::from_attrs(Attrs::new(&bytes, 0)).unwrap_err();
    assert_eq!(malformed.defect, Defect::TooDeep);
}

/// A tree with so many levels to the left.
fn tree(levels: usize) -> Vec<u8> {
    (0..=levels).fold(Vec::new(), |inner, level| {
        let kind = if level == levels { 38 } else { 2 };
        let mut outer = Vec::new();
        Encoder::new(&mut outer).bytes(kind, &inner).unwrap();
        outer
    })
}

#[test]
fn what_is_unknown_is_skipped_and_what_is_broken_is_not() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.u64(999, 1);
    encoder.str(12, "kept").unwrap();
    let reply = MakeReply::from_attrs(Attrs::new(&out, 0)).unwrap();
    assert_eq!(reply.self_(), Some("kept"));

    // In a list, in an array, in a map, in a nest: each is found when the message is read.
    for (kind, levels) in [(3, 0), (8, 1), (9, 2), (14, 3)] {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        encoder.str(12, "four").unwrap();
        let broken = nested(&mut encoder, kind, levels);
        let malformed = MakeReply::from_attrs(Attrs::new(&out, 20)).unwrap_err();
        let defect = match levels {
            0 => Defect::Width {
                expected: 4,
                actual: 1,
            },
            _ => Defect::Width {
                expected: 8,
                actual: 1,
            },
        };
        let offset = 20 + broken as u32;
        assert_eq!(malformed, Malformed { defect, offset }, "attribute {kind}");
    }
}

/// Writes an integer of one byte below so many nests; says where.
fn nested(out: &mut Encoder<'_>, kind: u16, levels: usize) -> usize {
    match levels {
        0 => out.u8(kind, 7),
        _ => out
            .nest(kind, |out| {
                nested(out, 1, levels - 1);
                Ok(())
            })
            .unwrap(),
    }
    12 + 4 * levels
}

#[test]
fn a_number_too_wide_for_its_attribute_is_refused() {
    let request = Make {
        narrow_level: Some(Level::Unnamed(256)),
        ..Make::default()
    };
    let mut out = Vec::new();
    let unfit = request.encode(&mut Encoder::new(&mut out)).unwrap_err();
    assert_eq!(unfit.misfit, Misfit::OutOfRange);
    assert_eq!(unfit.offset, 8);
}

#[test]
fn an_empty_reply_is_still_read() {
    assert!(PokeReply::from_attrs(Attrs::new(&[], 0)).is_ok());
    assert!(PokeReply::from_attrs(Attrs::new(&[1], 0)).is_err());
}

#[test]
fn a_family_that_promises_nothing_is_asked_for_an_ack() {
    assert_eq!(every::Client::MAKE.answer, Answer::ReplyAndAck(1));
    assert_eq!((every::FAMILY.name, every::FAMILY.version), ("every", 3));
}
