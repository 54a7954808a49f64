//! Calls that are answered by several messages, though they are no dumps.

use std::marker::PhantomData;

use crate::client::Link;
use crate::error::Error;
use crate::family::{Message, Operation};
use crate::inbox::Arrived;
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{Blocking, Transport, now};

/// The messages that answer one call, read from the socket as they are asked for; see
/// [`Connection::call_all`](crate::Connection::call_all).
///
/// What is not asked for is left out: the connection can be used again at any time.
#[must_use = "replies are read as they are asked for"]
pub struct Replies<'c, M, T = Blocking> {
    link: &'c mut Link<T>,
    operation: &'static Operation,
    ended: bool,
    message: PhantomData<fn() -> M>,
}

/// The [`Replies`] of an async connection.
#[cfg(feature = "tokio")]
pub type AsyncReplies<'c, M> = Replies<'c, M, Tokio>;

impl<'c, M: Message, T: Transport> Replies<'c, M, T> {
    /// `ended` if the call was answered by an ACK and nothing else.
    pub(crate) fn new(link: &'c mut Link<T>, operation: &'static Operation, ended: bool) -> Self {
        Self {
            link,
            operation,
            ended,
            message: PhantomData,
        }
    }

    /// The next reply's message; `None` at the end.
    async fn advance(&mut self) -> Result<Option<Arrived>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut deadline = self.link.deadline();
        let next = self.link.next_reply(self.operation, &mut deadline).await;
        // What follows a header that makes no sense is lost, but not what comes in other datagrams.
        self.ended = !matches!(next, Ok(Some(_)) | Err(Error::Malformed { .. }));
        let next = self.link.recovered(next);
        next.map_err(self.link.told_of(self.operation, &deadline))
    }

    fn reply(&self, arrived: Option<Arrived>) -> Result<Option<M::View<'_>>, Error> {
        self.link.view_if_any::<M>(self.operation, arrived.as_ref())
    }
}

impl<'c, M: Message> Replies<'c, M> {
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
        let arrived = now(self.advance())?;
        self.reply(arrived)
    }

    /// An iterator over copies of the replies, for `for` and `collect`.
    pub fn owned(mut self) -> impl Iterator<Item = Result<M, Error>> + use<'c, M> {
        std::iter::from_fn(move || {
            let reply = self.next().transpose()?;
            Some(reply.map(|view| M::from_view(&view)))
        })
    }
}

#[cfg(feature = "tokio")]
impl<M: Message> AsyncReplies<'_, M> {
    /// The next reply; `None` at the end.
    ///
    /// Its future may be dropped: no reply is lost.
    ///
    /// # Errors
    ///
    /// After [`Error::Malformed`], which is about a single reply, the next one can be asked for;
    /// any other error is the end.
    pub async fn next(&mut self) -> Result<Option<M::View<'_>>, Error> {
        let arrived = self.advance().await?;
        self.reply(arrived)
    }
}

impl<M, T: Transport> std::fmt::Debug for Replies<'_, M, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replies")
            .field("connection", &self.link)
            .field("operation", &self.operation.name)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Connection;
    use crate::families::nlctrl::{Client, FAMILY, Getfamily, GetfamilyReplyOwned};
    use crate::inbox::Inbox;
    use crate::transport::Receive;

    #[test]
    fn others_come_behind_what_makes_no_sense() {
        let mut connection = Connection::open(&FAMILY).unwrap();
        let request = Getfamily {
            family_id: Some(16),
            family_name: None,
        };
        let replies = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request);
        let mut replies = replies.unwrap();
        // As if of two replies the first one made no sense, and the other one came behind it.
        let link = &mut *replies.link;
        link.inbox = Inbox::of(&[1; 16]);
        link.reserve(64 << 10);
        let acknowledgement = link.transport.try_recv(&mut [0; 64]).unwrap();
        assert!(acknowledgement.is_some());
        link.transport.try_send(&link.request).unwrap();

        assert!(matches!(replies.next(), Err(Error::Malformed { .. })));
        assert!(replies.next().unwrap().is_some());
        assert!(replies.next().unwrap().is_none());
    }
}
