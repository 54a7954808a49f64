// SPDX-License-Identifier: GPL-2.0

//! Arguments of functions that other modules call from C.
//!
//! Such a function is safe Rust: its parameters have types that vouch for what C must pass, as its
//! declaration in the C header says. [`Net`](super::Net) by reference is one of them.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    ffi::c_char,
    prelude::*, //
};

/// A text of the caller: `const char *`, never null, that ends in NUL.
///
/// # Invariants
///
/// The pointer is to a text that ends in NUL and stays as it is for `'a`. Rust has no way to make
/// one: only C can pass it, and has to keep what its header asks.
#[repr(transparent)]
pub struct CText<'a>(NonNull<c_char>, PhantomData<&'a CStr>);

impl<'a> CText<'a> {
    /// The text.
    pub fn as_cstr(&self) -> &'a CStr {
        // SAFETY: By the type invariant.
        unsafe { CStr::from_char_ptr(self.0.as_ptr()) }
    }
}
