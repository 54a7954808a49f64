// SPDX-License-Identifier: GPL-2.0

//! Where the members of C structs lie in a message's bytes.
//!
//! Places are constants, checked when the generated code is compiled; so nothing is checked when it
//! runs, and a member is one load or one store.

/// How many bytes a struct may have, or whatever else is passed around by value: some functions
/// deep, each with its own, they all stand on the kernel's stack.
pub const MAX_STRUCT_LEN: usize = 256;

/// The first `SIZE` bytes; where there are fewer, zeros follow them.
///
/// Fails to compile if that is more than [`MAX_STRUCT_LEN`].
pub fn padded<const SIZE: usize>(bytes: &[u8]) -> [u8; SIZE] {
    const { assert!(SIZE <= MAX_STRUCT_LEN) }
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
/// Fails to compile if there are not so many, or more than [`MAX_STRUCT_LEN`].
pub fn part<const AT: usize, const LEN: usize, const SIZE: usize>(bytes: &[u8; SIZE]) -> [u8; LEN] {
    const { assert!(SIZE <= MAX_STRUCT_LEN && AT <= SIZE && LEN <= SIZE - AT) }
    let mut part = [0; LEN];
    part.copy_from_slice(&bytes[AT..AT + LEN]);
    part
}

/// Puts `part` at `AT`.
///
/// Fails to compile if it does not fit there, or there are more than [`MAX_STRUCT_LEN`].
pub fn set_part<const AT: usize, const LEN: usize, const SIZE: usize>(
    bytes: &mut [u8; SIZE],
    part: [u8; LEN],
) {
    const { assert!(SIZE <= MAX_STRUCT_LEN && AT <= SIZE && LEN <= SIZE - AT) }
    bytes[AT..AT + LEN].copy_from_slice(&part);
}
