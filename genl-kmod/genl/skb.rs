// SPDX-License-Identifier: GPL-2.0

//! Socket buffers of ours, each with one message in it, and how they are allocated.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::{
    message::raw::Target,
    shim::NLMSG_HDRLEN, //
};
use core::{
    mem::ManuallyDrop,
    num::NonZeroU32,
    ptr::NonNull, //
};
use kernel::{
    alloc::Flags,
    bindings,
    prelude::*, //
};

/// Room for attributes that a message starts with.
///
/// With the headers it still fits the smallest buffer that `alloc_skb()` has, and such a buffer is
/// not reallocated by `netlink_trim()` when it is sent. Messages grow as needed.
const FIRST_ROOM: usize = 256;

/// How memory is allocated: a `gfp_t` that is fine for a socket buffer.
///
/// Flags that say what memory to get, not how, mean nothing here: the allocator refuses some of
/// them with a warning.
#[derive(Clone, Copy)]
pub(super) struct Gfp(NonZeroU32);

impl Gfp {
    /// For who may sleep.
    pub(super) const KERNEL: Self = Self::of(bindings::GFP_KERNEL);
    /// For who may not.
    pub(super) const ATOMIC: Self = Self::of(bindings::GFP_ATOMIC);
    const NOWAIT: Self = Self::of(bindings::GFP_NOWAIT);

    #[inline]
    const fn of(flags: bindings::gfp_t) -> Self {
        match NonZeroU32::new(flags) {
            Some(flags) => Self(flags),
            None => panic!("all of these have some bit set"),
        }
    }

    /// What of `flags` is about the caller.
    #[inline]
    pub(super) fn new(flags: Flags) -> Self {
        if flags.contains(GFP_KERNEL) {
            Self::KERNEL
        } else if flags.contains(GFP_ATOMIC) {
            Self::ATOMIC
        } else {
            Self::NOWAIT
        }
    }

    /// Lets a kernel that checks such things complain if these flags do not fit where the caller is
    /// (`might_alloc()`), also where nothing will be allocated.
    #[inline]
    pub(super) fn check(self) {
        #[cfg(any(CONFIG_DEBUG_ATOMIC_SLEEP, CONFIG_LOCKDEP))]
        // SAFETY: It can be called from anywhere.
        unsafe {
            super::shim::genl_shim_might_alloc(self.as_raw())
        }
    }

    pub(super) fn as_raw(self) -> bindings::gfp_t {
        self.0.get()
    }
}

/// Puts the headers of a message, that of the family's own filled with zeros, and returns where the
/// generic netlink header ends.
///
/// # Safety
///
/// `skb` points to a socket buffer that can be written to, `family` to a family of ours.
pub(super) unsafe fn begin(
    skb: *mut bindings::sk_buff,
    family: *const bindings::genl_family,
    (portid, seq): (u32, u32),
    flags: u32,
    cmd: u8,
) -> Result<NonNull<c_void>> {
    // SAFETY: The caller vouches for both.
    unsafe {
        let header = bindings::genlmsg_put(skb, portid, seq, family, flags as c_int, cmd);
        let header = NonNull::new(header).ok_or(EMSGSIZE)?;
        let len = (*family).hdrsize as usize;
        if len > 0 {
            header.cast::<u8>().write_bytes(0, len);
        }
        Ok(header)
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
    /// Allocates a buffer and puts the headers; `None` if there is no memory.
    ///
    /// # Safety
    ///
    /// `family` points to a family of ours.
    #[inline(never)]
    pub(super) unsafe fn new(
        family: *const bindings::genl_family,
        portid: u32,
        seq: u32,
        cmd: u8,
        gfp: Gfp,
    ) -> Option<Self> {
        // SAFETY: Any size is fine, and so are these flags, if they fit where the caller is; if they
        // do not, then the allocator says so. The caller vouches for the family.
        let skb = unsafe {
            let room = FIRST_ROOM + (*family).hdrsize as usize;
            bindings::genlmsg_new(room, gfp.as_raw())
        };
        // INVARIANT: It is new. Nobody sees it before the headers are there.
        let this = Self(NonNull::new(skb)?);
        // SAFETY: The buffer is ours; the caller vouches for the family. There is room for headers.
        unsafe { begin(skb, family, (portid, seq), 0, cmd).ok()? };
        Some(this)
    }

    /// Where attributes go; the buffer grows by memory that is allocated as `gfp` says.
    pub(super) fn target(&mut self, gfp: Gfp) -> Target {
        Target {
            skb: self.0,
            growth: Some(gfp),
        }
    }

    /// The message's command.
    pub(super) fn cmd(&self) -> u8 {
        // SAFETY: By the type invariant the data begin with the headers, and the command is the
        // first field of `struct genlmsghdr`.
        unsafe { *(*self.0.as_ptr()).data.add(NLMSG_HDRLEN) }
    }

    /// Puts the family's own header.
    #[inline]
    pub(super) fn put_header(&mut self, header: &[u8]) -> Result {
        // That does not grow the buffer.
        self.target(Gfp::KERNEL).put_header(0, header)
    }

    /// Completes the message and gives the buffer away.
    pub(super) fn finish(self) -> NonNull<bindings::sk_buff> {
        let this = ManuallyDrop::new(self);
        // SAFETY: By the type invariant the data begin with the headers of the only message.
        unsafe {
            let skb = this.0.as_ptr();
            (*(*skb).data.cast::<bindings::nlmsghdr>()).nlmsg_len = (*skb).len;
        }
        this.0
    }
}

impl Drop for Skb {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is ours.
        unsafe { bindings::nlmsg_free(self.0.as_ptr()) }
    }
}
