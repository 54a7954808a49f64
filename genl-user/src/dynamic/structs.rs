//! C structs as objects.

use genl_schema::model::{Family, Member, MemberKind, Struct};
use serde_json::{Map, Value};

use super::fault::{Fault, Problem};
use super::hint;
use super::scalar::{Scalar, found};

/// Writes a struct; members that `values` lacks are zero, and what it has beside members is left.
pub(super) fn encode(
    family: &Family,
    layout: &Struct,
    values: &Map<String, Value>,
) -> Result<Vec<u8>, Fault> {
    let mut out = vec![0; layout.size];
    for member in &layout.members {
        let name = member.name.as_str();
        let Some(value) = values.get(name).filter(|value| !value.is_null()) else {
            continue;
        };
        let bytes = encode_member(family, member, value).map_err(|fault| fault.within(name))?;
        if bytes.len() > member.size {
            let (len, room) = (bytes.len(), member.size);
            return Err(Fault::new(Problem::TooLong { len, room }).within(name));
        }
        out[member.offset..member.offset + bytes.len()].copy_from_slice(&bytes);
    }
    Ok(out)
}

/// Refuses what is no member.
pub(super) fn check_names(layout: &Struct, values: &Map<String, Value>) -> Result<(), Fault> {
    let known = || layout.members.iter().map(|member| member.name.as_str());
    match values.keys().find(|&name| !known().any(|it| it == name)) {
        Some(name) => Err(Fault::unknown(
            layout.name.as_str(),
            "member",
            name,
            known(),
        )),
        None => Ok(()),
    }
}

/// Reads a struct. What is missing at its end is zero, as if the kernel knew an older version of
/// it; what is too much is left alone.
pub(super) fn decode(
    family: &Family,
    layout: &Struct,
    bytes: &[u8],
) -> Result<Map<String, Value>, Fault> {
    let mut whole = bytes.to_vec();
    whole.resize(layout.size, 0);
    let mut values = Map::new();
    for member in &layout.members {
        let name = member.name.as_str();
        let bytes = &whole[member.offset..member.offset + member.size];
        let value = decode_member(family, member, bytes).map_err(|fault| fault.within(name))?;
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

fn encode_member(family: &Family, member: &Member, value: &Value) -> Result<Vec<u8>, Fault> {
    match (member.kind, value) {
        (MemberKind::Int { kind, order, names }, _) => Scalar {
            kind,
            order,
            names,
            hint: member.hint,
        }
        .encode(family, value),
        (MemberKind::Struct(id), Value::Object(values)) => {
            check_names(&family[id], values)?;
            encode(family, &family[id], values)
        }
        (MemberKind::Bytes, Value::String(text)) => hint::read_bytes(text, member.hint)
            .map_err(|expected| Fault::expected(expected, found(value))),
        (MemberKind::String, Value::String(text)) => Ok(text.clone().into_bytes()),
        (MemberKind::Struct(_), _) => Err(Fault::expected("an object", found(value))),
        (MemberKind::Bytes, _) => Err(Fault::expected("bytes as text", found(value))),
        (MemberKind::String, _) => Err(Fault::expected("a text", found(value))),
    }
}

fn decode_member(family: &Family, member: &Member, bytes: &[u8]) -> Result<Value, Fault> {
    match member.kind {
        MemberKind::Int { kind, order, names } => Scalar {
            kind,
            order,
            names,
            hint: member.hint,
        }
        .decode(family, bytes),
        MemberKind::Bytes => Ok(hint::show_bytes(bytes, member.hint).into()),
        MemberKind::String => Ok(text(bytes).into()),
        MemberKind::Struct(id) => decode(family, &family[id], bytes).map(Value::Object),
    }
}

/// The text before the first NUL, or all of it; what is not UTF-8 is replaced by U+FFFD, since the
/// kernel promises no encoding and a tool should show what can be shown.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}
