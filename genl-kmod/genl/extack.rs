// SPDX-License-Identifier: GPL-2.0

//! The extended ACK: what was wrong with a request, in words and by place.
//!
//! C header: [`include/linux/netlink.h`](srctree/include/linux/netlink.h)

use super::{
    attr::{
        Attr,
        Request, //
    },
    op::Op, //
};
use kernel::{
    bindings,
    prelude::*, //
};

impl<'r> Op<'r> {
    /// `errno`, and why, for the handler to return.
    pub fn error(&self, errno: Error, message: &'static CStr) -> Error {
        self.report(|extack| extack._msg = message.as_char_ptr());
        errno
    }

    /// `errno`, and what is wrong with `attr`.
    pub fn bad_attr(&self, attr: Attr<'r>, errno: Error, message: &'static CStr) -> Error {
        self.report(|extack| {
            extack._msg = message.as_char_ptr();
            extack.bad_attr = attr.as_raw();
        });
        errno
    }

    /// The attribute of type `id`, or the error that it is missing.
    pub fn require(&self, request: Request<'r>, id: u16) -> Result<Attr<'r>> {
        request.get(id).ok_or_else(|| self.missing(id))
    }

    /// EINVAL, as the request has no attribute of type `id`.
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

    fn report(&self, fill: impl FnOnce(&mut bindings::netlink_ext_ack)) {
        // SAFETY: By the type invariant `info` is valid. The core has put its own structure there
        // for the call that runs, or null, and does not look at it before the call is over.
        let extack = unsafe { (*self.info.as_ptr()).extack.as_mut() };
        if let Some(extack) = extack {
            fill(extack);
        }
    }
}
