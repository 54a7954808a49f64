//! Types of the generated code that would have the same name.
//!
//! Messages, enums and the sets that nest give one type each, all in the module of the family.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span};
use crate::model::{AttrKind, Family};
use crate::name::Name;
use crate::spec;

/// What the generated modules have beside the types that a spec names.
const RESERVED: [&str; 6] = ["Client", "Event", "Events", "Group", "Handler", "Family"];

pub(super) fn check(family: &Family, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    let mut taken: HashMap<String, String> = RESERVED
        .iter()
        .map(|name| ((*name).to_owned(), format!("the generated `{name}`")))
        .collect();
    let mut claim = |name: &Name, what: String, place: Span| {
        let type_ = name.pascal();
        if let Some(other) = taken.get(&type_) {
            let message = format!("{what} and {other} would both be the type `{type_}`");
            faults.push(
                Diagnostic::new(Code::NameCollision, place, message).help("rename one of the two"),
            );
            return;
        }
        taken.insert(type_, what);
    };
    for message in &family.messages {
        let what = format!("message `{}`", message.name);
        claim(&message.name, what, op_place(spec, &message.name));
    }
    for (definition, _) in spec.definitions.items() {
        let is_enum = definition.entries.is_present();
        if let (true, Some((name, span))) = (is_enum, definition.name.here()) {
            claim(&Name::new(name), format!("enum `{name}`"), span);
        }
    }
    let nested = nested_sets(family);
    for (set, _) in spec.attribute_sets.items() {
        if let Some((name, span)) = set.name.here()
            && nested.iter().any(|nested| *nested == name)
        {
            claim(&Name::new(name), format!("attribute set `{name}`"), span);
        }
    }
}

/// The names of sets that become types: those that some attribute nests.
fn nested_sets(family: &Family) -> Vec<&str> {
    let kinds = family.sets.iter().flat_map(|set| &set.attrs);
    kinds
        .filter_map(|attr| match &attr.kind {
            AttrKind::Nest(set) | AttrKind::IndexedArray(set) | AttrKind::NestTypeValue(_, set) => {
                Some(family.sets[set.get()].name.as_str())
            }
            _ => None,
        })
        .collect()
}

/// The place of the operation that a message belongs to: the longest name that it begins with.
fn op_place(spec: &spec::Family, message: &Name) -> Span {
    let ops = spec.operations.get().into_iter();
    ops.flat_map(|section| section.list.items())
        .filter_map(|(op, _)| op.name.here())
        .filter(|(name, _)| message.as_str().starts_with(name.as_str()))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, span)| span)
        .unwrap_or_default()
}
