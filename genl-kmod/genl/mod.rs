// SPDX-License-Identifier: GPL-2.0

//! Generic netlink families in Rust: the runtime that generated code and handlers stand on.
pub mod attr;
pub mod clock;
pub mod dump;
pub mod export;
mod extack;
pub mod family;
pub mod mcast;
pub mod message;
pub mod net;
pub mod op;
pub mod policy;
pub mod sched;
mod shim;

pub use attr::{Attr, Attrs, Request};
pub use dump::{Dump, Item, Items};
pub use family::{Family, Group, Module, Serve};
pub use mcast::Event;
pub use message::{Nest, Put, Replied, Reply};
pub use net::{Net, PerNet};
pub use op::{Call, Do, Op, Permission, SplitOp};
pub use policy::{Listed, Policy, Range, Rule, Rules, SignedRange};
