// SPDX-License-Identifier: GPL-2.0

//! The family's events, sent when a request asks for them.

use crate::{
    generated::{
        self,
        Emit,
        NeedReply,
        Told, //
    },
    genl::{
        Op,
        Put, //
    },
    handlers::copy_present,
    nests::copy_leaf,
};
use kernel::prelude::*;

/// Sends each event to its group, and to the request's port that which has none.
pub fn emit<'r>(request: Emit<'r>, op: &Op<'r>) -> Result {
    let number = request.number();
    generated::need_ntf(op.net(), GFP_KERNEL, |event| fill_need(&request, event));
    generated::told(op.net(), GFP_KERNEL, |event| fill_told(&request, event));
    generated::confided(op.net(), GFP_KERNEL, |event| match number {
        Some(number) => event.number(number),
        None => Ok(event),
    });
    let Some(port) = request.port() else {
        return Ok(());
    };
    let sent = generated::direct_to(port, op.net(), GFP_KERNEL, |mut event| {
        copy_present!(request to event: number text);
        Ok(event)
    });
    match sent {
        // That nobody is there is no fault of the request.
        Err(error) if error == ECONNREFUSED => Ok(()),
        sent => sent,
    }
}

fn fill_need<M: Put>(request: &Emit<'_>, mut event: NeedReply<M>) -> Result<NeedReply<M>> {
    copy_present!(request to event: number text blob mode);
    if let Some(leaf) = request.leaf() {
        event = event.leaf(|to| copy_leaf(leaf, to))?;
    }
    event.flag(request.flag())
}

fn fill_told<M: Put>(request: &Emit<'_>, mut event: Told<M>) -> Result<Told<M>> {
    copy_present!(request to event: number text blob mode);
    if let Some(leaf) = request.leaf() {
        event = event.leaf(|to| copy_leaf(leaf, to))?;
    }
    event.flag(request.flag())
}
