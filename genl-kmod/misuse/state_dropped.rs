// SPDX-License-Identifier: GPL-2.0
// A handler drops the state while its family is registered.
// error: E0507: cannot move out of `*state` which is behind a shared reference

use crate::handlers::KvStore;

pub fn misuse(state: &KvStore) {
    drop(*state);
}
