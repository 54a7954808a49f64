//! From a message's bytes to a value tree.

use genl_schema::model::{
    Attr, AttrKind, AttrSet, Binary, Bitfield32, Family, Holds, Message, SetId,
};
use genl_schema::name::Name;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::scalar::Scalar;
use super::{TYPE_VALUE, hint, structs};
use crate::path::unknown_name;
use crate::wire::{self, Attrs, Defect, align};

/// What becomes of attributes that the spec does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unknown {
    /// They are kept: `"UnknownAttr(7)": "00ff"`, or an object of such where the sender calls the
    /// attribute a nest.
    #[default]
    Keep,
    /// They are left out.
    Skip,
}

/// Reads what stands behind the generic netlink header: the fixed header, where the message has
/// one, and the attributes.
///
/// Enum values that the spec has no name for are numbers, bits without a name too. Of an attribute
/// that stands there twice, and may not, the last one counts, as in the kernel.
///
/// # Errors
///
/// Bytes that are no attributes, or whose length is not what their type has; at which attribute.
pub fn decode(
    family: &Family,
    message: &Message,
    bytes: &[u8],
    unknown: Unknown,
) -> Result<Map<String, Value>, Fault> {
    let header = message.header.map(|id| &family[id]);
    let header_len = header.map_or(0, |header| align(header.size));
    let Some(attrs) = bytes.get(header_len..) else {
        return Err(Fault::new(Defect::Leftover(bytes.len() as u32)));
    };
    let decoder = Decoder { family, unknown };
    let mut values = decoder.set(message.set, all(Attrs::new(attrs, header_len))?)?;
    if let Some(header) = header {
        values.extend(structs::decode(family, header, bytes)?);
    }
    Ok(values)
}

#[derive(Clone, Copy)]
struct Decoder<'f> {
    family: &'f Family,
    unknown: Unknown,
}

