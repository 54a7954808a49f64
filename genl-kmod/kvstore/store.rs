// SPDX-License-Identifier: GPL-2.0

//! What a store holds: entries in the order of their keys, and running totals.
//!
//! Nothing here knows of netlink.

use crate::{
    generated::{
        EntryFlags,
        MAX_BYTES,
        MAX_ENTRIES,
        MAX_KEY_LEN, //
    },
    genl::{
        kept,
        sched::cond_resched, //
    },
};
use kernel::{
    prelude::*,
    rbtree::{
        CursorMut,
        Entry as Slot,
        OccupiedEntry,
        RBTree,
        RBTreeNodeReservation, //
    },
};

/// A key, or the beginning of some: a text of at most [`MAX_KEY_LEN`] bytes.
///
/// Compared byte by byte, as the NULs behind the text are less than whatever it contains.
// Aligned, so that it is copied by words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(align(8))]
pub struct Key([u8; MAX_KEY_LEN + 1]);

impl Key {
    /// The beginning of all keys.
    pub const EMPTY: Self = Self([0; MAX_KEY_LEN + 1]);

    /// Copies a text. Of one that is too long, which the policy rules out, it takes the beginning.
    // Not inlined: nearly each operation begins with it.
    #[inline(never)]
    pub fn new(text: &CStr) -> Self {
        let mut key = Self::EMPTY;
        let text = text.to_bytes_with_nul();
        for (to, from) in key.0[..MAX_KEY_LEN].iter_mut().zip(text) {
            *to = *from;
        }
        key
    }

    /// The text.
    pub fn text(&self) -> &CStr {
        // A key's last byte is NUL, so there is one.
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }

    /// What comes after this key and before all those that do: no key, but where one can seek from.
    pub fn after(&self) -> Self {
        let mut after = *self;
        after.0[MAX_KEY_LEN] = 1;
        after
    }

    /// How many bytes the text has.
    pub fn text_len(&self) -> usize {
        self.text().to_bytes_with_nul().len().saturating_sub(1)
    }

    /// Whether the first `len` bytes are those of `other`.
    pub fn begins_as(&self, other: &Self, len: usize) -> bool {
        let start = other.0.get(..len);
        start.is_some_and(|start| self.0.starts_with(start))
    }
}

/// What a writer says of an entry: the value and then the labels, each ended by a NUL.
pub struct Content {
    bytes: KVec<u8>,
    value_len: usize,
}

impl Content {
    /// A value, with room for `labels` bytes of labels.
    pub fn new(value: &[u8], labels: usize) -> Result<Self> {
        let len = value.len().saturating_add(labels);
        let mut bytes = KVec::with_capacity(len, GFP_KERNEL_ACCOUNT)?;
        kept::append(&mut bytes, value)?;
        Ok(Self {
            bytes,
            value_len: value.len(),
        })
    }

    /// Adds a label.
    pub fn add_label(&mut self, label: &CStr) -> Result {
        kept::append(&mut self.bytes, label.to_bytes_with_nul())
    }

    /// The value.
    pub fn value(&self) -> &[u8] {
        self.bytes.get(..self.value_len).unwrap_or_default()
    }

    /// The labels.
    pub fn labels(&self) -> impl Iterator<Item = &CStr> {
        let mut rest = self.bytes.get(self.value_len..).unwrap_or_default();
        core::iter::from_fn(move || {
            let label = CStr::from_bytes_until_nul(rest).ok()?;
            rest = rest.get(label.to_bytes_with_nul().len()..)?;
            Some(label)
        })
    }
}

/// What a key stands for.
pub struct Entry {
    /// Value and labels.
    pub content: Content,
    /// What may be done to it.
    pub flags: EntryFlags,
    /// The store's revision at which it was written.
    pub revision: u64,
    /// When it was created, in nanoseconds since the epoch.
    pub created_ns: u64,
    /// How often it was read.
    pub hits: u64,
}

/// Why a store does not do as it is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such entry.
    Absent,
    /// The entry is read-only.
    ReadOnly,
    /// There would be more than [`MAX_ENTRIES`].
    Entries,
    /// The values would have more than [`MAX_BYTES`] together.
    Bytes,
}

/// What a store holds in total.
#[derive(Clone, Copy, Default)]
pub struct Totals {
    /// How many entries.
    pub entries: usize,
    /// How many bytes their values have together.
    pub bytes: usize,
    /// How many of them are read-only.
    pub read_only: usize,
    /// How many of them are sticky.
    pub sticky: usize,
}

impl Totals {
    // Only what was added is removed, and the limits are far from overflowing: no need to check.

    fn add(&mut self, entry: &Entry) {
        let flag = |flag| usize::from(entry.flags.contains(flag));
        self.entries = self.entries.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(entry.content.value_len);
        self.read_only = self.read_only.wrapping_add(flag(EntryFlags::READ_ONLY));
        self.sticky = self.sticky.wrapping_add(flag(EntryFlags::STICKY));
    }

