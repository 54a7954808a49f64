// SPDX-License-Identifier: GPL-2.0
// A call is made without the hook before it.
// error: E0308: mismatched types

use crate::{
    genl::{
        Op,
        Replied,
        Reply, //
    },
    guarded::{
        Handler,
        Lend,
        LendReply, //
    },
};
use kernel::prelude::*;

pub fn misuse<'r, H: Handler>(
    state: &H,
    request: Lend<'r>,
    reply: LendReply<Reply<'r>>,
    op: &Op<'r>,
) -> Result<Replied<'r>> {
    state.lend(request, reply, &mut (), op)
}
