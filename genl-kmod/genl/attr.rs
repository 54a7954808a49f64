// SPDX-License-Identifier: GPL-2.0

//! Attributes of a request, read where they lie.
//!
//! A request is in a socket buffer that the kernel filled from the sender's memory once
//! (`netlink_sendmsg()`), so that the sender cannot change it any more. Everything here points
//! into it. A getter checks the length that it needs, whatever the policy was.

use super::shim::{
    GENL_HDRLEN,
    NLA_ALIGNTO,
    NLA_HDRLEN,
    NLA_TYPE_MASK,
    NLMSG_HDRLEN, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// One attribute of a request.
///
/// # Invariants
///
/// `nla` points to an attribute whose `nla_len` is at least `NLA_HDRLEN`, and so many bytes are
/// there, and do not change, for `'r`.
#[derive(Clone, Copy)]
pub struct Attr<'r> {
    nla: NonNull<bindings::nlattr>,
    _bytes: PhantomData<&'r [u8]>,
}

/// Which bits are meant, and what they are (`struct nla_bitfield32`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bitfield32 {
    /// What the bits are that are meant.
    pub value: u32,
    /// The bits that are meant.
    pub selector: u32,
}

impl Bitfield32 {
    /// As it stands in an attribute.
    #[inline]
    pub fn to_bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.value.to_ne_bytes());
        bytes[4..].copy_from_slice(&self.selector.to_ne_bytes());
        bytes
    }
}

/// An integer as it stands in an attribute, or in an array of C.
pub trait Number: Copy {
    /// Takes the first bytes, in the machine's order; `None` if they are too few.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(impl Number for $type {
            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_ne_bytes(*bytes.first_chunk()?))
            }
        })*

        impl Attr<'_> {
            $($(#[$doc])*
            #[inline]
            pub fn $name(self) -> Option<$type> {
                Number::read(self.payload())
            })*
        }
    };
}

numbers! {
    /// An unsigned integer of 8 bits.
    u8: u8;
    /// An unsigned integer of 16 bits.
    u16: u16;
    /// An unsigned integer of 32 bits.
    u32: u32;
    /// An unsigned integer of 64 bits.
    u64: u64;
    /// A signed integer of 8 bits.
    s8: i8;
    /// A signed integer of 16 bits.
    s16: i16;
    /// A signed integer of 32 bits.
    s32: i32;
    /// A signed integer of 64 bits.
    s64: i64;
}

impl<'r> Attr<'r> {
    /// Borrows an attribute from C.
    ///
    /// # Safety
    ///
    /// `nla` is not null, and points to an attribute whose `nla_len` is at least `NLA_HDRLEN` and
    /// the number of its bytes, and all of them stay there unchanged for `'r`.
    #[inline]
    pub(super) unsafe fn from_raw(nla: *const bindings::nlattr) -> Self {
        // INVARIANT: The caller vouches for it.
        Self {
            // SAFETY: The caller vouches for it.
            nla: unsafe { NonNull::new_unchecked(nla.cast_mut()) },
            _bytes: PhantomData,
        }
    }

    pub(super) fn as_raw(self) -> *const bindings::nlattr {
        self.nla.as_ptr()
    }

    /// Its type, without flags.
    #[inline]
    pub fn id(self) -> u16 {
        // SAFETY: By the type invariant.
        unsafe { (*self.nla.as_ptr()).nla_type & NLA_TYPE_MASK }
    }

    /// All that follows the header.
    #[inline]
    pub fn payload(self) -> &'r [u8] {
        // SAFETY: By the type invariant, there are `nla_len` bytes, of which the header is a part.
        unsafe {
            let len = usize::from((*self.nla.as_ptr()).nla_len).unchecked_sub(NLA_HDRLEN);
            let data = self.nla.as_ptr().cast::<u8>().add(NLA_HDRLEN);
            core::slice::from_raw_parts(data, len)
        }
    }

    /// An unsigned integer of 32 or 64 bits (`NLA_UINT`).
    #[inline]
    pub fn uint(self) -> Option<u64> {
        self.u64().or_else(|| self.u32().map(u64::from))
    }

    /// A signed integer of 32 or 64 bits (`NLA_SINT`).
    #[inline]
    pub fn sint(self) -> Option<i64> {
        self.s64().or_else(|| self.s32().map(i64::from))
    }

    /// A text that ends in NUL: what stands before the first.
    #[inline]
    pub fn string(self) -> Option<&'r CStr> {
        CStr::from_bytes_until_nul(self.payload()).ok()
    }

    /// A text that need not end in NUL: what stands before the first NUL, or all.
    #[inline]
    pub fn text(self) -> &'r [u8] {
        match self.string().map(CStr::to_bytes_with_nul) {
            Some([text @ .., _nul]) => text,
            _ => self.payload(),
        }
    }

    /// Which bits are meant, and what they are.
    #[inline]
    pub fn bitfield32(self) -> Option<Bitfield32> {
        let (value, selector) = self.payload().split_first_chunk::<4>()?;
        Some(Bitfield32 {
            value: u32::from_ne_bytes(*value),
            selector: u32::read(selector)?,
        })
    }

    /// Integers one behind the other, in the machine's byte order; an incomplete one is left out.
    pub fn array<T: Number + 'r>(self) -> impl Iterator<Item = T> + Clone + 'r {
        // Else `chunks_exact()` would panic.
        const { assert!(size_of::<T>() > 0) };
        let numbers = self.payload().chunks_exact(size_of::<T>());
        numbers.filter_map(T::read)
    }

    /// The attributes inside.
    #[inline]
    pub fn attrs(self) -> Attrs<'r> {
        // INVARIANT: The header's length keeps the payload aligned as the attribute is.
        Attrs(self.payload())
    }
}

