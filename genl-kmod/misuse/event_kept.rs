// SPDX-License-Identifier: GPL-2.0
// An event is filled when it has been sent.
// error: E0521: borrowed data escapes outside of closure

use crate::{
    generated::{
        self, //
    },
    genl::Op, //
};
use kernel::prelude::*;

pub fn misuse(op: &Op<'_>) {
    let mut kept = None;
    generated::del_ntf(op.net(), GFP_KERNEL, |event| {
        kept = Some(event);
        Err(EINVAL)
    });
}
