// SPDX-License-Identifier: GPL-2.0
// A number is sent where the family has flags.
// error: E0308: mismatched types

use crate::{
    generated::GetReply,
    genl::{
        Replied,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r>(reply: GetReply<Reply<'r>>) -> Result<Replied<'r>> {
    Ok(reply.flags(3)?.send())
}
