//! The family "kvstore", served in userspace: what its kernel module does, on a map.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{SystemTime, UNIX_EPOCH};

use genl_user::families::kvstore::server::{Del, Event, Get, GetDump, Handler, Set};
use genl_user::families::kvstore::{
    DelNtfOwned, DelReplyOwned, EntryFlags, FlagCountsOwned, GetReplyOwned, MAX_BYTES, MAX_ENTRIES,
    MAX_LABELS, MetaOwned, SetReplyOwned, StatsReplyOwned,
};
use genl_user::server::{Items, Op, Refusal};
use genl_user::wire::Attr;

/// Entries, in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: BTreeMap<String, Entry>,
    /// How many bytes the values have together.
    bytes: u64,
    /// How often the store was changed.
    revision: u64,
}

/// What a key stands for.
#[derive(Debug, Default)]
struct Entry {
    value: Vec<u8>,
    flags: EntryFlags,
    labels: Vec<String>,
    revision: u64,
    created_ns: u64,
    hits: u64,
}

impl Handler for Store {
    fn get(&mut self, request: Get<'_>, _op: &mut Op<'_>) -> Result<GetReplyOwned, Refusal> {
        let Some(entry) = self.entries.get_mut(request.key()) else {
            return Err(absent(request.key_attr()));
        };
        entry.hits += 1;
        Ok(entry.describe(request.key()))
    }

    fn get_dump(
        &mut self,
        request: GetDump<'_>,
        _op: &mut Op<'_>,
    ) -> Result<Items<Self, GetReplyOwned>, Refusal> {
        let prefix = request.prefix().unwrap_or_default().to_owned();
        let mut from = Bound::Included(prefix.clone());
        Ok(Items::from_fn(move |store: &mut Self, op| {
            op.consistent_at(store.revision);
            let mut rest = store.entries.range((from.clone(), Bound::Unbounded));
            let next = rest.next().filter(|(key, _)| key.starts_with(&prefix));
            Ok(next.map(|(key, entry)| {
                from = Bound::Excluded(key.clone());
                entry.describe(key)
            }))
        }))
    }

    fn set(&mut self, request: Set<'_>, op: &mut Op<'_>) -> Result<SetReplyOwned, Refusal> {
        let labels = labels(&request)?;
        let key = request.key();
        let old = self.entries.get(key);
        if old.is_some_and(|old| old.flags.contains(EntryFlags::READ_ONLY)) {
            return Err(read_only(request.key_attr()));
        }
        let value = request.value().unwrap_or_default();
        let bytes = self.bytes - old.map_or(0, Entry::len) + value.len() as u64;
        if old.is_none() && self.entries.len() as u64 >= MAX_ENTRIES {
            let why = "the store holds as many entries as it can";
            return Err(Refusal::new(libc::ENOSPC).because(why));
        }
        if bytes > MAX_BYTES {
            let why = "the store holds as many bytes as it can";
            return Err(Refusal::new(libc::ENOSPC).because(why));
        }
        let entry = Entry {
            value: value.to_vec(),
            flags: request.flags().unwrap_or_default(),
            labels,
            revision: self.revision + 1,
            created_ns: old.map_or_else(now, |old| old.created_ns),
            hits: old.map_or(0, |old| old.hits),
        };
        (self.bytes, self.revision) = (bytes, entry.revision);
        op.notify(&Event::SetNtf(&entry.describe(key)))?;
        self.entries.insert(key.to_owned(), entry);
        Ok(SetReplyOwned {
            revision: Some(self.revision),
        })
    }

    fn del(&mut self, request: Del<'_>, op: &mut Op<'_>) -> Result<DelReplyOwned, Refusal> {
        match self.entries.get(request.key()) {
            None => return Err(absent(request.key_attr())),
            Some(entry) if entry.flags.contains(EntryFlags::READ_ONLY) => {
                return Err(read_only(request.key_attr()));
            }
            Some(_) => self.remove(request.key(), op)?,
        }
        Ok(DelReplyOwned {
            revision: Some(self.revision),
        })
    }

    fn stats(&mut self, _op: &mut Op<'_>) -> Result<StatsReplyOwned, Refusal> {
        let count = |flag| {
            let entries = self.entries.values();
            entries.filter(|entry| entry.flags.contains(flag)).count() as u32
        };
        Ok(StatsReplyOwned {
            entries: Some(self.entries.len() as u32),
            bytes: Some(self.bytes),
            revision: Some(self.revision),
            flag_counts: Some(FlagCountsOwned {
                read_only: Some(count(EntryFlags::READ_ONLY)),
                sticky: Some(count(EntryFlags::STICKY)),
            }),
        })
    }

    fn clear(&mut self, op: &mut Op<'_>) -> Result<(), Refusal> {
        let entries = self.entries.iter();
        let loose = entries.filter(|(_, entry)| !entry.flags.contains(EntryFlags::STICKY));
        let keys: Vec<_> = loose.map(|(key, _)| key.clone()).collect();
        keys.iter().try_for_each(|key| self.remove(key, op))
    }
}

impl Store {
    /// Deletes an entry, and tells of it.
    fn remove(&mut self, key: &str, op: &mut Op<'_>) -> Result<(), Refusal> {
        let removed = self.entries.remove(key);
        self.bytes -= removed.as_ref().map_or(0, Entry::len);
        self.revision += 1;
        op.notify(&Event::DelNtf(&DelNtfOwned {
            key: Some(key.to_owned()),
            revision: Some(self.revision),
        }))
    }
}

impl Entry {
    fn len(&self) -> u64 {
        self.value.len() as u64
    }

    /// What a reply, an item of a dump, or an event says of it.
    fn describe(&self, key: &str) -> GetReplyOwned {
        GetReplyOwned {
            key: Some(key.to_owned()),
            value: Some(self.value.clone()),
            revision: Some(self.revision),
            flags: Some(self.flags),
            meta: Some(MetaOwned {
                created_ns: Some(self.created_ns),
                hits: Some(self.hits),
                label: self.labels.clone(),
            }),
        }
    }
}

/// The labels of a request, if all that stands beside them is as it should be.
fn labels(request: &Set<'_>) -> Result<Vec<String>, Refusal> {
    let Some(meta) = request.meta() else {
        return Ok(Vec::new());
    };
    let label = meta.label_attrs().nth(MAX_LABELS as usize);
    let too_many = label.map(|attr| (attr, libc::E2BIG, "too many labels"));
    // The kernel sets what else there is; the first one that is wrong is told.
    let labels: Vec<_> = meta.label_attrs().collect();
    let inside = request.meta_attr().map(Attr::nested).into_iter().flatten();
    let set_here = inside.flatten().find(|attr| !labels.contains(attr));
    let set_here = set_here.map(|attr| (attr, libc::EINVAL, "only the kernel sets this"));
    let wrong = set_here.into_iter().chain(too_many);
    let wrong = wrong.min_by_key(|(attr, ..)| attr.offset());
    match wrong {
        Some((attr, errno, why)) => Err(Refusal::new(errno).because(why).at(attr)),
        None => Ok(meta.label().map(str::to_owned).collect()),
    }
}

fn absent(key: Option<Attr<'_>>) -> Refusal {
    Refusal::new(libc::ENOENT)
        .because("there is no such entry")
        .at(key)
}

fn read_only(key: Option<Attr<'_>>) -> Refusal {
    Refusal::new(libc::EPERM)
        .because("the entry is read-only")
        .at(key)
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
