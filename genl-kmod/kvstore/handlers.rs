// SPDX-License-Identifier: GPL-2.0

//! The family's operations, on the store of the namespace that a request comes from.
//!
//! Events are sent under the store's lock, so that listeners hear of changes in their order.
//!
//! A store's memory is charged to the memory cgroup of who fills it: anyone can be the administrator
//! of a namespace of their own, and make many of them.

use crate::{
    generated::{
        self,
        attr,
        Del,
        DelReply,
        Get,
        GetDump,
        GetItems,
        GetReply,
        Handler,
        Set,
        SetReply,
        StatsReply,
        MAX_KEY_LEN,
        MAX_LABELS,
        MAX_LABEL_LEN,
        MAX_VALUE_LEN, //
    },
    genl::{
        self,
        clock,
        sched::cond_resched,
        Nest,
        Op,
        Replied,
        Reply, //
    },
    store::{
        Content,
        Entry,
        Key,
        Refusal,
        Store, //
    },
};
use kernel::{
    new_mutex,
    prelude::*,
    rbtree::RBTreeNodeReservation,
    sync::Mutex, //
};

/// The store of one network namespace.
#[pin_data]
pub struct KvStore {
    #[pin]
    store: Mutex<Store>,
}

impl genl::PerNet for KvStore {
    fn init(_net: &genl::Net) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            store <- new_mutex!(Store::default(), "kvstore"),
        })
    }
}

/// Where a dump stands: the next entry is the first one from `from` on, if that begins in the same way.
pub struct Cursor {
    from: Key,
    /// How much of `from` is the prefix.
    prefix: usize,
}

impl Handler for KvStore {
    type GetCursor = Cursor;

    // Each attribute has a header of 4 bytes, and is padded to a multiple of 4; 64 bits may need
    // another header before them.
    const GET_ITEM_LEN: usize = (4 + MAX_KEY_LEN + 4)
        + (4 + MAX_VALUE_LEN)
        + (4 + 4 + 8)
        + (4 + 4)
        + 4
        + (4 + 4 + 8)
        + (4 + 8)
        + MAX_LABELS * (4 + MAX_LABEL_LEN + 4);

    fn get<'r>(
        &self,
        request: Get<'r>,
        reply: GetReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let key = Key::new(request.key());
        let mut store = self.store.lock();
        let Some(entry) = store.get_mut(&key) else {
            return Err(op.bad_attr(request.key_attr(), ENOENT, c"there is no such entry"));
        };
        entry.hits = entry.hits.wrapping_add(1);
        Ok(reply.with(|reply| describe(reply, &key, entry))?.send())
    }

    #[inline]
    fn get_dump_start<'r>(&self, request: GetDump<'r>, _op: &Op<'r>) -> Result<Cursor> {
        let from = Key::new(request.prefix().unwrap_or_default());
        let prefix = from.text_len();
        Ok(Cursor { from, prefix })
    }

    fn get_dump(&self, mut items: GetItems<'_, Cursor>, _op: &Op<'_>) -> Result {
        let mut store = self.store.lock();
        items.consistent_at(store.revision());
        let mut at = store.seek(&items.cursor().from);
        while let Some(here) = at {
            let (key, entry) = here.current();
            let cursor = items.cursor();
            if !key.begins_as(&cursor.from, cursor.prefix) {
                break;
            }
            items.add(
                |item| item.with(|item| describe(item, key, entry)),
                |cursor| cursor.from = key.after(),
            )?;
            at = here.move_next();
        }
        Ok(())
    }

    fn set<'r>(
        &self,
        request: Set<'r>,
        reply: SetReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let key = Key::new(request.key());
        let entry = Entry {
            content: content(&request, op)?,
            flags: request.flags().unwrap_or_default(),
            revision: 0,
            created_ns: clock::real_ns(),
            hits: 0,
        };
        let room = RBTreeNodeReservation::new(GFP_KERNEL_ACCOUNT)?;
        let mut store = self.store.lock();
        let entry = store
            .set(&key, entry, room)
            .map_err(|refusal| explain(refusal, request.key_attr(), op))?;
        // Who wants an echo and gets none is no worse off: the entry is set, as the reply says.
        let _ = generated::set_ntf_for(op, GFP_KERNEL, |event| {
            event.with(|event| describe(event, &key, entry))
        });
        Ok(reply.revision(entry.revision)?.send())
    }

    fn del<'r>(
        &self,
        request: Del<'r>,
        reply: DelReply<Reply<'r>>,
        op: &Op<'r>,
    ) -> Result<Replied<'r>> {
        let key = Key::new(request.key());
        let mut store = self.store.lock();
        let revision = store
            .delete(&key)
            .map_err(|refusal| explain(refusal, request.key_attr(), op))?;
        tell_deleted(&key, revision, op);
        Ok(reply.revision(revision)?.send())
    }

    fn stats<'r>(&self, reply: StatsReply<Reply<'r>>, _op: &Op<'r>) -> Result<Replied<'r>> {
        let (totals, revision) = {
            let store = self.store.lock();
            (store.totals(), store.revision())
        };
        // The limits of a store fit 32 bits.
        Ok(reply
            .entries(totals.entries as u32)?
            .bytes(totals.bytes as u64)?
            .revision(revision)?
            .flag_counts(|counts| {
                counts
                    .read_only(totals.read_only as u32)?
                    .sticky(totals.sticky as u32)
            })?
            .send())
    }

    fn clear<'r>(&self, op: &Op<'r>) -> Result {
        let mut sweep = self.store.lock().sweep();
        let deleted = |key: &Key, revision| tell_deleted(key, revision, op);
        // The lock is taken anew each time, so that a full store does not keep others waiting.
        while self.store.lock().go_on(&mut sweep, deleted) {
            cond_resched();
        }
        Ok(())
    }
}

