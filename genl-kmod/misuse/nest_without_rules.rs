// SPDX-License-Identifier: GPL-2.0
// A nest is accepted whose attributes nobody checks.
// error: E0080: evaluation of constant value failed

use crate::genl::{
    Policy,
    Rule, //
};

pub const RULE: Rule = Rule::nest(Policy::NONE);
