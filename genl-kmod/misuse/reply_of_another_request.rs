// SPDX-License-Identifier: GPL-2.0
// A request is answered by the reply to another one.
// error: lifetime may not live long enough

use crate::{
    generated::GetReply,
    genl::{
        Op,
        Replied,
        Reply, //
    }, //
};

pub fn misuse<'r, 'other>(_op: &Op<'r>, reply: GetReply<Reply<'other>>) -> Replied<'r> {
    reply.send()
}
