//! Random texts, bytes, and what specs make of bytes.

use genl_schema::model::{
    Binary, Bitfield32, ByteOrder, DisplayHint, EnumUse, Holds, Int, IntKind, Len, Member,
    MemberKind, StructId, Text,
};
use serde_json::{Map, Value, json};

use super::looks;
use super::quirk::Quirk;
use super::sample::{Content, Generator, Way};
use super::scalar::Place;

impl Generator<'_> {
    /// A text, with its NUL.
    pub(crate) fn text(&mut self, text: Text) -> Content {
        let len = self.len(text.len, 24);
        let mut content = self.letters(len);
        if len >= 2 && self.sometimes(Quirk::NotAscii) {
            content.truncate(len - 2);
            content.push('ä');
        }
        let mut bytes = content.clone().into_bytes();
        let may_lack = self.way == Way::Answer && !content.is_empty();
        if !(may_lack && self.sometimes(Quirk::NoNul)) {
            bytes.push(0);
            if self.way == Way::Answer && self.sometimes(Quirk::MoreNuls) {
                bytes.extend([0; 3]);
            }
        }
        Content {
            bytes,
            given: content.clone().into(),
            shown: content.into(),
        }
    }

    /// Bytes, or what the spec makes of them.
    pub(crate) fn binary(&mut self, binary: &Binary, hint: Option<DisplayHint>) -> Content {
        let mut content = match &binary.holds {
            Holds::Bytes => return self.plain_bytes(binary.len, hint),
            Holds::Struct(id) => self.structure(*id),
            Holds::Array(int) => self.c_array(int, binary.len, hint),
        };
        // Whatever the bytes are, they can be given as such.
        if hint.is_none() && self.random.percent(10) {
            content.given = looks::hex(&content.bytes, "").into();
        }
        content
    }

    /// A value, and which of its bits are meant.
    pub(crate) fn bitfield(&mut self, bits: Bitfield32) -> Content {
        let half = Int {
            kind: IntKind::U32,
            order: ByteOrder::Host,
            names: bits.names.map(|id| EnumUse { id, as_flags: true }),
            range: None,
            mask: bits.mask.map(u64::from),
        };
        let [value, selector] = [(); 2].map(|()| self.int(&half, None, Place::Attribute));
        Content {
            bytes: [value.bytes, selector.bytes].concat(),
            given: json!({"value": value.given, "selector": selector.given}),
            shown: json!({"value": value.shown, "selector": selector.shown}),
        }
    }

    /// A struct that is a fixed header.
    pub(crate) fn header(&mut self, id: StructId) -> Content {
        let members = self.family[id].members.len();
        self.members(id, members)
    }

    /// A struct in an attribute. The kernel may know a later version of it than the spec, which is
    /// longer, or an earlier one.
    fn structure(&mut self, id: StructId) -> Content {
        let layout = &self.family[id];
        let members = layout.members.len();
        if self.way == Way::Answer && members > 1 && self.sometimes(Quirk::StructCutShort) {
            let known = self.random.between(1, members - 1);
            let mut content = self.members(id, known);
            content.bytes.truncate(layout.members[known].offset);
            return content;
        }
        let mut content = self.members(id, members);
        if self.way == Way::Answer && self.random.percent(20) {
            content.bytes.extend(self.random.bytes(8));
        }
        content
    }

    /// A struct in which only the first so many members are not zero.
    fn members(&mut self, id: StructId, known: usize) -> Content {
        let family = self.family;
        let layout = &family[id];
        let mut bytes = vec![0; layout.size];
        let (mut given, mut shown) = (Map::new(), Map::new());
        for (at, member) in layout.members.iter().enumerate() {
            let left_out = at >= known || self.way == Way::Request && self.random.percent(20);
            let content = self.member(member, left_out);
            bytes[member.offset..member.offset + member.size].copy_from_slice(&content.bytes);
            shown.insert(member.name.as_str().into(), content.shown);
            if !left_out {
                given.insert(member.name.as_str().into(), content.given);
            }
        }
        Content {
            bytes,
            given: given.into(),
            shown: shown.into(),
        }
    }

    fn member(&mut self, member: &Member, zero: bool) -> Content {
        match member.kind {
            MemberKind::Int { kind, order, names } => {
                let int = Int {
                    kind,
                    order,
                    names,
                    range: None,
                    mask: None,
                };
                match zero {
                    true => self.zero(&int, member.hint),
                    false => self.int(&int, member.hint, Place::Within(Quirk::LooksInStruct)),
                }
            }
            MemberKind::Bytes => {
                let random = self.random.bytes(member.size);
                let bytes = if zero { vec![0; member.size] } else { random };
                let shown = looks::bytes(&bytes, member.hint);
                let as_shown = member.hint.is_some() && self.sometimes(Quirk::LooksInStruct);
                let given = if as_shown {
                    shown.clone()
                } else {
                    looks::hex(&bytes, "")
                };
                Content {
                    bytes,
                    given: given.into(),
                    shown: shown.into(),
                }
            }
            MemberKind::String => {
                let len = self.random.below(member.size + 1);
                let text = self.letters(if zero { 0 } else { len });
                let mut bytes = text.clone().into_bytes();
                bytes.resize(member.size, 0);
                Content {
                    bytes,
                    given: text.clone().into(),
                    shown: text.into(),
                }
            }
            MemberKind::Struct(id) => {
                let members = self.family[id].members.len();
                self.members(id, if zero { 0 } else { members })
            }
        }
    }

    fn c_array(&mut self, int: &Int, len: Len, hint: Option<DisplayHint>) -> Content {
        let size = int
            .kind
            .fixed_size()
            .expect("elements of an array have one size");
        let bytes = self.len(len, 6 * size);
        let (mut given, mut shown, mut wire) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..bytes / size {
            let content = self.int(int, hint, Place::Within(Quirk::LooksInArray));
            wire.extend(content.bytes);
            given.push(content.given);
            shown.push(content.shown);
        }
        Content {
            bytes: wire,
            given: given.into(),
            shown: shown.into(),
        }
    }

    fn plain_bytes(&mut self, len: Len, hint: Option<DisplayHint>) -> Content {
        let len = match hint {
            Some(DisplayHint::Ipv4) => 4,
            Some(DisplayHint::Ipv6 | DisplayHint::Uuid) => 16,
            Some(DisplayHint::Ipv4OrV6) => *self.random.pick(&[4, 16]).unwrap_or(&4),
            Some(DisplayHint::Mac | DisplayHint::Fddi) => self.len(len, 6),
            Some(DisplayHint::Hex) | None => self.len(len, 24),
        };
        let mut bytes = self.random.bytes(len);
        if len == 16 && self.random.percent(50) {
            // Addresses with rows of zeros, which have looks of their own.
            let zeros = self.random.below(15);
            bytes[..zeros].fill(0);
        }
        let shown = looks::bytes(&bytes, hint);
        let bare =
            matches!(hint, Some(DisplayHint::Hex | DisplayHint::Mac)) && self.random.percent(30);
        let given = if bare {
            looks::hex(&bytes, "")
        } else {
            shown.clone()
        };
        Content {
            bytes,
            given: given.into(),
            shown: Value::from(shown),
        }
    }

    /// A length that is allowed; up to `usual` where nothing says more.
    fn len(&mut self, len: Len, usual: usize) -> usize {
        let least = usize::from(len.min);
        let most = len
            .max
            .map_or(usual, usize::from)
            .clamp(least, least.max(2000));
        let between = self.random.between(least, most.min(least + usual));
        match self.random.below(4) {
            0 => least,
            1 => most,
            _ => between,
        }
    }

    /// A text of so many ASCII characters.
    fn letters(&mut self, len: usize) -> String {
        (0..len)
            .map(|_| char::from(b' ' + self.random.below(95) as u8))
            .collect()
    }
}
