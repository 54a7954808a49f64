//! From what the spec says to what it means.
//!
//! Each pass stands in a file of its own and reports what it finds wrong. A pass never stops at a
//! fault: it puts something harmless in the faulty thing's place, so that later passes find what
//! they look for and do not complain of what follows from a fault already reported. A family with
//! any fault is thrown away in the end.

mod allow;
mod c_header;
mod definitions;
mod groups;
mod kernel;
mod kinds;
mod limits;
mod messages;
mod methods;
mod numbers;
mod operations;
mod policy;
pub(crate) mod protocol;
mod reserved;
mod scope;
mod sets;
mod structs;
mod types;

use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Family, Numbering};
use crate::name::Name;
use crate::spec;

/// Resolves a spec; the result is good only if no fault was added. `whole` is the spec's place.
pub(crate) fn resolve(spec: &spec::Family, whole: Span, faults: &mut Vec<Diagnostic>) -> Family {
    let protocol = protocol::resolve(spec, faults);
    let name = protocol::family_name(spec, whole, faults);
    let definitions = definitions::resolve(spec, protocol, faults);
    let drafts = sets::resolve(spec, protocol, whole, faults);
    let sets = kinds::resolve(&drafts, &definitions, faults);
    let groups = groups::resolve(spec, protocol, faults);
    let numbered = numbers::resolve(spec, protocol, whole, faults);
    let operations = operations::resolve(
        spec,
        &numbered,
        &drafts,
        &sets,
        &groups,
        &definitions,
        faults,
    );
    let directional = numbers::directional(spec);
    let mut family = Family {
        name,
        protocol,
        doc: text(need(&spec.doc, "doc", "the family", whole, faults)),
        version: spec.version.get().copied().unwrap_or(1),
        resv_start_op: kernel::resv_start_op(spec, &numbered),
        reply_or_error: spec.x_reply_or_error.get().copied().unwrap_or(false),
        export_events: spec.x_export_events.get().copied().unwrap_or(false),
        consts: definitions.consts,
        enums: definitions.enums,
        structs: definitions.structs,
        sets,
        messages: operations.messages,
        ops: operations.ops,
        events: operations.events,
        reserved: numbered.reserved.clone(),
        groups: groups.groups,
        numbering: match directional {
            true => Numbering::Directional,
            false => Numbering::Unified,
        },
        kernel: kernel::side(spec),
        c: c_header::of_family(spec),
    };
    kernel::check(&family, spec, &numbered, faults);
    reserved::check(spec, protocol, faults);
    methods::check(&numbered, protocol, faults);
    allow::check(spec, faults);
    types::settle(&mut family);
    family
}

/// The value of a key that has to be there.
fn need<'s, T>(
    key: &'s Key<T>,
    name: &str,
    owner: &str,
    at: Span,
    faults: &mut Vec<Diagnostic>,
) -> Option<&'s T> {
    if !key.is_present() {
        let message = format!("{owner} has no `{name}`");
        faults.push(
            Diagnostic::new(Code::MissingKey, at, message)
                .label(format!("add `{name}:` to this mapping")),
        );
    }
    key.get()
}

/// A doc text without the blank lines around it.
fn text(doc: Option<&String>) -> String {
    doc.map_or(String::new(), |doc| doc.trim().to_owned())
}

/// The name of a thing that has none, or a broken one: never seen outside `resolve`.
fn nameless() -> Name {
    Name::new("nameless")
}
