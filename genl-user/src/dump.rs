//! Dumps: operations that are answered by many messages.

use std::marker::PhantomData;

use crate::client::Link;
use crate::error::Error;
use crate::exchange::INTERRUPTED;
use crate::family::{Message, Operation};
use crate::inbox::Arrived;
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{Blocking, Deadline, Transport, now};

/// The messages that answer a dump, read from the socket as they are asked for.
///
/// Each borrows from the receive buffer until the next one is asked for, so this is no `Iterator`:
/// [`owned`](Self::owned) makes one of copies, for `for` and `collect`.
///
/// ```
/// # use genl_user::families::nlctrl;
/// # fn main() -> Result<(), genl_user::Error> {
/// let mut controller = nlctrl::Client::open()?;
/// let mut families = controller.getfamily_dump(&nlctrl::GetfamilyDump {})?;
/// while let Some(family) = families.next()? {
///     println!("{:?}", family.family_name());
/// }
/// # Ok(())
/// # }
/// ```
///
/// If what it lists was changed meanwhile, all items still come and the end is
/// [`Error::DumpInterrupted`]. Families tell that which count the changes
/// (`genl_dump_check_consistent()`, NLM_F_DUMP_INTR); of others nobody knows.
///
/// It has the client to itself until it is dropped: one that is bound to a name holds it even when its
/// last item has come. `drop(dump)`, or let its block end, before the next call.
///
/// A dump that is dropped before its end is read to its end, as the kernel would refuse the next one
/// with EBUSY (`__netlink_dump_start()`): then as far as it has come, the rest before the next request.
/// Of a dump of another process, which may have no end, 64 pieces are read then at most; in a task,
/// which others wait for, 8. For as long as the rest is not read, the kernel keeps the family's module
/// from being unloaded.
#[must_use = "a dump is read as its items are asked for"]
pub struct Dump<'c, M, T: Transport = Blocking> {
    link: &'c mut Link<T>,
    operation: &'static Operation,
    interrupted: bool,
    ended: bool,
    message: PhantomData<fn() -> M>,
}

/// A [`Dump`] of an async connection.
#[cfg(feature = "tokio")]
pub type AsyncDump<'c, M> = Dump<'c, M, Tokio>;

impl<'c, M: Message, T: Transport> Dump<'c, M, T> {
    pub(crate) fn new(link: &'c mut Link<T>, operation: &'static Operation) -> Self {
        Self {
            link,
            operation,
            interrupted: false,
            ended: false,
            message: PhantomData,
        }
    }

    /// The next item's message; `None` at the end.
    #[inline]
    pub(crate) async fn arrived(&mut self) -> Result<Option<Arrived>, Error> {
        match self.at_hand() {
            Some(arrived) => Ok(Some(arrived)),
            None => self.advance().await,
        }
    }

    /// The same, wherever it is, and whatever comes instead of it.
    #[inline]
    async fn advance(&mut self) -> Result<Option<Arrived>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut deadline = self.link.deadline();
        let advanced = self.receive(&mut deadline).await;
        self.ended = match advanced {
            Ok(Some(_)) => false,
            // What follows a header that makes no sense is lost, but not what comes in other datagrams.
            Err(Error::Malformed { .. }) => self.link.dumping.is_none(),
            _ => true,
        };
        let advanced = self.link.recovered(advanced);
        advanced.map_err(self.link.told_of(self.operation, &deadline))
    }

    #[inline]
    async fn receive(&mut self, deadline: &mut Deadline) -> Result<Option<Arrived>, Error> {
        let arrived = self.link.answer(deadline).await?;
        self.interrupted |= arrived.head.flags & INTERRUPTED != 0;
        if arrived.is_end() {
            self.link.dumping = None;
            self.link.verdict(self.operation, &arrived)?;
            return match self.interrupted {
                true => Err(Error::DumpInterrupted {
                    family: self.operation.family.name,
                    operation: self.operation.name,
                }),
                false => Ok(None),
            };
        }
        let id = self.link.family_id();
        self.link.check_reply(id, self.operation, &arrived)?;
        Ok(Some(arrived))
    }

    /// The next item's message, if it has come and there is nothing else to it, as of nearly all.
    #[inline]
    fn at_hand(&mut self) -> Option<Arrived> {
        match self.ended {
            true => None,
            false => self.link.reply_at_hand(self.operation),
        }
    }

    #[inline]
    pub(crate) fn item(&self, arrived: Option<Arrived>) -> Result<Option<M::View<'_>>, Error> {
        self.link.view_if_any::<M>(self.operation, arrived.as_ref())
    }

    async fn all(&mut self) -> Result<Vec<M>, Error> {
        let mut items = Vec::new();
        while let Some(arrived) = self.arrived().await? {
            let view = self.link.view::<M>(self.operation, &arrived)?;
            items.push(M::from_view(&view));
        }
        Ok(items)
    }

    pub(crate) async fn collect_consistent(mut self, retries: usize) -> Result<Vec<M>, Error> {
        let mut retries = 0..retries;
        loop {
            match self.all().await {
                Err(Error::DumpInterrupted { .. }) if retries.next().is_some() => {
                    self.link.repeat_dump(self.operation).await?;
                    self.interrupted = false;
                    self.ended = false;
                }
                collected => return collected,
            }
        }
    }
}

