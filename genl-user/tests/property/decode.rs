//! Reading attributes.

use genl_user::wire::{Attr, Attrs, Defect, Malformed};

use super::netlink::{self, Run};
use super::random::Random;
use super::{attr, attr_of_length, for_all};

/// Attributes, of which some are not what they should be.
fn run(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(6) {
        let len = random.below(24);
        let payload = random.bytes(len);
        let kind = random.next() as u16;
        bytes.extend(match random.once_in(8) {
            true => attr_of_length(random.below(40), kind, &payload),
            false => attr(kind, &payload),
        });
    }
    if random.once_in(3) {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    bytes
}

#[test]
fn attributes_are_where_the_rules_say() {
    for_all(1, |random| {
        let bytes = run(random);
        let at = random.below(100);
        let expected = netlink::attrs(&bytes, at);
        let mut found = Run {
            whole: Vec::new(),
            broken_at: None,
        };
        for attr in Attrs::new(&bytes, at) {
            assert_eq!(found.broken_at, None, "nothing comes after an error");
            match attr {
                Ok(attr) => found.whole.push(netlink::Attr {
                    kind: attr.kind(),
                    at: attr.offset(),
                    payload: attr.bytes().unwrap(),
                }),
                Err(malformed) => found.broken_at = Some(malformed.offset as usize),
            }
        }
        assert_eq!(found, expected, "{bytes:02x?}");
    });
}

#[test]
fn what_is_inside_counts_from_the_message_too() {
    for_all(2, |random| {
        let inner = run(random);
        let outer = attr(random.next() as u16, &inner);
        let at = random.below(100);
        let nest = Attrs::new(&outer, at).next().unwrap().unwrap();
        let first = nest.nested().next();
        let expected = netlink::attrs(&inner, at + netlink::NLATTR);
        match (first, expected.whole.first()) {
            (Some(Ok(first)), Some(expected)) => {
                assert_eq!((first.kind(), first.offset()), (expected.kind, expected.at));
            }
            (Some(Err(malformed)), None) => {
                assert_eq!(Some(malformed.offset as usize), expected.broken_at);
            }
            (first, expected) => assert!(first.is_none() && expected.is_none()),
        }
    });
}

/// The number in bytes of which the first counts most.
fn number(bytes: impl IntoIterator<Item = u8>) -> u128 {
    bytes
        .into_iter()
        .fold(0, |number, byte| number << 8 | u128::from(byte))
}

/// The same as a number with a sign.
fn signed(unsigned: u128, width: usize) -> i128 {
    match unsigned >> (8 * width - 1) {
        0 => unsigned as i128,
        _ => unsigned as i128 - (1 << (8 * width)),
    }
}

/// Each reader of an integer: its width, whether it has a sign, and the order of its bytes.
macro_rules! readers {
    ($($name:ident $width:literal $signed:literal $order:ident;)*) => {
        [$((
            stringify!($name),
            $width,
            $signed,
            Order::$order,
            (|attr| attr.$name().map(i128::from)) as fn(Attr<'_>) -> Result<i128, Malformed>,
        ),)*]
    };
}

enum Order {
    Host,
    Big,
    Little,
}

#[test]
fn numbers_are_what_their_bytes_say() {
    let readers = readers! {
        u8 1 false Host; u16 2 false Host; u32 4 false Host; u64 8 false Host;
        s8 1 true Host; s16 2 true Host; s32 4 true Host; s64 8 true Host;
        u16_be 2 false Big; u32_be 4 false Big; u64_be 8 false Big;
        s16_be 2 true Big; s32_be 4 true Big; s64_be 8 true Big;
        u16_le 2 false Little; u32_le 4 false Little; u64_le 8 false Little;
        s16_le 2 true Little; s32_le 4 true Little; s64_le 8 true Little;
    };
    for_all(3, |random| {
        let len = *random.pick(&[1, 2, 4, 8, 8, 3, 0, 9]);
        let payload = random.bytes(len);
        let bytes = attr(5, &payload);
        let attr = Attrs::new(&bytes, 20).next().unwrap().unwrap();
        for (name, width, is_signed, order, read) in &readers {
            let big = match order {
                Order::Big => true,
                Order::Little => false,
                Order::Host => cfg!(target_endian = "big"),
            };
            let unsigned = match big {
                true => number(payload.iter().copied()),
                false => number(payload.iter().rev().copied()),
            };
            let expected = match (len == *width, is_signed) {
                (true, true) => Ok(signed(unsigned, *width)),
                (true, false) => Ok(unsigned as i128),
                (false, _) => Err(Malformed {
                    defect: Defect::Width {
                        expected: *width as u16,
                        actual: len as u16,
                    },
                    offset: 20,
                }),
            };
            assert_eq!(read(attr), expected, "{name} of {payload:02x?}");
        }
        // NLA_UINT and NLA_SINT have 4 bytes or 8.
        let short = [4, 8].contains(&len);
        assert_eq!(attr.uint().is_ok(), short);
        assert_eq!(attr.sint().is_ok(), short);
        if short {
            let unsigned = match cfg!(target_endian = "big") {
                true => number(payload.iter().copied()),
                false => number(payload.iter().rev().copied()),
            };
            assert_eq!(u128::from(attr.uint().unwrap()), unsigned);
            assert_eq!(i128::from(attr.sint().unwrap()), signed(unsigned, len));
        }
        assert_eq!(attr.bitfield32().is_ok(), len == 8);
        assert_eq!(attr.has_uint(), attr.uint().is_ok());
        assert_eq!(attr.has_width(8), attr.u64().is_ok());
        let whole = attr.array(4, |item| item.u32(0)).is_ok();
        assert_eq!(attr.has_array(4), whole);
    });
}

#[test]
fn texts_end_where_c_ends_them() {
    for_all(4, |random| {
        let len = random.below(12);
        let payload: Vec<u8> = (0..len)
            .map(|_| *random.pick(b"\0abc\xc3\xa4\xff"))
            .collect();
        let bytes = attr(1, &payload);
        let attr = Attrs::new(&bytes, 0).next().unwrap().unwrap();
        let text: Vec<u8> = payload
            .iter()
            .copied()
            .take_while(|&byte| byte != 0)
            .collect();
        assert_eq!(attr.str().ok(), String::from_utf8(text).ok().as_deref());
        assert_eq!(attr.has_str(), attr.str().is_ok());
    });
}
