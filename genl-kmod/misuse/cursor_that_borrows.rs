// SPDX-License-Identifier: GPL-2.0
// A dump goes on with what was borrowed from a state that may be gone.
// error: lifetime may not live long enough

use kernel::prelude::*;

pub struct Cursor {
    keys: &'static [u8],
}

pub struct State {
    keys: KVec<u8>,
}

pub fn misuse(state: &State) -> Cursor {
    Cursor { keys: &state.keys }
}
