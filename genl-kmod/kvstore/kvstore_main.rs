// SPDX-License-Identifier: GPL-2.0

//! `kvstore`: a key/value store in the kernel, one for each network namespace.
//!
//! The family is described in `schema/families/kvstore.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it, `store.rs` is what it serves.

use kernel::prelude::*;

pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;
pub mod store;

module! {
    type: genl::Module<generated::Served<handlers::KvStore>>,
    name: "kvstore",
    authors: ["The genl-kmod authors"],
    description: "A key/value store, one for each network namespace, served by generic netlink",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-kvstore"],
}
