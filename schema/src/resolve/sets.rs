//! Attribute sets: names, numbers, and what a subset takes from its set.
//!
//! The numbers follow `SpecAttrSet` of pyynl (tools/net/ynl/pyynl/lib/nlspec.py): from 1, each one
//! more than the one before it, an explicit value going on from there.

use std::collections::HashMap;

use super::need;
use super::scope::{Scope, check_name};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::Protocol;
use crate::spec;

/// NLA_TYPE_MASK: the bits of `nla_type` that are not flags (linux/netlink.h).
const LAST_ID: u64 = 0x3fff;

/// A set whose attributes have numbers, but no types yet.
#[derive(Debug)]
pub(super) struct Draft<'s> {
    pub(super) name: String,
    pub(super) spec: &'s spec::AttrSet,
    /// The whole set, of a subset.
    pub(super) whole: Option<usize>,
    /// In the spec's order.
    pub(super) attrs: Vec<AttrDraft<'s>>,
    pub(super) scope: Scope,
}

/// An attribute that has a number, but no type yet.
#[derive(Debug)]
pub(super) struct AttrDraft<'s> {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) id: u16,
    /// The attribute as the set has it.
    own: &'s spec::Attr,
    /// Of a subset, the attribute as the whole set has it.
    whole: Option<&'s spec::Attr>,
}

impl<'s> AttrDraft<'s> {
    /// A key of the attribute; a subset says only what it has otherwise than the whole set.
    pub(super) fn key<T>(&self, pick: fn(&spec::Attr) -> &Key<T>) -> &'s Key<T> {
        let own = pick(self.own);
        self.whole.map_or(own, |whole| own.or(pick(whole)))
    }
}

/// All sets of a family.
#[derive(Debug)]
pub(super) struct Drafts<'s> {
    pub(super) sets: Vec<Draft<'s>>,
    pub(super) scope: Scope,
}

pub(super) fn resolve<'s>(
    spec: &'s spec::Family,
    protocol: Protocol,
    whole: Span,
    faults: &mut Vec<Diagnostic>,
) -> Drafts<'s> {
    let list = &spec.attribute_sets;
    need(list, "attribute-sets", "the family", whole, faults);
    let mut scope = Scope::new("attribute set", !list.has_broken());
    let mut named = Vec::new();
    for (set, at) in list.items() {
        let Some(name) = need(&set.name, "name", "the attribute set", at, faults) else {
            continue;
        };
        let span = set.name.span().unwrap_or(at);
        check_name(name, span, protocol, faults);
        scope.declare(name, span, named.len(), faults);
        need(
            &set.attributes,
            "attributes",
            "the attribute set",
            at,
            faults,
        );
        named.push((name, set));
    }
    // The whole sets first, since a subset may stand before its set.
    let mut sets: Vec<_> = named
        .iter()
        .map(|(name, set)| {
            let (attrs, scope) = match set.subset_of.is_present() {
                true => (Vec::new(), Scope::new("attribute", false)),
                false => numbered(set, protocol, faults),
            };
            Draft {
                name: (*name).clone(),
                spec: set,
                whole: None,
                attrs,
                scope,
            }
        })
        .collect();
    for at in 0..sets.len() {
        let spec = sets[at].spec;
        let whole = spec.subset_of.here();
        let found = whole.and_then(|(name, span)| scope.find(name, span, faults));
        if let (Some((_, span)), Some(whole)) = (whole, found) {
            let (attrs, scope) = subset(spec, &sets[whole], span, protocol, faults);
            sets[at].whole = Some(whole);
            sets[at].attrs = attrs;
            sets[at].scope = scope;
        }
    }
    Drafts { sets, scope }
}

