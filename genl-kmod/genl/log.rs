// SPDX-License-Identifier: GPL-2.0

//! Sparing the kernel's log.
//!
//! C header: [`include/linux/net.h`](srctree/include/linux/net.h)

use kernel::bindings;

/// Whether one more line may be logged now (`net_ratelimit()`); for lines that a request causes.
///
/// All of networking shares ten lines in five seconds. The kernel tells how many it has refused.
pub fn may_log() -> bool {
    // SAFETY: It can be called from anywhere.
    unsafe { bindings::net_ratelimit() != 0 }
}
