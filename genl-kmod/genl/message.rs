// SPDX-License-Identifier: GPL-2.0

//! Messages that are being built, and the reply.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use super::{
    op::Op,
    shim::{
        self,
        GENL_HDRLEN,
        NLA_HDRLEN,
        NLMSG_HDRLEN, //
    },
};
use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};
use raw::Target;

/// Room for attributes that a message starts with.
///
/// With the headers it still fits the smallest buffer that `alloc_skb()` has, and such a buffer is
/// not reallocated by `netlink_trim()` when it is sent. Messages grow as needed.
const FIRST_ROOM: usize = 256;

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

/// A socket buffer of ours, with one message in it.
///
/// # Invariants
///
/// `0` points to a socket buffer that nobody else uses; its data begin with the headers of a
/// generic netlink message.
pub(super) struct Skb(NonNull<bindings::sk_buff>);

impl Skb {
    /// Allocates a buffer and puts the headers.
    ///
    /// # Safety
    ///
    /// `family` points to a family of ours.
    pub(super) unsafe fn new(
        family: *const bindings::genl_family,
        portid: u32,
        seq: u32,
        cmd: u8,
    ) -> Result<Self> {
        // SAFETY: Any size and these flags are fine where we may sleep, and all callbacks may.
        let skb = unsafe { bindings::genlmsg_new(FIRST_ROOM, bindings::GFP_KERNEL) };
        // INVARIANT: It is new. Nobody sees it before the headers are there.
        let this = Self(NonNull::new(skb).ok_or(ENOMEM)?);
        // SAFETY: The buffer is ours; the caller vouches for the family.
        let header = unsafe { bindings::genlmsg_put(skb, portid, seq, family, 0, cmd) };
        match header.is_null() {
            true => Err(EMSGSIZE),
            false => Ok(this),
        }
    }

    pub(super) fn target(&mut self) -> Target {
        Target {
            skb: self.0,
            grows: true,
        }
    }

    /// Completes the message and gives the buffer away.
    pub(super) fn finish(self) -> NonNull<bindings::sk_buff> {
        let this = ManuallyDrop::new(self);
        // SAFETY: By the type invariant the data begin with the headers.
        unsafe {
            let header = (*this.0.as_ptr()).data.add(NLMSG_HDRLEN + GENL_HDRLEN);
            bindings::genlmsg_end(this.0.as_ptr(), header.cast());
        }
        this.0
    }
}

impl Drop for Skb {
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is ours.
        unsafe { bindings::nlmsg_free(self.0.as_ptr()) }
    }
}

/// The reply to the request `'r`.
///
/// Dropped unsent, it is freed.
pub struct Reply<'r> {
    skb: Skb,
    _request: PhantomData<fn(&'r ()) -> &'r ()>,
}

impl<'r> Reply<'r> {
    /// Begins the reply to `op`.
    pub fn new(op: &Op<'r>, cmd: u8) -> Result<Self> {
        // SAFETY: By the invariant of `Op`, `info` and the family it names are valid.
        let skb = unsafe {
            let info = op.info.as_ptr();
            Skb::new((*info).family, (*info).snd_portid, (*info).snd_seq, cmd)?
        };
        Ok(Self {
            skb,
            _request: PhantomData,
        })
    }

    /// Hands the complete reply over; it leaves when the handler has returned.
    pub fn send(self) -> Replied<'r> {
        Replied(self)
    }
}

impl raw::Message for Reply<'_> {
    fn target(&mut self) -> Target {
        self.skb.target()
    }
}

/// The proof that a handler has replied: it has to return it, and has no other way to get it.
///
/// A handler that fails after all drops it, so that the client gets the error and nothing else.
#[must_use = "the handler has to return it"]
pub struct Replied<'r>(Reply<'r>);

impl<'r> Replied<'r> {
    /// Sends the reply.
    pub(super) fn transmit(self, op: &Op<'r>) -> Result {
        let skb = self.0.skb.finish().as_ptr();
        // SAFETY: We give the buffer away; the namespace is alive.
        to_result(unsafe { shim::genl_shim_unicast(op.net().as_raw(), skb, op.portid()) })
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
        /// The buffer may be made larger; one that the core allocated may not.
        pub(in super::super) grows: bool,
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
                _ if self.grows => {
                    self.grow(len)?;
                    to_result(put(self.skb.as_ptr(), len as c_int))
                }
                errno => to_result(errno),
            }
        }

        /// Makes room for an attribute of `len` bytes and some more.
        fn grow(self, len: usize) -> Result {
            // Header, alignment of 64 bits and padding take less than this.
            let need = len + 4 * NLA_HDRLEN;
            let used = self.len() as usize;
            if used + need > MAX_ROOM {
                return Err(EMSGSIZE);
            }
            let room = need.max(used / 2);
            // SAFETY: The buffer is ours alone, and all callbacks may sleep. Nothing here keeps
            // pointers into its data.
            to_result(unsafe {
                bindings::pskb_expand_head(
                    self.skb.as_ptr(),
                    0,
                    room as c_int,
                    bindings::GFP_KERNEL,
                )
            })
        }
    }
}
