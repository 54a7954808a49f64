//! Attribute sets, and their subsets.

use super::spec::{Maker, names};
use super::yaml::{Map, list, quoted, section};

/// A set that operations can use.
pub(crate) struct Set {
    pub(crate) name: String,
    /// What can stand in a request.
    pub(crate) sent: Vec<String>,
    /// What can stand in a reply.
    pub(crate) received: Vec<String>,
    /// It can have subsets.
    whole: bool,
}

pub(crate) fn make(maker: &mut Maker) -> (Vec<Set>, String) {
    let set_names = names(maker, 1, 5);
    let mut sets: Vec<Set> = Vec::new();
    let mut text = "attribute-sets:\n".to_owned();
    for name in &set_names {
        let whole = maker.numbers.below(sets.len().max(1) * 3);
        let (set, attributes, subset_of) = match sets.get(whole).filter(|set| set.whole) {
            Some(whole) => subset(maker, name, whole),
            None => whole_set(maker, name, &set_names),
        };
        text.push_str(&format!("  - name: {}\n", quoted(name)));
        if let Some(whole) = subset_of {
            text.push_str(&format!("    subset-of: {}\n", quoted(&whole)));
        }
        text.push_str(&section("attributes", &attributes, 4));
        sets.push(set);
    }
    (sets, text)
}

fn subset(maker: &mut Maker, name: &str, whole: &Set) -> (Set, Vec<Map>, Option<String>) {
    let mut some = maker.numbers.some(&whole.sent);
    if some.is_empty() {
        some.push(whole.sent[0].clone());
    }
    let attributes = some.iter().map(|name| Map::named(name)).collect();
    let set = Set {
        name: name.to_owned(),
        sent: some[1..].to_vec(),
        received: some,
        whole: false,
    };
    (set, attributes, Some(whole.name.clone()))
}

fn whole_set(maker: &mut Maker, name: &str, sets: &[String]) -> (Set, Vec<Map>, Option<String>) {
    let mut set = Set {
        name: name.to_owned(),
        sent: Vec::new(),
        received: Vec::new(),
        whole: false,
    };
    let mut attributes = Vec::new();
    for name in names(maker, 1, 9) {
        let mut attr = Map::named(&name);
        let holds = fill(maker, &mut attr, sets);
        if maker.numbers.once_in(5) {
            attr.key("value", 100 * (attributes.len() + 1));
        }
        if maker.numbers.once_in(4) {
            let doc = maker.doc();
            attr.key("doc", doc);
        }
        if maker.numbers.once_in(9) {
            attr.key("x-allow", "[ W102 ]");
        }
        if holds {
            set.sent.push(name.clone());
            set.received.push(name);
        }
        attributes.push(attr);
    }
    // A subset has one attribute at least.
    set.whole = !set.sent.is_empty();
    (set, attributes, None)
}

/// Gives the attribute a type and what goes with it; says whether it can stand in messages.
fn fill(maker: &mut Maker, attr: &mut Map, sets: &[String]) -> bool {
    let kinds = if maker.legacy { 15 } else { 12 };
    match maker.numbers.below(kinds) {
        0 => {
            let filler = maker.numbers.pick(&["pad", "unused"]);
            attr.key("type", filler);
            return false;
        }
        1 => drop(attr.key("type", "flag")),
        2 | 3 => bytes(maker, attr),
        4 | 5 => nest(maker, attr, sets),
        6..=8 => int(maker, attr),
        9 => indexed(maker, attr, sets),
        10 => {
            let sub_type = maker.numbers.pick(&["u8", "u16", "u32", "s64"]);
            attr.key("type", "binary").key("sub-type", sub_type);
        }
        11 => levels(maker, attr, sets),
        12 => {
            attr.key("type", "bitfield32");
            if let Some(flags) = pick(maker, |it| &it.definitions.flags) {
                attr.key("enum", flags);
            }
        }
        13 => {
            attr.key("type", "binary");
            if let Some(inner) = pick(maker, |it| &it.definitions.structs) {
                attr.key("struct", inner);
            }
        }
        _ => {
            attr.key("type", "u64").key("type-value", "[ id ]");
        }
    }
    true
}

fn pick(maker: &mut Maker, from: fn(&Maker) -> &Vec<String>) -> Option<String> {
    let count = from(maker).len();
    (count > 0).then(|| {
        let at = maker.numbers.below(count);
        quoted(&from(maker)[at])
    })
}

