// SPDX-License-Identifier: GPL-2.0

//! `nltest`: what the netlink tutorials teach, as a typed family.
//!
//! The family is described in `schema/families/nltest.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it. By `exports.rs`, made from it too, other modules send its events.
//!
//! It is to learn from and to test with, not to be shipped: anyone may send `sleep`, and while a request is
//! served, `cb_lock` (net/netlink/genetlink.c) keeps families from coming and going.

#![allow(
    unreachable_pub,
    reason = "a module's code is reached by the kernel, not by crates"
)]
#![deny(
    unused_must_use,
    reason = "an error that is dropped is one that nobody hears of"
)]

use kernel::prelude::*;

mod exports;
#[allow(dead_code, reason = "a family needs but a part of it")]
mod generated;
#[allow(dead_code, unused_imports, reason = "a family needs but a part of it")]
#[path = "../genl/mod.rs"]
mod genl;
mod handlers;

module! {
    type: genl::Module<generated::Served<handlers::NlTest>>,
    name: "nltest",
    authors: ["The genl-kmod authors"],
    description: "What the netlink tutorials teach, as a typed generic netlink family",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-nltest"],
    params: {
        max_sleep_ms: u32 {
            default: 10_000,
            description: "How long the operation sleep may sleep, in milliseconds",
        },
    },
}
