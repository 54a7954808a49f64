//! Operations, notifications, events and their groups.

use super::attributes::Set;
use super::names::Names;
use super::spec::Maker;
use super::yaml::{Map, list, quoted, section};

pub(crate) fn make(maker: &mut Maker, sets: &[Set]) -> String {
    let mut names = Names::new();
    let directional = maker.legacy && maker.numbers.once_in(3);
    let groups: Vec<_> = (0..maker.numbers.below(4))
        .map(|n| format!("group-{n}"))
        .collect();
    let mut answering: Vec<String> = Vec::new();
    let mut ops = Vec::new();
    for _ in 0..1 + maker.numbers.below(7) {
        let name = names.next(&mut maker.numbers);
        let mut op = Map::named(&name);
        let doc = maker.doc();
        op.key("doc", doc);
        let set = &sets[maker.numbers.below(sets.len())];
        match maker.numbers.below(6) {
            0 if !answering.is_empty() => {
                let repeated = quoted(&answering[maker.numbers.below(answering.len())]);
                op.key("notify", repeated);
                group(maker, &mut op, &groups);
            }
            1 => {
                op.key("attribute-set", quoted(&set.name));
                let content = content(maker, &set.received);
                op.key("event", content);
                group(maker, &mut op, &groups);
            }
            2 if maker.legacy && !directional => {}
            _ => {
                op.key("attribute-set", quoted(&set.name));
                if call(maker, &mut op, set, !directional) {
                    answering.push(name);
                }
            }
        }
        if !directional && maker.numbers.once_in(5) {
            op.key("value", 20 * (ops.len() + 1));
        }
        ops.push(op);
    }
    let mut text = "operations:\n".to_owned();
    if directional {
        text.push_str("  enum-model: directional\n");
    }
    if maker.legacy && maker.numbers.once_in(3) && !maker.definitions.structs.is_empty() {
        let header = quoted(&maker.definitions.structs[0]);
        text.push_str(&format!("  fixed-header: {header}\n"));
    }
    text.push_str(&section("list", &ops, 2));
    if !groups.is_empty() {
        let mut items = Vec::new();
        for name in &groups {
            let mut group = Map::named(name);
            if maker.numbers.once_in(3) {
                group.key("flags", "[ uns-admin-perm ]");
            }
            items.push(group);
        }
        text.push_str("mcast-groups:\n");
        text.push_str(&section("list", &items, 2));
    }
    text
}

fn group(maker: &mut Maker, op: &mut Map, groups: &[String]) {
    if !groups.is_empty() {
        let name = &groups[maker.numbers.below(groups.len())];
        op.key("mcgrp", quoted(name));
    }
}

/// Makes a call of it; says whether there is a reply to repeat. `hooks`: in C, around the handler.
fn call(maker: &mut Maker, op: &mut Map, set: &Set, hooks: bool) -> bool {
    if maker.numbers.once_in(3) {
        let flag = maker.numbers.pick(&["admin-perm", "uns-admin-perm"]);
        op.key("flags", list(&[flag]));
    }
    if maker.legacy && maker.numbers.once_in(4) {
        op.key("dont-validate", "[ strict, dump ]");
    }
    let mut has_reply = false;
    let modes = maker
        .numbers
        .pick(&[&["do"][..], &["dump"], &["do", "dump"]]);
    for mode in modes {
        let mut call = Map::default();
        let request = request(maker, &set.sent);
        call.key("request", request);
        // A dump tells something, or it would be none.
        if *mode == "dump" || maker.numbers.once_in(2) {
            let reply = content(maker, &set.received);
            call.key("reply", reply);
            has_reply = true;
        }
        if hooks && maker.c_names && maker.numbers.once_in(6) {
            call.key("pre", "before").key("post", "behind");
        }
        op.key(mode, call);
    }
    has_reply
}

fn content(maker: &mut Maker, attrs: &[String]) -> Map {
    let mut content = Map::default();
    let some = maker.numbers.some(attrs);
    content.key("attributes", names(&some));
    content
}

fn request(maker: &mut Maker, attrs: &[String]) -> Map {
    let mut content = Map::default();
    let some = maker.numbers.some(attrs);
    content.key("attributes", names(&some));
    if maker.numbers.once_in(3) {
        let required = maker.numbers.some(&some);
        content.key("x-required", names(&required));
    }
    content
}

fn names(names: &[String]) -> String {
    list(&names.iter().map(|name| quoted(name)).collect::<Vec<_>>())
}
