//! Requests that a spec allows, with random values.

use genl_user::dynamic::genl_schema::model::{
    AttrKind, Binary, ByteOrder, Family, Field, Holds, Int, Len, Member, MemberKind, Message,
    SetId, Struct, Text,
};

use super::message::{Body, Node};
use crate::hostile::random::Random;

/// How deep nests are filled. The kernel takes ten levels of policies, and a nest-type-value has
/// two of its own.
const DEPTH: usize = 4;

/// Longest text or bytes, of those that may be longer.
const LONG: usize = 40;

/// A length beyond which an attribute is rare.
const HUGE: u16 = 4_000;

/// Makes values that the spec allows.
pub(super) struct Valid<'f> {
    pub(super) family: &'f Family,
    pub(super) random: Random,
}

impl Valid<'_> {
    /// The attributes of a request: those that are required, and about half of the others.
    pub(super) fn attrs(&mut self, message: &Message) -> Vec<Node> {
        let mut nodes = Vec::new();
        for field in &message.fields {
            // What is huge would take most of the time.
            let often = match self.family.attr(message, field).kind {
                AttrKind::Binary(Binary { len, .. }) if len.min > HUGE => 50,
                _ => 2,
            };
            if field.required || self.random.once_in(often) {
                self.field(message, field, &mut nodes);
            }
        }
        nodes
    }

    /// The attributes that are required.
    pub(super) fn required(&mut self, message: &Message) -> Vec<Node> {
        let mut nodes = Vec::new();
        for field in message.fields.iter().filter(|field| field.required) {
            self.field(message, field, &mut nodes);
        }
        nodes
    }

    /// The fixed header, where the message has one.
    pub(super) fn header(&mut self, message: &Message) -> Vec<u8> {
        match message.header {
            Some(id) => self.structure(&self.family[id]),
            None => Vec::new(),
        }
    }

    fn field(&mut self, message: &Message, field: &Field, nodes: &mut Vec<Node>) {
        let attr = &self.family[message.set].attrs[field.attr];
        self.add(attr.id, attr.multi, &attr.kind, DEPTH, nodes);
        // Of a list one is enough, and none too few if it is required.
        if field.required
            && nodes
                .last()
                .is_none_or(|node| node.kind & 0x3fff != attr.id)
        {
            nodes.push(Node::new(attr.id, self.body(&attr.kind, DEPTH)));
        }
    }

    /// Adds an attribute, as often as it may be there.
    fn add(&mut self, id: u16, multi: bool, kind: &AttrKind, depth: usize, nodes: &mut Vec<Node>) {
        let times = if multi { self.random.below(4) } else { 1 };
        for _ in 0..times {
            nodes.push(Node::new(id, self.body(kind, depth)));
        }
    }

    /// What stands in an attribute of that kind.
    pub(super) fn body(&mut self, kind: &AttrKind, depth: usize) -> Body {
        Body::Bytes(match kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => Vec::new(),
            AttrKind::Int(int) => self.int(int),
            AttrKind::String(text) => self.text(*text),
            AttrKind::Binary(binary) => self.binary(binary),
            AttrKind::Bitfield32(bits) => {
                let selector = self.random.next() as u32 & bits.mask.unwrap_or(u32::MAX);
                let value = self.random.next() as u32 & selector;
                [value.to_ne_bytes(), selector.to_ne_bytes()].concat()
            }
            AttrKind::Nest(set) => return Body::Nest(self.nest(*set, depth)),
            AttrKind::IndexedArray(element) => {
                let elements = 0..self.random.below(4) as u16;
                let elements = elements.map(|at| Node::new(at, self.body(element, depth - 1)));
                return Body::Nest(elements.collect());
            }
            AttrKind::TypeValue(levels, inside) => {
                return self.keyed(levels.len(), inside, depth);
            }
        })
    }

    fn nest(&mut self, set: SetId, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for attr in &self.family[set].attrs {
            let holds_value = !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused);
            let fits = depth > 1 || attr.kind.inside().is_none();
            if holds_value && fits && self.random.once_in(2) {
                self.add(attr.id, attr.multi, &attr.kind, depth - 1, &mut nodes);
            }
        }
        nodes
    }

    /// Nests whose types are values, so many levels of them.
    fn keyed(&mut self, levels: usize, inside: &AttrKind, depth: usize) -> Body {
        let members = 1 + self.random.below(2) as u16;
        let first = 1 + self.random.below(16_000) as u16;
        let members = (first..first + members).map(|key| {
            let body = match levels {
                1 => self.body(inside, depth - 1),
                _ => self.keyed(levels - 1, inside, depth),
            };
            Node::new(key, body)
        });
        Body::Nest(members.collect())
    }

    fn int(&mut self, int: &Int) -> Vec<u8> {
        let (least, most) = int.range.unwrap_or(int.kind.limits());
        let value = match listed(self.family, int) {
            Some(values) => *self.random.pick(&values),
            None => match int.mask {
                Some(mask) => i128::from(self.random.next() & mask),
                None => match self.random.below(4) {
                    0 => least,
                    1 => most,
                    _ => self.random.between(least, most),
                },
            },
        };
        int_bytes(int, value)
    }

    fn text(&mut self, text: Text) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.length(text.len) {
            bytes.push(self.random.between(0x20, 0x7e) as u8);
        }
        // The kernel takes no text without a byte.
        if !text.unterminated_ok || bytes.is_empty() || self.random.once_in(2) {
            bytes.push(0);
        }
        bytes
    }

    fn binary(&mut self, binary: &Binary) -> Vec<u8> {
        match &binary.holds {
            Holds::Bytes => {
                let len = self.length(binary.len);
                self.random.bytes(len)
            }
            Holds::Struct(id) => self.structure(&self.family[*id]),
            Holds::Array(int) => {
                let size = int_bytes(int, 0).len();
                let count = self.length(binary.len) / size;
                (0..count).flat_map(|_| self.int(int)).collect()
            }
        }
    }

    fn length(&mut self, len: Len) -> usize {
        let least = usize::from(len.min);
        let most = len.max.map_or(least + LONG, usize::from);
        match self.random.below(4) {
            0 => least,
            1 => most,
            _ => least + self.random.below(most - least + 1),
        }
    }

    /// A struct whose padding is zero, and whose texts end where they should.
    fn structure(&mut self, layout: &Struct) -> Vec<u8> {
        let mut out = vec![0; layout.size];
        for member in &layout.members {
            let bytes = self.member(member);
            out[member.offset..member.offset + bytes.len()].copy_from_slice(&bytes);
        }
        out
    }

    fn member(&mut self, member: &Member) -> Vec<u8> {
        match member.kind {
            MemberKind::Struct(id) => self.structure(&self.family[id]),
            MemberKind::String => {
                let len = self.random.below(member.size + 1);
                (0..len)
                    .map(|_| b'a' + self.random.below(26) as u8)
                    .collect()
            }
            MemberKind::Int { .. } | MemberKind::Bytes => self.random.bytes(member.size),
        }
    }
}

