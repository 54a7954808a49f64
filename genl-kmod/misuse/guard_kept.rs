// SPDX-License-Identifier: GPL-2.0
// A guard is kept when the state that it borrows from may be gone.
// error: lifetime may not live long enough

use crate::guarded::Handler;

pub struct Later<H: Handler> {
    guard: Option<H::LendGuard<'static>>,
}

pub fn misuse<'h, H: Handler>(later: &mut Later<H>, guard: H::LendGuard<'h>) {
    later.guard = Some(guard);
}
