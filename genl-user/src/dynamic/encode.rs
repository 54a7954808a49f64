//! From a value tree to a message's bytes.

use genl_schema::model::{Attr, AttrKind, Binary, Family, Holds, Message, SetId, Struct};
use genl_schema::name::Name;
use serde_json::{Map, Value};

use super::fault::{Fault, Problem};
use super::scalar::{self, Scalar, found};
use super::{hint, numbered, structs, unknown_kind};
use crate::wire::{NLA_HDRLEN, align};

/// Longest attribute, in bytes, its header counted: `nla_len` has 16 bits.
const MAX_ATTR: usize = u16::MAX as usize;

const NESTED: u16 = libc::NLA_F_NESTED as u16;

/// Writes what stands behind the generic netlink header: the fixed header, where the message has
/// one, and the attributes.
///
/// Any attribute of the message's set is taken, also one that the spec does not list for the
/// message: what is allowed is for the kernel to say. `null` leaves out flags, padding, bytes and
/// nests whose types are values; of all else it is a fault.
///
/// # Errors
///
/// A name that the spec does not have, or a value that its type cannot hold; at which attribute.
pub fn encode(
    family: &Family,
    message: &Message,
    values: &Map<String, Value>,
) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    let header = message.header.map(|id| &family[id]);
    if let Some(header) = header {
        out = structs::encode(family, header, values)?;
        out.resize(align(out.len()), 0);
    }
    let is_member = |name: &str| header.is_some_and(|header| has_member(header, name));
    for (name, value) in values.iter().filter(|(name, _)| !is_member(name)) {
        named(family, message.set, header, name, value, &mut out)?;
    }
    Ok(out)
}

fn has_member(layout: &Struct, name: &str) -> bool {
    layout
        .members
        .iter()
        .any(|member| member.name.as_str() == name)
}

/// Writes all attributes of a nest.
fn set(family: &Family, set: SetId, values: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    let Value::Object(values) = values else {
        let expected = format!("an object with attributes of {}", family[set].name);
        return Err(Fault::expected(expected, found(values)));
    };
    for (name, value) in values {
        named(family, set, None, name, value, out)?;
    }
    Ok(())
}

/// Writes what a name of a set stands for: one attribute, several, or none.
fn named(
    family: &Family,
    set: SetId,
    header: Option<&Struct>,
    name: &str,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let attrs = &family[set].attrs;
    let Some(attr) = attrs.iter().find(|attr| attr.name.as_str() == name) else {
        if let Some(kind) = unknown_kind(name) {
            return each(value, |value| raw(kind, value, out)).map_err(|fault| fault.within(name));
        }
        let sendable = attrs.iter().filter(|attr| is_sendable(attr));
        let members = header.iter().flat_map(|header| &header.members);
        let names = members
            .map(|member| member.name.as_str())
            .chain(sendable.map(|attr| attr.name.as_str()));
        return Err(Fault::unknown(
            family[set].name.as_str(),
            "attribute",
            name,
            names,
        ));
    };
    if value.is_null() && may_be_null(&attr.kind) {
        return Ok(());
    }
    let written = match attr.multi || matches!(attr.kind, AttrKind::TypeValue(..)) {
        true => each(value, |value| one(family, attr, value, out)),
        false => one(family, attr, value, out),
    };
    written.map_err(|fault| fault.within(name))
}

fn is_sendable(attr: &Attr) -> bool {
    !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused)
}

/// What a decoder shows as `null`, and what YNL's tool takes as such.
fn may_be_null(kind: &AttrKind) -> bool {
    match kind {
        AttrKind::Flag | AttrKind::Pad | AttrKind::Unused => true,
        AttrKind::Binary(_) | AttrKind::TypeValue(..) => true,
        AttrKind::Int(_) | AttrKind::String(_) | AttrKind::Bitfield32(_) => false,
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) => false,
    }
}

