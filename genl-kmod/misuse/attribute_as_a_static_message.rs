// SPDX-License-Identifier: GPL-2.0
// An extended ACK says by reference what may be gone.
// error: E0521: borrowed data escapes outside of function

use crate::{
    generated::Get,
    genl::Op, //
};
use kernel::prelude::*;

pub fn misuse<'r>(op: &Op<'r>, request: &Get<'r>) -> Error {
    op.error(EINVAL, request.key())
}
