// SPDX-License-Identifier: GPL-2.0

//! `every-per-op`: operations whose do and dump share a policy, for the tests.
//!
//! The family is described in `schema/families/every_per_op.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it.

use kernel::prelude::*;

pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;

module! {
    type: genl::Module<generated::Served<handlers::EveryPerOp>>,
    name: "every_per_op",
    authors: ["The genl-kmod authors"],
    description: "Netlink operations with shared policies, sent back as they came",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-every-per-op"],
}
