//! Constants, enums and flags get their numbers, structs their places.

use std::collections::HashMap;

use super::scope::{Scope, check_name};
use super::{c_header, kinds, limits, nameless, need, structs, text};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Const, ConstValue, Entry, Enum, EnumId, Protocol, Struct, StructId};
use crate::name::Name;
use crate::spec::{self, DefinitionType};

/// What a constant or an entry of an enum can be: whatever an attribute of 64 bits can hold.
const VALUES: std::ops::RangeInclusive<i128> = -(1 << 63)..=(1 << 64) - 1;

/// What a definition turned out to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Definition {
    /// A constant, and its value if that is a number.
    Const(Option<i128>),
    /// An enum or flags.
    Enum(EnumId),
    /// A C struct.
    Struct(StructId),
    /// Its type, or value, was wrong; that has been reported.
    Broken,
}

/// All definitions of a family.
#[derive(Debug)]
pub(super) struct Definitions {
    pub(super) consts: Vec<Const>,
    pub(super) enums: Vec<Enum>,
    pub(super) structs: Vec<Struct>,
    all: Vec<Definition>,
    scope: Scope,
}

impl Definitions {
    /// The definition of that name; that there is none is reported.
    pub(super) fn find(
        &self,
        name: &str,
        span: Span,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Definition> {
        self.scope.find(name, span, faults).map(|at| self.all[at])
    }

    /// The struct of that name; that there is none is reported.
    pub(super) fn find_struct(
        &self,
        name: &str,
        span: Span,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<StructId> {
        match self.find(name, span, faults)? {
            Definition::Struct(id) => Some(id),
            Definition::Broken => None,
            other @ (Definition::Const(_) | Definition::Enum(_)) => {
                let message = format!("`{name}` is not a struct");
                faults.push(self.other_kind(name, other, span, Code::UnknownReference, message));
                None
            }
        }
    }

    /// The enum or flags of that name; that there is none is reported.
    pub(super) fn find_enum(
        &self,
        name: &str,
        span: Span,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<EnumId> {
        match self.find(name, span, faults)? {
            Definition::Enum(id) => Some(id),
            Definition::Broken => None,
            other @ (Definition::Const(_) | Definition::Struct(_)) => {
                let message = format!("`{name}` is neither an enum nor flags");
                faults.push(self.other_kind(name, other, span, Code::UnknownReference, message));
                None
            }
        }
    }

    /// A fault of naming a definition of another kind than is wanted.
    pub(super) fn other_kind(
        &self,
        name: &str,
        is: Definition,
        span: Span,
        code: Code,
        message: String,
    ) -> Diagnostic {
        let fault = Diagnostic::new(code, span, message);
        let what = match is {
            Definition::Const(Some(_)) => "it is a constant",
            Definition::Const(None) => "it is a text",
            Definition::Enum(id) if self.enums[id.get()].flags => "it is of type flags",
            Definition::Enum(_) => "it is an enum",
            Definition::Struct(_) => "it is a struct",
            Definition::Broken => return fault,
        };
        match self.scope.place(name) {
            Some(place) => fault.related(place, what),
            None => fault,
        }
    }

    /// Where the spec defines the enum or flags.
    pub(super) fn enum_place(&self, id: EnumId) -> Option<Span> {
        self.scope.place(self.enums[id.get()].name.as_str())
    }
}

pub(super) fn resolve(
    spec: &spec::Family,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> Definitions {
    let mut out = Definitions {
        consts: Vec::new(),
        enums: Vec::new(),
        structs: Vec::new(),
        all: Vec::new(),
        scope: Scope::new("definition", !spec.definitions.has_broken()),
    };
    for (definition, at) in spec.definitions.items() {
        let name = match need(&definition.name, "name", "the definition", at, faults) {
            Some(name) => {
                let span = definition.name.span().unwrap_or(at);
                check_name(name, span, protocol, faults);
                out.scope.declare(name, span, out.all.len(), faults);
                // Specs upstream refer to a constant by its name in C, too.
                if let Some(prefix) = definition.name_prefix.get() {
                    out.scope
                        .alias(format!("{prefix}{name}"), span, out.all.len());
                }
                Name::new(name)
            }
            None => nameless(),
        };
        let resolved = resolve_one(definition, name, at, protocol, &mut out, faults);
        out.all.push(resolved.unwrap_or(Definition::Broken));
    }
    out.structs = structs::resolve(spec, &out, protocol, faults);
    out
}

fn resolve_one(
    definition: &spec::Definition,
    name: Name,
    at: Span,
    protocol: Protocol,
    out: &mut Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<Definition> {
    let type_ = *need(&definition.type_, "type", "the definition", at, faults)?;
    check_keys(definition, type_, faults);
    let doc = text(definition.doc.get());
    match type_ {
        DefinitionType::Const => {
            let value = constant(definition, at, faults)?;
            let number = match value {
                ConstValue::Int(value) => Some(value),
                ConstValue::Text(_) => None,
            };
            out.consts.push(Const {
                name,
                value,
                doc,
                c: c_header::of_definition(definition),
            });
            Some(Definition::Const(number))
        }
        DefinitionType::Enum | DefinitionType::Flags => {
            let flags = type_ == DefinitionType::Flags;
            let id = EnumId(out.enums.len());
            let entries = entries(definition, flags, at, protocol, out, faults);
            out.enums.push(Enum {
                name,
                flags,
                entries,
                doc,
                c: c_header::of_definition(definition),
            });
            Some(Definition::Enum(id))
        }
        // What it looks like is seen to once all are known.
        DefinitionType::Struct => {
            let id = StructId(out.structs.len());
            out.structs.push(Struct {
                name,
                members: Vec::new(),
                size: 0,
                align: 1,
                doc,
                c: c_header::of_definition(definition),
            });
            Some(Definition::Struct(id))
        }
    }
}

/// Reports keys that have no meaning for a definition of this type.
fn check_keys(definition: &spec::Definition, type_: DefinitionType, faults: &mut Vec<Diagnostic>) {
    let is_enum = matches!(type_, DefinitionType::Enum | DefinitionType::Flags);
    let keys = [
        (
            "value",
            definition.value.span(),
            type_ == DefinitionType::Const,
        ),
        ("value-start", definition.value_start.span(), is_enum),
        ("entries", definition.entries.span(), is_enum),
        (
            "members",
            definition.members.span(),
            type_ == DefinitionType::Struct,
        ),
    ];
    for (key, span, fits) in keys {
        if let (Some(span), false) = (span, fits) {
            let type_at = definition.type_.span();
            faults.push(kinds::meaningless(key, "a definition", span, type_at));
        }
    }
}

fn constant(
    definition: &spec::Definition,
    at: Span,
    faults: &mut Vec<Diagnostic>,
) -> Option<ConstValue> {
    let value = need(&definition.value, "value", "the constant", at, faults)?;
    let span = definition.value.span().unwrap_or(at);
    match value {
        spec::Number::Int(value) if VALUES.contains(value) => Some(ConstValue::Int(*value)),
        spec::Number::Int(value) => {
            let message = format!("{value} does not fit a constant");
            faults.push(
                Diagnostic::new(Code::OutOfRange, span, message)
                    .help("a constant is at least -2^63 and at most 2^64 - 1"),
            );
            None
        }
        spec::Number::Words(words) => Some(ConstValue::Text(words.clone())),
    }
}

/// The entries with their numbers: an entry without one follows the one before it.
fn entries(
    definition: &spec::Definition,
    flags: bool,
    at: Span,
    protocol: Protocol,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    let list = &definition.entries;
    // Where a header has the enum, the spec may leave it at the name.
    if !definition.header.is_present() {
        need(list, "entries", "the enum", at, faults);
    }
    let start = match &definition.value_start {
        Key::Absent => Some(0),
        Key::At(spec::Number::Int(start), _) => Some(*start),
        words => limits::number(words, definitions, faults),
    };
    // Behind a broken value nobody knows the numbers.
    let mut sure = start.is_some();
    let mut next = start.unwrap_or(0);
    let mut scope = Scope::new("entry", true);
    let mut taken: HashMap<i128, Span> = HashMap::new();
    let mut entries = Vec::new();
    for item in list.get().into_iter().flatten() {
        let Some((entry, at)) = item.here() else {
            sure = false;
            continue;
        };
        let (name, span, value, doc) = match entry {
            spec::Entry::Bare(name) => (Some(name), at, &Key::Absent, None),
            spec::Entry::Full(keys) => (
                need(&keys.name, "name", "the entry", at, faults),
                keys.name.span().unwrap_or(at),
                &keys.value,
                keys.doc.get(),
            ),
        };
        if let Some(name) = name {
            check_name(name, span, loosened(protocol, entry), faults);
            scope.declare(name, span, entries.len(), faults);
        }
        sure = match value {
            Key::Absent => sure,
            Key::Broken => false,
            Key::At(value, _) => {
                next = *value;
                true
            }
        };
        let place = value.span().unwrap_or(span);
        let value = match sure {
            true => number(next, flags, place, &mut taken, faults),
            false => 0,
        };
        next = next.saturating_add(1);
        entries.push(Entry {
            name: name.map_or_else(nameless, Name::new),
            value,
            doc: text(doc),
        });
    }
    entries
}

/// YNL's schemas do not restrict the name of an entry that is nothing but a name.
fn loosened(protocol: Protocol, entry: &spec::Entry) -> Protocol {
    match entry {
        spec::Entry::Bare(_) => Protocol::GenetlinkC,
        spec::Entry::Full(_) => protocol,
    }
}

/// Checks an entry's number; 0 in place of a bad one.
fn number(
    value: i128,
    flags: bool,
    span: Span,
    taken: &mut HashMap<i128, Span>,
    faults: &mut Vec<Diagnostic>,
) -> i128 {
    let fault = match flags {
        true if !(0..64).contains(&value) => Some(
            Diagnostic::new(
                Code::OutOfRange,
                span,
                format!("there is no bit number {value}"),
            )
            .help("the value of a flag is the number of its bit, from 0 to 63"),
        ),
        false if !VALUES.contains(&value) => Some(Diagnostic::new(
            Code::OutOfRange,
            span,
            format!("{value} does not fit an enum"),
        )),
        _ => None,
    };
    if let Some(fault) = fault {
        faults.push(fault);
        return 0;
    }
    if let Some(first) = taken.get(&value) {
        let message = format!("two entries have the value {value}");
        faults.push(
            Diagnostic::new(Code::DuplicateValue, span, message)
                .label("again here")
                .related(*first, "first used here"),
        );
    } else {
        taken.insert(value, span);
    }
    value
}
