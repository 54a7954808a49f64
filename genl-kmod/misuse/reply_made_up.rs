// SPDX-License-Identifier: GPL-2.0
// A handler says that it has replied, and has not.
// error: E0423: cannot initialize a tuple struct which contains private fields

use crate::genl::{
    Replied,
    Reply, //
};

pub fn misuse<'r>(reply: Reply<'r>) -> Replied<'r> {
    Replied(reply)
}
