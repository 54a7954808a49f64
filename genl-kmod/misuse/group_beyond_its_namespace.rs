// SPDX-License-Identifier: GPL-2.0
// A group asks for rights that the core does not check.
// error: E0080: could not evaluate static initializer

use crate::genl::{
    Group,
    Permission, //
};

pub static GROUP: Group = Group::new(c"all", Permission::Admin);
