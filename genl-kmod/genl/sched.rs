// SPDX-License-Identifier: GPL-2.0

//! Giving way in long loops.

use super::shim;

/// Lets others run, if it is time; for loops over much data. May sleep.
#[inline]
pub fn cond_resched() {
    // SAFETY: All callbacks may sleep; so may whoever calls this, or the kernel says so.
    unsafe { shim::genl_shim_cond_resched() }
}