/// The attributes of a nest or a message, one after the other.
///
/// Ends where no further attribute fits, as `nla_for_each_attr()` does.
///
/// # Invariants
///
/// The bytes are aligned as attributes are: to `NLA_ALIGNTO`.
#[derive(Clone, Copy)]
pub struct Attrs<'r>(&'r [u8]);

impl<'r> Attrs<'r> {
    /// Takes the bytes behind a message's headers.
    ///
    /// # Safety
    ///
    /// They are aligned to `NLA_ALIGNTO`, as `nlmsg_attrdata()` is.
    pub(super) unsafe fn new(bytes: &'r [u8]) -> Self {
        // INVARIANT: The caller vouches for it.
        Self(bytes)
    }

    /// The last attribute of type `id`: the one that the core's tables have as well.
    #[inline]
    pub fn get(self, id: u16) -> Option<Attr<'r>> {
        self.all(id).last()
    }

    /// All attributes of type `id`.
    #[inline]
    pub fn all(self, id: u16) -> impl Iterator<Item = Attr<'r>> + Clone {
        self.filter(move |attr| attr.id() == id)
    }

    /// Bytes follow that are no attribute.
    pub(super) fn has_leftover(self) -> bool {
        let mut rest = self;
        while rest.next().is_some() {}
        !rest.0.is_empty()
    }
}

impl<'r> Iterator for Attrs<'r> {
    type Item = Attr<'r>;

    #[inline]
    fn next(&mut self) -> Option<Attr<'r>> {
        let header = self.0.first_chunk::<NLA_HDRLEN>()?;
        let len = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        if len < NLA_HDRLEN || len > self.0.len() {
            return None;
        }
        // INVARIANT: The attribute has just been found to be whole.
        let attr = Attr {
            nla: NonNull::from(self.0).cast(),
            _bytes: PhantomData,
        };
        // INVARIANT: What follows is aligned, as the length is rounded up to that. The last attribute
        // needs no padding.
        let next = (len + NLA_ALIGNTO - 1) & !(NLA_ALIGNTO - 1);
        self.0 = self.0.get(next..).unwrap_or_default();
        Some(attr)
    }
}

/// The attributes of a request, and the family's header before them.
///
/// # Invariants
///
/// `info` is what the core hands to a callback, and valid for `'r`.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// For each type the last attribute that has it; the core filled it while it checked them.
    table: &'r [*mut bindings::nlattr],
    info: NonNull<bindings::genl_info>,
}

impl<'r> Request<'r> {
    /// Takes the core's table, and where the message is.
    ///
    /// # Safety
    ///
    /// The entries of `table` are null or fit for [`Attr::from_raw`] and `'r`; `info` is what the
    /// core hands to a callback, and valid for `'r`.
    #[inline]
    pub(super) unsafe fn new(
        table: &'r [*mut bindings::nlattr],
        info: NonNull<bindings::genl_info>,
    ) -> Self {
        // INVARIANT: The caller vouches for it.
        Self { table, info }
    }

    /// The family's header: `genl_family.hdrsize` bytes.
    pub fn header(self) -> &'r [u8] {
        self.parts().0
    }

    /// The attribute of type `id`; the last of them, if there is more than one.
    #[inline]
    pub fn get(self, id: u16) -> Option<Attr<'r>> {
        let nla = *self.table.get(usize::from(id))?;
        // SAFETY: It is not null, so `new` vouches for it.
        (!nla.is_null()).then(|| unsafe { Attr::from_raw(nla) })
    }

    /// All attributes of type `id`.
    #[inline]
    pub fn all(self, id: u16) -> impl Iterator<Item = Attr<'r>> + Clone {
        self.parts().1.all(id)
    }

    /// The family's header and the attributes.
    fn parts(self) -> (&'r [u8], Attrs<'r>) {
        // SAFETY: By the type invariant, `info` is valid for `'r`. `genl_family_rcv_msg()` has
        // checked that the message is as long as its headers, `netlink_rcv_skb()` that it is within
        // the buffer, and nobody writes to it any more. A dump keeps the buffer. The family's
        // header follows the core's, and the attributes are behind it, aligned
        // (`nlmsg_attrdata()`).
        unsafe {
            let info = self.info.as_ptr();
            let len = (*(*info).nlhdr).nlmsg_len as usize - NLMSG_HDRLEN - GENL_HDRLEN;
            let data = (*info).genlhdr.cast::<u8>().add(GENL_HDRLEN);
            let data = core::slice::from_raw_parts(data, len);
            let (header, attrs) = data
                .split_at_checked((*(*info).family).hdrsize as usize)
                .unwrap_or_default();
            let padding = header.len().next_multiple_of(NLA_ALIGNTO) - header.len();
            (header, Attrs::new(attrs.get(padding..).unwrap_or_default()))
        }
    }
}
