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

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use every::{Level, LevelFlags, Make, MakeReply, Part, PartOwned, Places, PokeReply};
use genl_user::wire::{Attrs, Defect, Encoder, FromAttrs, Malformed, Misfit};
use genl_user::{Answer, Request};

fn encode(request: &impl Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(&mut Encoder::new(&mut out)).unwrap();
    out
}

#[test]
fn is_what_the_generator_makes() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside");
    let spec = std::fs::read_to_string(dir.join("every.yaml")).unwrap();
    let source = "genl-user/tests/outside/every.yaml";
    let family = genl_schema::compile(source, &spec)
        .map_err(|report| report.render(false))
        .unwrap();
    let origin = genl_schema::emit::Origin {
        command: "cargo xtask codegen",
        spec: source,
    };
    let text = rustfmt(&genl_schema::emit::user::render(&family, origin));
    let golden = dir.join("every.rs");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&golden).unwrap() == text,
        "every.rs is stale; look at what BLESS=1 changes"
    );
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
    assert_eq!(reply.self_(), Some("me"));
    assert!(reply.layout());
    let debug = format!("{reply:?}");
    for shown in ["HIGH | TYPE", "Unnamed(77)", "size: Some(1)", "\"first\""] {
        assert!(debug.contains(shown), "{shown} in {debug}");
    }
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
        let offset = 20 + broken;
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
