// SPDX-License-Identifier: GPL-2.0
// A family has a header that is too large for the stack.
// error: E0080: could not evaluate static initializer

use crate::genl::Family;

pub static FAMILY: Family = Family::with_header(c"headed", 1, 0, 257, &[]);