/// Puts an entry into a reply, an item of a dump, or an event.
// Not inlined, as it is for all of them.
#[inline(never)]
fn describe<'n>(
    message: GetReply<Nest<'n>>,
    key: &Key,
    entry: &Entry,
) -> Result<GetReply<Nest<'n>>> {
    message
        .key(key.text())?
        .value(entry.content.value())?
        .revision(entry.revision)?
        .flags(entry.flags)?
        .meta(|meta| {
            meta.created_ns(entry.created_ns)?
                .hits(entry.hits)?
                .label(entry.content.labels())
        })
}

fn tell_deleted(key: &Key, revision: u64, op: &Op<'_>) {
    // As in `set`: the entry is gone in any case.
    let _ = generated::del_ntf_for(op, GFP_KERNEL, |event| {
        event.key(key.text())?.revision(revision)
    });
}

/// Copies value and labels of a request.
fn content<'r>(request: &Set<'r>, op: &Op<'r>) -> Result<Content> {
    let value = request.value().unwrap_or_default();
    let (Some(meta), Some(attr)) = (request.meta(), request.meta_attr()) else {
        return Content::new(value, 0);
    };
    let mut content = Content::new(value, labels_len(attr, op)?)?;
    for label in meta.label() {
        content.add_label(label)?;
    }
    Ok(content)
}

/// How many bytes the labels of a request have, if all that is in the nest is as it should be.
fn labels_len<'r>(meta: genl::Attr<'r>, op: &Op<'r>) -> Result<usize> {
    let (mut labels, mut len) = (0_usize, 0_usize);
    for attr in meta.attrs() {
        match attr.id() {
            attr::meta::CREATED_NS | attr::meta::HITS => {
                return Err(op.bad_attr(attr, EINVAL, c"only the kernel sets this"));
            }
            attr::meta::LABEL if labels == MAX_LABELS => {
                return Err(op.bad_attr(attr, E2BIG, c"too many labels"));
            }
            attr::meta::LABEL => {
                // A request is far too short for these to overflow.
                labels = labels.wrapping_add(1);
                let label = attr.string().unwrap_or_default();
                len = len.wrapping_add(label.to_bytes_with_nul().len());
            }
            _ => {}
        }
    }
    Ok(len)
}

/// The error number of a refusal, and the reason for the extended ACK.
#[cold]
fn explain<'r>(refusal: Refusal, key: genl::Attr<'r>, op: &Op<'r>) -> Error {
    match refusal {
        Refusal::Absent => op.bad_attr(key, ENOENT, c"there is no such entry"),
        Refusal::ReadOnly => op.bad_attr(key, EPERM, c"the entry is read-only"),
        Refusal::Entries => op.error(ENOSPC, c"the store holds as many entries as it can"),
        Refusal::Bytes => op.error(ENOSPC, c"the store holds as many bytes as it can"),
    }
}