/// The values that an integer may have, where no range says it.
pub(super) fn listed(family: &Family, int: &Int) -> Option<Vec<i128>> {
    let names = int.names.filter(|names| !names.as_flags)?;
    let (least, most) = int.range?;
    let definition = &family[names.id];
    let values = definition.entries.iter().map(|entry| entry.value);
    definition.is_sparse().then(|| {
        values
            .filter(|value| (least..=most).contains(value))
            .collect()
    })
}

/// An integer on the wire: of a uint or sint the shorter form.
pub(super) fn int_bytes(int: &Int, value: i128) -> Vec<u8> {
    let size = int.kind.fixed_size().unwrap_or_else(|| {
        let short = match int.kind.signed() {
            true => i32::try_from(value).is_ok(),
            false => u32::try_from(value).is_ok(),
        };
        if short { 4 } else { 8 }
    });
    in_order(int.order, &value.to_le_bytes()[..size])
}

/// Bytes that stand least first, as they stand in that order.
pub(super) fn in_order(order: ByteOrder, little: &[u8]) -> Vec<u8> {
    let mut bytes = little.to_vec();
    let big = match order {
        ByteOrder::Host => cfg!(target_endian = "big"),
        ByteOrder::Big => true,
        ByteOrder::Little => false,
    };
    if big {
        bytes.reverse();
    }
    bytes
}
