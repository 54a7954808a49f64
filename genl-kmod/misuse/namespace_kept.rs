// SPDX-License-Identifier: GPL-2.0
// A namespace is used when it may be gone.
// error: E0521: borrowed data escapes outside of function

use crate::genl::{
    Net,
    Op, //
};

pub struct Later {
    net: Option<&'static Net>,
}

pub fn misuse(later: &mut Later, op: &Op<'_>) {
    later.net = Some(op.net());
}
