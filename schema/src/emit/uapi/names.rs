//! How things are called in C, by the rules of the kernel tree's generator.

use crate::model::{
    Attr, AttrSet, CDefinition, CName, Const, Entry, Enum, Family, Group, Numbering, Struct,
};
use crate::name::Name;

/// The spelling of an enum's constant or a macro: `NETDEV_A_DEV_IFINDEX`.
fn upper(name: &str) -> String {
    identifier(name, |c| c.to_ascii_uppercase())
}

/// The spelling of a type or a member: `netdev_xdp_act`.
fn lower(name: &str) -> String {
    identifier(name, |c| c.to_ascii_lowercase())
}

fn identifier(name: &str, case: impl Fn(char) -> char) -> String {
    name.chars()
        .map(|c| match c.is_ascii_alphanumeric() {
            true => case(c),
            false => '_',
        })
        .collect()
}

/// The macro that tells whether the header has been seen.
pub(super) fn guard(family: &Family) -> String {
    let path = family.c.header.as_deref();
    let linux = path
        .and_then(|path| path.strip_prefix("linux/"))
        .and_then(|path| path.strip_suffix(".h"));
    format!(
        "_UAPI_LINUX_{}_H",
        upper(linux.unwrap_or(family.name.as_str()))
    )
}

/// The macros for the family's name and version.
pub(super) fn family(family: &Family) -> (String, String) {
    let of = |given: &Option<String>, behind: &str| match given {
        Some(name) => upper(name),
        None => upper(&format!("{}_{behind}", family.name)),
    };
    (
        of(&family.c.family_name, "FAMILY_NAME"),
        of(&family.c.version_name, "FAMILY_VERSION"),
    )
}

/// The macro for a group's name.
pub(super) fn group(family: &Family, group: &Group) -> String {
    match &group.c_define_name {
        Some(name) => upper(name),
        None => upper(&format!("{}-mcgrp-{}", family.name, group.name)),
    }
}

pub(in crate::emit) fn constant(family: &Family, constant: &Const) -> String {
    match &constant.c.prefix {
        Some(prefix) => upper(&format!("{prefix}{}", constant.name)),
        None => upper(&format!("{}-{}", family.name, constant.name)),
    }
}

/// An enum's type; `None` if it has no name.
pub(super) fn enum_type(family: &Family, definition: &Enum) -> Option<String> {
    match &definition.c.enum_name {
        CName::Derived => Some(lower(&format!("{}_{}", family.name, definition.name))),
        given => given_type(given),
    }
}

/// The type of the enum of a set's attributes, or of the operations; `None` if it has no name.
pub(super) fn given_type(name: &CName) -> Option<String> {
    match name {
        CName::Given(name) => Some(lower(name)),
        CName::Derived | CName::Anonymous => None,
    }
}

fn enum_prefix(family: &Family, definition: &Enum) -> String {
    match &definition.c.prefix {
        Some(prefix) => prefix.clone(),
        None => format!("{}-{}-", family.name, definition.name),
    }
}

pub(in crate::emit) fn entry(family: &Family, definition: &Enum, entry: &Entry) -> String {
    upper(&format!(
        "{}{}",
        enum_prefix(family, definition),
        entry.name
    ))
}

/// All flags together, where `render-max` asks for them.
pub(super) fn flags_mask(family: &Family, definition: &Enum) -> String {
    upper(&format!("{}mask", enum_prefix(family, definition)))
}

/// What stands at the end of an enum.
pub(super) struct Bounds {
    /// The highest value, and one more.
    pub(super) count: String,
    /// The highest value.
    pub(super) max: String,
}

impl Bounds {
    fn new(prefix: &str, count: Option<&str>, max: Option<&str>) -> Self {
        let or = |given: Option<&str>, before: &str| match given {
            Some(name) => upper(name),
            None => upper(&format!("{before}{prefix}max")),
        };
        Self {
            count: or(count, "__"),
            max: or(max, ""),
        }
    }
}

pub(super) fn enum_bounds(family: &Family, definition: &Enum) -> Bounds {
    let prefix = enum_prefix(family, definition);
    Bounds::new(&prefix, definition.c.cnt_name.as_deref(), None)
}

pub(super) fn set_bounds(family: &Family, set: &AttrSet) -> Bounds {
    let CDefinition {
        cnt_name, max_name, ..
    } = &set.c;
    let prefix = set_prefix(family, set);
    Bounds::new(&prefix, cnt_name.as_deref(), max_name.as_deref())
}

/// Those of operations that have one row of numbers.
pub(super) fn command_bounds(family: &Family) -> Bounds {
    let count = family.c.cmd_cnt_name.as_deref();
    Bounds::new(
        &command_prefix(family),
        count,
        family.c.cmd_max_name.as_deref(),
    )
}

/// Those of one of two rows: `side` is USER or KERNEL.
pub(super) fn side_bounds(family: &Family, side: &str) -> Bounds {
    let prefix = command_prefix(family);
    Bounds {
        count: upper(&format!("__{prefix}{side}_CNT")),
        max: upper(&format!("{prefix}{side}_MAX")),
    }
}

/// What stands for no message in one of two rows of numbers: `side` is USER or KERNEL.
pub(super) fn no_message(family: &Family, side: &str) -> String {
    upper(&format!("{}_MSG_{side}_NONE", family.name))
}

fn set_prefix(family: &Family, set: &AttrSet) -> String {
    match &set.c.prefix {
        Some(prefix) => prefix.clone(),
        None if set.name == family.name => format!("{}-a-", family.name),
        None => format!("{}-a-{}-", family.name, set.name),
    }
}

pub(in crate::emit) fn attr(family: &Family, set: &AttrSet, attr: &Attr) -> String {
    match &attr.c_prefix {
        Some(prefix) => upper(&format!("{prefix}{}", attr.name)),
        None => upper(&format!("{}{}", set_prefix(family, set), attr.name)),
    }
}

fn command_prefix(family: &Family) -> String {
    match &family.c.op_prefix {
        Some(prefix) => prefix.clone(),
        None => format!("{}-cmd-", family.name),
    }
}

pub(in crate::emit) fn command(family: &Family, name: &Name) -> String {
    upper(&format!("{}{name}", command_prefix(family)))
}

/// The number of what answers an operation, where that has a number of its own.
pub(in crate::emit) fn reply(family: &Family, name: &Name) -> String {
    match family.numbering {
        Numbering::Unified => command(family, name),
        Numbering::Directional => format!("{}_REPLY", command(family, name)),
    }
}

/// A notification or an event.
pub(in crate::emit) fn event(family: &Family, name: &Name) -> String {
    match &family.c.async_prefix {
        Some(prefix) => upper(&format!("{prefix}{name}")),
        None => command(family, name),
    }
}

pub(super) fn struct_type(definition: &Struct) -> String {
    lower(definition.name.as_str())
}

/// A member of a struct; a keyword of C gets an underscore behind it.
pub(in crate::emit) fn member(name: &Name) -> String {
    let mut name = lower(name.as_str());
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Those of C99 and C++, for the kernel's headers are included by both.
const KEYWORDS: [&str; 74] = [
    "and",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "compl",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "double",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "not",
    "nullptr",
    "operator",
    "or",
    "private",
    "protected",
    "public",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "char16_t",
    "char32_t",
    "constexpr",
    "decltype",
];
