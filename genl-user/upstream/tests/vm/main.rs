//! The generated clients against the kernel's own families, in a real kernel.
//!
//! `cargo xtask test` runs this as root in virtual machines, one test at a time: on the distribution's kernel with the
//! families' modules loaded, and on the checking kernel, which alone has netdevsim.

mod distribution;
mod machine;
mod netdevsim;
