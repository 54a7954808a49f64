// SPDX-License-Identifier: GPL-2.0
// An item is filled when it has been added.
// error: E0521: borrowed data escapes outside of closure

use crate::generated::GetItems;
use kernel::prelude::*;

pub fn misuse(mut items: GetItems<'_, u64>) -> Result {
    let mut kept = None;
    items.add(
        |item| {
            kept = Some(item);
            Err(EINVAL)
        },
        |_| (),
    )
}
