// SPDX-License-Identifier: GPL-2.0
// An operation is not served.
// error: E0046: not all trait items implemented, missing: `run`

use crate::genl::{
    Do,
    Permission,
    Policy, //
};

pub struct Operation;

impl<H> Do<H> for Operation {
    const CMD: u8 = 1;
    const PERMISSION: Permission = Permission::Anyone;
    const POLICY: Policy = Policy::NONE;
}
