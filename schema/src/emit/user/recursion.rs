//! Which nests lead back to the set they stand in.

use crate::model::{AttrKind, Family, SetId};

/// Of each set, which other ones a single value of it holds, at any depth and without a list between:
/// a struct for the one would contain the structs for the others.
pub(super) struct Recursion(Vec<Vec<bool>>);

impl Recursion {
    pub(super) fn of(family: &Family) -> Self {
        Self(family.sets().map(|(set, _)| held(family, set)).collect())
    }

    /// The nest `inner`, which stands in `set`, holds `set` in turn.
    pub(super) fn leads_back(&self, set: SetId, inner: SetId) -> bool {
        set == inner || self.0[inner.get()][set.get()]
    }
}

fn held(family: &Family, set: SetId) -> Vec<bool> {
    let mut held = vec![false; family.sets.len()];
    let mut pending = vec![set];
    while let Some(set) = pending.pop() {
        for attr in family[set].attrs.iter().filter(|attr| !attr.multi) {
            if let AttrKind::Nest(inner) = attr.kind
                && !std::mem::replace(&mut held[inner.get()], true)
            {
                pending.push(inner);
            }
        }
    }
    held
}
