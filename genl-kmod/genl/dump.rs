// SPDX-License-Identifier: GPL-2.0

//! Dumps: operations that are answered by many messages, in as many chunks as it takes.
//!
//! The core calls `start` once, `dumpit` for each chunk, and `done` once if `start` succeeded: after
//! the last chunk, or when the socket is closed (`netlink_release()`). Between two chunks none of
//! our code runs, the family may be unregistered and only the module's reference count keeps the
//! code in place. Hence the cursor borrows nothing.

use super::{
    attr::Request,
    message::{
        raw::{
            Message,
            Target, //
        },
        PutHeader,
        MAX_ROOM,
        TOO_LONG, //
    },
    net::{
        self,
        Net,
        PerNet, //
    },
    op::{
        to_errno,
        Op,
        Permission, //
    },
    policy::Policy,
    shim,
    skb, //
};
use core::{
    marker::PhantomData,
    mem::MaybeUninit,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// An operation that is answered by many messages.
pub trait Dump<H>: 'static {
    /// `genlmsghdr.cmd` of the request.
    const CMD: u8;
    /// Who may call it.
    const PERMISSION: Permission;
    /// What the core accepts.
    const POLICY: Policy;
    /// As [`Do::LIBERAL`](super::Do::LIBERAL).
    const LIBERAL: bool = false;
    /// `genlmsghdr.cmd` of the items.
    const ITEM_CMD: u8;
    /// The longest item, in bytes of attributes with their headers: a chunk has room for one.
    ///
    /// Fails to compile if that is more than the 1 MiB that any message may have.
    const ITEM_LEN: usize;
    /// Where a dump stands between two chunks.
    type Cursor: Send + 'static;
    /// What is called at the end, if anything; else the cursor is dropped, and that is all.
    ///
    /// There is no [`Op`] then: nobody waits for an answer any more.
    const DONE: Option<fn(handler: &H, cursor: Self::Cursor, net: &Net)> = None;

    /// Begins a dump.
    fn start<'r>(handler: &H, request: Request<'r>, op: &Op<'r>) -> Result<Self::Cursor>;

    /// Adds items from the cursor on, until there are no more or [`Items::add`] fails.
    fn fill<'r>(handler: &H, items: Items<'_, Self::Cursor>, op: &Op<'r>) -> Result;
}

/// The chunk of a dump that is being filled, and the cursor, of type `C`.
///
/// The cursor is lent for reading, and moves only past what is in a chunk, or what the dump leaves
/// out on purpose. So no item is lost at the end of a chunk, and none is told twice; unless the
/// handler moves what is in a [`Cell`](core::cell::Cell) of its cursor.
pub struct Items<'d, C> {
    chunk: &'d mut Chunk,
    cursor: &'d mut C,
}

struct Chunk {
    target: Target,
    cb: NonNull<bindings::netlink_callback>,
    info: NonNull<bindings::genl_info>,
    cmd: u8,
    /// An item did not fit. From then on none is taken, so that their order stays.
    full: bool,
}

impl<C> Items<'_, C> {
    /// Where the dump stands.
    pub fn cursor(&self) -> &C {
        self.cursor
    }

    /// Tells at which revision of the data this chunk is taken, under the lock that guards them.
    ///
    /// If it is not that of the chunk before, the client learns that the dump is inconsistent
    /// (NLM_F_DUMP_INTR, `genl_dump_check_consistent()`).
    pub fn consistent_at(&mut self, revision: u64) {
        // `cb->seq` has 32 bits, and 0 stands for "not told".
        let seq = (revision % u64::from(u32::MAX)) as u32 + 1;
        // SAFETY: By construction in `dumpit`, `cb` is valid.
        unsafe { (*self.chunk.cb.as_ptr()).seq = seq }
    }

    /// Adds a message that `fill` fills, and once that is in, lets `advance` move the cursor past
    /// it.
    ///
    /// Fails with EMSGSIZE if the message does not fit: return that, and the dump continues with the
    /// next chunk, from where the cursor is. Only an item that is long by itself makes a chunk of
    /// more than 32 KiB, for which clients have room. Whatever the error, nothing of the message stays.
    pub fn add<F>(&mut self, fill: F, advance: impl FnOnce(&mut C)) -> Result
    where
        F: for<'i> FnOnce(Item<'i>) -> Result<Item<'i>>,
    {
        if self.chunk.full {
            return Err(EMSGSIZE);
        }
        let start = self.chunk.target.len();
        match self.chunk.build(fill) {
            Ok(()) => {
                advance(self.cursor);
                Ok(())
            }
            Err(error) => {
                self.chunk.target.trim(start);
                self.chunk.full = error == EMSGSIZE || error == TOO_LONG;
                Err(error)
            }
        }
    }

    /// Lets `advance` move the cursor past what the dump leaves out.
    ///
    /// Does nothing once an item did not fit: that one comes first.
    pub fn skip(&mut self, advance: impl FnOnce(&mut C)) {
        if !self.chunk.full {
            advance(self.cursor);
        }
    }
}

