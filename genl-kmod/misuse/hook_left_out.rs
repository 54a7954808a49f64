// SPDX-License-Identifier: GPL-2.0
// What a hook has begun is never ended.
// error: E0046: not all trait items implemented, missing: `lend_post`

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

pub struct Lent<'h>(&'h u32);

impl Handler for Shop {
    type LendGuard<'h> = Lent<'h>;
    type MendGuard<'h> = ();

    fn lend_pre<'r>(&self, _request: &Lend<'r>, _op: &Op<'r>) -> Result<Lent<'_>> {
        Ok(Lent(&self.0))
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

    fn mend_pre<'r>(&self, _request: &Mend<'r>, _op: &Op<'r>) -> Result {
        Ok(())
    }

    fn mend<'r>(&self, _request: Mend<'r>, _guard: &mut (), _op: &Op<'r>) -> Result {
        Ok(())
    }
}
