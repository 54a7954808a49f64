// SPDX-License-Identifier: GPL-2.0

//! What serves the family.

use crate::{
    generated::{
        self,
        Greet,
        GreetReply,
        Handler, //
    },
    genl, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// What the family keeps for each network namespace.
pub struct Greeter {
    greeted: Atomic<u32>,
}

impl genl::PerNet for Greeter {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self {
            greeted: Atomic::new(0),
        })
    }
}

impl Handler for Greeter {
    fn greet<'r>(
        &self,
        request: Greet<'r>,
        reply: GreetReply<genl::Reply<'r>>,
        op: &genl::Op<'r>,
    ) -> Result<genl::Replied<'r>> {
        // Requests are served concurrently.
        let number = self.greeted.fetch_add(1, Relaxed).wrapping_add(1);
        let reply = reply.number(number)?;
        generated::greeted(op.net(), |event| event.name(request.name())?.number(number));
        Ok(reply.send())
    }
}
