//! What kvstore has to hold, kept beside it: told of what the kernel accepted, it works out the rest.
//!
//! It reads requests in its own way: of attributes that stand there twice the last one counts.

use std::collections::BTreeMap;

use genl_user::wire::Attrs;

use super::draft::{Draft, HEADERS};
use super::port::{Answer, Port};

mod cmd {
    pub(super) const GET: u8 = 1;
    pub(super) const SET: u8 = 2;
    pub(super) const DEL: u8 = 3;
    pub(super) const STATS: u8 = 4;
    pub(super) const CLEAR: u8 = 5;
}

mod attr {
    pub(super) const KEY: u16 = 1;
    pub(super) const VALUE: u16 = 2;
    pub(super) const REVISION: u16 = 3;
    pub(super) const FLAGS: u16 = 4;
    pub(super) const META: u16 = 5;
    pub(super) const HITS: u16 = 2;
    pub(super) const LABEL: u16 = 3;

    pub(super) mod stats {
        pub(in super::super) const ENTRIES: u16 = 1;
        pub(in super::super) const BYTES: u16 = 2;
        pub(in super::super) const REVISION: u16 = 3;
        pub(in super::super) const FLAG_COUNTS: u16 = 4;
        pub(in super::super) const READ_ONLY: u16 = 1;
        pub(in super::super) const STICKY: u16 = 2;
    }
}

const READ_ONLY: u32 = 1;
const STICKY: u32 = 2;

/// A store's content.
#[derive(Default)]
pub(super) struct Mirror {
    entries: BTreeMap<Vec<u8>, Entry>,
    revision: u64,
}

#[derive(Default, Debug, PartialEq)]
struct Entry {
    value: Vec<u8>,
    flags: u32,
    labels: Vec<Vec<u8>>,
    revision: u64,
    hits: u64,
}