impl<'c, M: Message> Dump<'c, M> {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    ///
    /// After [`Error::Malformed`], which is about a single item, the next one can be asked for;
    /// any other error is the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "the items borrow from the dump, which Iterator cannot express"
    )]
    // A part of who asks it would have to share its registers with it, and a view be moved once more.
    #[inline(never)]
    pub fn next(&mut self) -> Result<Option<M::View<'_>>, Error> {
        let arrived = match self.at_hand() {
            Some(arrived) => Some(arrived),
            None => self.later()?,
        };
        self.item(arrived)
    }

    /// The next item's message, if it is not at hand.
    // The future of it all would be more work than the rest of an item.
    #[cold]
    #[inline(never)]
    fn later(&mut self) -> Result<Option<Arrived>, Error> {
        now(self.advance())
    }

    /// An iterator over copies of the items, for `for` and `collect`.
    pub fn owned(self) -> Owned<'c, M> {
        Owned(self)
    }

    /// Collects all items of one state: asks again, at most `retries` times, if what the dump
    /// lists was changed meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::DumpInterrupted`] if it was changed each time, and those of [`Self::next`]; one
    /// item that is [`Error::Malformed`] is the end here.
    pub fn consistent(self, retries: usize) -> Result<Vec<M>, Error> {
        now(self.collect_consistent(retries))
    }
}

#[cfg(feature = "tokio")]
impl<'c, M: Message> AsyncDump<'c, M> {
    /// The next item; `None` at the end.
    ///
    /// Its future may be dropped: no item is lost.
    ///
    /// # Errors
    ///
    /// After [`Error::Malformed`], which is about a single item, the next one can be asked for;
    /// any other error is the end.
    pub async fn next(&mut self) -> Result<Option<M::View<'_>>, Error> {
        let arrived = self.arrived().await?;
        self.item(arrived)
    }

    /// Copies of the items, one after the other.
    pub fn owned(self) -> Owned<'c, M, Tokio> {
        Owned(self)
    }

    /// Collects all items of one state: asks again, at most `retries` times, if what the dump
    /// lists was changed meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::DumpInterrupted`] if it was changed each time, and those of [`Self::next`]; one
    /// item that is [`Error::Malformed`] is the end here.
    pub async fn consistent(self, retries: usize) -> Result<Vec<M>, Error> {
        self.collect_consistent(retries).await
    }
}

impl<M, T: Transport> Drop for Dump<'_, M, T> {
    fn drop(&mut self) {
        if !self.ended {
            self.link.drain(self.link.transport.at_a_time());
        }
    }
}

impl<M, T: Transport> std::fmt::Debug for Dump<'_, M, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dump")
            .field("connection", &self.link)
            .field("operation", &self.operation.name)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Copies of a dump's items: an iterator, or for tokio what gives one after the other.
#[derive(Debug)]
#[must_use = "a dump is read as its items are asked for"]
pub struct Owned<'c, M, T: Transport = Blocking>(Dump<'c, M, T>);

impl<M: Message> Iterator for Owned<'_, M> {
    type Item = Result<M, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next().transpose()?;
        Some(item.map(|view| M::from_view(&view)))
    }
}

#[cfg(feature = "tokio")]
impl<M: Message> Owned<'_, M, Tokio> {
    /// The next item; `None` at the end, as of a stream.
    ///
    /// Its future may be dropped: no item is lost.
    pub async fn next(&mut self) -> Option<Result<M, Error>> {
        let item = self.0.next().await.transpose()?;
        Some(item.map(|view| M::from_view(&view)))
    }
}
