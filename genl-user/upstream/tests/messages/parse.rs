//! What the bytes of a message say, and whether the kernel would let them pass.
//!
//! The rules are those of the kernel's strict validation (`__nla_validate_parse` and `validate_nla`
//! in lib/nlattr.c), and of the policies that the kernel's generator makes from a spec.

use genl_schema::model::{
    Attr, AttrKind, ByteOrder, Family, Holds, Int, Len, Message, SetId, StructId, Text,
};

/// What stands in one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Flag,
    Int(i128),
    Text(String),
    Bytes(Vec<u8>),
    Struct(StructId, Vec<u8>),
    Array(Vec<i128>),
    Bitfield {
        value: u32,
        selector: u32,
    },
    Nest(SetId, Attrs),
    /// Of an indexed array.
    Items(Vec<Node>),
    /// Of a nest-type-value: of each member its type, and what stands in it.
    Numbered(Vec<(u16, Node)>),
}

/// Attributes by their places in their set, each with all that stand there.
pub(crate) type Attrs = Vec<(usize, Vec<Node>)>;

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parsed {
    /// The bytes of the family's own header.
    pub(crate) header: Option<(StructId, Vec<u8>)>,
    pub(crate) attrs: Attrs,
}

/// Who looks at a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The kernel, which refuses what it does not know.
    Kernel,
    /// A client, which skips that.
    Client,
}

/// Reads what stands behind the generic netlink header.
pub(crate) fn message(
    family: &Family,
    message: &Message,
    bytes: &[u8],
    reader: Reader,
) -> Result<Parsed, String> {
    let size = message.header.map_or(0, |id| family[id].size);
    let (header, attrs) = bytes
        .split_at_checked(size.next_multiple_of(4))
        .ok_or("the header is cut short")?;
    Ok(Parsed {
        header: message.header.map(|id| (id, header[..size].to_vec())),
        attrs: Parser { family, reader }.attrs(message.set, attrs)?,
    })
}

const NLA_F_NESTED: u16 = 0x8000;

#[derive(Clone, Copy)]
struct Parser<'f> {
    family: &'f Family,
    reader: Reader,
}

