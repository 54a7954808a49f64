//! Random messages: their bytes by the kernel's rules, and the values that they stand for.
//!
//! It shares no code with the codecs under test, and little thought: each kind of attribute is
//! made together with its bytes, from left to right.

use std::collections::HashSet;

use genl_schema::model::{Attr, AttrKind, DisplayHint, Family, Holds, Message, SetId, StructId};
use serde_json::{Map, Value, json};

use super::looks;
use super::quirk::Quirk;
use super::random::Random;
use super::scalar::Place;

pub(crate) const NLA_F_NESTED: u16 = 0x8000;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// What stands behind the generic netlink header.
    pub(crate) bytes: Vec<u8>,
    /// The values as a user may give them.
    pub(crate) given: Map<String, Value>,
    /// The values as a tool shows them.
    pub(crate) shown: Map<String, Value>,
    /// Where pyynl is known to go wrong.
    pub(crate) quirk: Option<Quirk>,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the kernel.
    Request,
    /// From the kernel, which may send what a later version of the spec knows, and so on.
    Answer,
}

/// What stands in one attribute, or in a part of one.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) given: Value,
    pub(crate) shown: Value,
}

/// Attributes, one behind the other.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) bytes: Vec<u8>,
    pub(crate) given: Map<String, Value>,
    pub(crate) shown: Map<String, Value>,
}

/// Makes messages of a family.
pub(crate) struct Generator<'f> {
    pub(crate) family: &'f Family,
    pub(crate) way: Way,
    pub(crate) random: Random,
    /// The attributes that were in some message.
    pub(crate) seen: HashSet<(SetId, u16)>,
    /// In how many of a hundred cases an attribute is put into this message; one that was never
    /// in any is always.
    density: usize,
    /// Messages are such as the typed clients write them: with the attributes in the order of the
    /// spec, and without arrays that have no elements, or that are numbered otherwise than from 0.
    pub(crate) typed: bool,
    /// What pyynl gets wrong, and this message may have.
    allowed: Option<Quirk>,
    /// It has it.
    quirky: bool,
}

impl<'f> Generator<'f> {
    /// Has made none so far.
    pub(crate) fn new(family: &'f Family, way: Way) -> Self {
        Self {
            family,
            way,
            random: Random::new(""),
            seen: HashSet::new(),
            density: 0,
            typed: false,
            allowed: None,
            quirky: false,
        }
    }

    /// A message; the same one in each run, for a `seed` after the same messages.
    ///
    /// One with a `quirk` may have what pyynl gets wrong; one that is `free` attributes that are in
    /// the message's set only.
    pub(crate) fn message(
        &mut self,
        message: &Message,
        seed: &str,
        free: bool,
        quirk: Option<Quirk>,
    ) -> Sample {
        self.random = Random::new(seed);
        self.allowed = quirk;
        self.quirky = false;
        self.density = *self.random.pick(&[0, 10, 30, 90]).unwrap_or(&0);

        let mut whole = Run::default();
        if let Some(header) = message.header {
            let header = self.header(header);
            whole.bytes = header.bytes;
            whole.bytes.resize(whole.bytes.len().next_multiple_of(4), 0);
            whole.given = object(header.given);
            whole.shown = object(header.shown);
        }
        let attrs = &self.family[message.set].attrs;
        let members: Vec<&Attr> = match free {
            true => attrs.iter().collect(),
            false => message
                .fields
                .iter()
                .map(|field| &attrs[field.attr])
                .collect(),
        };
        self.fill(message.set, members, 0, &mut whole);
        Sample {
            bytes: whole.bytes,
            given: whole.given,
            shown: whole.shown,
            quirk: quirk.filter(|_| self.quirky),
        }
    }

    /// Whether a quirk may be used here; notes that it is.
    pub(crate) fn may(&mut self, quirk: Quirk) -> bool {
        let may = self.allowed == Some(quirk);
        self.quirky |= may;
        may
    }

    /// As [`Self::may`], but not always.
    pub(crate) fn sometimes(&mut self, quirk: Quirk) -> bool {
        self.allowed == Some(quirk) && self.random.percent(50) && self.may(quirk)
    }

    /// Puts random attributes of a set into `run`.
    pub(crate) fn fill(
        &mut self,
        set: SetId,
        mut members: Vec<&'f Attr>,
        depth: usize,
        run: &mut Run,
    ) {
        // Deeper down there are fewer, so that what nests itself comes to an end.
        let chance = self.density >> depth;
        members.retain(|attr| match (&attr.kind, self.quirk_of(attr)) {
            (AttrKind::Pad | AttrKind::Unused, _) => false,
            (_, Some(quirk)) => self.may(quirk),
            (_, None) => !self.seen.contains(&(set, attr.id)) || self.random.percent(chance),
        });
        if !self.typed {
            self.random.shuffle(&mut members);
        }
        for attr in members {
            // Noted before it is made: it may hold others of its kind.
            let is_new = self.seen.insert((set, attr.id));
            let before = run.bytes.len();
            self.attr(set, attr, depth, run);
            if is_new && run.bytes.len() == before {
                self.seen.remove(&(set, attr.id));
            }
        }
        if self.way == Way::Answer && self.random.percent(10) {
            self.unknown(set, run);
        }
    }

