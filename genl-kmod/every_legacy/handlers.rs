// SPDX-License-Identifier: GPL-2.0

//! The family's operations: what is sent comes back, the header too.

use crate::{
    generated::{
        self,
        *, //
    },
    genl::{
        self,
        Op,
        Put,
        Replied,
        Reply, //
    },
};
use kernel::prelude::*;

/// Serves the family; the same in all network namespaces.
pub struct EveryLegacy;

impl genl::PerNet for EveryLegacy {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self)
    }
}

/// What a dump tells, and how often it still has to.
#[derive(Clone, Copy)]
pub struct Cursor {
    left: u8,
    head: Head,
    number: Option<u32>,
    place: Option<Place>,
}

/// Calls the setter of each attribute that the request has.
macro_rules! copy_present {
    ($from:ident to $to:ident: $($attr:ident)*) => {
        $(if let Some(value) = $from.$attr() {
            $to = $to.$attr(value)?;
        })*
    };
}

/// Tells what is left of a dump. The items of each operation have a type of their own.
macro_rules! tell {
    ($items:ident) => {
        while $items.cursor().left > 0 {
            let Cursor {
                head,
                number,
                place,
                ..
            } = *$items.cursor();
            $items.add(
                |item| {
                    let mut item = item.header(&head)?;
                    if let Some(number) = number {
                        item = item.number(number)?;
                    }
                    match &place {
                        Some(place) => item.place(place),
                        None => Ok(item),
                    }
                },
                |cursor| cursor.left -= 1,
            )?;
        }
    };
}

fn copy_part<M: Put>(from: Part<'_>, mut to: PartWriter<M>) -> Result<PartWriter<M>> {
    copy_present!(from to to: number name);
    Ok(to)
}

impl Handler for EveryLegacy {
    type UncheckedCursor = Cursor;
    type RelaxedCursor = Cursor;
    type AllCursor = Cursor;

    fn lenient<'r>(
        &self,
        request: Lenient<'r>,
        reply: LenientReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply.header(&request.header())?;
        copy_present!(request to reply: number text);
        if let Some(part) = request.part() {
            reply = reply.part(|to| copy_part(part, to))?;
        }
        Ok(reply.send())
    }

    fn unchecked_dump_start<'r>(&self, request: UncheckedDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            left: 1,
            head: request.header(),
            number: request.number(),
            place: request.place(),
        })
    }

    fn unchecked_dump(&self, mut items: UncheckedItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        tell!(items);
        Ok(())
    }

    fn relaxed_dump_start<'r>(&self, request: RelaxedDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            left: 1,
            head: request.header(),
            number: request.number(),
            place: request.place(),
        })
    }

    fn relaxed_dump(&self, mut items: RelaxedItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        tell!(items);
        Ok(())
    }

    fn all<'r>(
        &self,
        request: All<'r>,
        reply: AllReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply.header(&request.header())?;
        copy_present!(request to reply: number text wide kind);
        if let Some(part) = request.part() {
            reply = reply.part(|to| copy_part(part, to))?;
        }
        if let Some(place) = request.place() {
            reply = reply.place(&place)?;
        }
        Ok(reply.values(request.values())?.send())
    }

    fn all_dump_start<'r>(&self, request: AllDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            left: 2,
            head: request.header(),
            number: request.number(),
            place: request.place(),
        })
    }

    fn all_dump(&self, mut items: AllItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        tell!(items);
        Ok(())
    }

    fn few<'r>(
        &self,
        request: Few<'r>,
        reply: FewReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let reply = reply.header(&request.header())?;
        Ok(reply.number(request.number())?.send())
    }

    fn tell<'r>(&self, request: Tell<'r>, op: &Op<'r>) -> Result {
        let head = request.header();
        generated::all_ntf(op.net(), GFP_KERNEL, |event| {
            let mut event = event.header(&head)?;
            copy_present!(request to event: number text);
            Ok(event)
        });
        generated::told(op.net(), GFP_KERNEL, |event| {
            let mut event = event.header(&head)?;
            copy_present!(request to event: number text);
            Ok(event)
        });
        Ok(())
    }
}