/// What each message begins with, before the family's own header.
const HEADERS: usize = shim::NLMSG_HDRLEN + shim::GENL_HDRLEN;

/// How long a chunk may be that has several items: as long as `netlink_dump()` makes it for who
/// reads 32 KiB or more at a time (`SKB_WITH_OVERHEAD(32768)`). For the sake of one long item a
/// chunk can have more room, and if many short ones filled it, clients would lose them.
const READABLE: c_uint = (32768 - size_of::<bindings::skb_shared_info>()) as c_uint;

impl Chunk {
    fn build<F>(&mut self, fill: F) -> Result
    where
        F: for<'i> FnOnce(Item<'i>) -> Result<Item<'i>>,
    {
        let skb = self.target.skb.as_ptr();
        let start = self.target.len();
        // SAFETY: By construction in `dumpit`, all of these are valid.
        let header = unsafe {
            let info = self.info.as_ptr();
            let to = ((*info).snd_portid, (*info).snd_seq);
            skb::begin(skb, (*info).family, to, bindings::NLM_F_MULTI, self.cmd)?.as_ptr()
        };
        fill(Item {
            target: self.target,
            start,
            _item: PhantomData,
        })?;
        if start > 0 && self.target.len() > READABLE {
            return Err(EMSGSIZE);
        }
        // SAFETY: `header` is still where it was put: this buffer does not grow, and `fill` could
        // only append.
        unsafe {
            bindings::genlmsg_end(skb, header);
            shim::genl_shim_dump_check_consistent(self.cb.as_ptr(), header);
        }
        Ok(())
    }
}

/// An item of a dump that is being filled.
///
/// `'i` is invariant and new for each item, so that a closure can return no other one.
pub struct Item<'i> {
    target: Target,
    /// Where in the buffer the message begins.
    start: c_uint,
    _item: PhantomData<fn(&'i ()) -> &'i ()>,
}

impl Message for Item<'_> {
    fn target(&mut self) -> Target {
        self.target
    }
}

impl PutHeader for Item<'_> {
    #[inline]
    fn put_header(&mut self, header: &[u8]) -> Result {
        self.target.put_header(self.start as usize, header)
    }
}

/// The place that `netlink_callback.ctx` has for a cursor of type `C`: in it, or if it is too
/// large, in a box that is in it.
struct Slot<C>(PhantomData<C>);

impl<C> Slot<C> {
    const INLINE: bool = size_of::<C>() <= size_of::<Ctx>() && align_of::<C>() <= align_of::<Ctx>();

    /// Gets the box for a cursor that needs one: before the cursor is made, so that afterwards
    /// nothing fails.
    #[inline]
    fn room() -> Result<Option<KBox<MaybeUninit<C>>>> {
        match Self::INLINE {
            true => Ok(None),
            false => Ok(Some(KBox::new_uninit(GFP_KERNEL)?)),
        }
    }

    /// Puts the cursor into its place.
    ///
    /// # Safety
    ///
    /// `cb` is valid, and its context unused; `room` comes from [`Slot::room`].
    #[inline]
    unsafe fn put(
        cb: *mut bindings::netlink_callback,
        room: Option<KBox<MaybeUninit<C>>>,
        cursor: C,
    ) {
        let ctx = ctx(cb);
        match room {
            // SAFETY: It fits, in size and alignment, or there would be room for it elsewhere.
            None => unsafe { ctx.cast::<C>().write(cursor) },
            Some(room) => {
                let boxed = KBox::into_raw(KBox::write(room, cursor));
                // SAFETY: A pointer fits.
                unsafe { ctx.cast::<*mut C>().write(boxed) };
            }
        }
    }

    /// Where the cursor is.
    ///
    /// # Safety
    ///
    /// `cb` is valid, and there is a cursor in its context.
    unsafe fn find(cb: *mut bindings::netlink_callback) -> *mut C {
        match Self::INLINE {
            true => ctx(cb).cast(),
            // SAFETY: `put` left a pointer there.
            false => unsafe { ctx(cb).cast::<*mut C>().read() },
        }
    }

    /// Takes the cursor out.
    ///
    /// # Safety
    ///
    /// As for `find`; the cursor is gone after it.
    unsafe fn take(cb: *mut bindings::netlink_callback) -> C {
        // SAFETY: As for `clear`.
        unsafe {
            let cursor = Self::find(cb);
            match Self::INLINE {
                true => cursor.read(),
                false => KBox::into_inner(KBox::from_raw(cursor)),
            }
        }
    }

    /// Drops the cursor.
    ///
    /// # Safety
    ///
    /// As for `find`; the cursor is gone after it.
    unsafe fn clear(cb: *mut bindings::netlink_callback) {
        // SAFETY: The caller vouches for `find`, and that nobody uses the cursor any more; a box
        // came from `KBox::into_raw`.
        unsafe {
            let cursor = Self::find(cb);
            match Self::INLINE {
                true => core::ptr::drop_in_place(cursor),
                false => drop(KBox::from_raw(cursor)),
            }
        }
    }
}

