//! All that a family has, kept up to date: a dump, and then the events.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "tokio")]
use super::AsyncEvents;
use super::{Events, Group, ListeningTo};
use crate::error::Error;
use crate::events::listener::{Next, Receipt};
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{Blocking, Deadline, Transport, now};

/// What a dump brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot<S> {
    /// What was dumped.
    pub state: S,
    /// The revision, or sequence number, up to which all changes are in it; `None` if the family
    /// counts none, or the dump is not of one moment ([`Dump::consistent`](crate::Dump)).
    pub revision: Option<u64>,
}

impl<S> Snapshot<S> {
    /// What was dumped of a family that counts no revisions.
    pub fn new(state: S) -> Self {
        let revision = None;
        Self { state, revision }
    }
}

/// What a [`Follow`] gives.
#[derive(Debug, Clone)]
pub enum Update<S, E> {
    /// All there is: what was known before is to be forgotten.
    Snapshot(S),
    /// A change since.
    Event(E),
}

/// A dump and then the events, so that together they tell all: what changes while the dump runs
/// comes as an event after it, and whenever events are lost there is another dump.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # mod shelf { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tour/shelf.rs")); }
/// # #[cfg(feature = "testing")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::collections::BTreeMap;
/// use genl_user::families::kvstore::{Client, Event, Events, GetDump, Group, Set};
/// use genl_user::{Snapshot, Update};
/// # let kernel = genl_user::testing::Kernel::new();
/// # kernel.register(genl_user::families::kvstore::server::Served(shelf::Shelf::default()))?;
/// # let options = genl_user::Options::new().kernel(&kernel);
///
/// let mut store = Client::open_with(&options)?;
/// let mut changes = Events::open_with(&options, &[Group::Changes])?
///     .follow(move || {
///         let entries = store.get_dump(&GetDump::default())?.consistent(10)?;
///         let revision = entries.iter().filter_map(|entry| entry.revision).max();
///         Ok(Snapshot { state: entries, revision })
///     })
///     .drop_older(|event| match event {
///         Event::SetNtf(entry) => entry.revision(),
///         Event::DelNtf(entry) => entry.revision(),
///         _ => None,
///     });
/// let mut mirror = BTreeMap::new();
/// for update in 0..2 {
///     match changes.next()? {
///         Update::Snapshot(entries) => {
///             mirror = entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
///         }
///         Update::Event(Event::SetNtf(entry)) => {
///             let entry = entry.to_owned();
///             mirror.insert(entry.key, entry.value);
///         }
///         Update::Event(Event::DelNtf(entry)) => {
///             mirror.remove(&entry.key().map(str::to_owned));
///         }
///         Update::Event(_) => {}
///     }
///     if update == 0 {
///         let set = Set { key: "host", value: Some(b"example"), ..Default::default() };
///         Client::open_with(&options)?.set(&set)?;
///     }
/// }
/// assert_eq!(mirror[&Some("host".to_owned())].as_deref(), Some(&b"example"[..]));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
///
/// An event that the dump has seen comes again after it, unless [`Self::drop_older`] can tell: that
/// is no harm where an event says what is, not by how much it has changed. `Overrun` and `Reloaded`
/// never come, as it is here that they are dealt with.
#[must_use = "it dumps and listens as its updates are asked for"]
pub struct Follow<G: Group, D, T: Transport = Blocking> {
    pub(super) news: News<G, T>,
    dump: D,
}

/// A [`Follow`] whose `next` is awaited in a task of tokio's; it dumps with an async closure.
#[cfg(feature = "tokio")]
pub type AsyncFollow<G, D> = Follow<G, D, Tokio>;

impl<G: Group> Events<G> {
    /// Has the events begin with a dump of all there is, and with another one whenever some were
    /// lost.
    pub fn follow<D, S>(self, dump: D) -> Follow<G, D>
    where
        D: FnMut() -> Result<Snapshot<S>, Error>,
    {
        Follow::new(self, dump)
    }
}

#[cfg(feature = "tokio")]
impl<G: Group> AsyncEvents<G> {
    /// As [`Events::follow`].
    pub fn follow<D, S>(self, dump: D) -> AsyncFollow<G, D>
    where
        D: AsyncFnMut() -> Result<Snapshot<S>, Error>,
    {
        Follow::new(self, dump)
    }
}

