//! A generated client's messages: the entries of kvstore, in which there is a nest and a text that repeats.
//!
//! What stands where is written down here once more, from schema/families/kvstore.yaml.

use std::cell::Cell;

use genl_user::families::kvstore::{EntryFlags, GetReplyOwned, Meta, MetaOwned, Set};
use genl_user::wire::{Encoder, FromPayload, Payload};
use genl_user::{Message, Request};

use super::netlink::{self, u32_at};
use super::random::Random;
use super::{attr, for_all};

const KEY: u16 = 1;
const VALUE: u16 = 2;
const REVISION: u16 = 3;
const FLAGS: u16 = 4;
const META: u16 = 5;

const CREATED_NS: u16 = 1;
const HITS: u16 = 2;
const LABEL: u16 = 3;

/// What an entry says; `None` if one of its attributes cannot be read.
fn entry(bytes: &[u8]) -> Option<GetReplyOwned> {
    let mut entry = GetReplyOwned::default();
    for attr in whole(bytes)? {
        match attr.kind {
            KEY => entry.key = Some(text(attr.payload)?),
            VALUE => entry.value = Some(attr.payload.to_vec()),
            REVISION => entry.revision = Some(u64_of(attr.payload)?),
            FLAGS => entry.flags = Some(EntryFlags::from_bits_retain(u32_of(attr.payload)?)),
            META => entry.meta = Some(meta(attr.payload)?),
            _ => {}
        }
    }
    Some(entry)
}

fn meta(bytes: &[u8]) -> Option<MetaOwned> {
    let mut meta = MetaOwned::default();
    for attr in whole(bytes)? {
        match attr.kind {
            CREATED_NS => meta.created_ns = Some(u64_of(attr.payload)?),
            HITS if attr.payload.len() == 4 => meta.hits = Some(u32_of(attr.payload)?.into()),
            HITS => meta.hits = Some(u64_of(attr.payload)?),
            LABEL => meta.label.push(text(attr.payload)?),
            _ => {}
        }
    }
    Some(meta)
}

fn whole(bytes: &[u8]) -> Option<Vec<netlink::Attr<'_>>> {
    let attrs = netlink::attrs(bytes, 20);
    attrs.broken_at.is_none().then_some(attrs.whole)
}

fn text(payload: &[u8]) -> Option<String> {
    let text = payload.split(|&byte| byte == 0).next()?;
    String::from_utf8(text.to_vec()).ok()
}

fn u32_of(payload: &[u8]) -> Option<u32> {
    (payload.len() == 4).then(|| u32_at(payload, 0))
}

fn u64_of(payload: &[u8]) -> Option<u64> {
    payload.try_into().ok().map(u64::from_ne_bytes)
}

/// Attributes with numbers up to `last`, mostly of the lengths that some of them have.
fn attrs(random: &mut Random, last: u16, meta: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(7) {
        let kind = 1 + random.below(usize::from(last)) as u16;
        let payload = match kind {
            META if meta => attrs(random, 4, false),
            _ => match random.below(5) {
                0 => b"label\0".to_vec(),
                1 => random.bytes(4),
                2 => (0..random.below(6))
                    .map(|_| *random.pick(b"a\0\xc3\xa4"))
                    .collect(),
                _ => random.bytes(8),
            },
        };
        bytes.extend(attr(kind, &payload));
    }
    if random.once_in(10) && !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = random.next() as u8;
    }
    bytes
}

#[test]
fn entries_are_read_as_the_rules_say() {
    let (read, refused) = (Cell::new(0), Cell::new(0));
    for_all(6, |random| {
        let bytes = attrs(random, 7, true);
        let view = <GetReplyOwned as Message>::View::from_payload(Payload::new(&bytes, 20));
        let found = view.as_ref().ok().map(GetReplyOwned::from_view);
        let expected = entry(&bytes);
        assert_eq!(found, expected, "{view:?} of {bytes:02x?}");
        let count = match expected {
            Some(_) => &read,
            None => &refused,
        };
        count.set(count.get() + 1);
    });
    // Else one of the two is hardly tried.
    for count in [read, refused] {
        assert!(count.get() > super::CASES / 10, "{count:?}");
    }
}

#[test]
fn entries_are_written_as_the_rules_say() {
    for_all(7, |random| {
        let text = |random: &mut Random| -> String {
            let len = random.below(9);
            (0..len).map(|_| *random.pick(&['a', 'ß', '€'])).collect()
        };
        let some = |random: &mut Random| random.once_in(2);
        let key = text(random);
        let value = some(random).then(|| random.bytes(5));
        let labels: Vec<String> = (0..random.below(4)).map(|_| text(random)).collect();
        let label: Vec<&str> = labels.iter().map(String::as_str).collect();
        let bits = random.next() as u32;
        let flags = some(random).then(|| EntryFlags::from_bits_retain(bits));
        let created_ns = some(random).then(|| random.next());
        let hits = some(random).then(|| random.next() >> random.below(64));
        let meta = some(random).then_some(Meta {
            created_ns,
            hits,
            label: &label,
        });
        let set = Set {
            key: &key,
            value: value.as_deref(),
            flags,
            meta,
        };
        let mut out = Vec::new();
        set.encode(&mut Encoder::new(&mut out)).unwrap();

        let expected = GetReplyOwned {
            key: Some(key.clone()),
            value: value.clone(),
            revision: None,
            flags,
            meta: meta.map(|_| MetaOwned {
                created_ns,
                hits,
                label: labels.clone(),
            }),
        };
        assert_eq!(entry(&out), Some(expected), "{set:?} as {out:02x?}");
        // Each but the labels is written once.
        let kinds: Vec<_> = whole(&out).unwrap().iter().map(|attr| attr.kind).collect();
        let mut once = kinds.clone();
        once.dedup();
        assert_eq!(kinds, once);
    });
}
