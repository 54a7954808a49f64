//! The whole crate in five minutes, from a spec to a client and a server.
//!
//! Each example is run by the tests. Those of the family "nlctrl" ask the kernel that runs: every
//! Linux has it, and anyone may ask. Those of "kvstore" ask a [fake
//! kernel](#a-family-without-its-kernel).
#![doc = include_str!("tour/calls.md")]
//!
//! ```
//! # #[cfg(feature = "server")]
//! # mod shelf {
#![doc = include_str!("tour/shelf.rs")]
//! # }
//! # fn main() {}
//! ```
#![doc = include_str!("tour/beyond.md")]
// What a feature brings is not there without it.
#![cfg_attr(
    feature = "dynamic",
    doc = "[`dynamic::Client`]: crate::dynamic::Client"
)]
#![cfg_attr(not(feature = "dynamic"), doc = "[`dynamic::Client`]: crate#features")]
#![cfg_attr(feature = "server", doc = "[`server::Server`]: crate::server::Server")]
#![cfg_attr(not(feature = "server"), doc = "[`server::Server`]: crate#features")]
#![cfg_attr(
    feature = "testing",
    doc = "[`testing::Kernel`]: crate::testing::Kernel"
)]
#![cfg_attr(not(feature = "testing"), doc = "[`testing::Kernel`]: crate#features")]
