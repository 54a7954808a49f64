// SPDX-License-Identifier: GPL-2.0
// A reply has an attribute that is not its own.
// error: E0599: no method named `prefix` found

use crate::{
    generated::GetReply,
    genl::{
        Replied,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r>(reply: GetReply<Reply<'r>>) -> Result<Replied<'r>> {
    Ok(reply.prefix(c"a")?.send())
}
