//! Calls that are answered by several messages, though they are no dumps.

use std::marker::PhantomData;

use crate::client::Connection;
use crate::error::Error;
use crate::family::{Message, Operation};

/// The messages that answer one call, read from the socket as they are asked for; see
/// [`Connection::call_all`].
///
/// What is not asked for is left out: the connection can be used again at any time.
#[derive(Debug)]
#[must_use = "replies are read as they are asked for"]
pub struct Replies<'c, M> {
    connection: &'c mut Connection,
    operation: &'static Operation,
    ended: bool,
    message: PhantomData<fn() -> M>,
}

impl<'c, M: Message> Replies<'c, M> {
    /// `ended` if the call was answered by an ACK and nothing else.
    pub(crate) fn new(
        connection: &'c mut Connection,
        operation: &'static Operation,
        ended: bool,
    ) -> Self {
        Self {
            connection,
            operation,
            ended,
            message: PhantomData,
        }
    }

    /// The next reply; `None` at the end.
    ///
    /// # Errors
    ///
    /// After [`Error::Malformed`], which is about a single reply, the next one can be asked for;
    /// any other error is the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "the replies borrow from the connection, which Iterator cannot express"
    )]
    pub fn next(&mut self) -> Result<Option<M::View<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        // Set first, so that any error on the way is the end.
        self.ended = true;
        let Some(arrived) = self.connection.next_reply(self.operation)? else {
            return Ok(None);
        };
        self.ended = false;
        self.connection
            .view::<M>(self.operation, &arrived)
            .map(Some)
    }

    /// An iterator over copies of the replies, for `for` and `collect`.
    pub fn owned(mut self) -> impl Iterator<Item = Result<M, Error>> + use<'c, M> {
        std::iter::from_fn(move || {
            let reply = self.next().transpose()?;
            Some(reply.map(|view| M::from_view(&view)))
        })
    }
}
