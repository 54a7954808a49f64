// SPDX-License-Identifier: GPL-2.0

//! `nltest`: what the netlink tutorials teach, as a typed family.
//!
//! The family is described in `schema/families/nltest.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it. By `exports.rs`, made from it too, other modules send its events.

use kernel::prelude::*;

pub mod exports;
pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;

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
