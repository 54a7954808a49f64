//! YNL specs in, Rust for both ends of generic netlink out.

pub mod model;
pub mod name;
