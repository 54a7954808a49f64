// SPDX-License-Identifier: GPL-2.0
// A reply is sent twice.
// error: E0382: use of moved value: `reply`

use crate::{
    generated::GetReply,
    genl::{
        Replied,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r>(reply: GetReply<Reply<'r>>) -> (Replied<'r>, Replied<'r>) {
    (reply.send(), reply.send())
}
