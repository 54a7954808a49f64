// SPDX-License-Identifier: GPL-2.0
// A table of operations has them in an order that the core warns of.
// error: E0080: evaluation of constant value failed

use crate::{
    generated::cmd,
    genl::{
        Call,
        SplitOp, //
    },
    handlers::KvStore,
};

pub const TABLE: () = assert!(SplitOp::<KvStore>::is_table(&[
    SplitOp::new_do::<Call<{ cmd::SET }>>(),
    SplitOp::new_do::<Call<{ cmd::GET }>>(),
]));
