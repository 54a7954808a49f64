//! What the kernel's core asks of a family that is to be registered.
//!
//! The rules are those of `genl_validate_ops` (net/netlink/genetlink.c), and of what the generated
//! kernel code can do. A family of protocol `genetlink-legacy` is the kernel's already: of its
//! kernel side nothing is generated, and nothing asked.

use std::collections::HashSet;

use super::not_supported;
use super::numbers::Operations;
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{AttrKind, Direction, Family, Protocol, SetId};
use crate::spec;

pub(super) fn check(
    family: &Family,
    spec: &spec::Family,
    numbered: &Operations<'_>,
    faults: &mut Vec<Diagnostic>,
) {
    check_headers(spec, faults);
    check_count(spec, numbered, faults);
    if family.protocol == Protocol::GenetlinkLegacy {
        return;
    }
    check_validation(family, numbered, faults);
    check_hooks(spec, numbered, faults);
    check_zeros(family, spec, faults);
}

/// A header of the family's own stands before the attributes, of requests and replies alike.
fn check_headers(spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    let Some(operations) = spec.operations.get() else {
        return;
    };
    let of_ops = operations.list.items().map(|(op, _)| &op.fixed_header);
    for header in of_ops.chain([&operations.fixed_header]) {
        refuse("a fixed header", header, faults);
    }
}

/// The kernel counts do and dump apart, in a u8 (`genl_family.n_split_ops`).
fn check_count(spec: &spec::Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    let calls =
        |op: &spec::Op| usize::from(op.do_.is_present()) + usize::from(op.dump.is_present());
    let count: usize = numbered.ops.iter().map(|op| calls(op.spec)).sum();
    let place = spec
        .operations
        .get()
        .and_then(|section| section.list.span());
    if let (true, Some(span)) = (count > u8::MAX.into(), place) {
        let message = format!("{count} dos and dumps are more than the kernel counts");
        faults.push(
            Diagnostic::new(Code::TooMany, span, message).help("a family has at most 255 of them"),
        );
    }
}

/// Only operations below `resv_start_op` may do without validation.
fn check_validation(family: &Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    for op in numbered.ops.iter().filter(|op| !op.is_async()) {
        let Some((flags, span)) = op.spec.dont_validate.here() else {
            continue;
        };
        if flags.is_empty() {
            continue;
        }
        if op.request < family.resv_start_op {
            faults.push(not_supported("`dont-validate` on the kernel side", span));
            continue;
        }
        let message = format!("the kernel does not register `{}` with this", op.name);
        faults.push(
            Diagnostic::new(Code::BadDontValidate, span, message)
                .label("every operation from `x-resv-start-op` on is validated")
                .help("remove `dont-validate`: new operations validate their requests"),
        );
    }
}

/// What the C generator has and ours has not.
fn check_hooks(spec: &spec::Family, numbered: &Operations<'_>, faults: &mut Vec<Diagnostic>) {
    for op in &numbered.ops {
        refuse("`config-cond`", &op.spec.config_cond, faults);
        for call in [&op.spec.do_, &op.spec.dump]
            .into_iter()
            .filter_map(Key::get)
        {
            refuse("a hook before the handler (`pre`)", &call.pre, faults);
            refuse("a hook behind the handler (`post`)", &call.post, faults);
        }
    }
    if let Some(kernel_family) = spec.kernel_family.get() {
        refuse("`sock-priv`", &kernel_family.sock_priv, faults);
    }
}

fn refuse<T>(construct: &str, key: &Key<T>, faults: &mut Vec<Diagnostic>) {
    if let Some(span) = key.span() {
        faults.push(not_supported(construct, span));
    }
}

/// Attributes of type 0 within the nests of a request, and masks that no policy can hold.
fn check_zeros(family: &Family, spec: &spec::Family, faults: &mut Vec<Diagnostic>) {
    for set in requested_sets(family) {
        for attr in &family.sets[set.get()].attrs {
            let name = attr.name.as_str();
            let place = || attr_place(spec, family.sets[set.get()].name.as_str(), name);
            match &attr.kind {
                AttrKind::Pad | AttrKind::Unused => {}
                AttrKind::Int(int) if int.mask.is_some_and(|mask| mask > u32::MAX.into()) => {
                    faults.push(not_supported("a flag above bit 31 in a request", place()));
                }
                _ if attr.id == 0 => {
                    let message =
                        format!("the kernel refuses any request with `{name}`, attribute type 0");
                    faults.push(
                        Diagnostic::new(Code::ZeroInRequest, place(), message)
                            .help("give the attribute a value from 1"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// The sets that requests nest, however deep, and those that they begin with.
fn requested_sets(family: &Family) -> Vec<SetId> {
    let requests = family
        .messages
        .iter()
        .filter(|message| message.direction == Direction::Request);
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut pending: Vec<SetId> = Vec::new();
    for message in requests {
        pending.extend(
            message
                .fields
                .iter()
                .filter_map(|field| nested(&family.attr(message, field).kind)),
        );
    }
    while let Some(set) = pending.pop() {
        if seen.insert(set) {
            found.push(set);
            pending.extend(
                family.sets[set.get()]
                    .attrs
                    .iter()
                    .filter_map(|attr| nested(&attr.kind)),
            );
        }
    }
    found
}

fn nested(kind: &AttrKind) -> Option<SetId> {
    match kind {
        AttrKind::Nest(set) | AttrKind::IndexedArray(set) | AttrKind::NestTypeValue(_, set) => {
            Some(*set)
        }
        _ => None,
    }
}

fn attr_place(spec: &spec::Family, set: &str, attr: &str) -> Span {
    spec.attribute_sets
        .items()
        .filter(|(spec, _)| spec.name.get().is_some_and(|name| name == set))
        .flat_map(|(spec, _)| spec.attributes.items())
        .find(|(spec, _)| spec.name.get().is_some_and(|name| name == attr))
        .and_then(|(spec, _)| spec.name.span())
        .unwrap_or_default()
}
