// SPDX-License-Identifier: GPL-2.0

//! Where the members of C structs lie in a message's bytes.
//!
//! Places are constants, checked when the generated code is compiled; so nothing is checked when it
//! runs, and a member is one load or one store.

/// The first `SIZE` bytes; where there are fewer, zeros follow them.
pub fn padded<const SIZE: usize>(bytes: &[u8]) -> [u8; SIZE] {
    match bytes.first_chunk() {
        Some(whole) => *whole,
        None => {
            let mut padded = [0; SIZE];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        }
    }
}

/// The `LEN` bytes at `AT`.
///
/// Fails to compile if there are not so many.
pub fn part<const AT: usize, const LEN: usize, const SIZE: usize>(bytes: &[u8; SIZE]) -> [u8; LEN] {
    const { assert!(AT <= SIZE && LEN <= SIZE - AT) }
    let mut part = [0; LEN];
    part.copy_from_slice(&bytes[AT..AT + LEN]);
    part
}

/// Puts `part` at `AT`.
///
/// Fails to compile if it does not fit there.
pub fn set_part<const AT: usize, const LEN: usize, const SIZE: usize>(
    bytes: &mut [u8; SIZE],
    part: [u8; LEN],
) {
    const { assert!(AT <= SIZE && LEN <= SIZE - AT) }
    bytes[AT..AT + LEN].copy_from_slice(&part);
}
