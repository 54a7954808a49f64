//! The kernel half of a family: `generated.rs` of its module.
//!
//! Rust for the kernel (edition 2021), on the runtime in `genl-kmod/genl`. It holds the numbers,
//! the policies, a view for each request, setters for each message that the kernel sends, and the
//! trait that handlers implement. It has no `unsafe`.

mod checks;
mod conditions;
mod definitions;
mod events;
pub mod exports;
pub(super) mod handler;
mod interface;
mod messages;
pub(super) mod policy;
mod reading;
mod requests;
mod rules;
pub mod scaffold;
mod structs;
mod text;

use std::collections::HashSet;

use super::Origin;
use crate::model::{Attr, AttrSet, Direction, Family, Permission, SetId};
use text::Text;

/// Renders `generated.rs`.
pub fn render(family: &Family, origin: Origin<'_>) -> String {
    let mut text = Text::default();
    text.line("// SPDX-License-Identifier: GPL-2.0");
    text.line(format!("// {origin}"));
    text.gap();
    let fallback = format!("The generic netlink family `{}`.", family.name);
    text.comment("//!", &family.doc, &fallback);
    text.gap();
    text.line("#![forbid(unsafe_code)]");
    text.gap();
    text.line("use crate::genl;");
    text.line("use core::marker::PhantomData;");
    text.line("use kernel::prelude::*;");
    definitions::render(&mut text, family);
    structs::render(&mut text, family);
    handler::render(&mut text, family);
    events::render(&mut text, family);
    requests::render(&mut text, family);
    messages::render(&mut text, family);
    policy::render(&mut text, family);
    text.into_string()
}

/// The sets that messages of one direction nest, however deep, in the family's order.
fn nested_sets(family: &Family, direction: Direction) -> Vec<&AttrSet> {
    let attrs = family
        .messages
        .iter()
        .filter(|message| message.direction == direction)
        .flat_map(|message| message.fields.iter().map(move |field| (message, field)))
        .map(|(message, field)| family.attr(message, field));
    within(family, attrs)
}

/// The sets that these attributes nest, however deep, in the family's order.
fn within<'f>(family: &'f Family, attrs: impl Iterator<Item = &'f Attr>) -> Vec<&'f AttrSet> {
    let inside = |attr: &Attr| attr.kind.inside();
    let mut pending: Vec<SetId> = attrs.filter_map(inside).collect();
    let mut found = HashSet::new();
    while let Some(set) = pending.pop() {
        if found.insert(set) {
            pending.extend(family[set].attrs.iter().filter_map(inside));
        }
    }
    family
        .sets()
        .filter(|(id, _)| found.contains(id))
        .map(|(_, set)| set)
        .collect()
}

/// The path of an attribute's number.
fn attr_path(set: &AttrSet, attr: &Attr) -> String {
    format!("attr::{}::{}", set.name.snake(), attr.name.shouty())
}

fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Anyone => "genl::Permission::Anyone",
        Permission::Admin => "genl::Permission::Admin",
        Permission::NetnsAdmin => "genl::Permission::NetnsAdmin",
        Permission::NetnsSysAdmin => "genl::Permission::NetnsSysAdmin",
    }
}
