// SPDX-License-Identifier: GPL-2.0
// An extended ACK points into another request.
// error: lifetime may not live long enough

use crate::{
    generated::Get,
    genl::Op, //
};
use kernel::prelude::*;

pub fn misuse<'r, 'other>(op: &Op<'r>, other: &Get<'other>) -> Error {
    op.bad_attr(other.key_attr(), EINVAL, c"this one")
}
