// SPDX-License-Identifier: GPL-2.0
// A handler succeeds without the reply that the operation has.
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
    reply.revision(1)?;
    Ok(())
}
