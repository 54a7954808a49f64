//! Constants, enums, flags, and the numbers of commands, attributes and groups.

use super::text::Text;
use crate::model::{AttrKind, ConstValue, Enum, EnumUse, Family, Int, Op};
use crate::name::Name;

/// What the generated code and the kernel's prelude call their own.
const TAKEN: [&str; 3] = ["EINVAL", "FAMILY", "GROUPS"];

pub(super) fn render(text: &mut Text, family: &Family) {
    for constant in &family.consts {
        text.gap();
        let fallback = format!("The constant `{}`.", constant.name);
        text.docs(&constant.doc, &fallback);
        // `usize` is what lengths are compared with, and has 32 bits at least.
        let (kind, value) = match &constant.value {
            ConstValue::Int(value) if u32::try_from(*value).is_ok() => ("usize", value.to_string()),
            ConstValue::Int(value) if *value < 0 => ("i64", value.to_string()),
            ConstValue::Int(value) => ("u64", value.to_string()),
            ConstValue::Text(text) => ("&str", format!("{text:?}")),
        };
        let name = constant_name(&constant.name);
        text.line(format!("pub const {name}: {kind} = {value};"));
    }
    let defined = family.enums.iter().zip(uses(family));
    for (definition, uses) in defined.filter(|(definition, _)| is_known(definition)) {
        if uses.flags {
            render_flags(text, definition);
        }
        if uses.values {
            render_enum(text, definition);
        }
    }
    render_commands(text, family);
    render_attrs(text, family);
    render_groups(text, family);
}

fn constant_name(name: &Name) -> String {
    let name = name.shouty();
    match TAKEN.contains(&name.as_str()) {
        true => format!("{name}_"),
        false => name,
    }
}

/// The spec tells the entries, and one type of Rust's has room for all of them.
fn is_known(definition: &Enum) -> bool {
    let fits = |value: i128| match definition.is_signed() {
        true => i64::try_from(value).is_ok(),
        false => u64::try_from(value).is_ok(),
    };
    !definition.entries.is_empty() && definition.entries.iter().all(|entry| fits(entry.value))
}

/// The enum that stands for the values of an integer: where there is none, they are numbers.
pub(super) fn named(family: &Family, int: &Int) -> Option<EnumUse> {
    int.names.filter(|names| is_known(&family[names.id]))
}

/// The type of numbers that an enum's values are.
pub(super) fn repr(definition: &Enum) -> &'static str {
    match definition.is_signed() {
        true => "i64",
        false => "u64",
    }
}

/// How attributes use an enum.
#[derive(Clone, Copy, Default)]
struct Uses {
    values: bool,
    flags: bool,
}

/// How attributes use each enum; one that none uses is there as it is defined.
fn uses(family: &Family) -> Vec<Uses> {
    let mut uses = vec![Uses::default(); family.enums.len()];
    let kinds = family.sets.iter().flat_map(|set| &set.attrs);
    for attr in kinds {
        let kind = match &attr.kind {
            AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => element,
            kind => kind,
        };
        if let AttrKind::Int(int) = kind
            && let Some(names) = int.names
        {
            let uses = &mut uses[names.id.get()];
            uses.flags |= names.as_flags;
            uses.values |= !names.as_flags;
        }
    }
    for (uses, definition) in uses.iter_mut().zip(&family.enums) {
        if !uses.flags && !uses.values {
            uses.flags = definition.flags;
            uses.values = !definition.flags;
        }
    }
    uses
}

/// The name of the type for bits of `definition`.
pub(super) fn flags_type(definition: &Enum) -> String {
    match definition.flags {
        true => definition.name.pascal(),
        // An enum whose values number bits may be used as it is, too.
        false => format!("{}Flags", definition.name.pascal()),
    }
}

fn render_flags(text: &mut Text, definition: &Enum) {
    let name = flags_type(definition);
    text.gap();
    text.docs(
        &definition.doc,
        &format!("The flags `{}`.", definition.name),
    );
    text.line("#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]");
    text.line(format!("pub struct {name}(u64);"));
    text.gap();
    text.open(format!("impl {name}"));
    for entry in &definition.entries {
        text.gap();
        text.docs(&entry.doc, &format!("The flag `{}`.", entry.name));
        let (name, bit) = (entry.name.shouty(), entry.value);
        text.line(format!("pub const {name}: Self = Self(1 << {bit});"));
    }
    text.gap();
    text.line("/// The flags whose bits are set in `bits`; bits without a name are dropped.");
    text.open("pub const fn from_bits(bits: u64) -> Self");
    text.line(format!("Self(bits & {:#x})", definition.mask()));
    text.close("");
    text.gap();
    text.line("/// The bits of all the flags.");
    text.open("pub const fn bits(self) -> u64");
    text.line("self.0");
    text.close("");
    text.gap();
    text.line("/// All flags of `other` are among these.");
    text.open("pub const fn contains(self, other: Self) -> bool");
    text.line("self.0 & other.0 == other.0");
    text.close("");
    text.close("");
    for (operator, method, sign) in [("BitOr", "bitor", "|"), ("BitAnd", "bitand", "&")] {
        text.gap();
        text.open(format!("impl core::ops::{operator} for {name}"));
        text.line("type Output = Self;");
        text.gap();
        text.open(format!("fn {method}(self, other: Self) -> Self"));
        text.line(format!("Self(self.0 {sign} other.0)"));
        text.close("");
        text.close("");
    }
}

