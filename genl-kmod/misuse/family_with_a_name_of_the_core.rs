// SPDX-License-Identifier: GPL-2.0
// A family has a name for which the core stops the machine.
// error: E0080: could not evaluate static initializer

use crate::genl::Family;

pub static FAMILY: Family = Family::new(c"NET_DM", 1, 0, &[]);
