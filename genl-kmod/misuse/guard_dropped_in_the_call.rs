// SPDX-License-Identifier: GPL-2.0
// A call ends what only the hook behind it may end.
// error: E0507: cannot move out of `*guard`

use crate::guarded::Handler;

pub fn misuse<H: Handler>(guard: &mut H::LendGuard<'_>) {
    drop(*guard);
}
