//! Writing attributes.

use genl_user::wire::{Bitfield32, Encoder, Misfit, Unfit};

use super::random::Random;
use super::{attr, for_all};

/// NLA_F_NESTED.
const NESTED: u16 = 0x8000;

/// Something to write.
#[derive(Debug)]
enum Item {
    Flag,
    U8(u8),
    S16(i16),
    U32(u32),
    U64Be(u64),
    S32Le(i32),
    Uint(u64),
    Sint(i64),
    Bits(Bitfield32),
    Bytes(Vec<u8>),
    Text(String),
    Numbers(Vec<u16>),
    Indexed(Vec<u32>),
    Nest(Vec<(u16, Item)>),
}

impl Item {
    fn any(random: &mut Random, depth: usize) -> Self {
        let number = match random.once_in(2) {
            true => random.next(),
            false => random.next() >> random.below(64),
        };
        let few = random.below(9);
        match random.below(if depth == 0 { 13 } else { 16 }) {
            0 => Self::Flag,
            1 => Self::U8(number as u8),
            2 => Self::S16(number as i16),
            3 => Self::U32(number as u32),
            4 => Self::U64Be(number),
            5 => Self::S32Le(number as i32),
            6 => Self::Uint(number),
            7 => Self::Sint(number as i64),
            8 => Self::Bits(Bitfield32 {
                value: number as u32,
                selector: (number >> 32) as u32,
            }),
            9 => Self::Bytes(random.bytes(few)),
            10 => Self::Text(
                (0..few)
                    .map(|_| *random.pick(&['a', 'ä', '€', ' ']))
                    .collect(),
            ),
            11 => Self::Numbers((0..few).map(|_| random.next() as u16).collect()),
            12 => Self::Indexed((0..few).map(|_| random.next() as u32).collect()),
            _ => Self::Nest(items(random, depth - 1)),
        }
    }

    /// With the codec.
    fn write(&self, out: &mut Encoder<'_>, kind: u16) -> Result<(), Unfit> {
        match self {
            Self::Flag => out.flag(kind),
            Self::U8(number) => out.u8(kind, *number),
            Self::S16(number) => out.s16(kind, *number),
            Self::U32(number) => out.u32(kind, *number),
            Self::U64Be(number) => out.u64_be(kind, *number),
            Self::S32Le(number) => out.s32_le(kind, *number),
            Self::Uint(number) => out.uint(kind, *number),
            Self::Sint(number) => out.sint(kind, *number),
            Self::Bits(bits) => out.bitfield32(kind, *bits),
            Self::Bytes(bytes) => out.bytes(kind, bytes)?,
            Self::Text(text) => out.str(kind, text)?,
            Self::Numbers(numbers) => {
                out.array(kind, numbers, |number| Ok(number.to_be_bytes()))?;
            }
            Self::Indexed(numbers) => out.indexed(kind, numbers, |out, at, number| {
                out.u32(at, *number);
                Ok(())
            })?,
            Self::Nest(items) => out.nest(kind, |out| {
                items
                    .iter()
                    .try_for_each(|(kind, item)| item.write(out, *kind))
            })?,
        }
        Ok(())
    }

    /// By the rules.
    fn expected(&self, kind: u16) -> Vec<u8> {
        match self {
            Self::Flag => attr(kind, &[]),
            Self::U8(number) => attr(kind, &[*number]),
            Self::S16(number) => attr(kind, &number.to_ne_bytes()),
            Self::U32(number) => attr(kind, &number.to_ne_bytes()),
            Self::U64Be(number) => attr(kind, &number.to_be_bytes()),
            Self::S32Le(number) => attr(kind, &number.to_le_bytes()),
            Self::Uint(number) if *number < 1 << 32 => attr(kind, &(*number as u32).to_ne_bytes()),
            Self::Uint(number) => attr(kind, &number.to_ne_bytes()),
            Self::Sint(number) if (-1 << 31..1 << 31).contains(number) => {
                attr(kind, &(*number as i32).to_ne_bytes())
            }
            Self::Sint(number) => attr(kind, &number.to_ne_bytes()),
            Self::Bits(bits) => {
                let halves = [bits.value, bits.selector].map(u32::to_ne_bytes);
                attr(kind, &halves.concat())
            }
            Self::Bytes(bytes) => attr(kind, bytes),
            Self::Text(text) => attr(kind, &[text.as_bytes(), &[0]].concat()),
            Self::Numbers(numbers) => {
                let bytes: Vec<_> = numbers.iter().flat_map(|it| it.to_be_bytes()).collect();
                attr(kind, &bytes)
            }
            Self::Indexed(numbers) => {
                let members = numbers.iter().enumerate();
                let members = members.flat_map(|(at, it)| attr(at as u16, &it.to_ne_bytes()));
                attr(kind | NESTED, &members.collect::<Vec<_>>())
            }
            Self::Nest(items) => {
                let members = items.iter().flat_map(|(kind, item)| item.expected(*kind));
                attr(kind | NESTED, &members.collect::<Vec<_>>())
            }
        }
    }
}

fn items(random: &mut Random, depth: usize) -> Vec<(u16, Item)> {
    (0..random.below(5))
        .map(|_| (random.below(0x4000) as u16, Item::any(random, depth)))
        .collect()
}

#[test]
fn what_is_written_is_what_the_rules_ask_for() {
    for_all(5, |random| {
        let items = items(random, 3);
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        for (kind, item) in &items {
            item.write(&mut encoder, *kind).unwrap();
        }
        let expected = items.iter().flat_map(|(kind, item)| item.expected(*kind));
        assert_eq!(out, expected.collect::<Vec<_>>(), "{items:?}");
    });
}

/// The most that `nla_len` can say, less the header.
const MOST: usize = 65_531;

#[test]
#[cfg_attr(miri, ignore = "takes minutes over 300,000 bytes, each as all others")]
fn what_no_attribute_holds_is_refused_where_it_stands() {
    let lens = [0, 1, MOST - 1, MOST, MOST + 1, MOST + 2, 100_000];
    for len in lens {
        let bytes = vec![b'a'; len];
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (written, needed) in [
            (write(|out| out.bytes(2, &bytes)), len),
            (write(|out| out.str(2, &text)), len + 1),
            (write(|out| out.array(2, &bytes, |byte| Ok([*byte]))), len),
        ] {
            match needed <= MOST {
                true => assert_eq!(written, Ok(8 + super::netlink::padded(4 + needed))),
                false => assert_eq!(
                    written,
                    Err(Unfit {
                        misfit: Misfit::TooLong(needed),
                        offset: 8
                    })
                ),
            }
        }
    }
}

/// The length of what is written behind another attribute.
fn write(item: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>) -> Result<usize, Unfit> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.u32(1, 0);
    item(&mut encoder)?;
    Ok(out.len())
}
