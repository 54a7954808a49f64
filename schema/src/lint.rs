//! What is not wrong with a spec, but probably not meant: one lint a file.
//!
//! Lints see only specs without errors. What a lint finds can be allowed: for a whole family by the
//! caller or by the spec's `x-allow`, for a part of it by the `x-allow` of that part.

mod groups;
mod lengths;
mod padding;
mod permissions;
mod reach;
mod sockets;
mod unused;

use std::collections::HashMap;

use crate::decode::List;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{AttrSet, Family};
use crate::spec;

/// Adds a warning for each doubtful thing that is not allowed.
pub(crate) fn check(
    spec: &spec::Family,
    family: &Family,
    allowed: &[Code],
    found: &mut Vec<Diagnostic>,
) {
    let mut lints = Lints {
        family,
        spec,
        sets: sets(spec),
        allowed,
        found,
    };
    permissions::check(&mut lints);
    lengths::check(&mut lints);
    unused::check(&mut lints);
    groups::check(&mut lints);
    padding::check(&mut lints);
    sockets::check(&mut lints);
}

/// What a lint looks at, and where it says what it found.
struct Lints<'a> {
    family: &'a Family,
    spec: &'a spec::Family,
    sets: HashMap<&'a str, SetSpec<'a>>,
    allowed: &'a [Code],
    found: &'a mut Vec<Diagnostic>,
}

/// A set as the spec has it, its attributes by name.
struct SetSpec<'a> {
    spec: &'a spec::AttrSet,
    attrs: HashMap<&'a str, &'a spec::Attr>,
}

impl<'a> Lints<'a> {
    /// Warns, unless one of these lists allows it, or that of the family.
    fn warn(&mut self, warning: Diagnostic, allow: &[&List<String>]) {
        let code = warning.code;
        if !self.allowed.contains(&code) && !self.is_allowed(code, allow) {
            self.found.push(warning);
        }
    }

    /// One of these lists allows it, or that of the family does.
    fn is_allowed(&self, code: Code, allow: &[&List<String>]) -> bool {
        allow
            .iter()
            .copied()
            .chain([&self.spec.x_allow])
            .flat_map(List::items)
            .any(|(word, _)| Code::find(word) == Some(code))
    }

    /// A set as the spec has it.
    fn set(&self, set: &AttrSet) -> Option<&'a spec::AttrSet> {
        self.sets.get(set.name.as_str()).map(|set| set.spec)
    }

    /// An attribute as the spec has it in this set.
    fn attr(&self, set: &AttrSet, name: &str) -> Option<&'a spec::Attr> {
        self.sets.get(set.name.as_str())?.attrs.get(name).copied()
    }

    /// The operations as the spec has them, each with its name.
    fn ops(&self) -> impl Iterator<Item = (&'a spec::Op, &'a str, Span)> + use<'a> {
        let section = self.spec.operations.get();
        section
            .into_iter()
            .flat_map(|section| section.list.items())
            .filter_map(|(op, _)| {
                let (name, span) = op.name.here()?;
                Some((op, name.as_str(), span))
            })
    }

    /// The definitions as the spec has them, each with its name.
    fn definitions(&self) -> impl Iterator<Item = (&'a spec::Definition, &'a str, Span)> + use<'a> {
        self.spec.definitions.items().filter_map(|(definition, _)| {
            let (name, span) = definition.name.here()?;
            Some((definition, name.as_str(), span))
        })
    }
}

fn sets(spec: &spec::Family) -> HashMap<&str, SetSpec<'_>> {
    let mut sets = HashMap::new();
    for (set, _) in spec.attribute_sets.items() {
        let attrs = set
            .attributes
            .items()
            .filter_map(|(attr, _)| Some((attr.name.get()?.as_str(), attr)))
            .collect();
        if let Some(name) = set.name.get() {
            sets.insert(name.as_str(), SetSpec { spec: set, attrs });
        }
    }
    sets
}
