//! Constants, enums, flags and structs.

use super::spec::{Maker, names};
use super::yaml::{Map, list, quoted, section};

/// What attributes can refer to.
#[derive(Default)]
pub(crate) struct Definitions {
    /// Constants from 1 to 64.
    pub(crate) limits: Vec<String>,
    /// Enums and flags whose values fit 7 bits, also as numbers of bits.
    pub(crate) narrow: Vec<String>,
    /// Those of `narrow` that are flags.
    pub(crate) flags: Vec<String>,
    /// Enums with values of up to 31 bits, and gaps between them.
    pub(crate) sparse: Vec<String>,
    pub(crate) structs: Vec<String>,
}

pub(crate) fn make(maker: &mut Maker) -> String {
    let mut items = Vec::new();
    for name in names(maker, 0, 9) {
        let kinds = if maker.legacy { 6 } else { 5 };
        let mut item = Map::named(&name);
        match maker.numbers.below(kinds) {
            0 => {
                let value = 1 + maker.numbers.below(64);
                item.key("type", "const").key("value", value);
                maker.definitions.limits.push(name);
            }
            1 => {
                let value = maker
                    .numbers
                    .pick(&["\"a text\"", "-7", "18446744073709551615"]);
                item.key("type", "const").key("value", value);
            }
            2 => {
                item.key("type", "enum").key("entries", entries(maker, 4));
                if maker.numbers.once_in(2) {
                    item.key("value-start", start(maker));
                    // A start by a constant may be too high for a bit.
                    maker.definitions.sparse.push(name);
                } else {
                    maker.definitions.narrow.push(name);
                }
            }
            3 => {
                item.key("type", "flags").key("entries", entries(maker, 6));
                maker.definitions.narrow.push(name.clone());
                maker.definitions.flags.push(name);
            }
            4 => {
                item.key("type", "enum").key("entries", gaps(maker));
                maker.definitions.sparse.push(name);
            }
            _ => {
                item.key("type", "struct").key("members", members(maker));
                maker.definitions.structs.push(name);
            }
        }
        if maker.numbers.once_in(3) {
            let doc = maker.doc();
            item.key("doc", doc);
        }
        c_keys(maker, &mut item);
        items.push(item);
    }
    match items.is_empty() {
        true => String::new(),
        false => section("definitions", &items, 0),
    }
}

fn start(maker: &mut Maker) -> String {
    let limits: Vec<_> = maker
        .definitions
        .limits
        .iter()
        .map(String::as_str)
        .collect();
    match limits.is_empty() {
        true => maker.numbers.below(3).to_string(),
        false => quoted(maker.numbers.pick(&limits)),
    }
}

/// Entries that count on by themselves: bare, or with keys.
fn entries(maker: &mut Maker, most: usize) -> String {
    let names = names(maker, 1, most - 1);
    let mut entries = Vec::new();
    for name in names {
        entries.push(match maker.numbers.below(3) {
            0 => {
                let mut entry = Map::named(&name);
                let doc = maker.doc();
                entry.key("doc", doc);
                entry.to_string()
            }
            _ => quoted(&name),
        });
    }
    list(&entries)
}

fn gaps(maker: &mut Maker) -> String {
    let mut value = 0;
    let mut entries = Vec::new();
    for name in names(maker, 1, 4) {
        value += 1 + maker.numbers.below(1 << 20);
        let mut entry = Map::named(&name);
        entry.key("value", value);
        entries.push(entry);
    }
    list(&entries)
}

fn members(maker: &mut Maker) -> String {
    let mut members = Vec::new();
    for name in names(maker, 1, 5) {
        let mut member = Map::named(&name);
        let structs: Vec<_> = maker
            .definitions
            .structs
            .iter()
            .map(String::as_str)
            .collect();
        match maker.numbers.below(5) {
            0 => {
                let len = 1 + maker.numbers.below(20);
                let type_ = maker.numbers.pick(&["binary", "string"]);
                member.key("type", type_).key("len", len);
            }
            1 if !structs.is_empty() => {
                let inner = quoted(maker.numbers.pick(&structs));
                member.key("type", "binary").key("struct", inner);
            }
            _ => {
                let type_ = maker
                    .numbers
                    .pick(&["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64"]);
                member.key("type", type_);
                if !type_.ends_with('8') && maker.numbers.once_in(3) {
                    let order = maker.numbers.pick(&["big-endian", "little-endian"]);
                    member.key("byte-order", order);
                }
                let narrow: Vec<_> = maker
                    .definitions
                    .narrow
                    .iter()
                    .map(String::as_str)
                    .collect();
                if !narrow.is_empty() && maker.numbers.once_in(3) {
                    let name = quoted(maker.numbers.pick(&narrow));
                    member.key("enum", name);
                }
            }
        }
        members.push(member);
    }
    list(&members)
}

fn c_keys(maker: &mut Maker, item: &mut Map) {
    if !maker.c_names {
        return;
    }
    if maker.numbers.once_in(6) {
        item.key("header", "linux/other.h");
    }
    if maker.numbers.once_in(6) {
        let scope = maker.numbers.pick(&["uapi", "kernel", "user"]);
        item.key("scope", scope);
    }
}
