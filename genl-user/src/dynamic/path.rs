//! How the attributes of a message are called, by its family's spec.

use genl_schema::model::{AttrKind, ByteOrder, Family, Message, SetId};

use crate::path::{Called, Form, Guide, Named, Order, Step};

/// The attributes of a request, which begins with its nlmsghdr, as the kernel counts.
pub(super) fn names<'a>(
    family: &'a Family,
    message: &Message,
    request: &'a [u8],
) -> Named<'a, Place<'a>> {
    let header = message.header.map_or(0, |id| family[id].size);
    let inside = Inside::Set(message.set);
    Named::of(request, header, Place { family, inside })
}

/// Where the way to an attribute has come to.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    family: &'a Family,
    inside: Inside<'a>,
}

#[derive(Clone, Copy)]
enum Inside<'a> {
    /// Among attributes of a set.
    Set(SetId),
    /// Among attributes that are numbered, so many levels of them; below stands this.
    Numbered(usize, &'a AttrKind),
    /// Where no attributes are.
    Value,
}

impl<'a> Guide<'a> for Place<'a> {
    fn step(self, kind: u16) -> Step<'a, Self> {
        let family = self.family;
        let step = |called, form, inside| Step {
            called,
            form,
            inside: Self { family, inside },
        };
        match self.inside {
            Inside::Set(set) => {
                let mut attrs = family[set].attrs.iter();
                let Some(attr) = attrs.find(|attr| attr.id == kind) else {
                    return step(Called::Unknown, None, Inside::Value);
                };
                let called = match attr.multi {
                    true => Called::Nth(attr.name.as_str()),
                    false => Called::Name(attr.name.as_str()),
                };
                step(called, form(&attr.kind), below(&attr.kind))
            }
            Inside::Numbered(1, element) => step(Called::Number, form(element), below(element)),
            Inside::Numbered(levels, element) => {
                step(Called::Number, None, Inside::Numbered(levels - 1, element))
            }
            Inside::Value => step(Called::Number, None, Inside::Value),
        }
    }
}

/// What stands inside of an attribute.
fn below(kind: &AttrKind) -> Inside<'_> {
    match kind {
        AttrKind::Nest(set) => Inside::Set(*set),
        AttrKind::IndexedArray(element) => Inside::Numbered(1, element),
        AttrKind::TypeValue(levels, element) => Inside::Numbered(levels.len(), element),
        _ => Inside::Value,
    }
}

/// What an attribute holds.
fn form(kind: &AttrKind) -> Option<Form> {
    match kind {
        AttrKind::Int(int) => Some(Form::Int {
            signed: int.kind.signed(),
            order: match int.order {
                ByteOrder::Host => Order::Host,
                ByteOrder::Big => Order::Big,
                ByteOrder::Little => Order::Little,
            },
        }),
        AttrKind::String(_) => Some(Form::Text),
        AttrKind::Binary(_) => Some(Form::Bytes),
        AttrKind::Bitfield32(_) => Some(Form::Bitfield32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamic::encode;
    use crate::wire::ATTRS_OFFSET;

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
        let names = names(&family, message, &request);
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
        let names = names(&family, message, &request);
        let missing = |nest, kind| names.path_of_missing(nest, kind);
        assert_eq!(missing(None, 3).as_deref(), Some("u32"));
        assert_eq!(missing(Some(28), 3).as_deref(), Some("nest.u32"));
        assert_eq!(missing(Some(32), 2).as_deref(), Some("nest.nests[0].label"));
        assert_eq!(
            missing(Some(32), 9).as_deref(),
            Some("nest.nests[0].UnknownAttr(9)")
        );
        assert_eq!(missing(Some(33), 1), None);
    }
}
