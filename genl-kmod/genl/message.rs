// SPDX-License-Identifier: GPL-2.0

//! Messages that are being built.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use super::{
    shim::{
        self,
        NLA_HDRLEN, //
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

/// The longest message: what is larger should be a dump.
pub(super) const MAX_ROOM: usize = 1 << 20;

/// A message that takes attributes.
///
/// The attributes follow each other in the order of the calls. An error leaves the message as it
/// was before the call.
pub trait Put: raw::Message {
    /// Puts an attribute with any payload.
    fn put(&mut self, id: u16, payload: &[u8]) -> Result {
        self.target().put(id, payload)
    }

    /// Puts a text and its NUL.
    fn put_string(&mut self, id: u16, text: &CStr) -> Result {
        self.put(id, text.to_bytes_with_nul())
    }

    /// Puts 64 bits, aligned by an attribute of type `pad` on machines that need it.
    fn put_aligned(&mut self, id: u16, payload: [u8; 8], pad: u16) -> Result {
        self.target().put_aligned(id, &payload, pad)
    }

    /// Puts an unsigned integer as 32 bits if they suffice, else 64 (`NLA_UINT`).
    fn put_uint(&mut self, id: u16, value: u64) -> Result {
        match u32::try_from(value) {
            Ok(value) => self.put(id, &value.to_ne_bytes()),
            Err(_) => self.put(id, &value.to_ne_bytes()),
        }
    }

    /// Puts a signed integer as 32 bits if they suffice, else 64 (`NLA_SINT`).
    fn put_sint(&mut self, id: u16, value: i64) -> Result {
        match i32::try_from(value) {
            Ok(value) => self.put(id, &value.to_ne_bytes()),
            Err(_) => self.put(id, &value.to_ne_bytes()),
        }
    }

    /// Puts an attribute that contains what `fill` puts.
    ///
    /// Fails with EMSGSIZE if that is longer than an attribute can be.
    fn put_nest<F>(&mut self, id: u16, fill: F) -> Result
    where
        F: for<'n> FnOnce(Nest<'n>) -> Result<Nest<'n>>,
    {
        self.target().put_nest(id, fill)
    }
}

impl<M: raw::Message> Put for M {}

/// A nest that is being filled.
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
        pub(super) fn put(self, id: u16, payload: &[u8]) -> Result {
            self.put_with(payload.len(), |skb, len| {
                // SAFETY: The buffer is valid, and the payload has `len` bytes.
                unsafe { bindings::nla_put(skb, id.into(), len, payload.as_ptr().cast()) }
            })
        }

        pub(super) fn put_aligned(self, id: u16, payload: &[u8; 8], pad: u16) -> Result {
            self.put_with(payload.len(), |skb, len| {
                let data = payload.as_ptr().cast();
                // SAFETY: As in `put`.
                unsafe { bindings::nla_put_64bit(skb, id.into(), len, data, pad.into()) }
            })
        }

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
            let outcome = fill(nest).and_then(|_| {
                // SAFETY: At `start` is the header that was just put: what `fill` could do is to
                // append, or to take away what it had appended.
                to_result(unsafe { shim::genl_shim_nest_end(self.skb.as_ptr(), start) })
            });
            if outcome.is_err() {
                self.trim(start);
            }
            outcome
        }

        /// How many bytes there are.
        pub(in super::super) fn len(self) -> c_uint {
            // SAFETY: The buffer is valid.
            unsafe { (*self.skb.as_ptr()).len }
        }

        /// Takes back all but the first `len` bytes.
        pub(in super::super) fn trim(self, len: c_uint) {
            // SAFETY: The buffer is valid, linear, and nobody else has a reference to its data.
            unsafe { bindings::skb_trim(self.skb.as_ptr(), len) }
        }

        /// Puts an attribute of `len` bytes by one of the core's functions, once more if the
        /// buffer had to grow.
        fn put_with(
            self,
            len: usize,
            put: impl Fn(*mut bindings::sk_buff, c_int) -> c_int,
        ) -> Result {
            // Only 16 bits tell an attribute's length; the core's functions do not check it.
            if len > usize::from(u16::MAX) - NLA_HDRLEN {
                return Err(EMSGSIZE);
            }
            match put(self.skb.as_ptr(), len as c_int) {
                0 => Ok(()),
                errno => {
                    let gfp = self.growth.ok_or_else(|| Error::from_errno(errno))?;
                    self.grow(len, gfp)?;
                    to_result(put(self.skb.as_ptr(), len as c_int))
                }
            }
        }

        /// Makes room for an attribute of `len` bytes and some more.
        fn grow(self, len: usize, gfp: Gfp) -> Result {
            // Header, alignment of 64 bits and padding take less than this.
            let need = len + 4 * NLA_HDRLEN;
            let used = self.len() as usize;
            if used + need > MAX_ROOM {
                return Err(EMSGSIZE);
            }
            let room = need.max(used / 2);
            // SAFETY: The buffer is ours alone, and the flags fit where it was allocated.
            // Nothing here keeps pointers into its data.
            to_result(unsafe {
                bindings::pskb_expand_head(self.skb.as_ptr(), 0, room as c_int, gfp.as_raw())
            })
        }
    }
}
