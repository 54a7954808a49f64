//! Random attributes with attributes inside.

use genl_schema::model::{Attr, AttrKind, SetId};
use serde_json::{Map, Value, json};

use super::quirk::Quirk;
use super::sample::{Content, Generator, NLA_F_NESTED, Run, Way, kind, object, put};

impl<'f> Generator<'f> {
    /// A nest of a set's attributes.
    pub(crate) fn nest(&mut self, set: SetId, depth: usize) -> Content {
        let mut run = Run::default();
        let members = self.family[set].attrs.iter().collect();
        self.fill(set, members, depth, &mut run);
        Content {
            bytes: run.bytes,
            given: run.given.into(),
            shown: run.shown.into(),
        }
    }

    /// An indexed array.
    pub(crate) fn array(&mut self, attr: &'f Attr, element: &'f AttrKind, depth: usize) -> Content {
        let flag = nested_flag(element);
        let (mut bytes, mut given, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        let least = usize::from(self.typed);
        for place in 0..self.random.between(least, 3) {
            let content = self.content(attr, element, depth);
            let may_number = flag != 0 && self.way == Way::Request && !self.typed;
            let numbered = may_number && self.sometimes(Quirk::NumberedArray);
            let number = match self.way == Way::Answer || numbered {
                true => self.random.below(1 << 14),
                false => place,
            };
            put(&mut bytes, number as u16 | flag, &content.bytes);
            given.push(match numbered {
                true => entry(number, content.given),
                false => content.given,
            });
            shown.push(match flag {
                0 => content.shown,
                _ => entry(number, content.shown),
            });
        }
        Content {
            bytes,
            given: given.into(),
            shown: shown.into(),
        }
    }

    /// Attributes that are nests within nests, the types of which are values.
    pub(crate) fn type_values(
        &mut self,
        attr: &'f Attr,
        levels: &[&str],
        element: &'f AttrKind,
        depth: usize,
        run: &mut Run,
    ) {
        let (mut given, mut shown) = (Vec::new(), Vec::new());
        let attributes = self.one_or_many();
        for _ in 0..attributes {
            let mut members = Vec::new();
            for _ in 0..self.one_or_many() {
                let member = self.type_value(attr, levels, element, depth);
                members.extend(member.bytes);
                given.push(member.given);
                shown.push(member.shown);
            }
            put(&mut run.bytes, kind(attr), &members);
        }
        // A nest stands there once in each message, so it is no list where it does.
        let alone = nested_flag(element) != 0 && !attr.multi && shown.len() == 1;
        let shown = if alone { shown.remove(0) } else { shown.into() };
        run.given.insert(attr.name.as_str().into(), given.into());
        run.shown.insert(attr.name.as_str().into(), shown);
    }

    fn one_or_many(&mut self) -> usize {
        match self.sometimes(Quirk::TypeValueMany) {
            true => 2,
            false => 1,
        }
    }

    /// A value, in a nest for each of the levels but the outermost.
    fn type_value(
        &mut self,
        attr: &'f Attr,
        levels: &[&str],
        element: &'f AttrKind,
        depth: usize,
    ) -> Content {
        let content = self.content(attr, element, depth + levels.len());
        let mut flag = nested_flag(element);
        let (mut bytes, mut given, mut shown) = match flag {
            0 => (
                content.bytes,
                Map::from_iter([("value".to_owned(), content.given)]),
                Map::from_iter([("value".to_owned(), content.shown)]),
            ),
            _ => (content.bytes, object(content.given), object(content.shown)),
        };
        for level in levels.iter().rev() {
            let number = self.random.below(1 << 14) as u16;
            let mut member = Vec::new();
            put(&mut member, number | flag, &bytes);
            given.insert((*level).to_owned(), json!(number));
            shown.insert((*level).to_owned(), json!(number));
            (bytes, flag) = (member, NLA_F_NESTED);
        }
        Content {
            bytes,
            given: given.into(),
            shown: shown.into(),
        }
    }
}

/// What the type of an attribute has beside its number.
fn nested_flag(kind: &AttrKind) -> u16 {
    match kind {
        AttrKind::Nest(_) => NLA_F_NESTED,
        _ => 0,
    }
}

/// A member of an array with its number.
fn entry(number: usize, value: Value) -> Value {
    json!({number.to_string(): value})
}
