// SPDX-License-Identifier: GPL-2.0
// A handler makes up the call that it serves.
// error: E0624: associated function `new` is private

use crate::genl::{Op, PerNet};
use core::ptr::NonNull;
use kernel::bindings;

pub fn misuse<'r, H: PerNet>(info: NonNull<bindings::genl_info>) -> (Op<'r>, &'r H) {
    // SAFETY: There is none.
    unsafe { Op::new(info) }
}
