//! The least that a program can do by hand: requests are written into a buffer, and sent from it; answers are received
//! into another, and all of their attributes looked at, in place. With `ack` on the command line it asks for an ACK, as
//! most clients do; with `str` it makes texts `&str`, by the standard library alone.
//!
//! It also fills the store for the others, and changes it while they listen (`fill`, `produce`, `end`).

mod socket;

use std::ffi::CStr;
use std::hint::black_box;

use harness::{BATCH, LARGE_KEY, Operation, Reader, SMALL_ENTRIES, each};
use socket::{Attrs, Socket, To, put, text, u16_at, u32_at, u64_at};

const NLCTRL: u16 = 0x10;
const GETFAMILY: u8 = 3;
const GETPOLICY: u8 = 10;

/// Of kvstore.
const GET: u8 = 1;
const SET: u8 = 2;
const KEY: u16 = 1;
const VALUE: u16 = 2;
const META: u16 = 5;
/// NLA_F_NESTED
const NESTED: u16 = 1 << 15;

fn main() {
    match is_argument("str") {
        true => harness::serve(open_str, None),
        false => harness::serve(|case| open(case, stated_len), Some(listen)),
    }
}

fn is_argument(wanted: &str) -> bool {
    std::env::args().nth(1).is_some_and(|arg| arg == wanted)
}

/// How a text of the kernel's is read: its length, in bytes without the NUL.
trait ReadText: Fn(&[u8]) -> u64 + Copy + 'static {}

impl<F: Fn(&[u8]) -> u64 + Copy + 'static> ReadText for F {}

/// What the attribute's header says; the text itself is not looked at.
fn stated_len(text: &[u8]) -> u64 {
    text.len() as u64 - 1
}

/// That of the `&str`.
fn str_len(text: &[u8]) -> u64 {
    let text = CStr::from_bytes_until_nul(text).expect("a NUL");
    text.to_str().expect("UTF-8").len() as u64
}

/// The cases in which texts come.
fn open_str(case: &str) -> Option<Operation> {
    match case {
        "family" | "families" | "decode" | "get" | "list" => open(case, str_len),
        _ => None,
    }
}

fn flags() -> libc::c_int {
    let ack = is_argument("ack");
    libc::NLM_F_REQUEST | if ack { libc::NLM_F_ACK } else { 0 }
}

/// A do.
fn to(family: u16, cmd: u8) -> To {
    let flags = flags();
    To { family, flags, cmd }
}

fn dump_to(family: u16, cmd: u8) -> To {
    let flags = libc::NLM_F_REQUEST | libc::NLM_F_DUMP;
    To { family, flags, cmd }
}

fn open(case: &str, text_len: impl ReadText) -> Option<Operation> {
    let mut socket = Socket::open();
    Some(match case {
        "family" => {
            let to = to(NLCTRL, GETFAMILY);
            each(move || {
                let mut sum = 0;
                socket.call(to, &[(2, b"nlctrl\0")], |message| {
                    sum = family(message, text_len)
                });
                sum
            })
        }
        "pipeline" => {
            let to = to(NLCTRL, GETFAMILY);
            each(move || {
                let mut sum = 0;
                let name = &[(2, &b"nlctrl\0"[..])];
                socket.batch(BATCH as u32, to, name, |message| {
                    sum += family(message, text_len)
                });
                sum
            })
        }
        "families" => {
            let to = dump_to(NLCTRL, GETFAMILY);
            each(move || {
                let mut sum = 0;
                socket.dump(to, &[], |message| sum += family(message, text_len));
                sum
            })
        }
        "policy" => {
            let to = dump_to(NLCTRL, GETPOLICY);
            each(move || {
                let mut sum = 0;
                socket.dump(to, &[(2, b"ethtool\0")], |message| sum += policy(message));
                sum
            })
        }
        "get" => {
            let to = to(kvstore(&mut socket)?, GET);
            let key = text(LARGE_KEY);
            each(move || {
                let mut sum = 0;
                socket.call(to, &[(KEY, &key)], |message| sum = entry(message, text_len));
                sum
            })
        }
        "set" => {
            let to = to(kvstore(&mut socket)?, SET);
            let (key, value) = (text(LARGE_KEY), harness::large_value());
            each(move || {
                let mut sum = 0;
                socket.call(to, &[(KEY, &key), (VALUE, &value)], |message| {
                    sum = u64::from(revision(message) != 0)
                });
                sum
            })
        }
        "list" => {
            let to = dump_to(kvstore(&mut socket)?, GET);
            each(move || {
                let mut sum = 0;
                socket.dump(to, &[], |message| sum += entry(message, text_len));
                sum
            })
        }
        "fill" => {
            let family = kvstore(&mut socket)?;
            each(move || fill(&mut socket, family))
        }
        "produce" | "end" => {
            let key = text(if case == "end" { "end" } else { "event" });
            let to = to(kvstore(&mut socket)?, SET);
            each(move || {
                socket.call(to, &[(KEY, &key), (VALUE, &[7; 64])], |message| {
                    assert_ne!(revision(message), 0)
                });
                0
            })
        }
        // How many bytes the others decode.
        "recorded" => each(|| harness::recorded_len() as u64),
        "decode" => {
            let recorded = harness::recorded();
            each(move || {
                recorded
                    .iter()
                    .map(|message| family(message, text_len))
                    .sum()
            })
        }
        _ => return None,
    })
}

