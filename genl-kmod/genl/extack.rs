// SPDX-License-Identifier: GPL-2.0

//! The extended ACK: what was wrong with a request, in words and by place; or what its sender ought
//! to know of a success.
//!
//! It goes to who has set NETLINK_EXT_ACK on the socket.
//!
//! C header: [`include/linux/netlink.h`](srctree/include/linux/netlink.h)

use super::{
    attr::{
        Attr,
        Request, //
    },
    op::Op,
    policy::Policy, //
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// Words for the extended ACK: a `&'static CStr`, which costs nothing, or what `fmt!` gives.
///
/// What is formatted has 79 bytes at most; of more, what fits is sent.
pub trait Words: raw::Words {}

impl<W: raw::Words> Words for W {}

impl<'r> Op<'r> {
    /// `errno`, and why, for the handler to return.
    #[cold]
    #[inline(never)]
    pub fn error(&self, errno: Error, words: impl Words) -> Error {
        self.say(words);
        errno
    }

    /// `errno`, and what is wrong with `attr`.
    #[cold]
    #[inline(never)]
    pub fn bad_attr(&self, attr: Attr<'r>, errno: Error, words: impl Words) -> Error {
        self.say(words);
        self.report(|extack| extack.bad_attr = attr.as_raw());
        errno
    }

    /// As [`Op::bad_attr`], with what `policy` says of such an attribute, so that the sender learns
    /// its limits.
    pub fn bad_attr_by(
        &self,
        policy: Policy,
        attr: Attr<'r>,
        errno: Error,
        words: impl Words,
    ) -> Error {
        self.report(|extack| extack.policy = policy.rule(attr.id()));
        self.bad_attr(attr, errno, words)
    }

    /// The attribute of type `id`, or the error that it is missing.
    #[inline]
    pub fn require(&self, request: Request<'r>, id: u16) -> Result<Attr<'r>> {
        request.get(id).ok_or_else(|| self.missing(id))
    }

    /// EINVAL, as the request has no attribute of type `id`.
    #[cold]
    #[inline(never)]
    pub fn missing(&self, id: u16) -> Error {
        self.report(|extack| extack.miss_type = id);
        EINVAL
    }

    /// EINVAL, as there is no attribute of type `id` in `nest`.
    pub fn missing_in(&self, nest: Attr<'r>, id: u16) -> Error {
        self.report(|extack| {
            extack.miss_nest = nest.as_raw();
            extack.miss_type = id;
        });
        EINVAL
    }

    /// Says something although the request succeeds. It goes with the ACK, to who asked for one.
    pub fn warn(&self, words: impl Words) {
        self.say(words);
    }

    /// Bytes of the family's own for the sender, of a success too: they go with the ACK.
    ///
    /// Fails to compile if there are none, or more than 20.
    pub fn cookie<const N: usize>(&self, cookie: &[u8; N]) {
        const { assert!(N > 0 && N <= bindings::NETLINK_MAX_COOKIE_LEN as usize) }
        self.report(|extack| {
            extack.cookie[..N].copy_from_slice(cookie);
            extack.cookie_len = N as u8;
        });
    }

    /// As [`Op::error`], unless something has been said already.
    pub(super) fn error_at_least(&self, errno: Error, words: &'static CStr) -> Error {
        let mut silent = false;
        self.report(|extack| silent = extack._msg.is_null());
        match silent {
            true => self.error(errno, words),
            false => errno,
        }
    }

    fn say<W: raw::Words>(&self, words: W) {
        // Formatting runs code of the handler, which may come here again: it is done before.
        let words = words.ready();
        self.report(|extack| {
            extack._msg = W::put(words, extack);
            // SAFETY: It is a text that ends in NUL, and stays for the time of the call.
            unsafe { bindings::do_trace_netlink_extack(extack._msg) };
        });
    }

    /// Writes to the extended ACK, if there is one. `fill` must not call back.
    pub(super) fn report(&self, fill: impl FnOnce(&mut bindings::netlink_ext_ack)) {
        // SAFETY: By the type invariant `info` is valid. The core has put its own structure there
        // for the call that runs, or null, and does not look at it before the call is over. No
        // other reference to it is there: each is made here, and `fill`, which is ours, makes none.
        let extack = unsafe { (*self.info.as_ptr()).extack.as_mut() };
        if let Some(extack) = extack {
            fill(extack);
        }
    }
}

/// How words get into the extended ACK. Handlers can name none of this.
mod raw {
    use super::*;

    pub trait Words {
        /// The words, ready to be copied.
        type Ready;

        fn ready(self) -> Self::Ready;

        /// Puts them there; gives the text, which ends in NUL.
        ///
        /// It stays for as long as `extack` and the module do.
        fn put(ready: Self::Ready, extack: &mut bindings::netlink_ext_ack) -> *const c_char;
    }

    impl Words for &'static CStr {
        type Ready = Self;

        fn ready(self) -> Self {
            self
        }

        fn put(ready: Self, _extack: &mut bindings::netlink_ext_ack) -> *const c_char {
            ready.as_char_ptr()
        }
    }

    impl Words for fmt::Arguments<'_> {
        type Ready = Formatted;

        #[inline]
        fn ready(self) -> Formatted {
            // INVARIANT: 0 is less.
            let mut formatted = Formatted {
                buffer: [0; bindings::NETLINK_MAX_FMTMSG_LEN as usize],
                len: 0,
            };
            // What does not fit is left out.
            let _ = formatted.write_fmt(self);
            formatted
        }

        #[inline]
        fn put(ready: Formatted, extack: &mut bindings::netlink_ext_ack) -> *const c_char {
            // What was not written to is NUL: the last byte at least.
            extack._msg_buf = ready.buffer;
            extack._msg_buf.as_ptr()
        }
    }

    /// What fits into the extended ACK's own buffer, with a NUL behind it.
    ///
    /// # Invariants
    ///
    /// `len` is less than the buffer's length.
    pub struct Formatted {
        buffer: [u8; bindings::NETLINK_MAX_FMTMSG_LEN as usize],
        len: usize,
    }

    impl Write for Formatted {
        /// Takes as many whole characters as fit; if that is not all, it is an error, which ends the
        /// formatting.
        #[inline]
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = self.buffer.len() - 1 - self.len;
            let mut fits = text.len().min(room);
            while !text.is_char_boundary(fits) {
                fits -= 1;
            }
            self.buffer[self.len..self.len + fits].copy_from_slice(&text.as_bytes()[..fits]);
            // INVARIANT: `fits` is at most the room that leaves one byte.
            self.len += fits;
            match fits == text.len() {
                true => Ok(()),
                false => Err(fmt::Error),
            }
        }
    }
}
