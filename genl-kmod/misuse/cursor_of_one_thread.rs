// SPDX-License-Identifier: GPL-2.0
// A cursor is used by threads that it is not made for.
// error: E0277: `*mut u8` cannot be sent between threads safely

use crate::genl::{
    Dump,
    Items,
    Op,
    Permission,
    Policy,
    Request, //
};
use crate::handlers::KvStore;
use kernel::prelude::*;

pub struct Cursor(*mut u8);

pub struct Operation;

impl Dump<KvStore> for Operation {
    const CMD: u8 = 1;
    const PERMISSION: Permission = Permission::Anyone;
    const POLICY: Policy = Policy::NONE;
    const ITEM_CMD: u8 = 1;
    const ITEM_LEN: usize = 0;
    type Cursor = Cursor;

    fn start<'r>(_: &KvStore, _: Request<'r>, _: &Op<'r>) -> Result<Cursor> {
        Err(EINVAL)
    }

    fn fill<'r>(_: &KvStore, _: Items<'_, Cursor>, _: &Op<'r>) -> Result {
        Ok(())
    }
}
