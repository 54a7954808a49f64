//! What the nests of a family mean for its types: which lead back to the set they stand in, and which
//! sets hold something borrowed.

use crate::model::{Attr, AttrKind, Family, Holds, SetId};

/// Of each set, what a single value of it holds at any depth, without a list between: a struct for the
/// one contains the structs for the others.
///
/// Both are tables, as a nest may be reached by so many ways that they cannot be walked each.
pub(super) struct Nesting {
    held: Vec<Vec<bool>>,
    borrows: Vec<bool>,
}

impl Nesting {
    pub(super) fn of(family: &Family) -> Self {
        let held = family.sets().map(|(set, _)| held(family, set)).collect();
        let mut nesting = Self {
            held,
            borrows: Vec::new(),
        };
        let own: Vec<_> = family
            .sets()
            .map(|(id, set)| {
                set.attrs
                    .iter()
                    .any(|attr| nesting.borrows_itself(id, attr))
            })
            .collect();
        let of_held = |held: &Vec<bool>| held.iter().zip(&own).any(|(held, own)| *held && *own);
        nesting.borrows = nesting.held.iter().map(of_held).collect();
        nesting
    }

    /// The attribute of `set` is a nest that holds `set` in turn, with no list on the way.
    pub(super) fn leads_back(&self, set: SetId, attr: &Attr) -> bool {
        match attr.kind {
            AttrKind::Nest(inner) => !attr.multi && self.held[inner.get()][set.get()],
            _ => false,
        }
    }

    /// The types of the set borrow.
    pub(super) fn borrows(&self, set: SetId) -> bool {
        self.borrows[set.get()]
    }

    /// A field for the attribute of `set` borrows: in a request from the caller, in a view from the
    /// receive buffer.
    pub(super) fn field_borrows(&self, set: SetId, attr: &Attr) -> bool {
        match attr.kind {
            AttrKind::Nest(inner) if self.borrows(inner) => true,
            _ => self.borrows_itself(set, attr),
        }
    }

    /// It borrows, whatever a single nest has inside.
    fn borrows_itself(&self, set: SetId, attr: &Attr) -> bool {
        match &attr.kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => false,
            AttrKind::String(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => true,
            AttrKind::Binary(binary) => attr.multi || !matches!(binary.holds, Holds::Struct(_)),
            AttrKind::Int(_) | AttrKind::Bitfield32(_) => attr.multi,
            AttrKind::Nest(_) => attr.multi || self.leads_back(set, attr),
        }
    }
}

/// Which sets a value of `set` holds, itself included.
fn held(family: &Family, set: SetId) -> Vec<bool> {
    let mut held = vec![false; family.sets.len()];
    held[set.get()] = true;
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
