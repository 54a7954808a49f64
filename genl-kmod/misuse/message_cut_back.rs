// SPDX-License-Identifier: GPL-2.0
// What a nest has begun with is cut off within it.
// error: E0624: method `trim` is private

use crate::genl::Put;

pub fn misuse<M: Put>(message: &mut M) {
    message.target().trim(0);
}
