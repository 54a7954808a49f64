//! Dumps by a spec.

use std::fmt;

use serde_json::{Map, Value};

use super::client::{Client, Sent};
use super::error::Error;

/// The messages that answer a dump, read from the socket as they are asked for.
///
/// If what it lists was changed meanwhile, all items still come and the end is
/// [`Error::DumpInterrupted`]. A dump that is dropped before its end is read to its end then.
#[must_use = "a dump is read as its items are asked for"]
pub struct Dump<'c> {
    client: &'c mut Client,
    sent: Sent,
    interrupted: bool,
    ended: bool,
}

impl<'c> Dump<'c> {
    pub(super) fn new(client: &'c mut Client, sent: Sent) -> Self {
        Self {
            client,
            sent,
            interrupted: false,
            ended: false,
        }
    }

    fn advance(&mut self) -> Result<Option<Map<String, Value>>, Error> {
        // Set first, so that any error on the way is the end.
        self.ended = true;
        let arrived = self
            .client
            .answer(&self.sent, &mut self.client.deadline())?;
        self.interrupted |= arrived.head.flags & libc::NLM_F_DUMP_INTR as u16 != 0;
        if arrived.is_end() {
            self.client.end_dump();
            self.client.verdict(&self.sent, &arrived)?;
            return match self.interrupted {
                true => Err(Error::DumpInterrupted {
                    family: self.client.family().name.to_string(),
                    operation: self.sent.operation.clone(),
                }),
                false => Ok(None),
            };
        }
        self.ended = false;
        self.client.read(&self.sent, &arrived).map(Some)
    }
}

impl Iterator for Dump<'_> {
    type Item = Result<Map<String, Value>, Error>;

    /// After [`Error::Unreadable`], which is about a single item, the next one can be asked for;
    /// any other error is the end.
    fn next(&mut self) -> Option<Self::Item> {
        match self.ended {
            true => None,
            false => self.advance().transpose(),
        }
    }
}

impl fmt::Debug for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump")
            .field("client", &self.client)
            .field("operation", &self.sent.operation)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Drop for Dump<'_> {
    fn drop(&mut self) {
        // After an error nothing may come any more; then the next request tries, and reports.
        if !self.ended {
            let mut deadline = self.client.deadline();
            let _ = self.client.settle(&self.sent.operation, &mut deadline);
        }
    }
}
