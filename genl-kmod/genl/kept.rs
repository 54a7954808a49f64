// SPDX-License-Identifier: GPL-2.0

//! What a handler keeps of a request.

use kernel::prelude::*;

/// Appends `bytes` to a vector that has been made with room for them, or fails with ENOMEM.
///
/// `KVec::extend_from_slice()` gets more room then, and brings the code for that into the module.
pub fn append(to: &mut KVec<u8>, bytes: &[u8]) -> Result {
    let len = to.len();
    match len.checked_add(bytes.len()) {
        Some(end) if end <= to.capacity() => {
            // SAFETY: The vector has memory up to its capacity, and `bytes` is not in it, as we have
            // the only reference. What is counted in has just been written.
            unsafe {
                let start = to.as_mut_ptr().add(len);
                core::ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len());
                to.inc_len(bytes.len());
            }
            Ok(())
        }
        _ => Err(ENOMEM),
    }
}
