// SPDX-License-Identifier: GPL-2.0

//! `everything`: every construct of the format that a family can use, for the tests.
//!
//! The family is described in `schema/families/everything.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it. By `exports.rs`, made from it too, other modules send its events.

use kernel::prelude::*;

pub mod events;
pub mod exports;
pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;
pub mod nests;
pub mod tale;

module! {
    type: genl::Module<generated::Served<handlers::Everything>>,
    name: "everything",
    authors: ["The genl-kmod authors"],
    description: "Every construct of a netlink spec, sent back as it came",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-everything"],
}
