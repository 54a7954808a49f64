// SPDX-License-Identifier: GPL-2.0

//! Generic netlink families in Rust: the runtime that generated code and handlers stand on.
//!
//! A module has its own copy of it (`#[path = "../genl/mod.rs"] mod genl;`) and of its C part,
//! `shim.c`, which holds what bindgen cannot see. All `unsafe` of the kernel half is here: whatever
//! a handler does and whatever user space sends, safe code cannot break an invariant.
//!
//! # The way of a request
//!
//! `genl_rcv_msg()` finds the row of [`SplitOp`] for the command, checks rights and attributes by
//! the row's [`Policy`], and calls `doit` ([`op`]), or `start`, `dumpit` and `done` ([`dump`]).
//! These make an [`Op`] and a [`Request`] that live as long as the call, find the handler's value
//! for the namespace ([`PerNet`]), and call generated code, which calls the handler.
//!
#![doc = include_str!("SOUNDNESS.md")]

pub mod attr;
pub mod check;
pub mod clock;
pub mod dump;
pub mod export;
pub mod extack;
pub mod family;
pub mod kept;
pub mod layout;
pub mod log;
pub mod mcast;
pub mod message;
pub mod net;
pub mod op;
pub mod policy;
pub mod reply;
pub mod sched;
mod shim;
mod skb;

pub use attr::{Attr, Attrs, Bitfield32, Request};
pub use check::Listed;
pub use dump::{Dump, Item, Items};
pub use extack::Words;
pub use family::{Family, Group, Module, Serve};
pub use mcast::Event;
pub use message::{Nest, NestArray, Put, PutHeader, TOO_LONG};
pub use net::{Net, PerNet};
pub use op::{Call, Do, Op, Permission, SplitOp};
pub use policy::{Policy, Range, Rule, Rules, SignedRange};
pub use reply::{Replied, Reply};
