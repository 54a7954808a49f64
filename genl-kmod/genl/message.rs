// SPDX-License-Identifier: GPL-2.0

//! Messages that are being built.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use super::{
    family,
    layout::MAX_STRUCT_LEN,
    shim::{
        GENL_HDRLEN,
        NLA_ALIGNTO,
        NLA_HDRLEN,
        NLA_TYPE_MASK,
        NLMSG_HDRLEN, //
    },
    skb::Gfp, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};
use raw::Target;

/// How long a message may be made to grow: what is larger should be a dump.
pub(super) const MAX_ROOM: usize = 1 << 20;

/// ETOOSMALL: no message can have so much in it, or no attribute.
///
/// Who made the request gets EMSGSIZE for it, and is told why. It is none of the numbers that
/// userspace knows, so that a handler's own EMSGSIZE is not explained by it, and a dump knows it
/// from a chunk that is full.
pub const TOO_LONG: Error = ETOOSMALL;

/// A message that takes attributes.
///
/// The attributes follow each other in the order of the calls. An error leaves the message as it
/// was before the call.
pub trait Put: raw::Message {
    /// Puts an attribute with any payload.
    #[inline]
    fn put(&mut self, id: u16, payload: &[u8]) -> Result {
        self.target().put(id, payload)
    }

    /// Puts an attribute whose payload has so many bytes.
    ///
    /// Fails to compile if they are more than [`MAX_STRUCT_LEN`]: use [`Put::put`], which does not
    /// have them on the stack.
    #[inline]
    fn put_array<const N: usize>(&mut self, id: u16, payload: [u8; N]) -> Result {
        self.target().put_array(id, payload)
    }

    /// Puts a text and its NUL.
    #[inline]
    fn put_string(&mut self, id: u16, text: &CStr) -> Result {
        self.put(id, text.to_bytes_with_nul())
    }

    /// Puts a text that has no NUL, and a NUL behind it: readers take the last byte for that.
    #[inline]
    fn put_text(&mut self, id: u16, text: &[u8]) -> Result {
        self.target().put_text(id, text)
    }

    /// Puts what begins with 64 bits, aligned by an attribute of type `pad` on machines that need
    /// it.
    #[inline]
    fn put_aligned<const N: usize>(&mut self, id: u16, payload: [u8; N], pad: u16) -> Result {
        self.target().put_aligned(id, payload, pad)
    }

    /// Puts an attribute that contains these elements, one behind the other.
    ///
    /// Fails with [`TOO_LONG`] if they are longer than an attribute can be.
    #[inline]
    fn put_elements<const N: usize>(
        &mut self,
        id: u16,
        elements: impl IntoIterator<Item = [u8; N]>,
    ) -> Result {
        self.target().put_elements(id, elements)
    }

    /// As [`Put::put_elements`], of 64 bits each, aligned by an attribute of type `pad` on machines
    /// that need it.
    #[inline]
    fn put_aligned_elements(
        &mut self,
        id: u16,
        elements: impl IntoIterator<Item = [u8; 8]>,
        pad: u16,
    ) -> Result {
        self.target().align(pad, |to| to.put_elements(id, elements))
    }

    /// Puts an unsigned integer as 32 bits if they suffice, else 64 (`NLA_UINT`).
    #[inline]
    fn put_uint(&mut self, id: u16, value: u64) -> Result {
        match u32::try_from(value) {
            Ok(value) => self.put_array(id, value.to_ne_bytes()),
            Err(_) => self.put_array(id, value.to_ne_bytes()),
        }
    }

    /// Puts a signed integer as 32 bits if they suffice, else 64 (`NLA_SINT`).
    #[inline]
    fn put_sint(&mut self, id: u16, value: i64) -> Result {
        match i32::try_from(value) {
            Ok(value) => self.put_array(id, value.to_ne_bytes()),
            Err(_) => self.put_array(id, value.to_ne_bytes()),
        }
    }

