//! Where links lead: the names that GitHub and its likes give to headings.

use std::collections::HashMap;

use super::page::code;
use crate::model::{EnumId, Family, SetId, StructId};
use crate::name::Name;

/// The headings that are linked to.
pub(super) struct Anchors {
    pub(super) ops: Vec<Heading>,
    pub(super) events: Vec<Heading>,
    pub(super) sets: Vec<Heading>,
    pub(super) enums: Vec<Heading>,
    pub(super) structs: Vec<Heading>,
}

/// A heading and its name in links.
pub(super) struct Heading {
    pub(super) text: String,
    pub(super) anchor: String,
}

impl Anchors {
    pub(super) fn new(family: &Family) -> Self {
        let mut seen = Seen::default();
        // In the order of the page.
        Self {
            ops: seen.headings("Operation", family.ops.iter().map(|op| &op.name)),
            events: seen.headings("Notification", family.events.iter().map(|it| &it.name)),
            sets: seen.headings("Attributes", family.sets.iter().map(|set| &set.name)),
            enums: family
                .enums
                .iter()
                .map(|it| seen.heading(if it.flags { "Flags" } else { "Enum" }, &it.name))
                .collect(),
            structs: seen.headings("Struct", family.structs.iter().map(|it| &it.name)),
        }
    }

    pub(super) fn of_set(&self, set: SetId) -> &str {
        &self.sets[set.get()].anchor
    }

    pub(super) fn of_enum(&self, definition: EnumId) -> &str {
        &self.enums[definition.get()].anchor
    }

    pub(super) fn of_struct(&self, definition: StructId) -> &str {
        &self.structs[definition.get()].anchor
    }
}

/// How often each anchor was wanted.
#[derive(Default)]
struct Seen(HashMap<String, usize>);

impl Seen {
    fn headings<'n>(&mut self, kind: &str, names: impl Iterator<Item = &'n Name>) -> Vec<Heading> {
        names.map(|name| self.heading(kind, name)).collect()
    }

    fn heading(&mut self, kind: &str, name: &Name) -> Heading {
        let text = format!("{kind} {}", code(name.as_str()));
        let anchor = self.unique(anchor(&text));
        Heading { text, anchor }
    }

    /// A heading whose anchor is taken has a number behind it.
    fn unique(&mut self, wanted: String) -> String {
        let mut anchor = wanted.clone();
        while self.0.contains_key(&anchor) {
            let count = self.0.entry(wanted.clone()).or_default();
            *count += 1;
            anchor = format!("{wanted}-{count}");
        }
        self.0.insert(anchor.clone(), 0);
        anchor
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}
