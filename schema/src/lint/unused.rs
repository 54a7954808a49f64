//! Attributes, sets and definitions that nothing uses.

use std::collections::HashSet;

use super::Lints;
use super::reach::{Reach, is_filler};
use crate::diag::{Code, Diagnostic};
use crate::model::{AttrSet, SetId};
use crate::spec::{self, DefinitionType, Number};

/// Warns of what is in no operation, and of what nothing refers to.
pub(super) fn check(lints: &mut Lints<'_>) {
    let family = lints.family;
    let reach = Reach::of(family, family.messages.iter());
    for (id, set) in family.sets() {
        check_set(lints, &reach, id, set);
    }
    check_definitions(lints);
}

/// One warning for all that a set has too much.
fn check_set(lints: &mut Lints<'_>, reach: &Reach, id: SetId, set: &AttrSet) {
    let Some(spec) = lints.set(set) else { return };
    let attrs = || set.attrs.iter().enumerate();
    let used = attrs().any(|(at, _)| reach.has(id, at));
    let unused: Vec<_> = attrs()
        .filter(|(at, attr)| !reach.has(id, *at) && !is_filler(&attr.kind))
        .filter_map(|(_, attr)| lints.attr(set, attr.name.as_str()))
        .filter(|attr| !lints.is_allowed(Code::UnusedAttribute, &[&attr.x_allow]))
        .filter_map(|attr| attr.name.here())
        .collect();
    let Some((first, first_at)) = unused.first() else {
        return;
    };
    let warn = |span, message| Diagnostic::new(Code::UnusedAttribute, span, message);
    let warning = match (used, unused.len()) {
        (false, _) => {
            let span = spec.name.span().unwrap_or(*first_at);
            warn(span, format!("set `{}` is in no operation", set.name))
                .help("name it as an `attribute-set`, or in an attribute's `nested-attributes`")
        }
        (true, 1) => warn(*first_at, format!("`{first}` is in no operation"))
            .help("list it in a request or a reply; if its number is all that is needed, `type: unused` says so"),
        (true, count) => {
            let message = format!("{count} attributes of `{}` are in no operation", set.name);
            warn(*first_at, message)
                .label("the first of them")
                .help(format!("they are {}", names(&unused)))
        }
    };
    lints.warn(warning, &[&spec.x_allow]);
}

/// The names, as far as anyone reads on.
fn names<T>(unused: &[(&String, T)]) -> String {
    const MOST: usize = 8;
    let names = unused
        .iter()
        .take(MOST)
        .map(|(name, _)| format!("`{name}`"));
    let mut text = names.collect::<Vec<_>>().join(", ");
    match unused.len().saturating_sub(MOST) {
        0 => {}
        more => text.push_str(&format!(" and {more} more")),
    }
    text
}

/// Constants are for those who write programs too, so only enums, flags and structs count.
fn check_definitions(lints: &mut Lints<'_>) {
    let referred = referred(lints.spec);
    for (definition, name, span) in lints.definitions() {
        let what = match definition.type_.get() {
            Some(DefinitionType::Enum) => "enum",
            Some(DefinitionType::Flags) => "flags",
            Some(DefinitionType::Struct) => "struct",
            Some(DefinitionType::Const) | None => continue,
        };
        if !referred.contains(name) {
            let message = format!("nothing refers to {what} `{name}`");
            let warning = Diagnostic::new(Code::UnusedDefinition, span, message)
                .help("name it in the attribute that holds it, or remove it");
            lints.warn(warning, &[&definition.x_allow]);
        }
    }
}

/// All names of definitions that stand somewhere.
fn referred(spec: &spec::Family) -> HashSet<&str> {
    let mut names = HashSet::new();
    for (set, _) in spec.attribute_sets.items() {
        for (attr, _) in set.attributes.items() {
            names.extend([attr.enum_.get(), attr.struct_.get()].into_iter().flatten());
            let checks = attr.checks.get();
            names.extend(checks.and_then(|checks| checks.flags_mask.get()));
        }
    }
    for (definition, _) in spec.definitions.items() {
        for (member, _) in definition.members.items() {
            names.extend(
                [member.enum_.get(), member.struct_.get()]
                    .into_iter()
                    .flatten(),
            );
        }
        if let Some(Number::Words(words)) = definition.value_start.get() {
            names.insert(words);
        }
    }
    if let Some(operations) = spec.operations.get() {
        let headers = operations.list.items().map(|(op, _)| &op.fixed_header);
        names.extend(
            headers
                .chain([&operations.fixed_header])
                .filter_map(|it| it.get()),
        );
    }
    names.into_iter().map(String::as_str).collect()
}
