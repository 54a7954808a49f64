//! Constants, enums, flags and structs, but those that another header defines.

use super::comment::kernel_doc;
use super::names;
use super::print::{self, Define, Entry, Enum, Item};
use crate::model::{
    self, ByteOrder, CDefinition, ConstValue, Family, IntKind, Member, MemberKind, Scope, Struct,
    StructId,
};

/// The headers that the structs need.
pub(super) fn includes(family: &Family) -> Option<String> {
    let mut headers = Vec::new();
    for definition in family.structs.iter().filter(|it| is_ours(&it.c)) {
        headers.push("linux/types.h");
        headers.extend(parts(definition).filter_map(|part| family[part].c.header.as_deref()));
    }
    headers.sort_unstable();
    headers.dedup();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    headers.retain(|header| header.chars().all(plain));
    let lines = headers
        .iter()
        .map(|header| format!("#include <{header}>\n"));
    (!headers.is_empty()).then(|| lines.collect())
}

fn is_ours(c: &CDefinition) -> bool {
    c.header.is_none() && c.scope == Scope::Uapi
}

/// All constants.
pub(super) fn consts(family: &Family) -> Vec<Define> {
    let consts = family.consts.iter().filter(|it| is_ours(&it.c));
    consts
        .map(|constant| {
            let value = match &constant.value {
                ConstValue::Int(value) => print::number(*value),
                ConstValue::Text(text) => print::string(text),
            };
            Define::new(names::constant(family, constant), value).doc(&constant.doc)
        })
        .collect()
}

/// Enums and flags.
pub(super) fn enums(family: &Family) -> impl Iterator<Item = Item> {
    family
        .enums
        .iter()
        .filter(|definition| is_ours(&definition.c) && !definition.entries.is_empty())
        .map(|definition| enum_of(family, definition))
}

fn enum_of(family: &Family, definition: &model::Enum) -> Item {
    let entries = definition.entries.iter().map(|entry| {
        let name = names::entry(family, definition, entry);
        match definition.flags {
            true => Entry {
                shown: Some(bit(entry.value)),
                ..Entry::new(name, 1 << entry.value, &entry.doc)
            },
            false => Entry::new(name, entry.value, &entry.doc),
        }
    });
    let list = Enum {
        name: names::enum_type(family, definition),
        doc: definition.doc.clone(),
        entries: entries.collect(),
        private: private(family, definition),
        ..Enum::default()
    };
    // C99 has no constants in enums that an int cannot hold.
    let mut all = list.entries.iter().chain(&list.private);
    match all.all(|entry| i32::try_from(entry.value).is_ok()) {
        true => Item::Enum(list),
        false => Item::Defines(macros(list)),
    }
}

fn bit(number: i128) -> String {
    match number {
        ..31 => format!("1 << {number}"),
        31 => "1U << 31".to_owned(),
        32.. => format!("1ULL << {number}"),
    }
}

/// What `render-max` asks for.
fn private(family: &Family, definition: &model::Enum) -> Vec<Entry> {
    if !definition.c.render_max {
        return Vec::new();
    }
    if definition.flags {
        let name = names::flags_mask(family, definition);
        return vec![Entry::new(name, definition.mask().into(), "")];
    }
    let names::Bounds { count, max } = names::enum_bounds(family, definition);
    let values = definition.entries.iter().map(|entry| entry.value);
    let highest = values.max().unwrap_or(-1);
    let shown = Some(format!("({count} - 1)"));
    vec![
        Entry::new(count, highest + 1, ""),
        Entry {
            shown,
            ..Entry::new(max, highest, "")
        },
    ]
}

/// The constants of an enum as macros; what is said of all of them is said at the first.
fn macros(list: Enum) -> Vec<Define> {
    let mut of_all = list.doc;
    let entries = list.entries.into_iter().map(|entry| {
        let value = match entry.shown {
            Some(shown) => format!("({shown})"),
            None => print::number(entry.value),
        };
        let doc = format!("{}\n\n{}", std::mem::take(&mut of_all), entry.doc);
        Define::new(entry.name, value).doc(&doc)
    });
    let private = list.private.into_iter();
    let private = private.map(|entry| Define::new(entry.name, print::number(entry.value)));
    entries.chain(private).collect()
}

/// Structs, each behind those that are a part of it.
pub(super) fn structs(family: &Family) -> Vec<Item> {
    let mut out = Vec::new();
    let mut done = vec![false; family.structs.len()];
    for (id, _) in family.structs() {
        // No recursion: structs may be nested more deeply than the stack has room for.
        let mut pending = vec![id];
        while let Some(&id) = pending.last() {
            let definition = &family[id];
            if let Some(part) = parts(definition).find(|part| !done[part.get()]) {
                pending.push(part);
                continue;
            }
            pending.pop();
            let before = std::mem::replace(&mut done[id.get()], true);
            if !before && is_ours(&definition.c) {
                out.push(struct_of(family, definition));
            }
        }
    }
    out
}

fn parts(definition: &Struct) -> impl Iterator<Item = StructId> {
    let members = definition.members.iter();
    members.filter_map(|member| match member.kind {
        MemberKind::Struct(inner) => Some(inner),
        _ => None,
    })
}

fn struct_of(family: &Family, definition: &Struct) -> Item {
    let name = names::struct_type(definition);
    let members: Vec<_> = definition
        .members
        .iter()
        .map(|member| (names::member(&member.name), member))
        .collect();
    let documented: Vec<_> = members
        .iter()
        .filter(|(_, member)| !member.doc.trim().is_empty())
        .map(|(name, member)| (name.as_str(), member.doc.trim()))
        .collect();
    let mut text = match (definition.doc.trim(), &documented[..]) {
        ("", []) => String::new(),
        (doc, members) => kernel_doc("struct", &name, doc, members),
    };
    text.push_str(&format!("struct {name} {{\n"));
    for (name, member) in &members {
        text.push_str(&format!("\t{};\n", declaration(family, name, member)));
    }
    text.push_str("};\n");
    Item::Struct { name, text }
}

fn declaration(family: &Family, name: &str, member: &Member) -> String {
    match member.kind {
        MemberKind::Int { kind, order, .. } => format!("{} {name}", int(kind, order)),
        MemberKind::Bytes => format!("__u8 {name}[{}]", member.size),
        MemberKind::String => format!("char {name}[{}]", member.size),
        MemberKind::Struct(inner) => {
            format!("struct {} {name}", names::struct_type(&family[inner]))
        }
    }
}

fn int(kind: IntKind, order: ByteOrder) -> String {
    let (_, highest) = kind.limits();
    let bits = 128 - highest.leading_zeros() + u32::from(kind.signed());
    let order = match (order, kind.signed()) {
        (ByteOrder::Big, _) => "be",
        (ByteOrder::Little, _) => "le",
        (ByteOrder::Host, true) => "s",
        (ByteOrder::Host, false) => "u",
    };
    format!("__{order}{bits}")
}