impl Parser<'_> {
    fn attrs(self, set: SetId, bytes: &[u8]) -> Result<Attrs, String> {
        let known = &self.family[set].attrs;
        let mut attrs = Attrs::new();
        for (kind, payload) in split(bytes)? {
            let Some(at) = known
                .iter()
                .position(|attr| attr.id == kind & !NLA_F_NESTED)
            else {
                self.unless_client(format!("{kind:#x} is no attribute"))?;
                continue;
            };
            let attr = &known[at];
            if matches!(attr.kind, AttrKind::Pad | AttrKind::Unused) {
                self.unless_client(format!("{} has no value", attr.name))?;
                continue;
            }
            let node = self
                .attr(attr, kind & NLA_F_NESTED != 0, payload)
                .map_err(|fault| format!("{}: {fault}", attr.name))?;
            match attrs.iter_mut().find(|(other, _)| *other == at) {
                None => attrs.push((at, vec![node])),
                Some((_, nodes)) if attr.multi => nodes.push(node),
                Some((_, nodes)) if matches!(node, Node::Numbered(_)) => nodes.push(node),
                Some((_, nodes)) => {
                    self.unless_client(format!("{} is there twice", attr.name))?;
                    *nodes = vec![node];
                }
            }
        }
        Ok(attrs)
    }

    fn unless_client(self, fault: String) -> Result<(), String> {
        match self.reader {
            Reader::Kernel => Err(fault),
            Reader::Client => Ok(()),
        }
    }

    fn attr(self, attr: &Attr, nested: bool, payload: &[u8]) -> Result<Node, String> {
        let holds_attrs = matches!(
            attr.kind,
            AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..)
        );
        check(nested == holds_attrs, "NLA_F_NESTED is wrong")?;
        self.node(&attr.kind, payload)
    }

    fn node(self, kind: &AttrKind, payload: &[u8]) -> Result<Node, String> {
        Ok(match kind {
            AttrKind::Pad | AttrKind::Unused => Err("it has no value")?,
            AttrKind::Flag => {
                check(payload.is_empty(), "a flag has no content")?;
                Node::Flag
            }
            AttrKind::Int(int) => Node::Int(self.int(int, payload)?),
            AttrKind::String(text) => Node::Text(self.text(*text, payload)?),
            AttrKind::Binary(binary) => match &binary.holds {
                Holds::Bytes => {
                    self.len(binary.len, payload.len())?;
                    Node::Bytes(payload.to_vec())
                }
                Holds::Struct(id) => {
                    let same = payload.len() == self.family[*id].size;
                    check(same || self.reader == Reader::Client, "it has another size")?;
                    Node::Struct(*id, payload.to_vec())
                }
                Holds::Array(int) => {
                    self.len(binary.len, payload.len())?;
                    let chunks = payload.chunks(int.kind.fixed_size().unwrap_or(8));
                    let items = chunks.map(|item| self.int(int, item));
                    Node::Array(items.collect::<Result<_, _>>()?)
                }
            },
            AttrKind::Bitfield32(_) => {
                check(payload.len() == 8, "a bitfield has 8 bytes")?;
                let half =
                    |at: usize| u32::from_ne_bytes([0, 1, 2, 3].map(|byte| payload[at + byte]));
                let (value, selector) = (half(0), half(4));
                Node::Bitfield { value, selector }
            }
            AttrKind::Nest(set) => Node::Nest(*set, self.attrs(*set, payload)?),
            AttrKind::IndexedArray(element) => {
                let nested = matches!(**element, AttrKind::Nest(_));
                let members = split(payload)?.into_iter();
                let items = members.map(|(kind, payload)| {
                    check(
                        nested == (kind & NLA_F_NESTED != 0),
                        "NLA_F_NESTED is wrong inside",
                    )?;
                    self.node(element, payload)
                });
                Node::Items(items.collect::<Result<_, _>>()?)
            }
            AttrKind::TypeValue(levels, element) => self.levels(levels.len(), element, payload)?,
        })
    }

    fn levels(self, levels: usize, element: &AttrKind, payload: &[u8]) -> Result<Node, String> {
        if levels == 0 {
            return self.node(element, payload);
        }
        let nested = levels > 1 || matches!(element, AttrKind::Nest(_));
        let members = split(payload)?.into_iter();
        let numbered = members.map(|(kind, payload)| {
            check(
                nested == (kind & NLA_F_NESTED != 0),
                "NLA_F_NESTED is wrong inside",
            )?;
            let node = self.levels(levels - 1, element, payload)?;
            Ok::<_, String>((kind & !NLA_F_NESTED, node))
        });
        numbered.collect::<Result<_, _>>().map(Node::Numbered)
    }

    fn int(self, int: &Int, payload: &[u8]) -> Result<i128, String> {
        let fits = match int.kind.fixed_size() {
            Some(size) => payload.len() == size,
            None => matches!(payload.len(), 4 | 8),
        };
        check(fits, "an integer of another size")?;
        let big_endian = match int.order {
            ByteOrder::Host => cfg!(target_endian = "big"),
            ByteOrder::Big => true,
            ByteOrder::Little => false,
        };
        let mut bytes = payload.to_vec();
        if !big_endian {
            bytes.reverse();
        }
        let unsigned = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | i128::from(*byte));
        let span = 1i128 << (8 * bytes.len());
        let number = match int.kind.signed() && unsigned >= span / 2 {
            true => unsigned - span,
            false => unsigned,
        };
        if self.reader == Reader::Kernel {
            let (least, most) = int.range.unwrap_or(int.kind.limits());
            check(
                (least..=most).contains(&number),
                "a number that is out of range",
            )?;
            let mask = int.mask.map_or(-1, i128::from);
            check(number & !mask == 0, "bits that are not allowed")?;
        }
        Ok(number)
    }

    fn text(self, text: Text, payload: &[u8]) -> Result<String, String> {
        let end = payload.iter().position(|byte| *byte == 0);
        if self.reader == Reader::Kernel {
            check(
                end == payload.len().checked_sub(1),
                "a text has its NUL at the end",
            )?;
        }
        let content = &payload[..end.unwrap_or(payload.len())];
        self.len(text.len, content.len())?;
        String::from_utf8(content.to_vec()).map_err(|error| error.to_string())
    }

    fn len(self, allowed: Len, len: usize) -> Result<(), String> {
        let most = allowed.max.map_or(usize::MAX, usize::from);
        let fits = (usize::from(allowed.min)..=most).contains(&len);
        check(
            fits || self.reader == Reader::Client,
            "a length that is not allowed",
        )
    }
}

/// Attributes' types and contents.
fn split(mut bytes: &[u8]) -> Result<Vec<(u16, &[u8])>, String> {
    let mut attrs = Vec::new();
    while let Some((&[l0, l1, k0, k1], _)) = bytes.split_first_chunk() {
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let padded = len.next_multiple_of(4);
        check(
            len >= 4 && padded <= bytes.len(),
            "the length is impossible",
        )?;
        check(
            bytes[len..padded].iter().all(|byte| *byte == 0),
            "the padding is not zero",
        )?;
        attrs.push((u16::from_ne_bytes([k0, k1]), &bytes[4..len]));
        bytes = &bytes[padded..];
    }
    check(bytes.is_empty(), "there are bytes left")?;
    Ok(attrs)
}

fn check(fine: bool, fault: &str) -> Result<(), String> {
    if fine { Ok(()) } else { Err(fault.to_owned()) }
}
