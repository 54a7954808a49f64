// SPDX-License-Identifier: GPL-2.0
// What one operation has begun is ended as if it were another one's.
// error: E0308: mismatched types

use crate::{
    genl::Op,
    guarded::Handler, //
};

pub fn misuse<H: Handler>(state: &H, guard: H::MendGuard<'_>, op: &Op<'_>) {
    state.lend_post(guard, op);
}
