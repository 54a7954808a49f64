//! Which attributes can stand in messages, directly or within nests.

use crate::model::{AttrKind, AttrSet, Family, Message, SetId};

/// Of each set, by its index, which of its attributes messages can carry.
pub(super) struct Reach {
    attrs: Vec<Vec<bool>>,
}

impl Reach {
    /// What these messages can carry.
    pub(super) fn of<'f>(family: &Family, messages: impl Iterator<Item = &'f Message>) -> Self {
        let sets = family.sets.iter();
        let mut reach = Self {
            attrs: sets.map(|set| vec![false; set.attrs.len()]).collect(),
        };
        let mut inner: Vec<SetId> = Vec::new();
        for message in messages {
            for field in &message.fields {
                reach.mark(message.set, field.attr, family, &mut inner);
            }
        }
        // Step by step rather than by recursion: sets may nest themselves.
        let mut whole = vec![false; family.sets.len()];
        while let Some(set) = inner.pop() {
            if std::mem::replace(&mut whole[set.get()], true) {
                continue;
            }
            for at in 0..family[set].attrs.len() {
                reach.mark(set, at, family, &mut inner);
            }
        }
        reach
    }

    /// Messages can carry the `attr`-th attribute of the set.
    pub(super) fn has(&self, set: SetId, attr: usize) -> bool {
        self.attrs[set.get()][attr]
    }

    fn mark(&mut self, set: SetId, attr: usize, family: &Family, inner: &mut Vec<SetId>) {
        self.attrs[set.get()][attr] = true;
        let own = &family[set].attrs[attr];
        inner.extend(own.kind.inside());
        // What a subset has, its set has.
        if let Some(whole) = family[set].subset_of
            && let Some(at) = position(&family[whole], own.id)
        {
            self.attrs[whole.get()][at] = true;
        }
    }
}

fn position(set: &AttrSet, id: u16) -> Option<usize> {
    set.attrs.binary_search_by_key(&id, |attr| attr.id).ok()
}

/// The attribute holds nothing, and no message lists it.
pub(super) fn is_filler(kind: &AttrKind) -> bool {
    matches!(kind, AttrKind::Pad | AttrKind::Unused)
}
