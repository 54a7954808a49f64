//! Each name once: C has one space for macros and the constants of all enums, and one for types.

use std::collections::HashSet;

use super::print::{Entry, Item};

/// The items without what an earlier one has the name of, and without those that are empty then.
pub(super) fn items(items: Vec<Item>) -> Vec<Item> {
    let mut seen = Seen::default();
    items
        .into_iter()
        .filter_map(|item| seen.first(item))
        .collect()
}

#[derive(Default)]
struct Seen {
    values: HashSet<String>,
    types: HashSet<String>,
}

impl Seen {
    fn first(&mut self, item: Item) -> Option<Item> {
        match item {
            Item::Defines(mut list) => {
                list.retain(|define| self.values.insert(define.name.clone()));
                (!list.is_empty()).then_some(Item::Defines(list))
            }
            Item::Enum(mut list) => {
                list.name.take_if(|name| !self.types.insert(name.clone()));
                list.entries.retain(|entry| self.is_first(entry));
                list.private.retain(|entry| self.is_first(entry));
                if let [max] = &mut list.private[..] {
                    // The count that it was made from is another one's.
                    max.shown = None;
                }
                list.behind
                    .retain(|define| self.values.insert(define.name.clone()));
                let empty = list.entries.is_empty() && list.private.is_empty();
                (!empty).then_some(Item::Enum(list))
            }
            Item::Struct { name, text } => self
                .types
                .insert(name.clone())
                .then_some(Item::Struct { name, text }),
        }
    }

    fn is_first(&mut self, entry: &Entry) -> bool {
        self.values.insert(entry.name.clone())
    }
}
