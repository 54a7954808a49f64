//! From an offset into a request to the name of the attribute there.

use genl_schema::model::{AttrKind, Family, Message, SetId};

use crate::wire::{ATTRS_OFFSET, Attr, Attrs, align};

/// The names of a request's attributes.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) family: &'a Family,
    pub(super) message: &'a Message,
    /// The request from its nlmsghdr on, as the kernel counts.
    pub(super) request: &'a [u8],
}

/// Where the walk has come to.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// Among attributes of a set.
    Set(SetId),
    /// Among attributes that are numbered, so many levels of them; below stands this.
    Numbered(usize, &'a AttrKind),
    /// Where no attributes are.
    Value,
}

impl<'a> Names<'a> {
    /// The path to the attribute whose header is `offset` bytes into the request; `None` if none
    /// is there.
    pub(super) fn path(self, offset: usize) -> Option<String> {
        self.walk(offset).map(|(path, _)| path)
    }

    /// The path to attribute `kind`, which is missing in the nest at `nest`; or in the request
    /// itself, if that is `None`.
    pub(super) fn path_of_missing(self, nest: Option<usize>, kind: u16) -> Option<String> {
        let (mut path, place) = match nest {
            Some(nest) => self.walk(nest)?,
            None => (String::new(), Place::Set(self.message.set)),
        };
        self.step(place, kind, &mut path);
        Some(path)
    }

    fn walk(self, offset: usize) -> Option<(String, Place<'a>)> {
        let header = self.message.header.map_or(0, |id| self.family[id].size);
        let start = ATTRS_OFFSET + align(header);
        let mut attrs = Attrs::new(self.request.get(start..)?, start);
        let (mut path, mut place) = (String::new(), Place::Set(self.message.set));
        loop {
            let attr = enclosing(attrs, offset)?;
            place = self.step(place, attr.kind(), &mut path);
            if attr.offset() == offset {
                return Some((path, place));
            }
            attrs = attr.nested();
        }
    }

    /// Goes into attribute `kind`, and writes to `path` how it is called.
    fn step(self, place: Place<'a>, kind: u16, path: &mut String) -> Place<'a> {
        let Place::Set(set) = place else {
            path.push_str(&format!("[{kind}]"));
            return match place {
                Place::Numbered(1, element) => below(element),
                Place::Numbered(levels, element) => Place::Numbered(levels - 1, element),
                Place::Set(_) | Place::Value => Place::Value,
            };
        };
        if !path.is_empty() {
            path.push('.');
        }
        let mut attrs = self.family[set].attrs.iter();
        match attrs.find(|attr| attr.id == kind) {
            Some(attr) => {
                path.push_str(attr.name.as_str());
                below(&attr.kind)
            }
            None => {
                path.push_str(&super::unknown_name(kind));
                Place::Value
            }
        }
    }
}

/// What stands inside of an attribute.
fn below(kind: &AttrKind) -> Place<'_> {
    match kind {
        AttrKind::Nest(set) => Place::Set(*set),
        AttrKind::IndexedArray(element) => Place::Numbered(1, element),
        AttrKind::TypeValue(levels, element) => Place::Numbered(levels.len(), element),
        _ => Place::Value,
    }
}

/// The attribute whose header is at `offset`, or which has it inside.
fn enclosing(attrs: Attrs<'_>, offset: usize) -> Option<Attr<'_>> {
    attrs
        .map_while(Result::ok)
        .find(|attr| (attr.offset()..attr.end()).contains(&offset))
}
