// SPDX-License-Identifier: GPL-2.0

//! `every-legacy`: what old families have and new ones may not, for the tests.
//!
//! The family is described in `schema/families/every_legacy.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it.

use kernel::prelude::*;

pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;

module! {
    type: genl::Module<generated::Served<handlers::EveryLegacy>>,
    name: "every_legacy",
    authors: ["The genl-kmod authors"],
    description: "What old netlink families have, sent back as it came",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-every-legacy"],
}
