//! Random integers.

use genl_schema::model::{ByteOrder, DisplayHint, Entry, Enum, EnumUse, Int, IntKind};
use serde_json::{Value, json};

use super::looks;
use super::quirk::Quirk;
use super::sample::{Content, Generator, Way};

/// Numbers at which something changes.
const BOUNDARIES: [i128; 15] = [
    0,
    1,
    -1,
    127,
    128,
    255,
    256,
    (1 << 31) - 1,
    1 << 31,
    -(1 << 31),
    -(1 << 31) - 1,
    (1 << 32) - 1,
    1 << 32,
    (1 << 63) - 1,
    -(1 << 63),
];

/// Where an integer stands, which decides in what looks pyynl takes it.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In an attribute of its own: as a name, or as its hint has it.
    Attribute,
    /// Elsewhere; in any looks but a plain number this goes wrong.
    Within(Quirk),
}

impl Generator<'_> {
    /// An integer.
    pub(crate) fn int(&mut self, int: &Int, hint: Option<DisplayHint>, place: Place) -> Content {
        let number = self.choose(int);
        let given = match self.way {
            Way::Request => self.give(int, hint, place, number),
            Way::Answer => Value::Null,
        };
        Content {
            bytes: self.wire(int, number),
            given,
            shown: self.show(int, hint, number),
        }
    }

    /// Zero, where nothing is given.
    pub(crate) fn zero(&self, int: &Int, hint: Option<DisplayHint>) -> Content {
        Content {
            bytes: self.wire(int, 0),
            given: Value::Null,
            shown: self.show(int, hint, 0),
        }
    }

    /// A number that the kernel would let pass.
    fn choose(&mut self, int: &Int) -> i128 {
        let family = self.family;
        let (least, most) = int.range.unwrap_or(int.kind.limits());
        match int.names {
            Some(EnumUse { id, as_flags: true }) => self.flags(&family[id], int),
            Some(EnumUse { id, .. }) => {
                let values: Vec<_> = family[id].entries.iter().map(|entry| entry.value).collect();
                let (_, highest) = int.kind.limits();
                let nameless = self.way == Way::Answer && !values.contains(&highest);
                if nameless && self.sometimes(Quirk::NamelessValue) {
                    return highest;
                }
                let fit: Vec<_> = values
                    .into_iter()
                    .filter(|value| (least..=most).contains(value))
                    .collect();
                self.random.pick(&fit).copied().unwrap_or(least)
            }
            None => {
                let spread = self.random.bits() as i128 - (1 << 63);
                let span = most - least + 1;
                let mut numbers = vec![least, most, least + spread.rem_euclid(span)];
                numbers.extend(BOUNDARIES);
                numbers.retain(|number| (least..=most).contains(number));
                let number = *self.random.pick(&numbers).unwrap_or(&least);
                let masked = number & int.mask.map_or(-1, i128::from);
                let bits = 128 - masked.unsigned_abs().leading_zeros();
                let mistaken =
                    int.kind == IntKind::Sint && bits <= 32 && i32::try_from(masked).is_err();
                match self.way == Way::Request && mistaken && !self.may(Quirk::SintOf32Bits) {
                    true => least.max(0),
                    false => masked,
                }
            }
        }
    }

    fn flags(&mut self, names: &Enum, int: &Int) -> i128 {
        let (_, highest) = int.kind.limits();
        let mask = highest & int.mask.map_or(-1, i128::from);
        let mut bits = 0;
        for entry in &names.entries {
            if self.random.percent(40) {
                bits |= bit(entry) & mask;
            }
        }
        let all = names.entries.iter().fold(0, |all, entry| all | bit(entry));
        let nameless = highest & !all;
        if self.way == Way::Answer && nameless != 0 && self.sometimes(Quirk::NamelessValue) {
            bits |= 1 << nameless.trailing_zeros();
        }
        bits
    }

    fn wire(&self, int: &Int, number: i128) -> Vec<u8> {
        let size = int.kind.fixed_size().unwrap_or_else(|| {
            let short = match int.kind.signed() {
                true => i32::try_from(number).is_ok(),
                false => u32::try_from(number).is_ok(),
            };
            if short { 4 } else { 8 }
        });
        match int.order {
            ByteOrder::Big => number.to_be_bytes()[16 - size..].to_vec(),
            ByteOrder::Little => number.to_le_bytes()[..size].to_vec(),
            // What u64::to_ne_bytes would do with each of the sizes.
            ByteOrder::Host => match size {
                1 => (number as u8).to_ne_bytes().to_vec(),
                2 => (number as u16).to_ne_bytes().to_vec(),
                4 => (number as u32).to_ne_bytes().to_vec(),
                _ => (number as u64).to_ne_bytes().to_vec(),
            },
        }
    }

    /// The looks in which a tool shows a number.
    fn show(&self, int: &Int, hint: Option<DisplayHint>, number: i128) -> Value {
        match int.names {
            Some(EnumUse { id, as_flags: true }) => {
                let names = &self.family[id];
                let mut shown = set_flags(names, number);
                shown.sort_unstable();
                let all = names.entries.iter().fold(0, |all, entry| all | bit(entry));
                let nameless = (0..64)
                    .map(|at| 1i128 << at)
                    .filter(|bit| number & !all & bit != 0);
                let shown = shown.into_iter().map(Value::from);
                shown.chain(nameless.map(plain)).collect()
            }
            Some(EnumUse { id, .. }) => {
                let mut entries = self.family[id].entries.iter();
                let named = entries.find(|entry| entry.value == number);
                named.map_or_else(|| plain(number), |entry| entry.name.as_str().into())
            }
            None => looks::number(number, hint).map_or_else(|| plain(number), Value::from),
        }
    }

    /// Looks in which a user may give a number.
    fn give(&mut self, int: &Int, hint: Option<DisplayHint>, place: Place, number: i128) -> Value {
        let in_looks = match place {
            Place::Attribute => self.random.percent(70),
            Place::Within(quirk) => {
                (int.names.is_some() || hint.is_some()) && self.sometimes(quirk)
            }
        };
        let named = match int.names {
            _ if !in_looks => None,
            Some(EnumUse { id, as_flags: true }) => self.give_flags(id, number),
            // A name that is a number is taken for the number.
            Some(_) => Some(self.show(int, hint, number)).filter(|shown| !is_number(shown)),
            None => looks::number(number, hint).map(Value::from),
        };
        named.unwrap_or_else(|| match place {
            Place::Attribute if self.random.percent(10) => number.to_string().into(),
            _ => plain(number),
        })
    }

    /// As a list of names, where each bit has one.
    fn give_flags(&mut self, id: genl_schema::model::EnumId, number: i128) -> Option<Value> {
        let family = self.family;
        let names = &family[id];
        let mut given = set_flags(names, number);
        if given.len() != number.count_ones() as usize {
            return None;
        }
        self.random.shuffle(&mut given);
        if given.len() == 1 && self.random.percent(30) {
            return Some(given[0].into()).filter(|given| !is_number(given));
        }
        if !given.is_empty() && self.sometimes(Quirk::FlagTwice) {
            given.push(given[0]);
        }
        Some(json!(given))
    }
}

/// The names of the bits that a number has.
fn set_flags(names: &Enum, number: i128) -> Vec<&str> {
    let set = names
        .entries
        .iter()
        .filter(|entry| number & bit(entry) != 0);
    set.map(|entry| entry.name.as_str()).collect()
}

fn bit(entry: &Entry) -> i128 {
    u32::try_from(entry.value)
        .ok()
        .filter(|at| *at < 64)
        .map_or(0, |at| 1 << at)
}

fn is_number(value: &Value) -> bool {
    value
        .as_str()
        .is_none_or(|text| text.parse::<i128>().is_ok())
}

/// A number as JSON has it.
fn plain(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(number) => number.into(),
        Err(_) => (number as u64).into(),
    }
}