fn render_enum(text: &mut Text, definition: &Enum) {
    let (name, repr) = (definition.name.pascal(), repr(definition));
    text.gap();
    text.docs(&definition.doc, &format!("The enum `{}`.", definition.name));
    text.line("#[derive(Clone, Copy, Debug, PartialEq, Eq)]");
    text.line(format!("#[repr({repr})]"));
    text.open(format!("pub enum {name}"));
    for entry in &definition.entries {
        text.docs(&entry.doc, &format!("The value `{}`.", entry.name));
        text.line(format!("{} = {},", entry.name.pascal(), entry.value));
    }
    text.close("");
    text.gap();
    text.open(format!("impl {name}"));
    text.line("/// What `value` stands for, if anything.");
    text.open(format!(
        "pub const fn from_value(value: {repr}) -> Option<Self>"
    ));
    text.open("match value");
    for entry in &definition.entries {
        let variant = entry.name.pascal();
        text.line(format!("{} => Some(Self::{variant}),", entry.value));
    }
    text.line("_ => None,");
    text.close("");
    text.close("");
    text.close("");
    if definition.is_sparse() {
        text.gap();
        text.open(format!("impl genl::Listed for {name}"));
        text.open("fn is_listed(value: u64) -> bool");
        text.line(match definition.is_signed() {
            true => "Self::from_value(value as i64).is_some()",
            false => "Self::from_value(value).is_some()",
        });
        text.close("");
        text.close("");
    }
}

fn render_commands(text: &mut Text, family: &Family) {
    let ops = family.ops.iter().map(|op| (op.cmd, &op.name, &op.doc));
    let events = family
        .events
        .iter()
        .map(|event| (event.cmd, &event.name, &event.doc));
    text.gap();
    text.line("/// Commands: `genlmsghdr.cmd`.");
    text.open("pub mod cmd");
    for (cmd, name, doc) in ops.chain(events) {
        text.gap();
        text.docs(doc, &format!("The command `{name}`."));
        text.line(format!("pub const {}: u8 = {cmd};", name.shouty()));
    }
    for op in &family.ops {
        let calls = [&op.do_, &op.dump].into_iter().flatten();
        let mut replies = calls.filter_map(|call| call.reply);
        if let Some(reply) = replies.find(|reply| reply.cmd != op.cmd) {
            text.gap();
            text.line(format!("/// The reply to `{}`.", op.name));
            let name = reply_const(family, op);
            text.line(format!("pub const {name}: u8 = {};", reply.cmd));
        }
    }
    text.close("");
}

/// The name of a reply's command, where it is not that of the request.
pub(super) fn reply_const(family: &Family, op: &Op) -> String {
    let mut name = op.name.join("reply").shouty();
    let ops = family.ops.iter().map(|op| &op.name);
    let events = family.events.iter().map(|event| &event.name);
    if ops.chain(events).any(|taken| taken.shouty() == name) {
        name.push('_');
    }
    name
}

fn render_attrs(text: &mut Text, family: &Family) {
    text.gap();
    text.line("/// Attribute types: `nlattr.nla_type`.");
    text.open("pub mod attr");
    for set in &family.sets {
        text.gap();
        text.docs(&set.doc, &format!("The attributes of `{}`.", set.name));
        text.open(format!("pub mod {}", set.name.snake()));
        for attr in set
            .attrs
            .iter()
            .filter(|attr| attr.kind != AttrKind::Unused)
        {
            text.gap();
            let fallback = match attr.kind {
                AttrKind::Pad => "Aligns what follows.".to_owned(),
                _ => format!("The attribute `{}`.", attr.name),
            };
            text.docs(&attr.doc, &fallback);
            let (name, id) = (attr.name.shouty(), attr.id);
            text.line(format!("pub const {name}: u16 = {id};"));
        }
        text.close("");
    }
    text.close("");
}

fn render_groups(text: &mut Text, family: &Family) {
    if family.groups.is_empty() {
        return;
    }
    text.gap();
    text.line("/// Multicast groups, by their place in the family's list.");
    text.open("pub mod group");
    for (id, group) in family.groups() {
        text.gap();
        text.line(format!("/// The group `{}`.", group.name));
        let (name, place) = (group.name.shouty(), id.get());
        text.line(format!("pub const {name}: u8 = {place};"));
    }
    text.close("");
}
