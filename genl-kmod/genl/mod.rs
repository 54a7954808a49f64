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
//! # What safety rests on
//!
//! - **Requests** are read in place. Their bytes do not change: `netlink_sendmsg()` has copied them
//!   from user space. The attribute table is as long as the row's `maxattr` says
//!   (`genl_family_rcv_msg_attrs_parse()`), and each entry was checked to lie within the message
//!   (`__nla_validate_parse()`). Getters check lengths again, so no policy is trusted with memory.
//! - **The lifetime `'r`** of [`Op`], [`Attr`] and [`Reply`] is that of one call: what is of another
//!   one does not have it, as that of [`Op`] and [`Reply`] is invariant. So an extended ACK cannot
//!   point into another request (`netlink_ack_tlv_fill()` computes an offset from it), and a reply
//!   cannot be returned for another one.
//! - **Policies** are `struct nla_policy`, which the core reads by its type, some of it as pointers. A
//!   [`Rule`] can only be built so that they fit; anything else fails to compile.
//! - **Replies** own their buffer. [`Reply::send`] consumes it and gives the only [`Replied`] there
//!   is, which the handler must return; the runtime sends it after that. So each request is
//!   answered once: by a reply, or by an error.
//! - **State** is made before the family is registered, and dropped after it is unregistered:
//!   `genl_unregister_family()` takes `cb_lock` for writing and so waits for each `doit`. It is found
//!   only by way of an [`Op`], whose socket holds a reference to the namespace, so `ops_exit_list()`
//!   comes later.
//! - **Dumps** outlive `cb_lock`: what continues one holds only `nl_cb_mutex`, and only the module's
//!   reference count, taken by `__netlink_dump_start()`, keeps its code in place. So the cursor is
//!   `'static`, `done` drops it without looking at anything else, and the family is registered as
//!   the last thing that a module's `init` does: if `init` fails, `do_init_module()` frees the code
//!   at once.
//! - **Messages** grow by appending only. An error cuts them back to where the failed part began, so
//!   none is half built; nests are closures and cannot be left open, and one that is longer than its
//!   16 bits of length can say is an error (`nla_nest_end_safe()`).
//! - **Events** name their namespace, and pass a gate (SRCU) that unregistering closes: the core's
//!   group numbers of a family that is gone may be those of another one.
//!
//! # What it does not do
//!
//! State of a socket (`sock_priv`): its accessor, `genl_sk_priv_get()`, is not exported to modules.
//! Hooks before and after a call. Families with a header of their own.

pub mod attr;
pub mod check;
pub mod clock;
pub mod dump;
pub mod export;
pub mod extack;
pub mod family;
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
pub use message::{Nest, NestArray, Put, PutHeader};
pub use net::{Net, PerNet};
pub use op::{Call, Do, Op, Permission, SplitOp};
pub use policy::{Policy, Range, Rule, Rules, SignedRange};
pub use reply::{Replied, Reply};
