//! Integers: their bytes, and their looks in a value tree.

use genl_schema::model::{
    Bitfield32, ByteOrder, DisplayHint, Enum, EnumId, EnumUse, Family, Int, IntKind,
};
use serde_json::Value;

use super::fault::{Fault, Problem};
use super::hint;
use crate::wire::Defect;

/// What is known of an integer, be it an attribute's or a struct's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalar {
    pub(super) kind: IntKind,
    pub(super) order: ByteOrder,
    pub(super) names: Option<EnumUse>,
    pub(super) hint: Option<DisplayHint>,
}

impl Scalar {
    /// An attribute's, or an element's of an array.
    pub(super) fn of(int: &Int, hint: Option<DisplayHint>) -> Self {
        Self {
            kind: int.kind,
            order: int.order,
            names: int.names,
            hint,
        }
    }

    /// One of the two parts of a bitfield32.
    pub(super) fn of_bitfield(bitfield: Bitfield32) -> Self {
        Self {
            kind: IntKind::U32,
            order: ByteOrder::Host,
            names: bitfield.names.map(|id| EnumUse { id, as_flags: true }),
            hint: None,
        }
    }

    /// The bytes of a value.
    pub(super) fn encode(self, family: &Family, value: &Value) -> Result<Vec<u8>, Fault> {
        let value = self.number(family, value)?;
        let (least, most) = self.kind.limits();
        if !(least..=most).contains(&value) {
            return Err(Fault::new(Problem::OutOfRange {
                value,
                kind: self.kind.name(),
                least,
                most,
            }));
        }
        let size = self.kind.fixed_size().unwrap_or_else(|| {
            let short = match self.kind.signed() {
                true => i32::try_from(value).is_ok(),
                false => u32::try_from(value).is_ok(),
            };
            if short { 4 } else { 8 }
        });
        // Two's complement: the low bytes are those of any narrower type that holds the value.
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.is_big_endian() {
            bytes.reverse();
        }
        Ok(bytes)
    }

    /// The value of bytes.
    pub(super) fn decode(self, family: &Family, bytes: &[u8]) -> Result<Value, Fault> {
        let fits = match self.kind.fixed_size() {
            Some(size) => bytes.len() == size,
            None => matches!(bytes.len(), 4 | 8),
        };
        if !fits {
            return Err(Fault::new(Defect::width(
                self.kind.fixed_size().unwrap_or(8),
                bytes.len(),
            )));
        }
        Ok(self.show(family, self.read(bytes)))
    }

    fn read(self, bytes: &[u8]) -> i128 {
        let mut low_first = [0; 16];
        for (at, &byte) in bytes.iter().enumerate() {
            match self.is_big_endian() {
                true => low_first[bytes.len() - 1 - at] = byte,
                false => low_first[at] = byte,
            }
        }
        let unused = 128 - 8 * bytes.len() as u32;
        match self.kind.signed() && unused < 128 {
            // Shifted up and down again, the sign bit fills what is above it.
            true => i128::from_le_bytes(low_first) << unused >> unused,
            false => i128::from_le_bytes(low_first),
        }
    }

    fn show(self, family: &Family, value: i128) -> Value {
        match self.names {
            Some(EnumUse { id, as_flags: true }) => {
                let width = self.kind.fixed_size().unwrap_or(8);
                // What is negative has its upper bits set, up to the type's width.
                flags(&family[id], value as u64 & (u64::MAX >> (64 - 8 * width)))
            }
            Some(EnumUse { id, .. }) => match entry(&family[id], value) {
                Some(name) => name.into(),
                None => number(value),
            },
            None => match hint::show_int(value, self.hint) {
                Some(text) => text.into(),
                None => number(value),
            },
        }
    }

    fn number(self, family: &Family, value: &Value) -> Result<i128, Fault> {
        if let Some(EnumUse { id, as_flags: true }) = self.names {
            return bits(family, id, value);
        }
        match value {
            Value::String(text) => self.in_words(family, text),
            Value::Bool(value) => Ok((*value).into()),
            _ => plain(value).ok_or_else(|| Fault::expected(self.expected(family), found(value))),
        }
    }

    fn in_words(self, family: &Family, text: &str) -> Result<i128, Fault> {
        if let Some(number) = parse(text).or_else(|| hint::read_int(text, self.hint)) {
            return Ok(number);
        }
        match self.names {
            Some(names) => named(&family[names.id], text),
            None => {
                let found = format!("{text:?}");
                Err(Fault::expected(self.expected(family), found))
            }
        }
    }

    fn expected(self, family: &Family) -> String {
        match self.names {
            Some(names) => format!("a name or number of enum {}", family[names.id].name),
            None => format!("a number ({})", self.kind.name()),
        }
    }

    fn is_big_endian(self) -> bool {
        match self.order {
            ByteOrder::Big => true,
            ByteOrder::Little => false,
            ByteOrder::Host => cfg!(target_endian = "big"),
        }
    }
}

/// Bits that a value names: a list of names and numbers, one of them, or names with commas between.
pub(super) fn bits(family: &Family, id: EnumId, value: &Value) -> Result<i128, Fault> {
    let definition = &family[id];
    let one = |value: &Value| match value {
        Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .try_fold(0, |bits, name| Ok(bits | flag(definition, name)?)),
        _ => plain(value).ok_or_else(|| {
            let expected = format!("names or numbers of flags {}", definition.name);
            Fault::expected(expected, found(value))
        }),
    };
    match value {
        Value::Array(values) => values
            .iter()
            .try_fold(0, |bits, value| Ok(bits | one(value)?)),
        _ => one(value),
    }
}

/// The names of bits, sorted; a bit without a name is a number.
pub(super) fn flags(definition: &Enum, bits: u64) -> Value {
    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    for bit in (0..64).filter(|bit| bits >> bit & 1 != 0) {
        match entry(definition, bit) {
            Some(name) => names.push(name),
            None => numbers.push(Value::from(1u64 << bit)),
        }
    }
    names.sort_unstable();
    let names = names.into_iter().map(Value::from);
    Value::Array(names.chain(numbers).collect())
}

/// A number that is given as such.
pub(super) fn plain(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    let signed = || number.as_i64().map(i128::from);
    number.as_u64().map(i128::from).or_else(signed)
}

/// What a value is, for who expected something else.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

fn flag(definition: &Enum, name: &str) -> Result<i128, Fault> {
    match parse(name) {
        Some(number) => Ok(number),
        None => named(definition, name).map(|bit| 1 << bit.clamp(0, 64)),
    }
}

fn named(definition: &Enum, name: &str) -> Result<i128, Fault> {
    let found = definition
        .entries
        .iter()
        .find(|entry| entry.name.as_str() == name);
    found.map(|entry| entry.value).ok_or_else(|| {
        let known = definition.entries.iter().map(|entry| entry.name.as_str());
        Fault::unknown(definition.name.as_str(), "value", name, known)
    })
}

fn entry(definition: &Enum, value: i128) -> Option<&str> {
    let mut entries = definition.entries.iter();
    entries
        .find(|entry| entry.value == value)
        .map(|entry| entry.name.as_str())
}

/// A decimal number, or a hexadecimal one behind `0x`.
pub(super) fn parse(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(i128::from),
        None => text.parse().ok(),
    }
}

fn number(value: i128) -> Value {
    // All that came from at most 8 bytes fits one or the other.
    match u64::try_from(value) {
        Ok(value) => value.into(),
        Err(_) => (value as i64).into(),
    }
}
