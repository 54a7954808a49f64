// SPDX-License-Identifier: GPL-2.0

//! `@FAMILY@`: greets whoever asks, and tells its listeners about it.
//!
//! The family is described in `schema/families/@FAMILY@.yaml`; `generated.rs` is made from it,
//! `handlers.rs` serves it.

use kernel::prelude::*;

pub mod generated;
#[path = "../genl/mod.rs"]
pub mod genl;
pub mod handlers;

module! {
    type: genl::Module<generated::Served<handlers::Greeter>>,
    name: "@MODULE@",
    authors: ["The authors of @FAMILY@"],
    description: "Greets whoever asks",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-@FAMILY@"],
}