fn multi(maker: &mut Maker, attr: &mut Map) {
    if maker.numbers.once_in(3) {
        attr.key("multi-attr", true);
        if maker.numbers.once_in(3) {
            attr.key("x-max-count", 1 + maker.numbers.below(9));
        }
    }
}

fn bytes(maker: &mut Maker, attr: &mut Map) {
    let type_ = maker.numbers.pick(&["string", "binary"]);
    attr.key("type", type_);
    let mut checks = Map::default();
    match maker.numbers.below(4) {
        0 => drop(checks.key("exact-len", 1 + maker.numbers.below(64))),
        1 => drop(checks.key("min-len", 1).key("max-len", 40)),
        2 => {
            if let Some(limit) = pick(maker, |it| &it.definitions.limits) {
                checks.key("max-len", limit);
            }
        }
        _ => {}
    }
    if type_ == "string" && maker.numbers.once_in(4) {
        checks.key("unterminated-ok", true);
    }
    if !checks.is_empty() {
        attr.key("checks", checks);
    }
    if maker.numbers.once_in(4) {
        let hint =
            maker
                .numbers
                .pick(&["hex", "mac", "fddi", "ipv4", "ipv6", "ipv4-or-v6", "uuid"]);
        attr.key("display-hint", hint);
    }
    multi(maker, attr);
}

fn nest(maker: &mut Maker, attr: &mut Map, sets: &[String]) {
    let set = quoted(&sets[maker.numbers.below(sets.len())]);
    attr.key("type", "nest").key("nested-attributes", set);
    multi(maker, attr);
}

fn indexed(maker: &mut Maker, attr: &mut Map, sets: &[String]) {
    attr.key("type", "indexed-array");
    let sub_type = maker
        .numbers
        .pick(&["nest", "u16", "u32", "s64", "string", "binary"]);
    attr.key("sub-type", sub_type);
    match sub_type {
        "nest" => {
            let set = quoted(&sets[maker.numbers.below(sets.len())]);
            attr.key("nested-attributes", set);
        }
        "binary" => drop(attr.key("checks", "{ exact-len: 16 }")),
        _ => {}
    }
}

fn levels(maker: &mut Maker, attr: &mut Map, sets: &[String]) {
    let set = quoted(&sets[maker.numbers.below(sets.len())]);
    let levels = names(maker, 1, 2);
    attr.key("type", "nest-type-value")
        .key(
            "type-value",
            list(&levels.iter().map(|it| quoted(it)).collect::<Vec<_>>()),
        )
        .key("nested-attributes", set);
}

fn int(maker: &mut Maker, attr: &mut Map) {
    const TYPES: [&str; 10] = [
        "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "uint", "sint",
    ];
    let type_ = maker.numbers.pick(&TYPES);
    attr.key("type", type_);
    let wide = ["16", "32", "64"].iter().any(|bits| type_.ends_with(bits));
    if wide && maker.numbers.once_in(3) {
        let order = maker.numbers.pick(&["big-endian", "little-endian"]);
        attr.key("byte-order", order);
    }
    limits(maker, attr, type_);
    multi(maker, attr);
}

fn limits(maker: &mut Maker, attr: &mut Map, type_: &str) {
    match maker.numbers.below(6) {
        0 => {
            if let Some(names) = pick(maker, |it| &it.definitions.narrow) {
                attr.key("enum", names);
                if maker.numbers.once_in(3) {
                    attr.key("enum-as-flags", true);
                }
            }
        }
        1 if ["u32", "u64", "s32", "s64", "uint", "sint"].contains(&type_) => {
            if let Some(names) = pick(maker, |it| &it.definitions.sparse) {
                attr.key("enum", names);
            }
        }
        2 => drop(attr.key("checks", "{ min: 2, max: 99 }")),
        3 => drop(attr.key("checks", format!("{{ max: {}-max }}", fixed(type_)))),
        4 if type_.starts_with('u') => {
            if let Some(flags) = pick(maker, |it| &it.definitions.flags) {
                attr.key("checks", format!("{{ flags-mask: {flags} }}"));
            }
        }
        _ => {}
    }
}

/// The type of fixed width whose limits are the given one's.
fn fixed(type_: &str) -> &str {
    match type_ {
        "uint" => "u64",
        "sint" => "s64",
        other => other,
    }
}
