//! What the kernel's policies (`struct nla_policy`) can say of the attributes in requests.
//!
//! What no policy can say would go unchecked, so it is a diagnostic. The rules are those of
//! `nla_validate_mask` and `nla_validate_range_unsigned` (lib/nlattr.c).

use std::collections::HashSet;

use super::not_supported;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{
    Attr, AttrKind, AttrSet, ByteOrder, Direction, Family, Int, IntKind, Len, SetId, Text,
};
use crate::spec;

pub(super) fn check(family: &Family, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for message in &family.messages {
        if message.direction == Direction::Request {
            for field in &message.fields {
                let set = &family[message.set];
                let attr = &set.attrs[field.attr];
                if seen.insert((message.set, field.attr)) {
                    check_attr(family, set, attr, spec, faults);
                }
            }
        }
    }
    for set in nested_in_requests(family) {
        for (at, attr) in family[set].attrs.iter().enumerate() {
            check_zero(&family[set], attr, spec, faults);
            if seen.insert((set, at)) {
                check_attr(family, &family[set], attr, spec, faults);
            }
        }
    }
}

/// Type 0 within a nest; in the message itself it has been found already.
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

fn check_attr(
    family: &Family,
    set: &AttrSet,
    attr: &Attr,
    spec: &spec::Family,
    faults: &mut Vec<Diagnostic>,
) {
    let construct = match &attr.kind {
        AttrKind::Int(int) => unchecked_int(family, int),
        // The core takes 0 for "any length".
        AttrKind::String(Text {
            len: Len { max: Some(0), .. },
            ..
        }) => Some("a string of length 0"),
        _ => None,
    };
    if let Some(construct) = construct {
        let construct = format!("{construct}, in a request,");
        faults.push(not_supported(&construct, place(spec, set, attr)));
    }
}

/// What of an integer no policy can check.
fn unchecked_int(family: &Family, int: &Int) -> Option<&'static str> {
    if int.order != ByteOrder::Host && !matches!(int.kind, IntKind::U16 | IntKind::U32) {
        return Some("a byte order of anything but u16 and u32");
    }
    if let Some(mask) = int.mask {
        if int.kind.signed() {
            return Some("a signed integer of flags");
        }
        if mask > u32::MAX.into() {
            return Some("a flag above bit 31");
        }
        if int.range.is_some() {
            return Some("a range of flags");
        }
        return None;
    }
    let names = &family[int.names?.id];
    if names.is_sparse() {
        if int.kind.signed() || int.order != ByteOrder::Host {
            return Some("an enum with gaps of a signed or big-endian integer");
        }
        let values = || names.entries.iter().map(|entry| entry.value);
        if int.range != values().min().zip(values().max()) {
            return Some("an enum with gaps beside `min` or `max`");
        }
    }
    None
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
                .filter_map(move |field| inside(attr(field)))
        })
        .collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while let Some(set) = pending.pop() {
        if seen.insert(set) {
            found.push(set);
            pending.extend(family[set].attrs.iter().filter_map(inside));
        }
    }
    found
}

fn inside(attr: &Attr) -> Option<SetId> {
    match attr.kind {
        AttrKind::Nest(set) => Some(set),
        _ => None,
    }
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
