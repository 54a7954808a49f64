//! What the kernel never takes from a request.

use std::collections::HashSet;

use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Attr, AttrKind, AttrSet, Direction, Family, Protocol, SetId};
use crate::spec;

/// Reports attributes of type 0 within nests; in the message itself they have been found already.
pub(super) fn check(family: &Family, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    if family.protocol == Protocol::GenetlinkLegacy {
        // Such specs describe what is there: numbers from 0 among it, which nobody sends.
        return;
    }
    for set in nested_in_requests(family) {
        for attr in &family[set].attrs {
            check_zero(&family[set], attr, spec, faults);
        }
    }
}

fn check_zero(set: &AttrSet, attr: &Attr, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    if attr.id == 0 && !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused) {
        let message = format!("the kernel never takes `{}` from a request", attr.name);
        faults.push(
            Diagnostic::new(Code::ZeroInRequest, place(spec, set, attr), message)
                .label("attribute type 0")
                .help("give the attribute a value from 1"),
        );
    }
}

/// The sets that requests nest, however deep.
fn nested_in_requests(family: &Family) -> Vec<SetId> {
    let mut pending: Vec<SetId> = family
        .messages
        .iter()
        .filter(|message| message.direction == Direction::Request)
        .flat_map(|message| {
            let attr = |field| family.attr(message, field);
            message
                .fields
                .iter()
                .filter_map(move |field| attr(field).kind.inside())
        })
        .collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while let Some(set) = pending.pop() {
        if seen.insert(set) {
            found.push(set);
            pending.extend(
                family[set]
                    .attrs
                    .iter()
                    .filter_map(|attr| attr.kind.inside()),
            );
        }
    }
    found
}

/// Where the spec names the attribute.
fn place(spec: &spec::Family, set: &AttrSet, attr: &Attr) -> Span {
    spec.attribute_sets
        .items()
        .filter(|(spec, _)| {
            spec.name
                .get()
                .is_some_and(|name| name == set.name.as_str())
        })
        .flat_map(|(spec, _)| spec.attributes.items())
        .find(|(spec, _)| {
            spec.name
                .get()
                .is_some_and(|name| name == attr.name.as_str())
        })
        .and_then(|(spec, _)| spec.name.span())
        .unwrap_or_default()
}
