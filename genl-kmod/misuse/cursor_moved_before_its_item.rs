// SPDX-License-Identifier: GPL-2.0
// A cursor is moved past an item that may not fit.
// error: E0594: cannot assign to

use crate::generated::GetItems;
use kernel::prelude::*;

pub struct Cursor {
    told: u64,
}

pub fn misuse(mut items: GetItems<'_, Cursor>) -> Result {
    items.cursor().told += 1;
    items.add(|item| item.revision(1), |_| ())
}