/// Small entries, and the large one.
fn fill(socket: &mut Socket, family: u16) -> u64 {
    let to = to(family, SET);
    let mut labels = Vec::new();
    put(&mut labels, (3, b"first\0"));
    put(&mut labels, (3, b"second\0"));
    let mut set = |key: &str, value: &[u8]| {
        let attrs = [
            (KEY, &*text(key)),
            (VALUE, value),
            (META | NESTED, &*labels),
        ];
        socket.call(to, &attrs, |message| assert_ne!(revision(message), 0));
    };
    for number in 0..SMALL_ENTRIES {
        set(&format!("entry/{number}"), &[number as u8; 64]);
    }
    set(LARGE_KEY, &harness::large_value());
    0
}

fn kvstore(socket: &mut Socket) -> Option<u16> {
    socket.resolve("kvstore").map(|(id, _)| id)
}

fn listen(reader: &mut Reader) {
    let mut socket = Socket::open();
    let (_, group) = socket.resolve("kvstore").expect("the module");
    socket.join(group.expect("its group"));
    reader.ready();
    loop {
        let Ok(messages) = socket.receive() else {
            reader.lost();
            continue;
        };
        for message in messages {
            black_box(entry(message, stated_len));
            let mut attrs = Attrs::of(message);
            let (_, key) = attrs.find(|(kind, _)| *kind == KEY).expect("a key");
            let key = std::str::from_utf8(&key[..key.len() - 1]).expect("text");
            if !reader.heard(key) {
                return;
            }
        }
    }
}

/// All attributes of a family.
fn family(message: &[u8], text_len: impl ReadText) -> u64 {
    let mut sum = 0;
    for (kind, value) in Attrs::of(message) {
        sum += match kind {
            1 => u64::from(u16_at(value, 0)),
            2 => text_len(value),
            3..=5 => u64::from(u32_at(value, 0)),
            6 => nested(value, |_, value| u64::from(u32_at(value, 0))),
            7 => nested(value, |kind, value| match kind {
                1 => text_len(value),
                _ => u64::from(u32_at(value, 0)),
            }),
            _ => 0,
        };
    }
    sum
}

/// The sum of what the nests of an array have.
fn nested(value: &[u8], mut count: impl FnMut(u16, &[u8]) -> u64) -> u64 {
    let mut sum = 0;
    for (_, element) in Attrs(value) {
        for (kind, value) in Attrs(element) {
            sum += count(kind, value);
        }
    }
    sum
}

/// The family, and whether a policy is told: its depths are not gone into, as a peer cannot read them.
fn policy(message: &[u8]) -> u64 {
    let mut sum = 0;
    for (kind, value) in Attrs::of(message) {
        sum += match kind {
            1 => u64::from(u16_at(value, 0)),
            8 => 1,
            _ => 0,
        };
    }
    sum
}

/// All attributes of an entry; those that change from time to time do not count.
fn entry(message: &[u8], text_len: impl ReadText) -> u64 {
    let mut sum = 0;
    for (kind, value) in Attrs::of(message) {
        match kind {
            KEY => sum += text_len(value),
            VALUE => sum += value.len() as u64,
            3 => _ = black_box(u64_at(value, 0)),
            4 => sum += u64::from(u32_at(value, 0)),
            META => {
                for (kind, value) in Attrs(value) {
                    match kind {
                        1 => _ = black_box(u64_at(value, 0)),
                        // As wide as it has to be.
                        2 if value.len() == 4 => _ = black_box(u32_at(value, 0)),
                        2 => _ = black_box(u64_at(value, 0)),
                        3 => sum += text_len(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    sum
}

fn revision(message: &[u8]) -> u64 {
    let mut attrs = Attrs::of(message);
    let found = attrs.find(|(kind, _)| *kind == 3);
    found.map_or(0, |(_, value)| u64_at(value, 0))
}
