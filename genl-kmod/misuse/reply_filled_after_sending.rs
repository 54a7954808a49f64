// SPDX-License-Identifier: GPL-2.0
// A reply is filled after it has been sent.
// error: E0382: use of moved value: `reply`

use crate::{
    generated::GetReply,
    genl::{
        Replied,
        Reply, //
    }, //
};
use kernel::prelude::*;

pub fn misuse<'r>(reply: GetReply<Reply<'r>>) -> Result<Replied<'r>> {
    let replied = reply.send();
    reply.revision(1)?;
    Ok(replied)
}
