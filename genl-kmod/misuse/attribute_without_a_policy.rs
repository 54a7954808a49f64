// SPDX-License-Identifier: GPL-2.0
// An attribute is read that the policy of the operation does not cover.
// error: E0599: no method named `value` found

use crate::generated::Get;

pub fn misuse<'r>(request: &Get<'r>) -> Option<&'r [u8]> {
    request.value()
}
