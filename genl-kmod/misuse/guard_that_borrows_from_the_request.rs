// SPDX-License-Identifier: GPL-2.0
// A guard borrows from the request, not from the state.
// error: lifetime may not live long enough

use crate::{
    genl::{
        Net,
        Op,
        PerNet,
        Replied,
        Reply, //
    },
    guarded::{
        Handler,
        Lend,
        LendReply,
        Mend, //
    },
};
use kernel::prelude::*;

pub struct Shop(u32);

impl PerNet for Shop {
    fn init(_net: &Net) -> impl PinInit<Self, Error> {
        Ok(Self(0))
    }
}

pub struct Lent<'h>(&'h CStr);

impl Handler for Shop {
    type LendGuard<'h> = Lent<'h>;
    type MendGuard<'h> = ();

    fn lend_pre<'r>(&self, request: &Lend<'r>, _op: &Op<'r>) -> Result<Lent<'_>> {
        Ok(Lent(request.name()))
    }

    fn lend<'r>(
        &self,
        request: Lend<'r>,
        reply: LendReply<Reply<'r>>,
        _guard: &mut Lent<'_>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        Ok(reply.name(request.name())?.send())
    }

    fn lend_post(&self, _guard: Lent<'_>, _op: &Op<'_>) {}

    fn mend_pre<'r>(&self, _request: &Mend<'r>, _op: &Op<'r>) -> Result {
        Ok(())
    }

    fn mend<'r>(&self, _request: Mend<'r>, _guard: &mut (), _op: &Op<'r>) -> Result {
        Ok(())
    }
}
