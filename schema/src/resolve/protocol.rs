//! Which of YNL's schemas the spec follows, and what belongs to another.

use super::scope::{check_length, check_name};
use super::{nameless, need};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Protocol;
use crate::name::Name;
use crate::spec;
use crate::yaml::{Kind, Node};

/// Ends the work on a netlink-raw spec with one clear word.
///
/// Its schema has keys of its own, so reading on would find fault with each of them.
pub(crate) fn refuse_raw(tree: &Node, faults: &mut Vec<Diagnostic>) -> Option<()> {
    match tree.get("protocol") {
        Some(node) if matches!(&node.kind, Kind::Text(text) if text == "netlink-raw") => {
            let message = "protocol `netlink-raw` is not generic netlink";
            let fault = Diagnostic::new(Code::NotGeneric, node.span, message)
                .label("this spec describes a classic netlink family")
                .help("generic netlink is `genetlink`, `genetlink-c` or `genetlink-legacy`");
            faults.push(fault);
            None
        }
        _ => Some(()),
    }
}

/// The protocol; keys that its schema does not have are reported.
pub(super) fn resolve(spec: &spec::Family, faults: &mut Vec<Diagnostic>) -> Protocol {
    let protocol = match spec.protocol.get() {
        Some(spec::Protocol::GenetlinkC) => Protocol::GenetlinkC,
        Some(spec::Protocol::GenetlinkLegacy) => Protocol::GenetlinkLegacy,
        // `refuse_raw` has seen to the fourth.
        Some(spec::Protocol::Genetlink | spec::Protocol::NetlinkRaw) | None => Protocol::Genetlink,
    };
    if spec.protocol.is_broken() {
        return Protocol::GenetlinkLegacy;
    }
    let mut keys = Keys { protocol, faults };
    keys.needs(Protocol::GenetlinkC, "c-family-name", &spec.c_family_name);
    keys.needs(Protocol::GenetlinkC, "c-version-name", &spec.c_version_name);
    keys.needs(Protocol::GenetlinkC, "max-by-define", &spec.max_by_define);
    keys.needs(Protocol::GenetlinkC, "cmd-max-name", &spec.cmd_max_name);
    keys.needs(Protocol::GenetlinkC, "cmd-cnt-name", &spec.cmd_cnt_name);
    keys.needs(
        Protocol::GenetlinkLegacy,
        "kernel-policy",
        &spec.kernel_policy,
    );
    keys.needs(Protocol::GenetlinkLegacy, "version", &spec.version);
    for (definition, _) in spec.definitions.items() {
        if let Some((spec::DefinitionType::Struct, span)) = definition.type_.here() {
            keys.needs_at(
                Protocol::GenetlinkLegacy,
                "a definition of type `struct`",
                span,
            );
        }
    }
    for (set, _) in spec.attribute_sets.items() {
        for (attr, _) in set.attributes.items() {
            if let Some((spec::AttrType::Bitfield32, span)) = attr.type_.here() {
                keys.needs_at(Protocol::GenetlinkLegacy, "type `bitfield32`", span);
            }
            keys.needs(Protocol::GenetlinkLegacy, "struct", &attr.struct_);
        }
    }
    if let Some(operations) = spec.operations.get() {
        if let Some((spec::EnumModel::Directional, span)) = operations.enum_model.here() {
            keys.needs_at(Protocol::GenetlinkLegacy, "enum-model `directional`", span);
        }
        keys.needs(
            Protocol::GenetlinkLegacy,
            "fixed-header",
            &operations.fixed_header,
        );
        for (op, _) in operations.list.items() {
            keys.needs(Protocol::GenetlinkLegacy, "fixed-header", &op.fixed_header);
        }
    }
    protocol
}

/// The family's name, which the kernel knows it by.
pub(super) fn family_name(spec: &spec::Family, whole: Span, faults: &mut Vec<Diagnostic>) -> Name {
    need(&spec.name, "name", "the family", whole, faults);
    let Some((name, span)) = spec.name.here() else {
        return nameless();
    };
    // The kernel asks no more of it, but modules and files are named after it.
    check_name(name, span, Protocol::GenetlinkC, faults);
    check_length(name, span, "family", faults);
    Name::new(name)
}

struct Keys<'f> {
    protocol: Protocol,
    faults: &'f mut Vec<Diagnostic>,
}

impl Keys<'_> {
    fn needs<T>(&mut self, least: Protocol, key: &str, value: &Key<T>) {
        if let Some(span) = value.span() {
            self.needs_at(least, &format!("`{key}`"), span);
        }
    }

    fn needs_at(&mut self, least: Protocol, what: &str, span: Span) {
        if rank(self.protocol) < rank(least) {
            let message = format!("protocol `{}` does not have {what}", word(self.protocol));
            self.faults.push(
                Diagnostic::new(Code::WrongProtocol, span, message).help(format!(
                    "a new family does without it; an older one says `protocol: {}`",
                    word(least)
                )),
            );
        }
    }
}

/// Each schema has all that those of lower rank have.
fn rank(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Genetlink => 0,
        Protocol::GenetlinkC => 1,
        Protocol::GenetlinkLegacy => 2,
    }
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Genetlink => "genetlink",
        Protocol::GenetlinkC => "genetlink-c",
        Protocol::GenetlinkLegacy => "genetlink-legacy",
    }
}
