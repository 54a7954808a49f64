// SPDX-License-Identifier: GPL-2.0
// Nothing: each thing that another file does wrongly is done rightly here.
// error: none

use crate::{
    generated::{
        self,
        cmd,
        Get,
        GetItems,
        GetReply, //
    },
    genl::{
        self,
        Call,
        Family,
        Net,
        Op,
        PerNet,
        Put,
        Replied,
        Reply,
        SplitOp, //
    },
    guarded::{
        Handler,
        Lend,
        LendReply,
        Mend, //
    },
    handlers::KvStore,
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Shared, and owned by whoever refers to it.
pub struct Cursor {
    told: usize,
    keys: Arc<KVec<u8>>,
}

pub fn reply<'r>(request: Get<'r>, reply: GetReply<Reply<'r>>, op: &Op<'r>) -> Result<Replied<'r>> {
    if request.key().is_empty() {
        return Err(op.bad_attr(request.key_attr(), EINVAL, c"a key has a text"));
    }
    let next = reply.key(request.key())?.and_another(op)?;
    Ok(next.meta(|meta| meta.hits(1))?.send())
}

pub fn dump(mut items: GetItems<'_, Cursor>, op: &Op<'_>) -> Result {
    let keys = items.cursor().keys.clone();
    items.consistent_at(keys.len() as u64);
    for at in items.cursor().told..keys.len() {
        if at % 2 == 0 {
            items.skip(|cursor| cursor.told = at + 1);
            continue;
        }
        items.add(
            |item| item.revision(keys[at].into()),
            |cursor| cursor.told = at + 1,
        )?;
    }
    op.warn(fmt!("{} of them", keys.len()));
    Ok(())
}

pub fn tell<'r>(request: &Get<'r>, op: &Op<'r>) -> Result {
    generated::del_ntf(op.net(), GFP_KERNEL, |event| event.key(request.key()));
    generated::del_ntf_all(GFP_ATOMIC, |event| event.revision(1));
    generated::del_ntf_for(op, GFP_KERNEL, |event| event.revision(2))?;
    generated::del_ntf_to(op.portid(), op.net(), GFP_KERNEL, |event| event.revision(3))
}

pub fn nest<M: Put>(message: &mut M) -> Result {
    message.put_nest(1, |mut outer| {
        outer.put_nest(2, |inner| Ok(inner))?;
        Ok(outer)
    })
}

pub const RULE: genl::Rule = genl::Rule::u8();

pub static FAMILY: Family = Family::with_header(c"a_name_of_fifty", 1, 0, 256, &[]);

pub const TABLE: () = assert!(SplitOp::<KvStore>::is_table(&[
    SplitOp::new_do::<Call<{ cmd::GET }>>(),
    SplitOp::new_dump::<Call<{ cmd::GET }>>(),
    SplitOp::new_do::<Call<{ cmd::SET }>>(),
]));

/// Operations with hooks.
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

    fn lend_post(&self, guard: Lent<'_>, op: &Op<'_>) {
        if *guard.0 != self.0 {
            op.warn(c"it has changed");
        }
    }

    fn mend_pre<'r>(&self, _request: &Mend<'r>, _op: &Op<'r>) -> Result {
        Ok(())
    }

    fn mend<'r>(&self, _request: Mend<'r>, _guard: &mut (), _op: &Op<'r>) -> Result {
        Ok(())
    }
}
