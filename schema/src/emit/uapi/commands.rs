//! The numbers of operations, of what answers them, and of notifications.

use super::names;
use super::print::{Entry, Enum, Item};
use super::sets::bound;
use crate::model::{Family, Numbering, Op};

/// One enum where requests and answers share numbers, else one for each; and one for notifications,
/// where the spec keeps them apart.
pub(super) fn enums(family: &Family) -> Vec<Item> {
    match family.numbering {
        Numbering::Unified => unified(family),
        Numbering::Directional => vec![
            side(family, "USER", requests(family).collect()),
            side(family, "KERNEL", from_kernel(family)),
        ],
    }
}

fn unified(family: &Family) -> Vec<Item> {
    let apart = family.c.async_prefix.is_some();
    let mut entries: Vec<_> = requests(family).chain(reserved(family)).collect();
    if !apart {
        entries.extend(events(family));
    }
    entries.sort_by_key(|entry| entry.value);
    let commands = Enum {
        name: names::given_type(&family.c.op_enum),
        entries,
        ..Enum::default()
    };
    let mut out = vec![bound(family, commands, names::command_bounds(family))];
    if apart && !family.events.is_empty() {
        let mut entries: Vec<_> = events(family).collect();
        entries.sort_by_key(|entry| entry.value);
        let events = Enum {
            name: names::given_type(&family.c.async_enum),
            entries,
            ..Enum::default()
        };
        out.push(Item::Enum(events));
    }
    out
}

fn side(family: &Family, side: &str, mut entries: Vec<Entry>) -> Item {
    entries.sort_by_key(|entry| entry.value);
    entries.insert(0, Entry::new(names::no_message(family, side), 0, ""));
    let list = Enum {
        entries,
        ..Enum::default()
    };
    bound(family, list, names::side_bounds(family, side))
}

fn requests(family: &Family) -> impl Iterator<Item = Entry> {
    family.ops.iter().map(|op| {
        let name = names::command(family, &op.name);
        Entry::new(name, op.cmd.into(), &op.doc)
    })
}

fn reserved(family: &Family) -> impl Iterator<Item = Entry> {
    family.reserved.iter().map(|op| {
        let name = names::command(family, &op.name);
        Entry::new(name, op.cmd.into(), &op.doc)
    })
}

fn events(family: &Family) -> impl Iterator<Item = Entry> {
    family.events.iter().map(|event| {
        let name = names::event(family, &event.name);
        Entry::new(name, event.cmd.into(), &event.doc)
    })
}

fn from_kernel(family: &Family) -> Vec<Entry> {
    let replies = family.ops.iter().filter_map(|op| {
        let name = names::reply(family, &op.name);
        Some(Entry::new(name, reply_number(op)?.into(), ""))
    });
    replies.chain(events(family)).collect()
}

/// A do and a dump of one operation are answered with the same number.
fn reply_number(op: &Op) -> Option<u8> {
    let mut calls = [&op.do_, &op.dump].into_iter().flatten();
    calls.find_map(|call| call.reply).map(|reply| reply.cmd)
}
