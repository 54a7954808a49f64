//! Clients of the kernel's own generic netlink families, a module each.
//!
//! They are made from the specs of a kernel tree, so they are there only with the feature `specs`, and
//! `GENL_KERNEL_SOURCE` naming the tree.

#![deny(warnings, missing_docs)]

#[cfg(feature = "specs")]
include!(concat!(env!("OUT_DIR"), "/families.rs"));