/// Goes through a list; what is none is taken for a list of one.
fn each(value: &Value, mut write: impl FnMut(&Value) -> Result<(), Fault>) -> Result<(), Fault> {
    let Value::Array(values) = value else {
        return write(value);
    };
    for (at, value) in values.iter().enumerate() {
        write(value).map_err(|fault| fault.within(format!("[{at}]")))?;
    }
    Ok(())
}

fn one(family: &Family, attr: &Attr, value: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    if attr.kind == AttrKind::Flag && !is_set(value)? {
        return Ok(());
    }
    let nested = match attr.kind {
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => NESTED,
        _ => 0,
    };
    put(out, attr.id | nested, |out| {
        content(family, attr, &attr.kind, value, out)
    })
}

/// Writes an attribute: its header, what `fill` writes, and padding.
fn put(
    out: &mut Vec<u8>,
    kind: u16,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let start = out.len();
    out.extend([0; NLA_HDRLEN]);
    fill(out)?;
    let len = out.len() - start;
    let Ok(field) = u16::try_from(len) else {
        let (len, room) = (len - NLA_HDRLEN, MAX_ATTR - NLA_HDRLEN);
        return Err(Fault::new(Problem::TooLong { len, room }));
    };
    out[start..start + 2].copy_from_slice(&field.to_ne_bytes());
    out[start + 2..start + 4].copy_from_slice(&kind.to_ne_bytes());
    out.resize(align(out.len()), 0);
    Ok(())
}

/// Writes what stands in an attribute of that kind.
fn content(
    family: &Family,
    attr: &Attr,
    kind: &AttrKind,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match kind {
        AttrKind::Pad => return Err(Fault::new(Problem::Valueless("padding"))),
        AttrKind::Unused => return Err(Fault::new(Problem::Valueless("unused"))),
        AttrKind::Flag => {}
        AttrKind::Int(int) => {
            let scalar = Scalar::of(int, attr.hint);
            out.extend(scalar.encode(family, value)?);
        }
        AttrKind::String(_) => {
            out.extend(text(value)?.as_bytes());
            out.push(0);
        }
        AttrKind::Binary(binary) => out.extend(bytes(family, attr, binary, value)?),
        AttrKind::Bitfield32(bitfield) => {
            let Value::Object(parts) = value else {
                let expected = "an object with \"value\" and \"selector\"";
                return Err(Fault::expected(expected, found(value)));
            };
            for name in ["value", "selector"] {
                let part = parts.get(name).unwrap_or(&Value::Null);
                let scalar = Scalar::of_bitfield(*bitfield);
                let bytes = scalar.encode(family, part);
                out.extend(bytes.map_err(|fault| fault.within(name))?);
            }
        }
        AttrKind::Nest(id) => set(family, *id, value, out)?,
        AttrKind::IndexedArray(element) => {
            let Value::Array(values) = value else {
                return Err(Fault::expected("a list", found(value)));
            };
            for (at, value) in values.iter().enumerate() {
                member(family, attr, element, at, value, out)
                    .map_err(|fault| fault.within(format!("[{at}]")))?;
            }
        }
        AttrKind::TypeValue(levels, inside) => {
            let Value::Object(values) = value else {
                return Err(Fault::expected("an object", found(value)));
            };
            type_value(family, attr, levels, inside, values, out)?;
        }
    }
    Ok(())
}

/// Writes a member of an indexed array. What came from a decoder has its number: `{"1": {…}}`.
fn member(
    family: &Family,
    attr: &Attr,
    element: &AttrKind,
    at: usize,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let (kind, value) = match numbered(element, value) {
        Some((kind, inside)) => (kind, inside),
        // So many as its bits can tell do not fit into a nest.
        None => (at as u16 & !super::TYPE_FLAGS, value),
    };
    let nested = match element {
        AttrKind::Nest(_) => NESTED,
        _ => 0,
    };
    put(out, kind | nested, |out| {
        content(family, attr, element, value, out)
    })
}

