// SPDX-License-Identifier: GPL-2.0
// The hook behind a call is run twice.
// error: E0382: use of moved value: `guard`

use crate::{
    genl::Op,
    guarded::Handler, //
};

pub fn misuse<H: Handler>(state: &H, guard: H::LendGuard<'_>, op: &Op<'_>) {
    state.lend_post(guard, op);
    state.lend_post(guard, op);
}