    /// Puts an attribute that contains what `fill` puts.
    ///
    /// Fails with [`TOO_LONG`] if that is longer than an attribute can be.
    #[inline]
    fn put_nest<F>(&mut self, id: u16, fill: F) -> Result
    where
        F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
    {
        self.target().put_nest(id, fill)
    }

    /// Lets `fill` put attributes into this message itself, of whatever kind it is.
    #[inline]
    fn put_part<F>(&mut self, fill: F) -> Result
    where
        F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
    {
        self.target().put_part(fill)
    }

    /// Puts an attribute that contains nests, one for each time that `fill` adds one.
    ///
    /// Fails as [`Put::put_nest`] does.
    #[inline]
    fn put_nests<F>(&mut self, id: u16, fill: F) -> Result
    where
        F: FnOnce(NestArray<'_>) -> Result,
    {
        self.put_nest(id, |nest| {
            fill(NestArray {
                target: nest.target,
                number: 0,
                _array: PhantomData,
            })?;
            Ok(nest)
        })
    }
}

impl<M: raw::Message> Put for M {}

/// A message that may have a header of its family's own before the attributes.
pub trait PutHeader: raw::Message {
    /// Replaces the zeros that the header is made of.
    ///
    /// Fails with EINVAL if they are not as many as such a header has bytes.
    fn put_header(&mut self, header: &[u8]) -> Result;
}

/// A nest that is being filled, or a part of a message.
///
/// `'n` is invariant and new for each nest, so that a closure can return no other one.
pub struct Nest<'n> {
    target: Target,
    _nest: PhantomData<fn(&'n ()) -> &'n ()>,
}

impl raw::Message for Nest<'_> {
    fn target(&mut self) -> Target {
        self.target
    }
}

/// An attribute that nests are added to, whose types are their numbers, from 1.
pub struct NestArray<'n> {
    target: Target,
    number: u16,
    _array: PhantomData<&'n mut ()>,
}

impl NestArray<'_> {
    /// Adds a nest that `fill` fills.
    ///
    /// Fails with [`TOO_LONG`] if it is longer than an attribute can be.
    pub fn add<F>(&mut self, fill: F) -> Result
    where
        F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
    {
        // There are more numbers than nests that fit into one.
        self.number = (self.number + 1) & NLA_TYPE_MASK;
        self.target.put_nest(self.number, fill)
    }
}

/// What building a message comes down to. Handlers can name none of this.
pub(super) mod raw {
    use super::*;

    /// Something that ends in a socket buffer.
    pub trait Message {
        /// Where attributes go.
        ///
        /// The buffer is not freed, and has no other writer, while `self` is borrowed.
        fn target(&mut self) -> Target;
    }

    /// A socket buffer that somebody else owns.
    #[derive(Clone, Copy)]
    pub struct Target {
        pub(in super::super) skb: NonNull<bindings::sk_buff>,
        /// How the buffer may be made larger; one that the core allocated may not.
        pub(in super::super) growth: Option<Gfp>,
    }

    impl Target {
        // Not inlined: an attribute more is to cost a family's code a call.
        #[inline(never)]
        pub(super) fn put(self, id: u16, payload: &[u8]) -> Result {
            let to = self.reserve(id, payload.len())?;
            // SAFETY: There are so many bytes for the payload, and nobody else sees them.
            unsafe { core::ptr::copy_nonoverlapping(payload.as_ptr(), to, payload.len()) };
            Ok(())
        }

        /// As `put`, for a payload whose length is known when the code is compiled.
        #[inline(never)]
        pub(super) fn put_array<const N: usize>(self, id: u16, payload: [u8; N]) -> Result {
            const { assert!(N <= MAX_STRUCT_LEN) }
            let to = self.reserve(id, N)?;
            // SAFETY: As in `put`; bytes are aligned wherever they are.
            unsafe { to.cast::<[u8; N]>().write(payload) };
            Ok(())
        }