    /// What pyynl always gets wrong of an attribute.
    fn quirk_of(&self, attr: &Attr) -> Option<Quirk> {
        let is_nest = |kind: &AttrKind| matches!(kind, AttrKind::Nest(_));
        match (&attr.kind, self.way) {
            (AttrKind::IndexedArray(element), Way::Request) if !is_nest(element) => {
                Some(Quirk::ArrayOfScalars)
            }
            (AttrKind::TypeValue(..), Way::Request) => Some(Quirk::TypeValueSent),
            (AttrKind::TypeValue(_, element), Way::Answer) if !is_nest(element) => {
                Some(Quirk::TypeValueOfScalar)
            }
            (AttrKind::Binary(binary), Way::Request) => match binary.holds {
                Holds::Bytes if attr.hint == Some(DisplayHint::Uuid) => Some(Quirk::UuidSent),
                Holds::Struct(id) if self.has_padding(id) => Some(Quirk::StructPadding),
                _ => None,
            },
            _ => None,
        }
    }

    fn has_padding(&self, id: StructId) -> bool {
        let layout = &self.family[id];
        let last = layout.members.last();
        layout.size > last.map_or(0, |last| last.offset + last.size)
    }

    fn attr(&mut self, set: SetId, attr: &'f Attr, depth: usize, run: &mut Run) {
        let name = attr.name.as_str();
        match &attr.kind {
            AttrKind::Flag => {
                let there = self.way == Way::Answer || self.random.percent(80);
                run.given.insert(name.into(), there.into());
                if there {
                    put(&mut run.bytes, attr.id, &[]);
                    run.shown.insert(name.into(), true.into());
                }
                return;
            }
            AttrKind::TypeValue(levels, element) => {
                let levels: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
                return self.type_values(attr, &levels, element, depth, run);
            }
            _ => {}
        }
        if self.way == Way::Answer {
            self.pad(set, run);
            // An attribute that may stand there once only, and is sent twice: the last one counts.
            if !attr.multi && self.random.percent(3) {
                let earlier = self.content(attr, &attr.kind, depth);
                put(&mut run.bytes, kind(attr), &earlier.bytes);
            }
        }
        if !attr.multi {
            let content = self.content(attr, &attr.kind, depth);
            put(&mut run.bytes, kind(attr), &content.bytes);
            run.given.insert(name.into(), content.given);
            run.shown.insert(name.into(), content.shown);
            return;
        }
        let (mut given, mut shown) = (Vec::new(), Vec::new());
        for _ in 0..self.random.below(4) {
            let mut content = self.content(attr, &attr.kind, depth);
            if content.given.is_array() && !self.may(Quirk::ListsOfFlags) {
                content.given = plain(&content.bytes);
            }
            put(&mut run.bytes, kind(attr), &content.bytes);
            given.push(content.given);
            shown.push(content.shown);
        }
        if !shown.is_empty() {
            run.shown.insert(name.into(), shown.into());
        }
        let single = given.len() == 1 && !given[0].is_array() && self.random.percent(30);
        let given = if single {
            given.remove(0)
        } else {
            given.into()
        };
        run.given.insert(name.into(), given);
    }

    /// What stands in one attribute, or in one element of an array.
    pub(crate) fn content(&mut self, attr: &'f Attr, kind: &'f AttrKind, depth: usize) -> Content {
        match kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag | AttrKind::TypeValue(..) => {
                unreachable!("{} is none of those that have a content", attr.name)
            }
            AttrKind::Int(int) => self.int(int, attr.hint, Place::Attribute),
            AttrKind::String(text) => self.text(*text),
            AttrKind::Binary(binary) => self.binary(binary, attr.hint),
            AttrKind::Bitfield32(bits) => self.bitfield(*bits),
            AttrKind::Nest(set) => self.nest(*set, depth + 1),
            AttrKind::IndexedArray(element) => self.array(attr, element, depth + 1),
        }
    }

    /// Padding, such as the kernel puts before integers of 64 bits.
    fn pad(&mut self, set: SetId, run: &mut Run) {
        let family = self.family;
        match family[set].pad() {
            Some(pad) if self.random.percent(10) => put(&mut run.bytes, pad.id, &[]),
            _ => {}
        }
    }

    /// An attribute of a later version of the spec, be it a nest or not.
    fn unknown(&mut self, set: SetId, run: &mut Run) {
        let number = self.family[set].max_id() + 1 + self.random.below(100) as u16;
        let len = self.random.below(6);
        let inside = self.random.bytes(len);
        let digits = looks::hex(&inside, "");
        let (kind, content, shown) = match self.random.percent(50) {
            true => (number, inside, json!(digits)),
            false => {
                let mut nest = Vec::new();
                put(&mut nest, 7, &inside);
                let shown = json!({"UnknownAttr(7)": digits});
                (number | NLA_F_NESTED, nest, shown)
            }
        };
        put(&mut run.bytes, kind, &content);
        run.shown.insert(format!("UnknownAttr({number})"), shown);
    }
}

/// The `nla_type` of an attribute.
pub(crate) fn kind(attr: &Attr) -> u16 {
    match attr.kind {
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => {
            attr.id | NLA_F_NESTED
        }
        _ => attr.id,
    }
}

/// Writes an attribute and its padding.
pub(crate) fn put(bytes: &mut Vec<u8>, kind: u16, content: &[u8]) {
    let len = u16::try_from(4 + content.len()).expect("random attributes are short");
    bytes.extend(len.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

/// The number that the bytes of an integer are.
fn plain(bytes: &[u8]) -> Value {
    match bytes.len() {
        4 => u32::from_ne_bytes(bytes.try_into().expect("4 bytes")).into(),
        len => {
            unreachable!("attributes that stand there several times have no flags of {len} bytes")
        }
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(values) => values,
        other => unreachable!("{other} is no object"),
    }
}
