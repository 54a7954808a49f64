// SPDX-License-Identifier: GPL-2.0

//! The time of day.
//!
//! C header: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h)

use kernel::bindings;

/// Nanoseconds since the epoch (`ktime_get_real()`), as the clock is set.
pub fn real_ns() -> u64 {
    // SAFETY: It can be called from anywhere.
    let now = unsafe { bindings::ktime_get_real() };
    // A clock that is set to before the epoch shows the epoch.
    now.try_into().unwrap_or(0)
}
