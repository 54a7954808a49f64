// SPDX-License-Identifier: GPL-2.0

//! Attributes of a request, read where they lie.
//!
//! A request is in a socket buffer that the kernel filled from the sender's memory once
//! (`netlink_sendmsg()`), so that the sender cannot change it any more. Everything here is a
//! slice of it. A getter checks the length that it needs, whatever the policy was.

use super::shim::{
    NLA_ALIGNTO,
    NLA_HDRLEN,
    NLA_TYPE_MASK, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// One attribute of a request.
#[derive(Clone, Copy)]
pub struct Attr<'r> {
    /// Header and payload: at least [`NLA_HDRLEN`] bytes.
    bytes: &'r [u8],
}

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $from:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(self) -> Option<$type> {
            Some(<$type>::$from(self.payload().try_into().ok()?))
        }
    )*};
}

impl<'r> Attr<'r> {
    /// Borrows an attribute from C.
    ///
    /// # Safety
    ///
    /// `nla` points to an attribute whose `nla_len` is at least `NLA_HDRLEN` and the number of its
    /// bytes, and all of them stay there unchanged for `'r`.
    pub(super) unsafe fn from_raw(nla: *const bindings::nlattr) -> Self {
        // SAFETY: The caller vouches for it.
        let bytes = unsafe { core::slice::from_raw_parts(nla.cast(), usize::from((*nla).nla_len)) };
        Self { bytes }
    }

    pub(super) fn as_raw(self) -> *const bindings::nlattr {
        self.bytes.as_ptr().cast()
    }

    /// Its type, without flags.
    pub fn id(self) -> u16 {
        u16::from_ne_bytes([self.bytes[2], self.bytes[3]]) & NLA_TYPE_MASK
    }

    /// All that follows the header.
    pub fn payload(self) -> &'r [u8] {
        &self.bytes[NLA_HDRLEN..]
    }

    integers! {
        /// An unsigned integer of 8 bits.
        u8: u8 = from_ne_bytes;
        /// An unsigned integer of 16 bits.
        u16: u16 = from_ne_bytes;
        /// An unsigned integer of 32 bits.
        u32: u32 = from_ne_bytes;
        /// An unsigned integer of 64 bits.
        u64: u64 = from_ne_bytes;
        /// A signed integer of 8 bits.
        s8: i8 = from_ne_bytes;
        /// A signed integer of 16 bits.
        s16: i16 = from_ne_bytes;
        /// A signed integer of 32 bits.
        s32: i32 = from_ne_bytes;
        /// A signed integer of 64 bits.
        s64: i64 = from_ne_bytes;
        /// An unsigned integer of 16 bits in network byte order.
        be16: u16 = from_be_bytes;
        /// An unsigned integer of 32 bits in network byte order.
        be32: u32 = from_be_bytes;
    }

    /// An unsigned integer of 32 or 64 bits (`NLA_UINT`).
    pub fn uint(self) -> Option<u64> {
        self.u32().map(u64::from).or_else(|| self.u64())
    }

    /// A signed integer of 32 or 64 bits (`NLA_SINT`).
    pub fn sint(self) -> Option<i64> {
        self.s32().map(i64::from).or_else(|| self.s64())
    }

    /// An unsigned integer of any width.
    pub fn unsigned(self) -> Option<u64> {
        let narrow = || self.u8().map(u64::from).or(self.u16().map(u64::from));
        self.uint().or_else(narrow)
    }

    /// A text: what stands before the first NUL.
    pub fn string(self) -> Option<&'r CStr> {
        CStr::from_bytes_until_nul(self.payload()).ok()
    }

    /// The attributes inside.
    pub fn attrs(self) -> Attrs<'r> {
        Attrs(self.payload())
    }
}

/// The attributes of a nest or a message, one after the other.
///
/// Ends where no further attribute fits, as `nla_for_each_attr()` does.
#[derive(Clone, Copy)]
pub struct Attrs<'r>(&'r [u8]);

impl<'r> Attrs<'r> {
    /// Takes the bytes behind a message's headers.
    pub(super) fn new(bytes: &'r [u8]) -> Self {
        Self(bytes)
    }

    /// The last attribute of type `id`: the one that the core's tables have as well.
    pub fn get(self, id: u16) -> Option<Attr<'r>> {
        self.all(id).last()
    }

    /// All attributes of type `id`.
    pub fn all(self, id: u16) -> impl Iterator<Item = Attr<'r>> + Clone {
        self.filter(move |attr| attr.id() == id)
    }
}

impl<'r> Iterator for Attrs<'r> {
    type Item = Attr<'r>;

    fn next(&mut self) -> Option<Attr<'r>> {
        let len = usize::from(u16::from_ne_bytes(self.0.get(..2)?.try_into().ok()?));
        if len < NLA_HDRLEN {
            return None;
        }
        let bytes = self.0.get(..len)?;
        let next = len.next_multiple_of(NLA_ALIGNTO);
        self.0 = self.0.get(next..).unwrap_or_default();
        Some(Attr { bytes })
    }
}

/// The attributes of a request.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// For each type the last attribute that has it; the core filled it while it checked them.
    table: &'r [*mut bindings::nlattr],
    all: Attrs<'r>,
}

impl<'r> Request<'r> {
    /// Takes the core's table and all the attributes.
    ///
    /// # Safety
    ///
    /// The entries of `table` are null or fit for [`Attr::from_raw`] and `'r`.
    pub(super) unsafe fn new(table: &'r [*mut bindings::nlattr], all: Attrs<'r>) -> Self {
        Self { table, all }
    }

    /// The attribute of type `id`; the last of them, if there is more than one.
    pub fn get(self, id: u16) -> Option<Attr<'r>> {
        let nla = *self.table.get(usize::from(id))?;
        // SAFETY: It is not null, so `new` vouches for it.
        (!nla.is_null()).then(|| unsafe { Attr::from_raw(nla) })
    }

    /// All attributes of type `id`.
    pub fn all(self, id: u16) -> impl Iterator<Item = Attr<'r>> + Clone {
        self.all.all(id)
    }
}
