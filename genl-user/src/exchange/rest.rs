//! What is left in a connection's queue by calls that nobody waits for any more.

use crate::client::Link;
use crate::error::Error;
use crate::inbox::Arrived;
use crate::transport::{Deadline, Transport};

impl<T: Transport> Link<T> {
    /// Reads what is left of a dump that nobody wants any more.
    pub(crate) async fn settle(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        let (mut comes, mut received) = (false, false);
        while let Some(seq) = self.dumping {
            match self.inbox.unread() {
                Ok(Some(arrived)) => {
                    comes |= arrived.head.seq == seq;
                    self.pass(&arrived);
                }
                Ok(None) => match self.receive_rest(&mut received, deadline).await {
                    Ok(()) => {}
                    // Of no interest, and gone already.
                    Err(Error::Truncated { .. }) => comes = true,
                    Err(error) => {
                        // If nothing of it comes, its end is lost: it is not waited for again.
                        let lost = !comes && matches!(error, Error::TimedOut);
                        self.dumping.take_if(|_| lost);
                        return Err(error);
                    }
                },
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Receives more of a dump that nobody wants any more, if more of it can come.
    async fn receive_rest(
        &mut self,
        received: &mut bool,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        self.transport.share().await;
        // However much of it is at hand.
        if std::mem::replace(received, true) && deadline.has_passed() {
            return Err(Error::TimedOut);
        }
        match self.inbox.try_receive(&self.transport)? {
            true => Ok(()),
            false if self.transport.has_dumps_at_hand() => {
                self.dumping = None;
                Ok(())
            }
            false => self.inbox.receive(&self.transport, deadline).await,
        }
    }

    /// As [`Self::settle`], as far as it can be done without waiting, by so many datagrams at most.
    /// After an error nothing may come any more; then the next request tries, and reports.
    pub(crate) fn drain(&mut self, most: usize) {
        let mut left = 0..most;
        while self.dumping.is_some() {
            match self.inbox.unread() {
                Ok(Some(arrived)) => self.pass(&arrived),
                Ok(None) if left.next().is_none() => return,
                Ok(None) => match self.inbox.try_receive(&self.transport) {
                    Ok(true) | Err(Error::Truncated { .. }) => {}
                    Ok(false) => {
                        let ended = self.transport.has_dumps_at_hand();
                        self.dumping.take_if(|_| ended);
                        return;
                    }
                    Err(_) => return,
                },
                Err(_) => {}
            }
        }
    }

    /// Takes notice of a dump's end.
    fn pass(&mut self, arrived: &Arrived) {
        self.dumping
            .take_if(|seq| arrived.head.seq == *seq && arrived.is_end());
    }

    /// What has come of something that is not tried again, with the queue in order.
    pub(crate) fn recovered<R>(&mut self, result: Result<R, Error>) -> Result<R, Error> {
        result.inspect_err(|error| self.recover_from(error))
    }

    /// Empties the queue if the error is an overrun: before that nothing gets into it, and the next
    /// answer would be lost too (`netlink_attachskb()`).
    #[cold]
    pub(crate) fn recover_from(&mut self, error: &Error) {
        if !matches!(error, Error::Io { .. }) || error.errno() != Some(libc::ENOBUFS) {
            return;
        }
        self.drain(usize::MAX);
        while let Ok(true) | Err(Error::Truncated { .. }) = self.inbox.try_receive(&self.transport)
        {
        }
    }
}
