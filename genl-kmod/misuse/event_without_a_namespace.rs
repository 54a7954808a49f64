// SPDX-License-Identifier: GPL-2.0
// An event goes to nobody knows which namespace.
// error: E0061: this function takes 3 arguments but 2 arguments were supplied

use crate::{
    generated::{
        self,
        DelNtf, //
    },
    genl::Event, //
};
use kernel::prelude::*;

fn fill<'e>(event: DelNtf<Event<'e>>) -> Result<DelNtf<Event<'e>>> {
    event.revision(1)
}

pub fn misuse() {
    generated::del_ntf(GFP_KERNEL, fill);
}
