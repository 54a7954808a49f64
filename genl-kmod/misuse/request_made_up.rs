// SPDX-License-Identifier: GPL-2.0
// A handler makes up the call that it serves.
// error: E0624: associated function `new` is private

use crate::genl::Op;
use crate::handlers::KvStore;

pub fn misuse() {
    let _make_up = Op::new::<KvStore>;
}
