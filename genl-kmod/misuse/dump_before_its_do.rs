// SPDX-License-Identifier: GPL-2.0
// A table of operations has the two halves of one the wrong way round.
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
    SplitOp::new_dump::<Call<{ cmd::GET }>>(),
    SplitOp::new_do::<Call<{ cmd::GET }>>(),
]));
