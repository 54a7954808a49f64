//! What one worker has written, and nobody else writes: so what the kernel has to answer.

use std::collections::BTreeMap;

use genl_user::Error;
use genl_user::families::kvstore::GetReplyOwned;

use super::calm::{Calm, Spell, comes_with_a_storm};
use crate::hostile::random::Random;

/// Keys of a worker.
const KEYS: usize = 12;

/// What is known of the worker's own keys.
pub(super) struct Model {
    prefix: String,
    /// Of each key that may be there all values that it may have; `None` is no entry.
    keys: BTreeMap<String, Vec<Option<Vec<u8>>>>,
    /// The last revision that was heard of, and when.
    revision: Option<(Spell, u64)>,
    spell: Spell,
}

impl Model {
    pub(super) fn new(worker: u64, calm: &Calm) -> Self {
        Self {
            prefix: format!("worker{worker}-"),
            keys: BTreeMap::new(),
            revision: None,
            spell: calm.spell(),
        }
    }

    /// What all keys begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// One of the keys.
    pub(super) fn key(&self, random: &mut Random) -> String {
        format!("{}{}", self.prefix, random.below(KEYS))
    }

    /// Begins a call: a store that has gone since the last one has taken its entries along.
    pub(super) fn begin(&mut self, calm: &Calm) -> Spell {
        let spell = calm.spell();
        if !(calm.lasts(spell) && spell == self.spell) {
            for values in self.keys.values_mut() {
                if !values.contains(&None) {
                    values.push(None);
                }
            }
        }
        self.spell = spell;
        spell
    }

    /// A write was asked for: `value`, or to delete.
    pub(super) fn wrote(
        &mut self,
        calm: &Calm,
        key: &str,
        value: Option<&[u8]>,
        outcome: Result<Option<u64>, &Error>,
    ) {
        let values = self
            .keys
            .entry(key.to_owned())
            .or_insert_with(|| vec![None]);
        let value = value.map(<[u8]>::to_vec);
        match outcome {
            Ok(revision) => {
                *values = vec![value];
                if calm.lasts(self.spell) {
                    let revision = revision.expect("a write has a revision");
                    if let Some((spell, last)) = self.revision.replace((self.spell, revision)) {
                        let grows = spell != self.spell || last < revision;
                        assert!(grows, "revision {revision} comes after {last}");
                    }
                } else {
                    values.push(None);
                }
            }
            Err(error) if says_there_is_none(error) && value.is_none() => {
                self.found(calm, key, None);
            }
            // It was done or not.
            Err(error) => {
                values.push(value);
                self.excuse(calm, error);
            }
        }
    }

    /// A write was begun and given up.
    pub(super) fn gave_up_writing(&mut self, key: &str, value: Option<&[u8]>) {
        let values = self
            .keys
            .entry(key.to_owned())
            .or_insert_with(|| vec![None]);
        values.push(value.map(<[u8]>::to_vec));
    }

    /// A key was read.
    pub(super) fn read(&mut self, calm: &Calm, key: &str, outcome: Result<Option<&[u8]>, &Error>) {
        match outcome {
            Ok(value) => self.found(calm, key, Some(value.unwrap_or_default())),
            Err(error) if says_there_is_none(error) => self.found(calm, key, None),
            Err(error) => self.excuse(calm, error),
        }
    }

    /// The entries of a dump of the worker's keys have come.
    pub(super) fn dumped(
        &mut self,
        calm: &Calm,
        entries: &[GetReplyOwned],
        end: Result<(), &Error>,
    ) {
        for entry in entries {
            let key = entry.key.as_deref().expect("an entry has a key");
            assert!(
                key.starts_with(&self.prefix),
                "a dump of {} has {key}",
                self.prefix
            );
            self.found(calm, key, Some(entry.value.as_deref().unwrap_or_default()));
        }
        match end {
            Ok(()) if calm.lasts(self.spell) => {
                for (key, values) in &self.keys {
                    let is_there = entries.iter().any(|entry| entry.key.as_ref() == Some(key));
                    assert!(
                        is_there || values.contains(&None),
                        "{key} is missing in a dump"
                    );
                }
            }
            // Others write meanwhile; then some may be missing.
            Ok(()) | Err(Error::DumpInterrupted { .. }) => {}
            Err(error) => self.excuse(calm, error),
        }
    }

    /// An error that has a reason.
    pub(super) fn excuse(&self, calm: &Calm, error: &Error) {
        let excused = !calm.lasts(self.spell) && comes_with_a_storm(error);
        assert!(excused, "{error:?} without a reason");
    }

    /// The kernel says what a key's value is.
    fn found(&mut self, calm: &Calm, key: &str, value: Option<&[u8]>) {
        let is_calm = calm.lasts(self.spell);
        let values = self
            .keys
            .entry(key.to_owned())
            .or_insert_with(|| vec![None]);
        let known = values.iter().any(|known| known.as_deref() == value);
        // A store that has just come has nothing.
        assert!(
            known || value.is_none() && !is_calm,
            "{key} is {value:02x?}, not one of {values:02x?}"
        );
        if is_calm {
            *values = vec![value.map(<[u8]>::to_vec)];
        }
    }
}

/// The family itself says that there is no such entry.
fn says_there_is_none(error: &Error) -> bool {
    error
        .refused()
        .is_some_and(|refused| refused.errno == libc::ENOENT && refused.message.is_some())
}
