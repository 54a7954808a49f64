// SPDX-License-Identifier: GPL-2.0
// A family has a name that does not fit.
// error: E0080: could not evaluate static initializer

use crate::genl::Family;

pub static FAMILY: Family = Family::new(c"a_name_of_sixteen", 1, 0, &[]);
