// SPDX-License-Identifier: GPL-2.0
// Items are added when their chunk is gone.
// error: lifetime may not live long enough

use crate::generated::GetItems;

pub struct Later {
    items: Option<GetItems<'static, u64>>,
}

pub fn misuse(later: &mut Later, items: GetItems<'_, u64>) {
    later.items = Some(items);
}
