//! Where links lead: the names that GitHub and its likes give to headings.

use super::page::code;
use crate::model::{EnumId, Family, SetId, StructId};
use crate::name::Name;

/// The headings that are linked to.
///
/// All anchors differ: names of one kind that GitHub would not tell apart, Rust would not either,
/// and `resolve` refuses them.
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
        let ops = family.ops.iter();
        let events = family.events.iter();
        let sets = family.sets.iter();
        let structs = family.structs.iter();
        let enums = family.enums.iter().map(|it| {
            let kind = if it.flags { "Flags" } else { "Enum" };
            Heading::new(kind, &it.name)
        });
        Self {
            ops: ops.map(|it| Heading::new("Operation", &it.name)).collect(),
            events: events
                .map(|it| Heading::new("Notification", &it.name))
                .collect(),
            sets: sets
                .map(|it| Heading::new("Attributes", &it.name))
                .collect(),
            enums: enums.collect(),
            structs: structs.map(|it| Heading::new("Struct", &it.name)).collect(),
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

impl Heading {
    fn new(kind: &str, name: &Name) -> Self {
        let text = format!("{kind} {}", code(name.as_str()));
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor = kept
            .map(|c| if c == ' ' { '-' } else { c })
            .flat_map(char::to_lowercase)
            .collect();
        Self { text, anchor }
    }
}
