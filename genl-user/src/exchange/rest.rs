//! What is left in a connection's queue by calls that nobody waits for any more.

use super::noop;
use crate::client::Link;
use crate::error::Error;
use crate::extack::Verdict;
use crate::inbox::Arrived;
use crate::transport::{Deadline, Transport};

impl<T: Transport> Link<T> {
    /// Reads what is left of a dump that nobody wants any more.
    pub(crate) async fn settle(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        // Another process begins what it is asked for, whatever has not ended; and as all that is left
        // of a dump has its number, it is taken for no other answer. So an end that may be lost is not
        // waited for.
        if self.transport.socket().peer().is_some() {
            self.dumping = None;
        }
        let (mut comes, mut received, mut nudged) = (false, false, false);
        while let Some(seq) = self.dumping {
            match self.inbox.unread() {
                Ok(Some(arrived)) => {
                    let is_its = arrived.head.seq == seq;
                    comes |= is_its;
                    nudged &= !is_its;
                    self.pass(&arrived);
                }
                Ok(None) => match self
                    .receive_rest(&mut received, &mut nudged, deadline)
                    .await
                {
                    Ok(()) => {}
                    // Of no interest, and gone already.
                    Err(Error::Truncated { .. }) => comes = true,
                    Err(error) => {
                        // If nothing of it comes, its end is lost: it is not waited for again.
                        let lost = !comes && error.is_late();
                        self.dumping.take_if(|_| lost);
                        return Err(error.before_sending());
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
        nudged: &mut bool,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        self.transport.share().await;
        // However much of it is at hand.
        if std::mem::replace(received, true) && deadline.has_passed() {
            return Err(Error::late());
        }
        match self.inbox.try_receive(&self.transport)? {
            true => Ok(()),
            false if self.transport.has_dumps_at_hand() => self.nudge(nudged),
            false if self.is_dump_late => {
                self.dumping = None;
                Ok(())
            }
            false => self.inbox.receive(&self.transport, deadline).await,
        }
    }

    /// As [`Self::settle`], as far as it can be done without waiting, by so many datagrams at most.
    /// After an error nothing may come any more; then the next request tries, and reports.
    pub(crate) fn drain(&mut self, most: usize) {
        let (mut left, mut nudged) = (0..most, false);
        while let Some(seq) = self.dumping {
            match self.inbox.unread() {
                Ok(Some(arrived)) => {
                    nudged &= arrived.head.seq != seq;
                    self.pass(&arrived);
                }
                Ok(None) if left.next().is_none() => return,
                Ok(None) => match self.inbox.try_receive(&self.transport) {
                    Ok(true) | Err(Error::Truncated { .. }) => {}
                    Ok(false) if !self.transport.has_dumps_at_hand() => return,
                    Ok(false) => match self.nudge(&mut nudged) {
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    Err(_) => return,
                },
                Err(_) => {}
            }
        }
    }

    /// Lets the kernel go on with a dump of which nothing is at hand: it had no memory for the next
    /// piece, and tries again when something else is received (`netlink_recvmsg()`), which this is about
    /// to be. If that was done already, no dump is running any more.
    #[cold]
    fn nudge(&mut self, nudged: &mut bool) -> Result<(), Error> {
        if std::mem::replace(nudged, true) {
            self.dumping = None;
        }
        let Some(seq) = self.dumping else {
            return Ok(());
        };
        // Its answer is none to the dump, nor to any request after that.
        let nothing = noop(seq.wrapping_sub(1), self.port());
        let sent = self.transport.try_send(&nothing);
        sent.map_err(|error| Error::unsent(error, self.transport.socket(), &nothing))
    }

    /// Takes notice of a dump's end.
    fn pass(&mut self, arrived: &Arrived) {
        let is_end = arrived.is_end() && !self.leaves_dump_running(arrived);
        self.dumping
            .take_if(|seq| arrived.head.seq == *seq && is_end);
    }

    /// Though it ends an exchange, the dump that it is about is running.
    pub(super) fn leaves_dump_running(&self, arrived: &Arrived) -> bool {
        self.transport.has_dumps_at_hand()
            && leaves_dump_running(arrived, self.inbox.bytes(arrived))
    }

    /// What has come of something that is not tried again, with the queue in order.
    pub(crate) fn recovered<R>(&mut self, result: Result<R, Error>) -> Result<R, Error> {
        result.inspect_err(|error| self.recover_from(error))
    }

    /// Empties the queue if the error is an overrun: before that nothing gets into it, and the next
    /// answer would be lost too (`netlink_attachskb()`).
    #[cold]
    pub(crate) fn recover_from(&mut self, error: &Error) {
        let is_of_dump = self.dumping == Some(self.seq) && !self.transport.has_dumps_at_hand();
        self.is_dump_late |= is_of_dump && error.is_late();
        if !matches!(error, Error::Io { .. }) || error.errno() != Some(libc::ENOBUFS) {
            return;
        }
        self.drain(usize::MAX);
        while let Ok(true) | Err(Error::Truncated { .. }) = self.inbox.try_receive(&self.transport)
        {
        }
    }
}

/// It says that the kernel had no memory for the first piece of a dump, which is running nevertheless
/// (`__netlink_dump_start()`).
pub(crate) fn leaves_dump_running(arrived: &Arrived, message: &[u8]) -> bool {
    arrived.is_acknowledgement()
        && Verdict::read(&arrived.head, message).is_ok_and(|verdict| verdict.errno == libc::ENOBUFS)
}
