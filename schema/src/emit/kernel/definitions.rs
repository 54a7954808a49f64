//! Constants, enums, flags, and the numbers of commands, attributes and groups.

use super::text::Text;
use crate::model::{AttrKind, ConstValue, Enum, Family};

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
        let name = constant.name.shouty();
        text.line(format!("pub const {name}: {kind} = {value};"));
    }
    for (definition, uses) in family.enums.iter().zip(uses(family)) {
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
    let name = definition.name.pascal();
    text.gap();
    text.docs(&definition.doc, &format!("The enum `{}`.", definition.name));
    text.line("#[derive(Clone, Copy, Debug, PartialEq, Eq)]");
    text.line("#[repr(u64)]");
    text.open(format!("pub enum {name}"));
    for entry in &definition.entries {
        text.docs(&entry.doc, &format!("The value `{}`.", entry.name));
        text.line(format!("{} = {},", entry.name.pascal(), entry.value));
    }
    text.close("");
    text.gap();
    text.open(format!("impl {name}"));
    text.line("/// What `value` stands for, if anything.");
    text.open("pub const fn from_value(value: u64) -> Option<Self>");
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
        text.line("Self::from_value(value).is_some()");
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
    text.close("");
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
