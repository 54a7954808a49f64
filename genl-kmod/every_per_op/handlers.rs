// SPDX-License-Identifier: GPL-2.0

//! The family's operations: what is sent comes back.

use crate::{
    generated::*,
    genl::{
        self,
        Op,
        Replied,
        Reply, //
    },
};
use kernel::prelude::*;

/// Serves the family; the same in all network namespaces.
pub struct EveryPerOp;

impl genl::PerNet for EveryPerOp {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self)
    }
}

/// What a dump tells, and how often it still has to.
pub struct Cursor {
    left: u8,
    least: Option<u32>,
    /// What there is in the nest, if that is there.
    part: Option<Option<u16>>,
}

impl Handler for EveryPerOp {
    type GetCursor = Cursor;

    fn get<'r>(
        &self,
        request: Get<'r>,
        reply: GetReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply.id(request.id())?;
        if let Some(name) = request.name() {
            reply = reply.name(name)?;
        }
        Ok(reply.send())
    }

    fn get_dump_start<'r>(&self, request: GetDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            left: request.times(),
            least: request.least(),
            part: request.part().map(|part| part.size()),
        })
    }

    fn get_dump(&self, mut items: GetItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        while items.cursor().left > 0 {
            let Cursor { least, part, .. } = *items.cursor();
            items.add(
                |mut item| {
                    if let Some(least) = least {
                        item = item.least(least)?;
                    }
                    if let Some(size) = part {
                        item = item.part(|part| match size {
                            Some(size) => part.size(size),
                            None => Ok(part),
                        })?;
                    }
                    Ok(item)
                },
                |cursor| cursor.left -= 1,
            )?;
        }
        Ok(())
    }

    fn find<'r>(
        &self,
        request: Find<'r>,
        reply: FindReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        if let Some(name) = request.name() {
            reply = reply.name(name)?;
        }
        Ok(reply.send())
    }
}
