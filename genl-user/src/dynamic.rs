//! Any family by its spec, read at run time: value trees instead of generated types.
//!
//! A message is a JSON object: attributes by their names in the spec, enums by name or number,
//! flags as a list of names, structs and nests as objects, attributes that may stand there several
//! times as lists, bytes as hexadecimal digits or in the looks that the spec's `display-hint`
//! asks for. It is the shape that YNL's own command-line tool speaks.
//!
//! [`encode()`] and [`decode()`] are pure functions over a [`Family`](genl_schema::model::Family);
//! [`Client`] calls and [`Monitor`] listens.

mod client;
mod decode;
mod dump;
mod encode;
mod error;
mod fault;
mod hint;
mod lookup;
mod monitor;
mod multi;
mod path;
mod scalar;
mod structs;

pub use client::{Client, Replies, Request};
pub use decode::{Unknown, decode};
pub use dump::Dump;
pub use encode::encode;
pub use error::Error;
pub use fault::{Fault, Problem};
pub use genl_schema;
use genl_schema::model::AttrKind;
pub use lookup::{Instead, Mode, NoSuch, Target};
pub use monitor::{Event, Monitor};
pub use serde_json;
use serde_json::Value;

/// What a scalar in a nest-type-value is called; a nest's attributes have names of their own.
const TYPE_VALUE: &str = "value";

/// The bits of `nla_type` that are no part of the number: NLA_F_NESTED and NLA_F_NET_BYTEORDER.
const TYPE_FLAGS: u16 = 0xc000;

/// The number in a name that [`unknown_name`](crate::path::unknown_name) made.
fn unknown_kind(name: &str) -> Option<u16> {
    let number = name.strip_prefix("UnknownAttr(")?.strip_suffix(')')?;
    number.parse().ok().filter(|kind| kind & TYPE_FLAGS == 0)
}

/// A member of an array of nests that has its number: `{"1": {…}}`.
fn numbered<'v>(element: &AttrKind, value: &'v Value) -> Option<(u16, &'v Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (number, inside) = members.iter().next()?;
    let number = number.parse().ok().filter(|kind| kind & TYPE_FLAGS == 0)?;
    matches!(element, AttrKind::Nest(_)).then_some((number, inside))
}