impl<G: Group, D> Follow<G, D> {
    /// Waits for the next update; the first one is a dump.
    ///
    /// # Errors
    ///
    /// Those of the dump and of [`Events::next`]. The next call dumps anew then.
    #[expect(
        clippy::should_implement_trait,
        reason = "the events borrow from the receive buffer, which Iterator cannot express"
    )]
    pub fn next<S>(&mut self) -> Result<Update<S, G::Event<'_>>, Error>
    where
        D: FnMut() -> Result<Snapshot<S>, Error>,
    {
        let Self { news, dump } = self;
        loop {
            if let Some(step) = now(news.wait(Deadline::Timeout(None), async || dump()))? {
                return news.update(step);
            }
        }
    }

    /// Waits for the next update, but not longer than this, beside what a dump takes; `None` if
    /// none came.
    ///
    /// # Errors
    ///
    /// Those of [`Self::next`].
    pub fn next_timeout<S>(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<Update<S, G::Event<'_>>>, Error>
    where
        D: FnMut() -> Result<Snapshot<S>, Error>,
    {
        let Self { news, dump } = self;
        match now(news.wait(Deadline::after(Some(timeout)), async || dump()))? {
            Some(step) => news.update(step).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(feature = "tokio")]
impl<G: Group, D> AsyncFollow<G, D> {
    /// As [`Follow::next`].
    ///
    /// To drop the future loses no update: a dump that was not awaited to its end is begun anew.
    ///
    /// # Errors
    ///
    /// Those of [`Follow::next`].
    pub async fn next<S>(&mut self) -> Result<Update<S, G::Event<'_>>, Error>
    where
        D: AsyncFnMut() -> Result<Snapshot<S>, Error>,
    {
        let Self { news, dump } = self;
        loop {
            if let Some(step) = news.wait(Deadline::Never, &mut *dump).await? {
                return news.update(step);
            }
        }
    }

    /// As [`Follow::next_timeout`].
    ///
    /// # Errors
    ///
    /// Those of [`Follow::next`].
    pub async fn next_timeout<S>(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<Update<S, G::Event<'_>>>, Error>
    where
        D: AsyncFnMut() -> Result<Snapshot<S>, Error>,
    {
        let Self { news, dump } = self;
        match news.wait(Deadline::after(Some(timeout)), dump).await? {
            Some(step) => news.update(step).map(Some),
            None => Ok(None),
        }
    }
}

impl<G: Group, D, T: Transport> Follow<G, D, T> {
    /// Drops the events whose revision the last dump has seen.
    ///
    /// `revision` tells it of an event, or `None` if it has none; revisions have to grow with each
    /// change.
    pub fn drop_older(mut self, revision: RevisionOf<G>) -> Self {
        self.news.revision_of = Some(revision);
        self
    }

    /// The events, as to say how long their queue is.
    pub fn events(&mut self) -> &mut ListeningTo<G, T> {
        &mut self.news.events
    }

    pub(super) fn new(events: ListeningTo<G, T>, dump: D) -> Self {
        Self {
            news: News {
                events,
                due: true,
                seen: None,
                revision_of: None,
            },
            dump,
        }
    }
}

impl<G: Group, D, T: Transport> fmt::Debug for Follow<G, D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("events", &self.news.events)
            .field("due", &self.news.due)
            .finish_non_exhaustive()
    }
}

/// The revision that an event tells.
pub type RevisionOf<G> = for<'a> fn(&<G as Group>::Event<'a>) -> Option<u64>;

/// The events, and what of them is news.
pub(super) struct News<G: Group, T: Transport> {
    events: ListeningTo<G, T>,
    /// A dump is due.
    due: bool,
    /// The revision of the last dump.
    seen: Option<u64>,
    revision_of: Option<RevisionOf<G>>,
}

/// What an update will be made of.
pub(super) enum Step<S> {
    Snapshot(S),
    Event(Next),
}

impl<G: Group, T: Transport> News<G, T> {
    /// What comes next; `None` if nothing does until the deadline.
    pub(super) async fn wait<S>(
        &mut self,
        deadline: Deadline,
        dump: impl AsyncFnOnce() -> Result<Snapshot<S>, Error>,
    ) -> Result<Option<Step<S>>, Error> {
        loop {
            if self.due {
                self.drain().await?;
                let snapshot = dump().await?;
                self.due = false;
                self.seen = snapshot.revision;
                return Ok(Some(Step::Snapshot(snapshot.state)));
            }
            match self.events.wait(deadline).await {
                Ok(Some(Next::Overrun | Next::Reloaded(_))) => self.due = true,
                // Behind it others were lost: a dump that begins now knows more.
                Ok(Some(_)) if self.events.listener.lost_behind.is_some() => self.due = true,
                Ok(Some(event)) if self.is_old(&event) => {}
                Ok(event) => return Ok(event.map(Step::Event)),
                Err(error) => {
                    self.due = true;
                    return Err(error);
                }
            }
        }
    }

    fn update<S>(&mut self, step: Step<S>) -> Result<Update<S, G::Event<'_>>, Error> {
        let next = match step {
            Step::Snapshot(state) => return Ok(Update::Snapshot(state)),
            Step::Event(next) => next,
        };
        // The event may be what the state is not to miss.
        let Self { events, due, .. } = self;
        events
            .read(&next)
            .map(Update::Event)
            .inspect_err(|_| *due = true)
    }

    /// Passes over the events that have come: a dump that begins now has seen them. Those that were
    /// in the queue before others were lost would undo what these did.
    ///
    /// More than the queue holds have come since then, and do no harm: they may have no end.
    async fn drain(&mut self) -> Result<(), Error> {
        let listener = &mut self.events.listener;
        let most = listener.queueful();
        let most = most.map_err(Error::io("ask for the queue size"))?;
        let mut left = most;
        while left > 0 {
            left = match listener.pass_over().await {
                Ok(Receipt::Nothing) => return Ok(()),
                Ok(Receipt::Overrun) => most,
                Ok(Receipt::Datagram) => left - 1,
                Err(Error::Truncated { .. } | Error::Malformed { .. }) => left - 1,
                Err(error) => return Err(error),
            };
        }
        // What was lost is older than what was passed over.
        listener.lost_behind = None;
        Ok(())
    }

    /// Whether the last dump has seen what the event tells.
    fn is_old(&self, next: &Next) -> bool {
        let (Some(seen), Some(revision_of)) = (self.seen, self.revision_of) else {
            return false;
        };
        let event = self.events.read(next);
        event.is_ok_and(|event| revision_of(&event).is_some_and(|revision| revision <= seen))
    }
}
