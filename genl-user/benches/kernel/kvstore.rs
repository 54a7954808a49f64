//! Numbers of kvstore, and its requests.

use crate::netlink::{Family, attr, text};

pub(crate) const GET: u8 = 1;
pub(crate) const SET: u8 = 2;
pub(crate) const DEL: u8 = 3;
pub(crate) const STATS: u8 = 4;
pub(crate) const CLEAR: u8 = 5;
pub(crate) const SET_NTF: u8 = 6;
pub(crate) const DEL_NTF: u8 = 7;
/// No command of kvstore's.
pub(crate) const UNKNOWN: u8 = 200;

pub(crate) const KEY: u16 = 1;
pub(crate) const VALUE: u16 = 2;
pub(crate) const FLAGS: u16 = 4;
pub(crate) const META: u16 = 5;
pub(crate) const PREFIX: u16 = 6;
pub(crate) const NESTED: u16 = 0x8000;
pub(crate) const META_CREATED_NS: u16 = 1;
pub(crate) const META_HITS: u16 = 2;
pub(crate) const META_LABEL: u16 = 3;

/// The name of an entry.
pub(crate) fn name(number: usize) -> String {
    format!("bench/entry/{number:06}")
}

/// A request that names an entry and nothing else.
pub(crate) fn of(family: Family, cmd: u8, key: &str) -> Vec<u8> {
    family.request(cmd, 0, &attr(KEY, &text(key)))
}

/// A request to set an entry with a value of `len` bytes, no flags, and two labels.
pub(crate) fn set(family: Family, key: &str, len: usize) -> Vec<u8> {
    let labels = ["a label", "one more"].map(|label| attr(META_LABEL, &text(label)));
    let attrs = [
        attr(KEY, &text(key)),
        attr(VALUE, &vec![b'v'; len]),
        attr(META | NESTED, &labels.concat()),
    ];
    family.request(SET, 0, &attrs.concat())
}
