// SPDX-License-Identifier: GPL-2.0

//! What other modules may call; declared for them in `nltest.h`.
//!
//! C header: `nltest.h`, beside this file. `exports.c` exports the symbols.

use crate::{
    generated,
    genl::{
        export::CText,
        Net, //
    },
};
use kernel::{
    error::from_result,
    prelude::*, //
};

/// `nltest_unicast()`.
#[no_mangle]
extern "C" fn nltest_unicast(net: &Net, portid: u32, text: CText<'_>) -> c_int {
    from_result(|| {
        generated::message_to(portid, net, GFP_KERNEL, |message| {
            message.text(text.as_cstr())
        })?;
        Ok(0)
    })
}

/// `nltest_broadcast()`.
#[no_mangle]
extern "C" fn nltest_broadcast(net: &Net, text: CText<'_>) {
    generated::message(net, GFP_KERNEL, |message| message.text(text.as_cstr()));
}
