// SPDX-License-Identifier: GPL-2.0
// An event does not say whether it may sleep.
// error: E0061: this function takes 3 arguments but 2 arguments were supplied

use crate::{
    generated::{
        self,
        DelNtf, //
    },
    genl::{
        Event,
        Op, //
    }, //
};
use kernel::prelude::*;

fn fill<'e>(event: DelNtf<Event<'e>>) -> Result<DelNtf<Event<'e>>> {
    event.revision(1)
}

pub fn misuse(op: &Op<'_>) {
    generated::del_ntf(op.net(), fill);
}
