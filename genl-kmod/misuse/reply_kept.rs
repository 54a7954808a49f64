// SPDX-License-Identifier: GPL-2.0
// A reply is kept for later.
// error: lifetime may not live long enough

use crate::{
    generated::GetReply,
    genl::Reply, //
};

pub struct Later {
    reply: Option<GetReply<Reply<'static>>>,
}

pub fn misuse<'r>(later: &mut Later, reply: GetReply<Reply<'r>>) {
    later.reply = Some(reply);
}
