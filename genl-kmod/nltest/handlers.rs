// SPDX-License-Identifier: GPL-2.0

//! The family's operations. There is nothing to remember between two of them.

use crate::{
    generated::{
        self,
        Broadcast,
        Echo,
        EchoReply,
        Handler,
        Hello,
        HelloReply,
        Unicast, //
    },
    genl::{
        self,
        log::may_log,
        Op,
        Replied,
        Reply, //
    },
};
use kernel::{
    prelude::*,
    str::BStr, //
};

/// Serves the family; the same in all network namespaces.
pub struct NlTest;

impl genl::PerNet for NlTest {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self)
    }
}

/// Calls the setter of each attribute that the request has.
macro_rules! copy_present {
    ($request:ident to $reply:ident: $($attr:ident)*) => {
        $(if let Some(value) = $request.$attr() {
            $reply = $reply.$attr(value)?;
        })*
    };
}

impl Handler for NlTest {
    fn hello<'r>(
        &self,
        request: Hello<'r>,
        reply: HelloReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        // Anyone may say hello, as often as they like.
        if may_log() {
            // Shown as a `BStr`, whatever is not printable is escaped: it is user space's text.
            let text = BStr::from_bytes(request.text().to_bytes());
            pr_info!("port {} says \"{}\"\n", op.portid(), text);
        }
        Ok(reply.text(request.text())?.send())
    }

    fn echo<'r>(
        &self,
        request: Echo<'r>,
        reply: EchoReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply:
            u8 u16 u32 u64 s8 s16 s32 s64 uint sint be16 be32 string binary enum_ range);
        if let Some(inner) = request.nest() {
            reply = reply.nest(|mut nest| {
                copy_present!(inner to nest: number text);
                Ok(nest)
            })?;
        }
        Ok(reply.flag(request.flag())?.multi(request.multi())?.send())
    }

    fn unicast<'r>(&self, request: Unicast<'r>, op: &Op<'r>) -> Result {
        generated::message_to(request.portid(), op.net(), GFP_KERNEL, |message| {
            message.portid(op.portid())?.text(request.text())
        })
    }

    fn broadcast<'r>(&self, request: Broadcast<'r>, op: &Op<'r>) -> Result {
        generated::message(op.net(), GFP_KERNEL, |message| {
            message.portid(op.portid())?.text(request.text())
        });
        Ok(())
    }
}