/// The union of which `ctx` is a member; the other one gives it its alignment.
type Ctx = bindings::netlink_callback__bindgen_ty_1;

#[inline]
fn ctx(cb: *mut bindings::netlink_callback) -> *mut Ctx {
    // Only an address is computed, so `cb` need not be valid for it.
    cb.wrapping_byte_add(core::mem::offset_of!(
        bindings::netlink_callback,
        __bindgen_anon_1
    ))
    .cast()
}

/// `genl_info_dump()`.
///
/// # Safety
///
/// `cb` is what the core hands to a callback of a dump.
unsafe fn info(cb: *mut bindings::netlink_callback) -> NonNull<bindings::genl_info> {
    // SAFETY: The caller vouches for it; `genl_start()` has put its own structure there.
    unsafe {
        let dump = (*cb).data.cast::<bindings::genl_dumpit_info>();
        NonNull::new_unchecked(&raw mut (*dump).info)
    }
}

/// The core's `start`.
///
/// # Safety
///
/// Only for the core: as `genl_start()` calls it, for a row of a table of state `H` that has
/// `O::POLICY`.
pub(super) unsafe extern "C" fn start<H: PerNet, O: Dump<H>>(
    cb: *mut bindings::netlink_callback,
) -> c_int {
    const {
        assert!(O::ITEM_LEN <= MAX_ROOM);
    }
    // SAFETY: `genl_start()` passes a valid `cb`, for the time of this call. This function is in a
    // table of state `H`.
    let (op, handler) = unsafe { Op::new::<H>(info(cb)) };
    // SAFETY: This function is in the row that has `O::POLICY`.
    let request = unsafe { op.request(O::POLICY) };
    let begun = Slot::room().and_then(|room| {
        let cursor = O::start(handler, request, &op)?;
        // SAFETY: `cb` is valid, and `__netlink_dump_start()` has cleared it.
        unsafe {
            Slot::put(cb, room, cursor);
            // Neither is so large that this could overflow.
            let header = (*(*op.info.as_ptr()).family).hdrsize.wrapping_add(3) & !3;
            (*cb).min_dump_alloc = const { (HEADERS + O::ITEM_LEN) as u32 }.wrapping_add(header);
        }
        Ok(())
    });
    match begun {
        Ok(()) => 0,
        Err(error) => to_errno(error),
    }
}

/// The core's `dumpit`.
///
/// # Safety
///
/// Only for the core: as `genl_dumpit()` calls it, after [`start`] of the same row has succeeded.
pub(super) unsafe extern "C" fn dumpit<H: PerNet, O: Dump<H>>(
    skb: *mut bindings::sk_buff,
    cb: *mut bindings::netlink_callback,
) -> c_int {
    // SAFETY: `genl_dumpit()` passes a valid `cb`, for the time of this call. This function is in a
    // table of state `H`.
    let (op, handler) = unsafe { Op::new::<H>(info(cb)) };
    // SAFETY: `start` has succeeded, or the core would not be here, and it holds `nl_cb_mutex`, so
    // that nobody else uses the cursor.
    let cursor = unsafe { &mut *Slot::<O::Cursor>::find(cb) };
    // SAFETY: The core passes a valid `skb` and `cb`.
    let (skb, cb) = unsafe { (NonNull::new_unchecked(skb), NonNull::new_unchecked(cb)) };
    let target = Target { skb, growth: None };
    let mut chunk = Chunk {
        target,
        cb,
        info: op.info,
        cmd: O::ITEM_CMD,
        full: false,
    };
    let items = Items {
        chunk: &mut chunk,
        cursor,
    };
    let outcome = O::fill(handler, items, &op);
    match (outcome, target.len()) {
        // Not even an empty chunk has room for it: to go on would be to go on for ever.
        (_, 0) if chunk.full => to_errno(op.error(EMSGSIZE, c"an entry is too long for a dump")),
        (Ok(()), len) if chunk.full => len as c_int,
        (Ok(()), _) => 0,
        // The core takes EMSGSIZE for "to be continued" if there are items.
        (Err(error), _) => to_errno(error),
    }
}

/// The core's `done`.
///
/// # Safety
///
/// Only for the core: as `genl_done()` calls it, once after [`start`] of the same row has succeeded.
pub(super) unsafe extern "C" fn done<H: PerNet, O: Dump<H>>(
    cb: *mut bindings::netlink_callback,
) -> c_int {
    match O::DONE {
        // SAFETY: The core calls this once after `start` has succeeded, and nothing after it.
        None => unsafe { Slot::<O::Cursor>::clear(cb) },
        Some(finish) => {
            // SAFETY: As above; `genl_done()` passes a valid `cb`. This function is in a table of
            // state `H`, and the socket, closed or not, still keeps its namespace (`__sk_free()`).
            let (cursor, net) = unsafe {
                let net = Net::of(info(cb).as_ptr());
                (Slot::<O::Cursor>::take(cb), net)
            };
            // SAFETY: As for `Op::state()`.
            finish(unsafe { net::state::<H>(net) }, cursor, net);
        }
    }
    0
}