    fn remove(&mut self, entry: &Entry) {
        let flag = |flag| usize::from(entry.flags.contains(flag));
        self.entries = self.entries.wrapping_sub(1);
        self.bytes = self.bytes.wrapping_sub(entry.content.value_len);
        self.read_only = self.read_only.wrapping_sub(flag(EntryFlags::READ_ONLY));
        self.sticky = self.sticky.wrapping_sub(flag(EntryFlags::STICKY));
    }
}

/// Entries, in the order of their keys.
#[derive(Default)]
pub struct Store {
    entries: RBTree<Key, Entry>,
    totals: Totals,
    revision: u64,
}

impl Store {
    /// How often the store has been changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What it holds in total.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The entry of `key`.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Entry> {
        find(&mut self.entries, key).map(OccupiedEntry::into_mut)
    }

    /// The first entry whose key is `from` or after it.
    pub fn seek(&mut self, from: &Key) -> Option<CursorMut<'_, Key, Entry>> {
        seek(&mut self.entries, from)
    }

    /// Creates the entry of `key`, or replaces it; it gets the store's next revision, and keeps its
    /// time of creation and its hits if it was there. If that is refused, nothing has changed.
    // Not inlined: the caller's stack is not to hold what this one moves about.
    #[inline(never)]
    pub fn set(
        &mut self,
        key: &Key,
        mut entry: Entry,
        room: RBTreeNodeReservation<Key, Entry>,
    ) -> Result<&Entry, Refusal> {
        let mut totals = self.totals;
        let slot = self.entries.entry(*key);
        if let Slot::Occupied(slot) = &slot {
            let old = slot.get();
            if old.flags.contains(EntryFlags::READ_ONLY) {
                return Err(Refusal::ReadOnly);
            }
            totals.remove(old);
            entry.created_ns = old.created_ns;
            entry.hits = old.hits;
        }
        totals.add(&entry);
        if totals.entries > MAX_ENTRIES {
            return Err(Refusal::Entries);
        }
        if totals.bytes > MAX_BYTES {
            return Err(Refusal::Bytes);
        }
        self.totals = totals;
        self.revision = self.revision.wrapping_add(1);
        entry.revision = self.revision;
        Ok(match slot {
            Slot::Vacant(slot) => slot.insert(entry, room),
            Slot::Occupied(slot) => {
                let place = slot.into_mut();
                *place = entry;
                place
            }
        })
    }

    /// Deletes the entry of `key`; gives the revision of that change.
    pub fn delete(&mut self, key: &Key) -> Result<u64, Refusal> {
        let slot = find(&mut self.entries, key).ok_or(Refusal::Absent)?;
        if slot.get().flags.contains(EntryFlags::READ_ONLY) {
            return Err(Refusal::ReadOnly);
        }
        self.totals.remove(&slot.remove());
        self.revision = self.revision.wrapping_add(1);
        Ok(self.revision)
    }

    /// Begins to delete all entries that are not sticky: those that are there now.
    pub fn sweep(&self) -> Sweep {
        Sweep {
            from: Key::EMPTY,
            until: self.revision,
        }
    }

    /// Goes on with it; tells of each deleted entry, with the revision of that change. False if it
    /// is at its end, else it is time to let others have the store.
    pub fn go_on(&mut self, sweep: &mut Sweep, mut deleted: impl FnMut(&Key, u64)) -> bool {
        let Self {
            entries,
            totals,
            revision,
        } = self;
        let mut at = seek(entries, &sweep.from);
        for _ in 0..BATCH {
            let Some(cursor) = at else { return false };
            let (key, entry) = cursor.current();
            if entry.flags.contains(EntryFlags::STICKY) || entry.revision > sweep.until {
                at = cursor.move_next();
            } else {
                totals.remove(entry);
                *revision = revision.wrapping_add(1);
                deleted(key, *revision);
                // After the last entry this is the one before it, which stays.
                at = cursor.remove_current().0;
            }
        }
        match at {
            Some(next) => {
                sweep.from = *next.current().0;
                true
            }
            None => false,
        }
    }
}

// Neither of these is inlined: going down a tree takes some code.

/// The one of `entries` that has this key.
#[inline(never)]
fn find<'t>(
    entries: &'t mut RBTree<Key, Entry>,
    key: &Key,
) -> Option<OccupiedEntry<'t, Key, Entry>> {
    entries.find_mut(key)
}

/// The first of `entries` whose key is `from` or after it.
#[inline(never)]
fn seek<'t>(entries: &'t mut RBTree<Key, Entry>, from: &Key) -> Option<CursorMut<'t, Key, Entry>> {
    entries.cursor_lower_bound_mut(from)
}

/// How many entries a sweep looks at in one go.
const BATCH: usize = 64;

/// Where a deletion of many entries stands. The store may change meanwhile.
pub struct Sweep {
    /// The first entry that it has not looked at.
    from: Key,
    /// What is written later than at this revision stays, as if it were written behind the end.
    until: u64,
}

impl Drop for Store {
    #[inline]
    fn drop(&mut self) {
        // The tree would free them all in one go, which takes its time if there are many.
        while let Some(first) = self.entries.cursor_front_mut() {
            drop(first.remove_current());
            cond_resched();
        }
    }
}