impl Decoder<'_> {
    fn set(self, set: SetId, attrs: Vec<wire::Attr<'_>>) -> Result<Map<String, Value>, Fault> {
        let set = &self.family[set];
        let mut values = Map::new();
        for raw in attrs {
            match find(set, raw.kind()) {
                Some(attr) if attr.kind == AttrKind::Pad => {}
                Some(attr) if attr.kind == AttrKind::Unused => {
                    self.keep_unknown(&mut values, attr.name.as_str(), raw);
                }
                Some(attr) => self
                    .add(&mut values, attr, raw)
                    .map_err(|fault| fault.within(attr.name.as_str()))?,
                None => {
                    self.keep_unknown(&mut values, &unknown_name(raw.kind()), raw);
                }
            }
        }
        Ok(values)
    }

    fn add(
        self,
        values: &mut Map<String, Value>,
        attr: &Attr,
        raw: wire::Attr<'_>,
    ) -> Result<(), Fault> {
        let name = attr.name.as_str();
        if let AttrKind::TypeValue(levels, element) = &attr.kind {
            let mut entries = Vec::new();
            self.type_values(attr, levels, element, raw, &Map::new(), &mut entries)?;
            // A scalar stands there many times by its nature, a nest once in each message.
            let always_list = attr.multi || !matches!(**element, AttrKind::Nest(_));
            for entry in entries {
                match always_list {
                    true => push(values, name, entry),
                    false => push_or_set(values, name, entry),
                }
            }
            return Ok(());
        }
        let value = self.value(attr, &attr.kind, raw)?;
        match attr.multi {
            true => push(values, name, value),
            false => {
                values.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn value(self, attr: &Attr, kind: &AttrKind, raw: wire::Attr<'_>) -> Result<Value, Fault> {
        let payload = raw.payload();
        match kind {
            AttrKind::Pad | AttrKind::Unused => Ok(Value::Null),
            AttrKind::Flag => Ok(true.into()),
            AttrKind::Int(int) => Scalar::of(int, attr.hint).decode(self.family, payload),
            AttrKind::String(_) => Ok(structs::text(payload).into()),
            AttrKind::Binary(binary) => self.binary(attr, binary, payload),
            AttrKind::Bitfield32(bitfield) => self.bitfield(*bitfield, payload),
            AttrKind::Nest(set) => self.set(*set, inside(raw)?).map(Value::Object),
            AttrKind::IndexedArray(element) => self.array(attr, element, raw),
            // Each of its entries is a value of its own; `add` has taken it.
            AttrKind::TypeValue(..) => Ok(Value::Null),
        }
    }

    fn binary(self, attr: &Attr, binary: &Binary, payload: &[u8]) -> Result<Value, Fault> {
        match &binary.holds {
            Holds::Bytes => Ok(hint::show_bytes(payload, attr.hint).into()),
            Holds::Struct(id) => {
                structs::decode(self.family, &self.family[*id], payload).map(Value::Object)
            }
            Holds::Array(int) => {
                let scalar = Scalar::of(int, attr.hint);
                let elements = payload.chunks(int.kind.fixed_size().unwrap_or(8));
                elements
                    .map(|element| scalar.decode(self.family, element))
                    .collect::<Result<_, _>>()
                    .map(Value::Array)
            }
        }
    }

    fn bitfield(self, bitfield: Bitfield32, payload: &[u8]) -> Result<Value, Fault> {
        let scalar = Scalar::of_bitfield(bitfield);
        let Some((value, selector)) = payload.split_at_checked(4).filter(|_| payload.len() == 8)
        else {
            return Err(Fault::new(Defect::width(8, payload.len())));
        };
        let mut parts = Map::new();
        parts.insert("value".into(), scalar.decode(self.family, value)?);
        parts.insert("selector".into(), scalar.decode(self.family, selector)?);
        Ok(Value::Object(parts))
    }

    fn array(self, attr: &Attr, element: &AttrKind, raw: wire::Attr<'_>) -> Result<Value, Fault> {
        let mut values = Vec::new();
        for member in inside(raw)? {
            let value = self
                .value(attr, element, member)
                .map_err(|fault| fault.within(format!("[{}]", values.len())))?;
            values.push(match element {
                AttrKind::Nest(_) => {
                    let mut numbered = Map::new();
                    numbered.insert(member.kind().to_string(), value);
                    Value::Object(numbered)
                }
                _ => value,
            });
        }
        Ok(Value::Array(values))
    }

    /// Adds an entry for each value at the end of `levels` of nests; `above` has the types of
    /// those it is in.
    fn type_values(
        self,
        attr: &Attr,
        levels: &[Name],
        element: &AttrKind,
        raw: wire::Attr<'_>,
        above: &Map<String, Value>,
        entries: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        let Some((level, deeper)) = levels.split_first() else {
            let mut entry = above.clone();
            match self.value(attr, element, raw)? {
                Value::Object(values) => entry.extend(values),
                value => {
                    entry.insert(TYPE_VALUE.into(), value);
                }
            }
            entries.push(Value::Object(entry));
            return Ok(());
        };
        for member in inside(raw)? {
            let mut types = above.clone();
            types.insert(level.as_str().to_owned(), member.kind().into());
            self.type_values(attr, deeper, element, member, &types, entries)
                .map_err(|fault| fault.within(format!("[{}]", member.kind())))?;
        }
        Ok(())
    }

    fn keep_unknown(self, values: &mut Map<String, Value>, name: &str, raw: wire::Attr<'_>) {
        if self.unknown == Unknown::Keep {
            push_or_set(values, name, unknown_value(raw));
        }
    }
}

/// An attribute that the spec does not know: its bytes, or its members, where the sender calls it
/// a nest and that is what it looks like.
fn unknown_value(raw: wire::Attr<'_>) -> Value {
    match raw.is_nest().then(|| inside(raw)) {
        Some(Ok(members)) => {
            let mut values = Map::new();
            for member in members {
                push_or_set(
                    &mut values,
                    &unknown_name(member.kind()),
                    unknown_value(member),
                );
            }
            Value::Object(values)
        }
        _ => hint::hex(raw.payload()).into(),
    }
}

/// The attributes inside, if they are not too deep, and attributes indeed.
fn inside(attr: wire::Attr<'_>) -> Result<Vec<wire::Attr<'_>>, Fault> {
    all(attr
        .enter()
        .map_err(|malformed| Fault::new(malformed.defect))?)
}

/// The attributes of a run, if all of it is attributes.
fn all(attrs: Attrs<'_>) -> Result<Vec<wire::Attr<'_>>, Fault> {
    attrs
        .collect::<Result<_, _>>()
        .map_err(|malformed| Fault::new(malformed.defect))
}

fn find(set: &AttrSet, kind: u16) -> Option<&Attr> {
    let at = set.attrs.binary_search_by_key(&kind, |attr| attr.id);
    at.ok().map(|at| &set.attrs[at])
}

/// Adds to a list.
fn push(values: &mut Map<String, Value>, name: &str, value: Value) {
    match values.get_mut(name) {
        Some(Value::Array(list)) => list.push(value),
        _ => {
            values.insert(name.to_owned(), Value::Array(vec![value]));
        }
    }
}

/// Sets a value; what is there already becomes a list with it.
fn push_or_set(values: &mut Map<String, Value>, name: &str, value: Value) {
    match values.get_mut(name) {
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            values.insert(name.to_owned(), value);
        }
    }
}