        #[inline]
        pub(super) fn put_text(self, id: u16, text: &[u8]) -> Result {
            // One more does not overflow: no slice is so long.
            let to = self.reserve(id, text.len() + 1)?;
            // SAFETY: There are so many bytes for the text and the NUL, and nobody else sees them.
            unsafe {
                core::ptr::copy_nonoverlapping(text.as_ptr(), to, text.len());
                to.add(text.len()).write(0);
            }
            Ok(())
        }

        #[inline]
        pub(super) fn put_aligned<const N: usize>(
            self,
            id: u16,
            payload: [u8; N],
            pad: u16,
        ) -> Result {
            self.align(pad, |to| to.put_array(id, payload))
        }

        /// Calls `put`, with what it puts aligned to 64 bits by an attribute of type `pad` on
        /// machines that need it.
        #[inline]
        pub(super) fn align(self, pad: u16, put: impl FnOnce(Self) -> Result) -> Result {
            // As `nla_need_padding_for_64bit()` does it: the header that follows takes 4 bytes.
            #[cfg(not(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))]
            {
                let start = self.len();
                // SAFETY: The buffer is valid.
                let data = unsafe { (*self.skb.as_ptr()).data.addr() };
                if data.wrapping_add(start as usize) % 8 == 0 {
                    self.put(pad, &[])?;
                }
                put(self).inspect_err(|_| self.trim(start))
            }
            #[cfg(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS)]
            {
                let _ = pad;
                put(self)
            }
        }

        #[inline]
        pub(super) fn put_elements<const N: usize>(
            self,
            id: u16,
            elements: impl IntoIterator<Item = [u8; N]>,
        ) -> Result {
            let start = self.len();
            self.put(id, &[])?;
            let outcome = self.append(start, elements);
            if outcome.is_err() {
                self.trim(start);
            }
            outcome
        }

        /// Appends to the last attribute, whose header is at `start`.
        #[inline]
        fn append<const N: usize>(
            self,
            start: c_uint,
            elements: impl IntoIterator<Item = [u8; N]>,
        ) -> Result {
            const { assert!(N <= MAX_STRUCT_LEN) }
            for element in elements {
                let to = self.extend(N)?;
                // SAFETY: There are so many bytes, and bytes are aligned wherever they are.
                unsafe { to.cast::<[u8; N]>().write(element) };
            }
            self.close(start)?;
            match self.len() as usize % NLA_ALIGNTO {
                0 => Ok(()),
                over => {
                    let padding = NLA_ALIGNTO - over;
                    let to = self.extend(padding)?;
                    // SAFETY: There are so many bytes.
                    unsafe { to.write_bytes(0, padding) };
                    Ok(())
                }
            }
        }

        /// Puts `header` behind the generic netlink header of the message that begins at `start`.
        #[inline]
        pub(in super::super) fn put_header(self, start: usize, header: &[u8]) -> Result {
            let at = start + NLMSG_HDRLEN + GENL_HDRLEN;
            if header.len() != family::hdrsize() || at + header.len() > self.len() as usize {
                return Err(EINVAL);
            }
            // SAFETY: The buffer is valid and ours to write to, and there are so many bytes in it.
            unsafe {
                let to = (*self.skb.as_ptr()).data.add(at);
                core::ptr::copy_nonoverlapping(header.as_ptr(), to, header.len());
            }
            Ok(())
        }

        #[inline]
        pub(super) fn put_nest<F>(self, id: u16, fill: F) -> Result
        where
            F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
        {
            let start = self.len();
            self.put(id | bindings::NLA_F_NESTED as u16, &[])?;
            let nest = Nest {
                target: self,
                _nest: PhantomData,
            };
            // What `fill` could do is to append, or to take away what it had appended.
            let outcome = fill(nest).and_then(|_| self.close(start));
            if outcome.is_err() {
                self.trim(start);
            }
            outcome
        }

        #[inline]
        pub(super) fn put_part<F>(self, fill: F) -> Result
        where
            F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
        {
            let start = self.len();
            let part = Nest {
                target: self,
                _nest: PhantomData,
            };
            fill(part).map(drop).inspect_err(|_| self.trim(start))
        }