/// The attributes of a set of its own.
fn numbered<'s>(
    set: &'s spec::AttrSet,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> (Vec<AttrDraft<'s>>, Scope) {
    let complete = set.attributes.get().is_some() && !set.attributes.has_broken();
    let mut scope = Scope::new("attribute", complete);
    let mut attrs = Vec::new();
    let mut taken: HashMap<u64, Span> = HashMap::new();
    let mut next = 1;
    // Behind a broken attribute nobody knows the numbers.
    let mut sure = true;
    for item in set.attributes.get().into_iter().flatten() {
        let Some((attr, at)) = item.here() else {
            sure = false;
            continue;
        };
        sure = match &attr.value {
            Key::Absent => sure,
            Key::Broken => false,
            Key::At(value, _) => {
                next = *value;
                true
            }
        };
        if let Some(name) = need(&attr.name, "name", "the attribute", at, faults) {
            let span = attr.name.span().unwrap_or(at);
            check_name(name, span, protocol, faults);
            scope.declare(name, span, attrs.len(), faults);
            if sure {
                check_id(next, attr.value.span().unwrap_or(span), &mut taken, faults);
            }
            attrs.push(AttrDraft {
                name: name.clone(),
                span,
                // A number that is not sure, or too high, has a fault to its name already.
                id: u16::try_from(next).unwrap_or(u16::MAX),
                own: attr,
                whole: None,
            });
        }
        next = next.saturating_add(1);
    }
    (attrs, scope)
}

fn check_id(id: u64, span: Span, taken: &mut HashMap<u64, Span>, faults: &mut Vec<Diagnostic>) {
    if id > LAST_ID {
        let message = format!("attribute type {id} does not fit netlink's header");
        faults.push(
            Diagnostic::new(Code::OutOfRange, span, message)
                .help(format!("the highest attribute type is {LAST_ID}")),
        );
    }
    if let Some(first) = taken.get(&id) {
        let message = format!("two attributes have the value {id}");
        faults.push(
            Diagnostic::new(Code::DuplicateValue, span, message)
                .label("again here")
                .related(*first, "first used here"),
        );
    } else {
        taken.insert(id, span);
    }
}

/// The attributes of a subset, which have the numbers that the whole set gives them.
fn subset<'s>(
    set: &'s spec::AttrSet,
    whole: &Draft<'s>,
    whole_at: Span,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> (Vec<AttrDraft<'s>>, Scope) {
    let whole_name = &whole.name;
    if whole.spec.subset_of.is_present() {
        let message = format!("`{whole_name}` is itself a subset");
        faults.push(
            Diagnostic::new(Code::BadSubset, whole_at, message)
                .help("name the whole set that both are a part of"),
        );
        return (Vec::new(), Scope::new("attribute", false));
    }
    if let Some(span) = set.name_prefix.span() {
        let message = "a subset has the name prefix of its set";
        faults.push(Diagnostic::new(Code::BadSubset, span, message));
    }
    let mut scope = Scope::new("attribute", !set.attributes.has_broken());
    let mut attrs: Vec<AttrDraft<'_>> = Vec::new();
    for (attr, at) in set.attributes.items() {
        let Some(name) = need(&attr.name, "name", "the attribute", at, faults) else {
            continue;
        };
        let span = attr.name.span().unwrap_or(at);
        if let Some(span) = attr.value.span() {
            let message = format!("`{name}` has its value from set `{whole_name}`");
            faults.push(
                Diagnostic::new(Code::BadSubset, span, message).related(whole_at, "a part of it"),
            );
        }
        let Some(found) = whole.scope.find(name, span, faults) else {
            scope.leave_open();
            continue;
        };
        // devlink's spec lists some attributes twice; that says nothing new.
        if protocol == Protocol::GenetlinkLegacy && scope.contains(name) {
            continue;
        }
        scope.declare(name, span, attrs.len(), faults);
        attrs.push(AttrDraft {
            name: name.clone(),
            span,
            id: whole.attrs[found].id,
            own: attr,
            whole: Some(whole.attrs[found].own),
        });
    }
    (attrs, scope)
}
