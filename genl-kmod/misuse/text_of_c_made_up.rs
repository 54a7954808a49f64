// SPDX-License-Identifier: GPL-2.0
// Rust makes up what only C can vouch for.
// error: E0423: cannot initialize a tuple struct which contains private fields

use crate::genl::export::CText;

pub fn misuse(start: core::ptr::NonNull<u8>) -> CText<'static> {
    CText(start, core::marker::PhantomData)
}
