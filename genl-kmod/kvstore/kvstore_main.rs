// SPDX-License-Identifier: GPL-2.0

//! `kvstore`: a key/value store in the kernel, one for each network namespace.
//!
//! The family is described in `schema/families/kvstore.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it, `store.rs` is what it serves.

#![allow(
    unreachable_pub,
    reason = "a module's code is reached by the kernel, not by crates"
)]
#![deny(
    unused_must_use,
    reason = "an error that is dropped is one that nobody hears of"
)]

use kernel::prelude::*;

#[allow(dead_code, reason = "a family needs but a part of it")]
mod generated;
#[allow(dead_code, unused_imports, reason = "a family needs but a part of it")]
#[path = "../genl/mod.rs"]
mod genl;
mod handlers;
mod store;

module! {
    type: genl::Module<generated::Served<handlers::KvStore>>,
    name: "kvstore",
    authors: ["The genl-kmod authors"],
    description: "A key/value store, one for each network namespace, served by generic netlink",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-kvstore"],
}
