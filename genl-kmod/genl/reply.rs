// SPDX-License-Identifier: GPL-2.0

//! Replies: what goes back to who made a request.

use super::{
    message::{
        raw::{
            Message,
            Target, //
        },
        PutHeader, //
    },
    op::Op,
    shim,
    skb::{
        Gfp,
        Skb, //
    },
};
use core::marker::PhantomData;
use kernel::{
    error::to_result,
    prelude::*, //
};

/// The reply to the request `'r`.
///
/// Dropped unsent, it is freed.
pub struct Reply<'r> {
    skb: Skb,
    _request: PhantomData<fn(&'r ()) -> &'r ()>,
}

impl<'r> Reply<'r> {
    /// Begins the reply to `op`.
    #[inline]
    pub fn new(op: &Op<'r>, cmd: u8) -> Result<Self> {
        Self::begin(op, cmd).ok_or(ENOMEM)
    }

    // Not inlined, as each operation that replies begins with it; an `Option` comes back in a register.
    #[inline(never)]
    fn begin(op: &Op<'r>, cmd: u8) -> Option<Self> {
        // SAFETY: By the invariant of `Op`, `info` and the family it names are valid.
        let skb = unsafe {
            let info = op.info.as_ptr();
            let (portid, seq) = ((*info).snd_portid, (*info).snd_seq);
            Skb::new((*info).family, portid, seq, cmd, Gfp::KERNEL)?
        };
        Some(Self {
            skb,
            _request: PhantomData,
        })
    }

    /// Sends this message at once, and begins another one with the same command.
    ///
    /// For a call that is answered by several messages, which is not a dump: they are not marked
    /// as parts of one (NLM_F_MULTI), so that the client has to ask for an ACK to know which is the
    /// last. Fails with EAGAIN if the client's queue is full.
    pub fn and_another(self, op: &Op<'r>) -> Result<Self> {
        let cmd = self.skb.cmd();
        self.transmit(op)?;
        Self::new(op, cmd)
    }

    /// Hands the complete reply over; it leaves when the handler has returned.
    pub fn send(self) -> Replied<'r> {
        Replied(self)
    }

    fn transmit(self, op: &Op<'r>) -> Result {
        let skb = self.skb.finish().as_ptr();
        // SAFETY: We give the buffer away; the namespace is alive.
        to_result(unsafe { shim::genl_shim_unicast(op.net().as_raw(), skb, op.portid()) })
    }
}

impl Message for Reply<'_> {
    fn target(&mut self) -> Target {
        self.skb.target(Gfp::KERNEL)
    }
}

impl PutHeader for Reply<'_> {
    #[inline]
    fn put_header(&mut self, header: &[u8]) -> Result {
        self.skb.put_header(header)
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
        self.0.transmit(op)
    }
}
