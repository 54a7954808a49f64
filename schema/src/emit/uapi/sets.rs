//! Attribute types: an enum for each set.

use super::names;
use super::print::{Define, Entry, Enum, Item};
use crate::model::{AttrSet, Family};

/// The sets that no other header defines; a subset has the names of its set.
pub(super) fn enums(family: &Family) -> impl Iterator<Item = Item> {
    family
        .sets
        .iter()
        .filter(|set| set.subset_of.is_none() && set.c.header.is_none())
        .map(|set| enum_of(family, set))
}

fn enum_of(family: &Family, set: &AttrSet) -> Item {
    let entries = set.attrs.iter().map(|attr| {
        let name = names::attr(family, set, attr);
        Entry::new(name, attr.id.into(), &attr.doc)
    });
    let bounded = Enum {
        name: names::given_type(&set.c.enum_name),
        doc: set.doc.clone(),
        entries: entries.collect(),
        ..Enum::default()
    };
    bound(family, bounded, names::set_bounds(family, set))
}

/// The enum with its highest value, which is a macro behind it where the spec wants it so.
pub(super) fn bound(family: &Family, mut list: Enum, bounds: names::Bounds) -> Item {
    let names::Bounds { count, max } = bounds;
    let next = list.entries.last().map_or(0, |last| last.value + 1);
    let shown = format!("({count} - 1)");
    list.private.push(Entry::new(count, next, ""));
    match family.c.max_by_define {
        true => list.behind.push(Define::new(max, shown)),
        false => list.private.push(Entry {
            shown: Some(shown),
            ..Entry::new(max, next - 1, "")
        }),
    }
    Item::Enum(list)
}
