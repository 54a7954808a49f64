// SPDX-License-Identifier: GPL-2.0

//! The family's operations: what is sent comes back, read by the typed views and written by the typed
//! builders.

use crate::{
    events,
    generated::*,
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
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

/// Serves the family in one network namespace.
pub struct Everything {
    /// How many calls are between their hooks.
    calls: Atomic<u64>,
    /// How many dumps are between theirs.
    dumps: Atomic<u64>,
}

impl genl::PerNet for Everything {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        Ok(Self {
            calls: Atomic::new(0),
            dumps: Atomic::new(0),
        })
    }
}

/// A call between its hooks, and how many there were when it came.
pub struct Entered(u64);

/// A dump between its hooks.
pub struct Open {
    /// How many items are to come.
    left: u32,
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

/// As `copy_present`, of structs.
macro_rules! copy_structs {
    ($from:ident to $to:ident: $($attr:ident)*) => {
        $(if let Some(value) = $from.$attr() {
            $to = $to.$attr(&value)?;
        })*
    };
}

pub(crate) use copy_all;
pub(crate) use copy_present;
pub(crate) use copy_structs;

impl Handler for Everything {
    type TellCursor = Cursor;
    type HookedGuard<'h> = Entered;
    type HookedCursor = Open;

    fn numbers<'r>(
        &self,
        request: Numbers<'r>,
        reply: NumbersReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply.flag(request.flag())?;
        copy_present!(request to reply:
            u8 u16 u32 u64 s8 s16 s32 s64 uint sint
            be_u16 be_u32 be_u64 be_s16 be_s32 be_s64
            le_u16 le_u32 le_u64 le_s16 le_s32 le_s64);
        copy_all!(request to reply:
            many_u8 many_u32 many_u64 many_s16 many_be_u32 many_le_s64 many_uint many_sint);
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
            be_range_u16 be_range_u32 be_range_u64 be_range_s32 le_range_u16 le_range_s64 below);
        copy_present!(request to reply:
            color narrow_color signed_color some_color shade be_shade season
            prime wide_prime be_prime le_prime some_prime balance
            mode narrow_mode be_mode le_mode wide_mode uint_mode sparse_mode
            colors shades masked);
        copy_all!(request to reply: many_ranged many_primes many_modes many_le_ranged);
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
            text short_text long_text middle_text open_text open_short_text open_middle_text
            bytes short_bytes long_bytes exact_bytes middle_bytes huge_bytes no_bytes
            address number);
        copy_all!(request to reply:
            many_texts many_long_texts many_open_texts many_bytes);
        Ok(reply.send())
    }

    fn layouts<'r>(
        &self,
        request: Layouts<'r>,
        reply: LayoutsReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_structs!(request to reply: point record whole_point least_point);
        for point in request.points() {
            reply = reply.points([&point])?;
        }
        copy_present!(request to reply:
            octets shorts words longs be_shorts be_longs le_words colors few_words);
        for words in request.word_lists() {
            reply = reply.word_lists(words)?;
        }
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
        if let Some(leaves) = request.leaf_array() {
            reply = reply.leaf_array(|array| {
                let mut leaves = leaves;
                leaves.try_for_each(|leaf| array.add(|to| copy_leaf(leaf, to)))
            })?;
        }
        copy_present!(request to reply:
            number_array narrow_array signed_array be_array uint_array color_array
            text_array bytes_array bits color_bits);
        for (number, leaf) in request.by_number() {
            reply = reply.by_number(number, |to| copy_leaf(leaf, to))?;
        }
        for (outer, inner, leaf) in request.by_numbers() {
            reply = reply.by_numbers(outer, inner, |to| copy_leaf(leaf, to))?;
        }
        for (counter, count) in request.counts() {
            reply = reply.counts(counter, count)?;
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
        copy_structs!(request to reply: point);
        Ok(reply.send())
    }

    fn tell_dump_start<'r>(&self, request: TellDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        Ok(Cursor {
            tale: Arc::new(Tale::new(&request)?, GFP_KERNEL_ACCOUNT)?,
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

    fn hooked_pre<'r>(&self, request: &Hooked<'r>, op: &Op<'r>) -> Result<Entered> {
        match (request.refuse(), request.refuse_attr()) {
            (Some(Moment::Before), Some(attr)) => {
                Err(op.bad_attr(attr, ECANCELED, c"refused before the call"))
            }
            _ => Ok(Entered(self.calls.fetch_add(1, Relaxed) + 1)),
        }
    }

    fn hooked<'r>(
        &self,
        request: Hooked<'r>,
        reply: HookedReply<Reply<'r>>,
        guard: &mut Entered,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let reply = reply.number(request.number())?.calls(guard.0)?;
        match (request.refuse(), request.refuse_attr()) {
            (Some(Moment::Within), Some(attr)) => {
                Err(op.bad_attr(attr, ECANCELED, c"refused within the call"))
            }
            _ => Ok(reply.send()),
        }
    }

    fn hooked_post(&self, _guard: Entered, _op: &Op<'_>) {
        self.calls.fetch_sub(1, Relaxed);
    }

    fn hooked_dump_start<'r>(&self, request: HookedDump<'r>, _op: &Op<'r>) -> Result<Open> {
        self.dumps.fetch_add(1, Relaxed);
        Ok(Open {
            left: request.count().unwrap_or(1),
        })
    }

    fn hooked_dump(&self, mut items: HookedItems<'_, Open>, _op: &Op<'_>) -> Result {
        let dumps = self.dumps.load(Relaxed);
        while items.cursor().left > 0 {
            items.add(|item| item.calls(dumps), |open| open.left -= 1)?;
        }
        Ok(())
    }

    fn hooked_dump_done(&self, _cursor: Open, _net: &genl::Net) {
        self.dumps.fetch_sub(1, Relaxed);
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

    #[cfg(CONFIG_NET)]
    fn built<'r>(
        &self,
        request: Built<'r>,
        reply: BuiltReply<Reply<'r>>,
        _op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let mut reply = reply;
        copy_present!(request to reply: number);
        Ok(reply.send())
    }

    #[cfg(CONFIG_EVERYTHING_THAT_IS_NOT)]
    fn unbuilt<'r>(
        &self,
        request: Unbuilt<'r>,
        reply: UnbuiltReply<Reply<'r>>,
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
