//! Where the members of C structs stand.
//!
//! The kernel fills these structs as its C compiler lays them out, so that is the layout here too;
//! pyynl leaves out what padding the compiler puts in.

use super::definitions::Definitions;
use super::scope::{Scope, check_name};
use super::{kinds, limits, need, text};
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Member, MemberKind, Protocol, Struct, StructId};
use crate::name::Name;
use crate::spec::{self, AttrType, DefinitionType};

/// All structs with their members, in the places that `definitions` gave them.
pub(super) fn resolve(
    spec: &spec::Family,
    definitions: &Definitions,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Struct> {
    let specs = spec
        .definitions
        .items()
        .filter(|(definition, _)| definition.type_.get() == Some(&DefinitionType::Struct));
    let mut drafts = Vec::new();
    for ((definition, at), known) in specs.zip(&definitions.structs) {
        need(&definition.members, "members", "the struct", at, faults);
        let mut scope = Scope::new("member", true);
        let mut members = Vec::new();
        for (member, at) in definition.members.items() {
            let span = member.name.span().unwrap_or(at);
            if let Some(name) = need(&member.name, "name", "the member", at, faults) {
                check_name(name, span, protocol, faults);
                scope.declare(name, span, members.len(), faults);
                members.extend(draft(member, name, at, definitions, faults));
            }
        }
        drafts.push(Draft {
            result: known.clone(),
            members,
        });
    }
    for at in inner_first(&drafts, faults) {
        lay_out(&mut drafts, at, faults);
    }
    drafts.into_iter().map(|draft| draft.result).collect()
}

/// A struct whose members have no places yet.
struct Draft {
    result: Struct,
    members: Vec<(Member, Span)>,
}

/// A member; its size is still 0 if it is a struct.
fn draft(
    spec: &spec::Member,
    name: &str,
    at: Span,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Member, Span)> {
    let type_ = *need(&spec.type_, "type", "the member", at, faults)?;
    let type_at = spec.type_.span().unwrap_or(at);
    let inner = match spec.struct_.here() {
        Some((name, span)) => Some(definitions.find_struct(name, span, faults)?),
        None => None,
    };
    let (kind, size) = match (kinds::int_kind(type_), type_, inner) {
        (Some(kind), _, _) if kind.fixed_size().is_some() => {
            let names = match spec.enum_.here() {
                Some((name, span)) => {
                    let id = definitions.find_enum(name, span, faults)?;
                    Some(kinds::enum_use(id, false, definitions))
                }
                None => None,
            };
            let order = kinds::byte_order(&spec.byte_order);
            let size = kind.fixed_size().unwrap_or(0);
            (MemberKind::Int { kind, order, names }, size)
        }
        (_, AttrType::Binary, Some(inner)) => (MemberKind::Struct(inner), 0),
        (_, AttrType::Binary, None) => (MemberKind::Bytes, len(spec, at, definitions, faults)?),
        (_, AttrType::String, _) => (MemberKind::String, len(spec, at, definitions, faults)?),
        _ => {
            let message = "no member of a struct has this type";
            let fault = Diagnostic::new(Code::NotApplicable, type_at, message)
                .help("a member is a u8 to u64, an s8 to s64, a string or a binary");
            faults.push(fault);
            return None;
        }
    };
    let int = matches!(kind, MemberKind::Int { .. });
    for (key, span, fits) in [
        (
            "len",
            spec.len.span(),
            matches!(kind, MemberKind::Bytes | MemberKind::String),
        ),
        // Of bytes it tells a reader how to take them.
        (
            "byte-order",
            spec.byte_order.span(),
            int || kind == MemberKind::Bytes,
        ),
        ("enum", spec.enum_.span(), int),
        (
            "struct",
            spec.struct_.span(),
            matches!(kind, MemberKind::Struct(_)),
        ),
    ] {
        if let (Some(span), false) = (span, fits) {
            faults.push(kinds::meaningless(key, "a member", span, Some(type_at)));
        }
    }
    let member = Member {
        name: Name::new(name),
        offset: 0,
        size,
        kind,
        hint: kinds::hint(&spec.display_hint),
        doc: text(spec.doc.get()),
    };
    Some((member, at))
}

/// The bytes of a string or of plain bytes.
fn len(
    spec: &spec::Member,
    at: Span,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<usize> {
    need(&spec.len, "len", "the member", at, faults)?;
    let value = limits::number(&spec.len, definitions, faults)?;
    let size = usize::try_from(value)
        .ok()
        .filter(|_| value <= limits::LONGEST);
    if size.is_none() {
        let span = spec.len.span().unwrap_or(at);
        let message = format!("no member can be {value} bytes long");
        faults.push(Diagnostic::new(Code::OutOfRange, span, message));
    }
    size
}

/// The structs, each behind those that are a part of it; one that is a part of itself is reported.
fn inner_first(drafts: &[Draft], faults: &mut Vec<Diagnostic>) -> Vec<usize> {
    // Step by step rather than by recursion: a spec may have more structs than the stack has room for.
    let mut order = Vec::new();
    let mut done = vec![false; drafts.len()];
    let mut open = vec![false; drafts.len()];
    for start in 0..drafts.len() {
        let mut path = Vec::new();
        if !done[start] {
            path.push((start, 0));
            open[start] = true;
        }
        while let Some((here, next)) = path.last_mut() {
            let (at, member) = (*here, *next);
            *next += 1;
            let Some((member, span)) = drafts[at].members.get(member) else {
                open[at] = false;
                done[at] = true;
                order.push(at);
                path.pop();
                continue;
            };
            let MemberKind::Struct(StructId(inner)) = member.kind else {
                continue;
            };
            if open[inner] {
                let name = &drafts[inner].result.name;
                let message = format!("struct `{name}` is a part of itself");
                faults.push(
                    Diagnostic::new(Code::RecursiveStruct, *span, message)
                        .label(format!("`{}` holds `{name}`", drafts[at].result.name))
                        .help("a struct has a size, and this one would have none"),
                );
            } else if !done[inner] {
                open[inner] = true;
                path.push((inner, 0));
            }
        }
    }
    order
}

/// Gives the members of a struct their places; those of the structs inside have them already.
fn lay_out(drafts: &mut [Draft], at: usize, faults: &mut Vec<Diagnostic>) {
    let mut members = std::mem::take(&mut drafts[at].members);
    let mut end = 0;
    let mut greatest = 1;
    for (member, span) in &mut members {
        let align = match member.kind {
            MemberKind::Int { .. } => member.size,
            MemberKind::Bytes | MemberKind::String => 1,
            MemberKind::Struct(StructId(inner)) => {
                let inner = &drafts[inner].result;
                member.size = inner.size;
                inner.align
            }
        };
        member.offset = usize::next_multiple_of(end, align);
        end = member.offset + member.size;
        greatest = greatest.max(align);
        if i128::try_from(end).is_ok_and(|end| end > limits::LONGEST) {
            let message = "the struct is longer than an attribute can be";
            faults.push(Diagnostic::new(Code::OutOfRange, *span, message));
            end = 0;
        }
    }
    let result = &mut drafts[at].result;
    result.members = members.into_iter().map(|(member, _)| member).collect();
    result.align = greatest;
    result.size = end.next_multiple_of(greatest);
}