impl Mirror {
    /// How often the store has changed.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Learns how a do was answered; fails if that is not how the store has to answer.
    pub(super) fn learn(
        &mut self,
        request: &[u8],
        errno: i32,
        reply: Option<&Answer>,
    ) -> Result<(), String> {
        let Some((&cmd, attrs)) = request.get(HEADERS - 4).zip(request.get(HEADERS..)) else {
            return expect(errno != 0, "it has no header and was accepted");
        };
        let entry = match (errno, reply) {
            (0, Some(reply)) => Some(Entry::read(reply.generic().1)),
            _ => None,
        };
        let key = text(last(attrs, attr::KEY).unwrap_or_default());
        let known = self.entries.get_mut(key);
        let read_only = known
            .as_ref()
            .is_some_and(|entry| entry.flags & READ_ONLY != 0);
        match (cmd, errno) {
            (cmd::GET | cmd::DEL, libc::ENOENT) => expect(known.is_none(), "the entry is there"),
            (cmd::SET | cmd::DEL, libc::EPERM) => expect(read_only, "the entry is not read-only"),
            (cmd::GET, 0) => {
                let known = known.ok_or("the entry is not there")?;
                known.hits += 1;
                expect(
                    entry.as_ref() == Some(&*known),
                    "the reply is not the entry",
                )
            }
            (cmd::SET, 0) => {
                expect(!read_only, "the entry is read-only")?;
                self.revision += 1;
                let mut made = Entry::read(attrs);
                made.revision = self.revision;
                made.hits = known.map_or(0, |known| known.hits);
                self.entries.insert(key.to_vec(), made);
                expect(
                    entry.is_some_and(|reply| reply.revision == self.revision),
                    "the reply has another revision",
                )
            }
            (cmd::DEL, 0) => {
                expect(!read_only, "the entry is read-only")?;
                self.entries.remove(key).ok_or("the entry is not there")?;
                self.revision += 1;
                expect(
                    entry.is_some_and(|reply| reply.revision == self.revision),
                    "the reply has another revision",
                )
            }
            (cmd::CLEAR, 0) => {
                let before = self.entries.len();
                self.entries.retain(|_, entry| entry.flags & STICKY != 0);
                self.revision += (before - self.entries.len()) as u64;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Compares all that the store holds, and its totals.
    pub(super) fn compare(&self, family: u16) -> Result<(), String> {
        let mut port = Port::open(&[], true);
        let dump = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
        let mut mirrored = self.entries.iter();
        for item in ask(&mut port, family, cmd::GET, dump) {
            let attrs = item.generic().1;
            let key = text(last(attrs, attr::KEY).unwrap_or_default());
            let (expected, entry) = mirrored.next().ok_or("the store has one entry more")?;
            expect(
                key == expected && Entry::read(attrs) == *entry,
                "the store has another entry",
            )?;
        }
        expect(mirrored.next().is_none(), "the store lacks an entry")?;
        let stats = ask(&mut port, family, cmd::STATS, libc::NLM_F_REQUEST as u16);
        let [stats] = &stats[..] else {
            return Err("the store does not tell its totals".to_owned());
        };
        let attrs = stats.generic().1;
        let counts = last(attrs, attr::stats::FLAG_COUNTS).unwrap_or_default();
        let flagged = |flag| self.count(|entry| u64::from(entry.flags & flag != 0));
        let told = [
            number(attrs, attr::stats::ENTRIES),
            number(attrs, attr::stats::BYTES),
            number(attrs, attr::stats::REVISION),
            number(counts, attr::stats::READ_ONLY),
            number(counts, attr::stats::STICKY),
        ];
        let counted = [
            self.entries.len() as u64,
            self.count(|entry| entry.value.len() as u64),
            self.revision,
            flagged(READ_ONLY),
            flagged(STICKY),
        ];
        expect(told == counted, "the store has other totals")
    }

    fn count(&self, of: impl Fn(&Entry) -> u64) -> u64 {
        self.entries.values().map(of).sum()
    }
}

impl Entry {
    /// Reads the attributes of an entry, in a request or in a reply.
    fn read(attrs: &[u8]) -> Self {
        let meta = last(attrs, attr::META).unwrap_or_default();
        Self {
            value: last(attrs, attr::VALUE).unwrap_or_default().to_vec(),
            flags: number(attrs, attr::FLAGS) as u32,
            labels: all(meta, attr::LABEL)
                .map(|label| text(label).to_vec())
                .collect(),
            revision: number(attrs, attr::REVISION),
            hits: number(meta, attr::HITS),
        }
    }
}

/// Sends a request without attributes; gives the messages of the family that come back.
fn ask(port: &mut Port, family: u16, cmd: u8, flags: u16) -> Vec<Answer> {
    let draft = Draft {
        kind: family,
        flags,
        cmd,
        ..Draft::default()
    };
    let mut datagram = Vec::new();
    draft.write(&mut datagram);
    port.send(&datagram);
    let mut answers = port.drain();
    answers.retain(|answer| answer.kind == family);
    answers
}

/// The payloads of all attributes of a type, until there is one that cannot be read.
fn all(attrs: &[u8], kind: u16) -> impl Iterator<Item = &[u8]> {
    let attrs = Attrs::new(attrs, 0).map_while(Result::ok);
    attrs
        .filter(move |attr| attr.kind() == kind)
        .filter_map(|attr| attr.bytes().ok())
}

fn last(attrs: &[u8], kind: u16) -> Option<&[u8]> {
    all(attrs, kind).last()
}

/// An integer of 4 or 8 bytes; 0 if there is none.
fn number(attrs: &[u8], kind: u16) -> u64 {
    let bytes = last(attrs, kind).unwrap_or_default();
    let wide = bytes.try_into().map(u64::from_ne_bytes);
    let narrow = || bytes.try_into().map(u32::from_ne_bytes);
    wide.or_else(|_| narrow().map(u64::from))
        .unwrap_or_default()
}

/// What stands before the first NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(otherwise.to_owned()),
    }
}
