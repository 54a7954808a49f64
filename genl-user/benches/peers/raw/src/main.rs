//! The least that a program can do by hand: the bytes of requests are made once, the buffer is used again, and of a
//! reply only what is wanted is looked at, in place: all of it in a dump. With `ack` on the command line it asks for an ACK, as most clients do.
//!
//! It also fills the store for the others, and changes it while they listen (`fill`, `produce`, `end`).

mod socket;

use std::hint::black_box;

use harness::{BATCH, LARGE_KEY, Operation, Reader, SMALL_ENTRIES, each};
use socket::{Attrs, Socket, attr, text, u16_at, u32_at, u64_at};

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
    harness::serve(open, Some(listen));
}

fn flags() -> libc::c_int {
    let ack = std::env::args().nth(1).is_some_and(|arg| arg == "ack");
    libc::NLM_F_REQUEST | if ack { libc::NLM_F_ACK } else { 0 }
}

const DUMP: libc::c_int = libc::NLM_F_REQUEST | libc::NLM_F_DUMP;

fn open(case: &str) -> Option<Operation> {
    let mut socket = Socket::open();
    let nlctrl = attr(2, b"nlctrl\0");
    Some(match case {
        "family" => {
            let mut request = socket::request(NLCTRL, flags(), GETFAMILY, &nlctrl);
            each(move || {
                let mut sum = 0;
                socket.call(&mut request, |message| sum = id(message));
                sum
            })
        }
        "pipeline" => {
            let request = socket::request(NLCTRL, flags(), GETFAMILY, &nlctrl);
            let mut batch = request.repeat(BATCH);
            each(move || {
                let mut sum = 0;
                socket.batch(&mut batch, request.len(), |message| sum += id(message));
                sum
            })
        }
        "families" => {
            let mut request = socket::request(NLCTRL, DUMP, GETFAMILY, &[]);
            each(move || {
                let mut sum = 0;
                socket.dump(&mut request, |message| sum += family(message));
                sum
            })
        }
        "policy" => {
            let ethtool = attr(2, b"ethtool\0");
            let mut request = socket::request(NLCTRL, DUMP, GETPOLICY, &ethtool);
            each(move || {
                let mut sum = 0;
                socket.dump(&mut request, |message| sum += policy(message));
                sum
            })
        }
        "get" => {
            let key = attr(KEY, text(LARGE_KEY).as_slice());
            let mut request = socket::request(kvstore(&mut socket)?, flags(), GET, &key);
            each(move || {
                let mut sum = 0;
                socket.call(&mut request, |message| sum = entry(message));
                sum
            })
        }
        "set" => {
            let set = [
                attr(KEY, &text(LARGE_KEY)),
                attr(VALUE, &harness::large_value()),
            ];
            let mut request = socket::request(kvstore(&mut socket)?, flags(), SET, &set.concat());
            each(move || {
                let mut sum = 0;
                socket.call(&mut request, |message| {
                    sum = u64::from(revision(message) != 0)
                });
                sum
            })
        }
        "list" => {
            let mut request = socket::request(kvstore(&mut socket)?, DUMP, GET, &[]);
            each(move || {
                let mut sum = 0;
                socket.dump(&mut request, |message| sum += entry(message));
                sum
            })
        }
        "fill" => {
            let family = kvstore(&mut socket)?;
            each(move || fill(&mut socket, family))
        }
        "produce" | "end" => {
            let key = if case == "end" { "end" } else { "event" };
            let set = [attr(KEY, &text(key)), attr(VALUE, &[7; 64])].concat();
            let mut request =
                socket::request(kvstore(&mut socket)?, libc::NLM_F_REQUEST, SET, &set);
            each(move || {
                socket.call(&mut request, |message| assert_ne!(revision(message), 0));
                0
            })
        }
        // How many bytes the others decode.
        "recorded" => each(|| harness::recorded_len() as u64),
        "decode" => {
            let recorded = harness::recorded();
            each(move || recorded.iter().map(|message| family(message)).sum())
        }
        _ => return None,
    })
}

/// Small entries, and the large one.
fn fill(socket: &mut Socket, family: u16) -> u64 {
    let mut set = |key: &str, value: &[u8], labels: &[u8]| {
        let attrs = [
            attr(KEY, &text(key)),
            attr(VALUE, value),
            attr(META | NESTED, labels),
        ];
        let mut request = socket::request(family, libc::NLM_F_REQUEST, SET, &attrs.concat());
        socket.call(&mut request, |message| assert_ne!(revision(message), 0));
    };
    let labels = [attr(3, b"first\0"), attr(3, b"second\0")].concat();
    for number in 0..SMALL_ENTRIES {
        set(&format!("entry/{number}"), &[number as u8; 64], &labels);
    }
    set(LARGE_KEY, &harness::large_value(), &labels);
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
            let mut key = "";
            for (kind, value) in Attrs::of(message) {
                if kind == KEY {
                    key = std::str::from_utf8(&value[..value.len() - 1]).expect("text");
                }
            }
            if !reader.heard(key) {
                return;
            }
        }
    }
}

/// A family's id, and nothing else.
fn id(message: &[u8]) -> u64 {
    let mut attrs = Attrs::of(message);
    let found = attrs.find(|(kind, _)| *kind == 1);
    found.map_or(0, |(_, value)| u64::from(u16_at(value, 0)))
}

/// All attributes of a family.
fn family(message: &[u8]) -> u64 {
    let mut sum = 0;
    for (kind, value) in Attrs::of(message) {
        sum += match kind {
            1 => u64::from(u16_at(value, 0)),
            2 => value.len() as u64 - 1,
            3..=5 => u64::from(u32_at(value, 0)),
            6 => nested(value, |_, value| u64::from(u32_at(value, 0))),
            7 => nested(value, |kind, value| match kind {
                1 => value.len() as u64 - 1,
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
fn entry(message: &[u8]) -> u64 {
    let mut sum = 0;
    for (kind, value) in Attrs::of(message) {
        match kind {
            KEY => sum += value.len() as u64 - 1,
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
                        3 => sum += value.len() as u64 - 1,
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
