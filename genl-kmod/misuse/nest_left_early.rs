// SPDX-License-Identifier: GPL-2.0
// A nest is closed by the one around it.
// error: E0521: borrowed data escapes outside of closure

use crate::genl::Put;
use kernel::prelude::*;

pub fn misuse<M: Put>(message: &mut M) -> Result {
    message.put_nest(1, |mut outer| {
        let mut swapped = None;
        outer.put_nest(2, |inner| {
            swapped = Some(inner);
            Err(EINVAL)
        })?;
        Ok(outer)
    })
}
