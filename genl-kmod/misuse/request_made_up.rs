// SPDX-License-Identifier: GPL-2.0
// A handler makes up the call that it serves.
// error: E0624: associated function `new` is private

use crate::genl::Op;

pub fn misuse<'r>(info: core::ptr::NonNull<kernel::bindings::genl_info>) -> Op<'r> {
    // SAFETY: There is none.
    unsafe { Op::new(info) }
}
