// SPDX-License-Identifier: GPL-2.0
// A message is filled after another one has been begun.
// error: E0382: use of moved value: `reply`

use crate::{
    generated::GetReply,
    genl::{
        Op,
        Replied,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r>(reply: GetReply<Reply<'r>>, op: &Op<'r>) -> Result<Replied<'r>> {
    let next = reply.and_another(op)?;
    reply.revision(1)?;
    Ok(next.send())
}
