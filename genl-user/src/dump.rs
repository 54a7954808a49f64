//! Dumps: operations that are answered by many messages.

use std::marker::PhantomData;

use crate::client::Connection;
use crate::error::Error;
use crate::family::{Message, Operation};

/// The messages that answer a dump, read from the socket as they are asked for.
///
/// ```no_run
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
/// [`Error::DumpInterrupted`]. A dump that is dropped before its end is read to its end then, as
/// the kernel would refuse the next one.
#[derive(Debug)]
#[must_use = "a dump is read as its items are asked for"]
pub struct Dump<'c, M> {
    connection: &'c mut Connection,
    operation: &'static Operation,
    interrupted: bool,
    ended: bool,
    message: PhantomData<fn() -> M>,
}

impl<'c, M: Message> Dump<'c, M> {
    pub(crate) fn new(connection: &'c mut Connection, operation: &'static Operation) -> Self {
        Self {
            connection,
            operation,
            interrupted: false,
            ended: false,
            message: PhantomData,
        }
    }

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
    pub fn next(&mut self) -> Result<Option<M::View<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        // Set first, so that any error on the way is the end.
        self.ended = true;
        let arrived = self.connection.answer()?;
        self.interrupted |= arrived.head.flags & libc::NLM_F_DUMP_INTR as u16 != 0;
        if arrived.is_end() {
            self.connection.end_dump();
            self.connection.verdict(self.operation, &arrived)?;
            return match self.interrupted {
                true => Err(Error::DumpInterrupted),
                false => Ok(None),
            };
        }
        let id = self.connection.family_id();
        self.connection.check_reply(id, self.operation, &arrived)?;
        self.ended = false;
        self.connection
            .view::<M>(self.operation, &arrived)
            .map(Some)
    }

    /// An iterator over copies of the items, for `for` and `collect`.
    pub fn owned(self) -> Owned<'c, M> {
        Owned(self)
    }

    /// Collects all items of one state: asks again, at most `retries` times, if what the dump
    /// lists was changed meanwhile.
    pub fn consistent(mut self, retries: usize) -> Result<Vec<M>, Error> {
        let mut retries = 0..retries;
        loop {
            let mut items = Vec::new();
            let end = loop {
                match self.next() {
                    Ok(Some(view)) => items.push(M::from_view(&view)),
                    Ok(None) => break Ok(items),
                    Err(error) => break Err(error),
                }
            };
            match end {
                Err(Error::DumpInterrupted) if retries.next().is_some() => self.repeat()?,
                end => return end,
            }
        }
    }

    fn repeat(&mut self) -> Result<(), Error> {
        self.connection.repeat_dump()?;
        self.interrupted = false;
        self.ended = false;
        Ok(())
    }
}

impl<M> Drop for Dump<'_, M> {
    fn drop(&mut self) {
        // After an error nothing may come any more; then the next request tries, and reports.
        if !self.ended {
            let _ = self.connection.settle();
        }
    }
}

/// An iterator over copies of a dump's items.
#[derive(Debug)]
#[must_use = "a dump is read as its items are asked for"]
pub struct Owned<'c, M>(Dump<'c, M>);

impl<M: Message> Iterator for Owned<'_, M> {
    type Item = Result<M, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next().transpose()?;
        Some(item.map(|view| M::from_view(&view)))
    }
}
