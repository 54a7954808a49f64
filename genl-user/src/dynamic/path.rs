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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamic::encode;

    /// A request for everything: its fixed header takes 8 bytes.
    fn family() -> Family {
        let text = include_str!("../../tests/dynamic/every.yaml");
        genl_schema::compile("every.yaml", text).unwrap()
    }

    #[track_caller]
    fn found(values: serde_json::Value, offset: usize) -> Option<String> {
        let family = family();
        let message = &family[family.ops[0].do_.as_ref().unwrap().request];
        let values = values.as_object().unwrap();
        let mut request = vec![0; ATTRS_OFFSET];
        request.extend(encode(&family, message, values).unwrap());
        let names = Names {
            family: &family,
            message,
            request: &request,
        };
        let missing = names.path_of_missing(Some(offset), 1);
        let path = names.path(offset);
        assert_eq!(missing.is_some(), path.is_some());
        path
    }

    #[test]
    fn attributes_behind_a_fixed_header_have_paths() {
        let values = json!({"u8": 1, "nest": {"text": "a", "list": [{"id": 1}, {"label": "b"}]}});
        for (offset, path) in [
            (28, "u8"),
            (36, "nest"),
            (40, "nest.text"),
            (48, "nest.list"),
            (52, "nest.list[0]"),
            (56, "nest.list[0].id"),
            (64, "nest.list[1]"),
            (68, "nest.list[1].label"),
        ] {
            assert_eq!(found(values.clone(), offset).as_deref(), Some(path));
        }
        for offset in [0, 20, 24, 29, 76, usize::MAX] {
            assert_eq!(found(values.clone(), offset), None);
        }
        let policy = json!({"policy": {"index": 3, "attr": 4, "id": 1}});
        assert_eq!(found(policy, 40).as_deref(), Some("policy[3][4].id"));
    }

    #[test]
    fn what_is_missing_has_a_path() {
        let family = family();
        let message = &family[family.ops[0].do_.as_ref().unwrap().request];
        let values = json!({"nest": {"nests": [{}]}});
        let mut request = vec![0; ATTRS_OFFSET];
        request.extend(encode(&family, message, values.as_object().unwrap()).unwrap());
        let names = Names {
            family: &family,
            message,
            request: &request,
        };
        let missing = |nest, kind| names.path_of_missing(nest, kind);
        assert_eq!(missing(None, 3).as_deref(), Some("u32"));
        assert_eq!(missing(Some(28), 3).as_deref(), Some("nest.u32"));
        assert_eq!(missing(Some(32), 2).as_deref(), Some("nest.nests.label"));
        assert_eq!(
            missing(Some(32), 9).as_deref(),
            Some("nest.nests.UnknownAttr(9)")
        );
        assert_eq!(missing(Some(33), 1), None);
    }
}
