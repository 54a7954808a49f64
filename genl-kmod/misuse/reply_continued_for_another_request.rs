// SPDX-License-Identifier: GPL-2.0
// The next message of a reply goes to who made another request.
// error: lifetime may not live long enough

use crate::{
    generated::GetReply,
    genl::{
        Op,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r, 'other>(
    reply: GetReply<Reply<'r>>,
    op: &Op<'other>,
) -> Result<GetReply<Reply<'r>>> {
    reply.and_another(op)
}
