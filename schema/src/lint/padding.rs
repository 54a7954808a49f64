//! Structs with holes in them.

use super::Lints;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Struct;
use crate::spec::{Definition, DefinitionType};

/// Warns of padding that only the C compiler knows of: YNL's Python reads such a struct without it,
/// and what the kernel does not clear there leaks.
pub(super) fn check(lints: &mut Lints<'_>) {
    let specs = lints.definitions();
    let specs = specs.filter(|(spec, ..)| spec.type_.get() == Some(&DefinitionType::Struct));
    for ((spec, _, at), definition) in specs.zip(&lints.family.structs) {
        for (hole, size) in holes(definition) {
            let bytes = if size == 1 {
                "1 byte"
            } else {
                &format!("{size} bytes")
            };
            let name = &definition.name;
            let (message, span) = match definition.members.get(hole) {
                Some(member) => (
                    format!(
                        "struct `{name}` has {bytes} of padding before `{}`",
                        member.name
                    ),
                    place(spec, hole),
                ),
                None => (
                    format!("struct `{name}` has {bytes} of padding at its end"),
                    Some(at),
                ),
            };
            let warning = Diagnostic::new(Code::ImplicitPadding, span.unwrap_or(at), message)
                .label("the C compiler puts it in, other tools do not")
                .help(format!(
                    "add a member for it there: `{{ name: pad, type: binary, len: {size} }}`"
                ));
            lints.warn(warning, &[&spec.x_allow]);
        }
    }
}

/// Where padding is, as the index of the member behind it, and how long it is.
fn holes(definition: &Struct) -> Vec<(usize, usize)> {
    let mut holes = Vec::new();
    let mut end = 0;
    for (at, member) in definition.members.iter().enumerate() {
        holes.push((at, member.offset - end));
        end = member.offset + member.size;
    }
    holes.push((definition.members.len(), definition.size - end));
    holes.retain(|(_, size)| *size > 0);
    holes
}

fn place(spec: &Definition, member: usize) -> Option<Span> {
    let (member, at) = spec.members.items().nth(member)?;
    Some(member.name.span().unwrap_or(at))
}
