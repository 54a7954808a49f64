// SPDX-License-Identifier: GPL-2.0

//! Arguments of functions that other modules call from C.
//!
//! Such a function is safe Rust: its parameters have types that vouch for what C must pass, as its
//! declaration in the C header says. [`Net`](super::Net) by reference is one of them.

use super::op::to_errno;
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    alloc::Flags,
    bindings,
    ffi::c_char,
    prelude::*, //
};

/// A text of the caller: `const char *`, not null, that ends in NUL. `Option` of it may be null.
///
/// # Invariants
///
/// The pointer is to a text that ends in NUL and stays as it is for `'c`. Rust has no way to make
/// one: only C can pass it, and has to keep what its header asks.
#[repr(transparent)]
pub struct CText<'c>(NonNull<c_char>, PhantomData<&'c CStr>);

impl<'c> CText<'c> {
    /// The text.
    pub fn as_cstr(&self) -> &'c CStr {
        // SAFETY: By the type invariant.
        unsafe { CStr::from_char_ptr(self.0.as_ptr()) }
    }
}

/// Bytes of the caller: `const void *`, which may be null, and `size_t`.
///
/// # Invariants
///
/// If the pointer is not null, then it is to as many bytes as `len` says, which stay as they are for
/// `'c`. Only C can make one, as with [`CText`].
#[repr(C)]
pub struct CBytes<'c> {
    start: Option<NonNull<u8>>,
    len: usize,
    _bytes: PhantomData<&'c [u8]>,
}

impl<'c> CBytes<'c> {
    /// More than an attribute can have: whoever puts so many gets EMSGSIZE.
    const TOO_MANY: usize = 1 << 16;

    /// The bytes, if there are any; of more than an attribute can have, too many still.
    pub fn as_bytes(&self) -> Option<&'c [u8]> {
        let start = self.start?.as_ptr();
        // A length that C has got wrong is to be an error, and no slice of more than there can be.
        let len = self.len.min(Self::TOO_MANY);
        // SAFETY: By the type invariant there are so many.
        Some(unsafe { core::slice::from_raw_parts(start, len) })
    }
}

/// How the caller allocates: `gfp_t`.
#[repr(transparent)]
pub struct Gfp(bindings::gfp_t);

impl Gfp {
    /// What of it there is a name for.
    pub fn flags(self) -> Flags {
        let has = |flags| self.0 & flags == flags;
        if has(bindings::GFP_KERNEL) {
            GFP_KERNEL
        } else if has(bindings::GFP_ATOMIC) {
            GFP_ATOMIC
        } else {
            GFP_NOWAIT
        }
    }
}

/// What C gets for a result: 0, or an error number below it.
pub fn status(result: Result) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => to_errno(error),
    }
}