/// Writes nests whose types are values, and within the last of them the attributes.
fn type_value(
    family: &Family,
    attr: &Attr,
    levels: &[Name],
    inside: &AttrKind,
    values: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let Some((level, deeper)) = levels.split_first() else {
        return match inside {
            AttrKind::Nest(id) => set(family, *id, &Value::Object(values.clone()), out),
            _ => {
                let value = values.get(super::TYPE_VALUE).unwrap_or(&Value::Null);
                content(family, attr, inside, value, out)
                    .map_err(|fault| fault.within(super::TYPE_VALUE))
            }
        };
    };
    let mut values = values.clone();
    let value = values.shift_remove(level.as_str()).unwrap_or(Value::Null);
    let kind = scalar::plain(&value)
        .or_else(|| value.as_str().and_then(scalar::parse))
        .and_then(|kind| u16::try_from(kind).ok())
        .filter(|kind| kind & super::TYPE_FLAGS == 0)
        .ok_or_else(|| {
            Fault::expected("a number up to 16383", found(&value)).within(level.as_str())
        })?;
    let nested = match (deeper, inside) {
        ([], AttrKind::Int(_)) => 0,
        _ => NESTED,
    };
    put(out, kind | nested, |out| {
        type_value(family, attr, deeper, inside, &values, out)
    })
}

fn bytes(family: &Family, attr: &Attr, binary: &Binary, value: &Value) -> Result<Vec<u8>, Fault> {
    match (&binary.holds, value) {
        (Holds::Struct(id), Value::Object(values)) => {
            structs::check_names(&family[*id], values)?;
            structs::encode(family, &family[*id], values)
        }
        (Holds::Array(int), Value::Array(values)) => {
            let scalar = Scalar::of(int, attr.hint);
            let mut out = Vec::new();
            for (at, value) in values.iter().enumerate() {
                let bytes = scalar.encode(family, value);
                out.extend(bytes.map_err(|fault| fault.within(format!("[{at}]")))?);
            }
            Ok(out)
        }
        (_, Value::String(text)) => hint::read_bytes(text, attr.hint)
            .map_err(|expected| Fault::expected(expected, found(value))),
        (Holds::Struct(id), _) => {
            let expected = format!("an object with members of {}", family[*id].name);
            Err(Fault::expected(expected, found(value)))
        }
        (Holds::Array(_), _) => Err(Fault::expected("a list of numbers", found(value))),
        (Holds::Bytes, _) => Err(Fault::expected("bytes as text", found(value))),
    }
}

/// A text; a number is one too, as in what people type.
fn text(value: &Value) -> Result<String, Fault> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Fault::expected("a text", found(value))),
    };
    match text.contains('\0') {
        true => Err(Fault::new(Problem::InnerNul)),
        false => Ok(text),
    }
}

fn is_set(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(set) => Ok(*set),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        _ => match scalar::plain(value) {
            Some(number) => Ok(number != 0),
            None => Err(Fault::expected("true or false", found(value))),
        },
    }
}

/// Writes an attribute that the spec does not know.
fn raw(kind: u16, value: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
    match value {
        Value::String(text) => {
            let bytes = hint::read_bytes(text, None)
                .map_err(|expected| Fault::expected(expected, found(value)))?;
            put(out, kind, |out| {
                out.extend(bytes);
                Ok(())
            })
        }
        Value::Object(values) => put(out, kind | NESTED, |out| {
            for (name, value) in values {
                let kind = unknown_kind(name)
                    .ok_or_else(|| Fault::unknown("it", "attribute", name, ["UnknownAttr(1)"]))?;
                each(value, |value| raw(kind, value, out)).map_err(|fault| fault.within(name))?;
            }
            Ok(())
        }),
        _ => Err(Fault::expected(
            "bytes as hexadecimal digits, or an object",
            found(value),
        )),
    }
}
