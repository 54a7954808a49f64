// SPDX-License-Identifier: GPL-2.0
// Requests share a state that is not made for that.
// error: E0277: `Cell<u32>` cannot be shared between threads safely

use crate::genl::{
    Net,
    PerNet, //
};
use core::cell::Cell;
use kernel::prelude::*;

pub struct State(Cell<u32>);

impl PerNet for State {
    fn init(_net: &Net) -> impl PinInit<Self, Error> {
        Ok(Self(Cell::new(0)))
    }
}
