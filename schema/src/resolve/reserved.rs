//! Names that the generated code has for itself.
//!
//! Each would make a second method, variant or constant of the same name in one place; the Rust
//! compiler would say so, but of generated code, and not of the spec.

use std::collections::HashSet;

use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Protocol;
use crate::name::Name;
use crate::spec;

/// Methods that each client has.
const OF_CLIENTS: [&str; 8] = [
    "open",
    "open_with",
    "open_when_available",
    "connection",
    "with_flags",
    "within",
    "pipeline",
    "send",
];
/// Variants that each enum of events has.
const OF_EVENTS: [&str; 2] = ["overrun", "unknown"];
/// Statics of each family.
const OF_FAMILIES: [&str; 2] = ["family", "groups"];
/// Methods that each message has in clients.
const OF_MESSAGES: [&str; 1] = ["to_owned"];
/// Methods that each message has in the kernel.
const OF_KERNEL_MESSAGES: [&str; 2] = ["parse", "send"];

pub(super) fn check(spec: &spec::Family, protocol: Protocol, faults: &mut Vec<Diagnostic>) {
    let mut in_kernel = Vec::new();
    for (definition, _) in spec.definitions.items() {
        if definition.type_.get() == Some(&spec::DefinitionType::Const) {
            refuse(&definition.name, &OF_FAMILIES, "a static", faults);
        }
    }
    for (set, _) in spec.attribute_sets.items() {
        check_attrs(set, faults);
        check_in_kernel(set, &mut in_kernel);
        if protocol != Protocol::GenetlinkLegacy {
            check_methods(set, faults);
        }
    }
    if protocol == Protocol::GenetlinkLegacy {
        // Its names are as they are, and matter to those alone who want kernel code.
        for fault in &mut in_kernel {
            fault.code = Code::NotSupported;
        }
    }
    faults.append(&mut in_kernel);
    let ops = spec.operations.get().map(|section| &section.list);
    for (op, _) in ops.into_iter().flat_map(|list| list.items()) {
        match op.notify.is_present() || op.event.is_present() {
            true => refuse(&op.name, &OF_EVENTS, "a variant of every `Event`", faults),
            false => refuse(&op.name, &OF_CLIENTS, "a method of every `Client`", faults),
        }
    }
}

fn check_attrs(set: &spec::AttrSet, faults: &mut Vec<Diagnostic>) {
    for (attr, _) in set.attributes.items() {
        refuse(&attr.name, &OF_MESSAGES, "a part of every message", faults);
    }
}

/// Kernel code calls them `parse_` and `send_`; who writes a new family had better choose.
fn check_methods(set: &spec::AttrSet, faults: &mut Vec<Diagnostic>) {
    for (attr, _) in set.attributes.items() {
        let what = "a part of every message";
        refuse(&attr.name, &OF_KERNEL_MESSAGES, what, faults);
    }
}

fn check_in_kernel(set: &spec::AttrSet, faults: &mut Vec<Diagnostic>) {
    let attrs = || set.attributes.items().map(|(attr, _)| &attr.name);
    let names: HashSet<String> = attrs()
        .filter_map(|name| Some(Name::new(name.get()?).snake()))
        .collect();
    for name in attrs() {
        // Beside each getter there is one of the attribute as it came, for extended ACKs.
        let Some((spelled, span)) = name.here() else {
            continue;
        };
        let snake = Name::new(spelled).snake();
        let beside = [snake.strip_suffix("_attr"), snake.strip_suffix("_attrs")];
        if let Some(other) = beside.into_iter().flatten().find(|it| names.contains(*it)) {
            let whose = format!("a method that goes with attribute `{other}`");
            faults.push(taken(spelled, &whose, span));
        }
    }
}

/// Reports a name that is one of `reserved`, which are `what` in generated code.
fn refuse(name: &Key<String>, reserved: &[&str], what: &str, faults: &mut Vec<Diagnostic>) {
    if let Some((name, span)) = name.here()
        && reserved.contains(&Name::new(name).snake().as_str())
    {
        faults.push(taken(name, what, span));
    }
}

fn taken(name: &str, what: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` is the name of {what} in generated code");
    Diagnostic::new(Code::ReservedName, span, message).help("choose another name")
}
