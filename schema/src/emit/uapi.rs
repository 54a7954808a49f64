//! The family's uAPI header in C: names for all its numbers, and its structs.
//!
//! The names are those that the kernel tree's own generator makes of the spec
//! (tools/net/ynl/pyynl/ynl_gen_c.py), so a program written against the kernel's header can be
//! compiled against this one. Beyond what that generator writes there are the family's structs, and
//! more of the spec's words as comments; and where a spec gives a name to two things, which C does
//! not take, it is the first that has it.

mod commands;
pub(super) mod comment;
mod definitions;
pub(super) mod names;
mod print;
mod sets;
mod unique;

use super::Origin;
use crate::model::Family;
use print::{Define, Item};

/// Renders the header.
///
/// It needs nothing but the system's `linux/types.h`, and that only for structs.
pub fn render(family: &Family, origin: Origin<'_>) -> String {
    let guard = names::guard(family);
    let mut items = vec![Item::Defines(family_defines(family))];
    items.push(Item::Defines(definitions::consts(family)));
    items.extend(definitions::enums(family));
    items.extend(definitions::structs(family));
    items.extend(sets::enums(family));
    items.extend(commands::enums(family));
    items.push(Item::Defines(groups(family)));

    let mut parts = vec![
        format!("{LICENSE}\n{}", comment::comment(&origin.to_string(), &[])),
        format!("#ifndef {guard}\n#define {guard}\n"),
    ];
    parts.extend(definitions::includes(family));
    parts.extend(unique::items(items).iter().map(Item::render));
    parts.push(format!("#endif /* {guard} */\n"));
    parts.join("\n")
}

/// The licence of the kernel's own headers that are made from specs.
const LICENSE: &str =
    "/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */";

fn family_defines(family: &Family) -> Vec<Define> {
    let (name, version) = names::family(family);
    vec![
        Define::new(name, print::string(family.name.as_str())),
        Define::new(version, family.version.to_string()),
    ]
}

/// The names of the multicast groups.
fn groups(family: &Family) -> Vec<Define> {
    let groups = family.groups.iter();
    groups
        .map(|group| {
            let value = print::string(group.name.as_str());
            Define::new(names::group(family, group), value)
        })
        .collect()
}
