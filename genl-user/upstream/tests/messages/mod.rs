//! Random messages, and what they say by the kernel's rules.

mod bytes;
pub(crate) mod looks;
mod nests;
pub(crate) mod parse;
pub(crate) mod quirk;
mod random;
pub(crate) mod sample;
mod scalar;
