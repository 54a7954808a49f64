//! How long the items of a dump can be.

use std::collections::HashMap;

use crate::model::{Attr, AttrKind, Binary, Call, Family, Holds, SetId};

/// Of an attribute.
const HEADER: usize = 4;

/// As deep as the core follows nests of a request.
const DEEPEST: usize = 10;

/// The longest that the attributes of a dump's item can be, if the spec limits them all.
pub(in super::super) fn longest(family: &Family, call: &Call) -> Option<usize> {
    let Some(reply) = call.reply else {
        return Some(0);
    };
    let message = &family[reply.message];
    let mut known = Known {
        family,
        nests: HashMap::new(),
        depth: 0,
    };
    let fields = message.fields.iter();
    known.sum(fields.map(|field| family.attr(message, field)))
}

/// What is known already.
struct Known<'f> {
    family: &'f Family,
    /// The longest content of nests; none as well of those that are still looked at, as a set that
    /// contains itself has no longest content.
    nests: HashMap<SetId, Option<usize>>,
    depth: usize,
}

impl<'f> Known<'f> {
    fn sum(&mut self, mut attrs: impl Iterator<Item = &'f Attr>) -> Option<usize> {
        attrs.try_fold(0, |sum, attr| Some(sum + self.attr(attr)?))
    }

    /// With its header and its padding.
    fn attr(&mut self, attr: &Attr) -> Option<usize> {
        let payload = match &attr.kind {
            _ if attr.multi => return None,
            AttrKind::Flag | AttrKind::Pad | AttrKind::Unused => 0,
            // And a pad attribute before it.
            AttrKind::Int(_) | AttrKind::Bitfield32(_) => 8 + HEADER,
            AttrKind::String(string) => usize::from(string.len.max?) + 1,
            AttrKind::Binary(Binary {
                holds: Holds::Struct(id),
                ..
            }) => self.family[*id].size + HEADER,
            AttrKind::Binary(Binary {
                holds: Holds::Array(_),
                len,
            }) => usize::from(len.max?) + HEADER,
            AttrKind::Binary(binary) => usize::from(binary.len.max?),
            AttrKind::Nest(set) => self.nest(*set)?,
            AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => return None,
        };
        Some(HEADER + payload.next_multiple_of(4))
    }

    fn nest(&mut self, set: SetId) -> Option<usize> {
        if let Some(known) = self.nests.get(&set) {
            return *known;
        }
        self.nests.insert(set, None);
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let family = self.family;
        let sum = self.sum(family[set].attrs.iter());
        self.depth -= 1;
        self.nests.insert(set, sum);
        sum
    }
}
