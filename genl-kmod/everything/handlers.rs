// SPDX-License-Identifier: GPL-2.0

//! The family's operations: what is sent comes back, read by the typed views and written by the typed
//! builders.

use crate::{
    events,
    generated::{
        Bytes,
        BytesReply,
        Emit,
        Empty,
        EmptyReply,
        Handler,
        Limits,
        LimitsReply,
        Need,
        NeedReply,
        Nests,
        NestsReply,
        Numbers,
        NumbersReply,
        Owned,
        OwnedReply,
        Privileged,
        PrivilegedReply,
        Silent,
        Tell,
        TellDump,
        TellItems,
        TellReply, //
    },
    genl::{
        self,
        Op,
        Replied,
        Reply, //
    },
    nests::{
        copy_leaf,
        copy_small_leaf,
        copy_tree, //
    },
    tale::{
        Cursor,
        Tale, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Serves the family; the same in all network namespaces.
pub struct Everything;

impl genl::PerNet for Everything {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self)
    }
}

/// Calls the setter of each attribute that the request has.
macro_rules! copy_present {
    ($from:ident to $to:ident: $($attr:ident)*) => {
        $(if let Some(value) = $from.$attr() {
            $to = $to.$attr(value)?;
        })*
    };
}

/// Calls the setter of each attribute that may be there many times.
macro_rules! copy_all {
    ($from:ident to $to:ident: $($attr:ident)*) => {
        $($to = $to.$attr($from.$attr())?;)*
    };
}

pub(crate) use copy_all;
pub(crate) use copy_present;

impl Handler for Everything {
    type TellCursor = Cursor;

    fn numbers<'r>(
        &self,
        request: Numbers<'r>,
        reply: NumbersReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply.flag(request.flag())?;
        copy_present!(request to reply: u8 u16 u32 u64 s8 s16 s32 s64 uint sint be_u16 be_u32);
        copy_all!(request to reply:
            many_u8 many_u32 many_u64 many_s16 many_be_u32 many_uint many_sint);
        Ok(reply.send())
    }

    fn limits<'r>(
        &self,
        request: Limits<'r>,
        reply: LimitsReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply:
            min_u8 max_u16 range_u32 far_u16 far_u32 far_u64 max_u64 min_uint range_uint
            range_s8 min_s16 far_s32 far_s64 max_s64 range_sint whole_s8
            be_range_u16 be_range_u32 below);
        copy_present!(request to reply:
            color narrow_color signed_color some_color shade be_shade prime wide_prime
            mode narrow_mode be_mode sparse_mode shades masked);
        copy_all!(request to reply: many_ranged many_primes many_modes);
        Ok(reply.send())
    }

    fn bytes<'r>(
        &self,
        request: Bytes<'r>,
        reply: BytesReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply:
            text short_text long_text middle_text
            bytes short_bytes long_bytes exact_bytes middle_bytes huge_bytes address number);
        copy_all!(request to reply: many_texts many_long_texts many_bytes);
        Ok(reply.send())
    }

    fn nests<'r>(
        &self,
        request: Nests<'r>,
        reply: NestsReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        if let Some(leaf) = request.leaf() {
            reply = reply.leaf(|to| copy_leaf(leaf, to))?;
        }
        for leaf in request.leaves() {
            reply = reply.leaves(|to| copy_leaf(leaf, to))?;
        }
        if let Some(leaf) = request.small_leaf() {
            reply = reply.small_leaf(|to| copy_small_leaf(leaf, to))?;
        }
        if let Some(tree) = request.tree() {
            reply = reply.tree(|to| copy_tree(tree, to))?;
        }
        Ok(reply.send())
    }

    fn tell<'r>(
        &self,
        request: Tell<'r>,
        reply: TellReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply: number text blob);
        Ok(reply.send())
    }

    fn tell_dump_start<'r>(&self, request: TellDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            tale: Arc::new(Tale::new(&request)?, GFP_KERNEL)?,
            told: 0,
        })
    }

    fn tell_dump(&self, mut items: TellItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        let tale = items.cursor().tale.clone();
        while items.cursor().told < tale.times {
            let at = items.cursor().told;
            items.add(|item| tale.tell(at, item), |cursor| cursor.told += 1)?;
        }
        Ok(())
    }

    fn need<'r>(
        &self,
        request: Need<'r>,
        reply: NeedReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply
            .number(request.number())?
            .text(request.text())?
            .flag(request.flag())?
            .blob(request.blob())?
            .leaf(|to| copy_leaf(request.leaf(), to))?
            .mode(request.mode())?;
        copy_present!(request to reply: optional);
        Ok(reply.send())
    }

    fn silent<'r>(&self, _request: Silent<'r>, _op: &Op<'r>) -> Result {
        Ok(())
    }

    fn empty<'r>(
        &self,
        _request: Empty<'r>,
        reply: EmptyReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        Ok(reply.send())
    }

    fn nothing<'r>(&self, _op: &Op<'r>) -> Result {
        Ok(())
    }

    fn privileged<'r>(
        &self,
        request: Privileged<'r>,
        reply: PrivilegedReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply: number);
        Ok(reply.send())
    }

    fn owned<'r>(
        &self,
        request: Owned<'r>,
        reply: OwnedReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply: number);
        Ok(reply.send())
    }

    fn emit<'r>(&self, request: Emit<'r>, op: &Op<'r>) -> Result {
        events::emit(request, op)
    }
}