        /// Tells the attribute whose header is at `start` that it reaches to the end.
        #[inline]
        fn close(self, start: c_uint) -> Result {
            let len = u16::try_from(self.len().wrapping_sub(start)).map_err(|_| TOO_LONG)?;
            // SAFETY: A header is there, and the length is its first field.
            unsafe {
                let header = (*self.skb.as_ptr()).data.add(start as usize);
                header.cast::<u16>().write_unaligned(len);
            }
            Ok(())
        }

        /// How many bytes there are.
        #[inline]
        pub(in super::super) fn len(self) -> c_uint {
            // SAFETY: The buffer is valid.
            unsafe { (*self.skb.as_ptr()).len }
        }

        /// Takes back all but the first `len` bytes.
        #[inline]
        pub(in super::super) fn trim(self, len: c_uint) {
            // SAFETY: The buffer is valid, linear, and nobody else has a reference to its data.
            unsafe { bindings::skb_trim(self.skb.as_ptr(), len) }
        }

        /// Appends an attribute whose payload has `len` bytes, which the caller has to write: the
        /// buffer's memory is not initialised. They are where the pointer says.
        #[inline]
        fn reserve(self, id: u16, len: usize) -> Result<*mut u8> {
            // Only 16 bits tell an attribute's length.
            if len > usize::from(u16::MAX) - NLA_HDRLEN {
                return Err(TOO_LONG);
            }
            let used = NLA_HDRLEN + len;
            let padded = used.next_multiple_of(NLA_ALIGNTO);
            let start = self.extend(padded)?;
            // SAFETY: There are so many bytes. Where they begin is a multiple of the alignment from
            // the buffer's start, but that can be anywhere: `netlink_dump()` makes a buffer as long
            // as the client's, from its end.
            unsafe {
                if used != padded {
                    let last = start.add(padded - NLA_ALIGNTO);
                    last.cast::<[u8; NLA_ALIGNTO]>().write([0; NLA_ALIGNTO]);
                }
                let header = start.cast::<bindings::nlattr>();
                header.write_unaligned(bindings::nlattr {
                    nla_len: used as u16,
                    nla_type: id,
                });
                Ok(start.add(NLA_HDRLEN))
            }
        }

        /// Appends `len` bytes, which the caller has to write. They are where the pointer says.
        #[inline]
        fn extend(self, len: usize) -> Result<*mut u8> {
            // Whoever fills it where one must not sleep is to hear so of the first attribute, not
            // of the one that does not fit any more.
            if let Some(gfp) = self.growth {
                gfp.check();
            }
            if self.room() < len {
                self.grow(len)?;
            }
            // SAFETY: The buffer is valid and has room for so many bytes.
            Ok(unsafe { bindings::skb_put(self.skb.as_ptr(), len as c_uint) }.cast())
        }

        /// How many bytes the buffer has left (`skb_tailroom()` of one that is linear, as all of
        /// netlink's are).
        #[inline]
        fn room(self) -> usize {
            // SAFETY: The buffer is valid. Both are offsets, or on 32 bits both pointers.
            unsafe {
                let skb = self.skb.as_ptr();
                ((*skb).end as usize).wrapping_sub((*skb).tail as usize)
            }
        }

        /// Makes room for `need` bytes and some more.
        #[cold]
        fn grow(self, need: usize) -> Result {
            let gfp = self.growth.ok_or(EMSGSIZE)?;
            let used = self.len() as usize;
            if used.saturating_add(need) > MAX_ROOM {
                return Err(TOO_LONG);
            }
            let room = need.max((used / 2).min(MAX_ROOM.saturating_sub(used)));
            // SAFETY: The buffer is ours alone, and the flags fit where it was allocated.
            // Nothing here keeps pointers into its data.
            to_result(unsafe {
                bindings::pskb_expand_head(self.skb.as_ptr(), 0, room as c_int, gfp.as_raw())
            })
        }
    }
}
