//! How a dump begins, and goes on.

use super::{Asked, DUMP, INTERRUPTED, REQUEST, noop};
use crate::client::Link;
use crate::error::Error;
use crate::family::{Operation, Request};
use crate::flags::Flags;
use crate::inbox::Arrived;
use crate::transport::{self, Deadline, Transport};
use crate::wire::{generic, set_seq};

impl<T: Transport> Link<T> {
    /// Asks for a dump, and waits until the kernel has begun it, or refused.
    pub(crate) async fn ask_dump(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        let flags = self.take_flags().difference(Flags::ACK).bits() | REQUEST | DUMP;
        let asked = self.write(self.id, flags, operation, request)?;
        self.dump_of(asked).await
    }

    async fn dump_of(&mut self, mut asked: Asked<'_>) -> Result<(), Error> {
        let mut deadline = self.deadline();
        let mut begun = self.begin_dump(asked, &mut deadline).await;
        if let Err(error) = &begun
            && self.renewed_after(error, &mut deadline).await?
        {
            self.readdress(&mut asked);
            begun = self.begin_dump(asked, &mut deadline).await;
        }
        let begun = self.recovered(begun);
        begun.map_err(self.told_of(asked.operation, &deadline))
    }

    async fn begin_dump(
        &mut self,
        mut asked: Asked<'_>,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        self.settle(deadline).await?;
        if self.is_new {
            self.prime(deadline).await?;
            self.is_new = false;
            // It is to have a number behind that one's.
            self.readdress(&mut asked);
        }
        self.submit(deadline).await?;
        self.is_in_dump();
        let arrived = self.answer(deadline).await?;
        if arrived.is_acknowledgement() {
            let refused = self.verdict(asked.operation, &arrived);
            if refused.is_err() && !self.leaves_dump_running(&arrived) {
                self.dumping = None;
            }
            refused.inspect_err(|_| self.drain(self.transport.at_a_time()))?;
        }
        self.inbox.put_back(&arrived);
        Ok(())
    }

    /// Lets the kernel know how large the receive buffer is.
    ///
    /// It makes the pieces of a dump as large as the largest buffer that the socket has received
    /// something into (`netlink_recvmsg()`), and the first one less than a page if there was
    /// nothing yet, as where the family's id was known: an item that is longer would end the dump.
    async fn prime(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        self.begin();
        self.seq = self.seq.wrapping_add(1);
        let nothing = noop(self.seq, self.port());
        transport::send(&self.transport, &nothing, deadline).await?;
        let answer = self.answer(deadline).await;
        answer.map(drop).map_err(Error::before_sending)
    }

    /// The next message, if it has come, and is nothing but a reply, or an item of a dump.
    #[inline]
    pub(crate) fn reply_at_hand(&mut self, operation: &Operation) -> Option<Arrived> {
        let (id, seq, port) = (self.id, self.seq, self.port());
        let cmd = operation.answer.cmd();
        self.inbox.unread_if(|head, message| {
            let is_reply = head.kind == id && head.seq == seq && head.port == port;
            is_reply
                && head.flags & INTERRUPTED == 0
                && generic(message).is_ok_and(|(of, _)| cmd.is_none_or(|cmd| cmd == of))
        })
    }

    /// Sends the last request once more, a dump's.
    pub(crate) async fn repeat_dump(&mut self, operation: &Operation) -> Result<(), Error> {
        let mut deadline = self.deadline();
        let sent = self.send_again(&mut deadline).await;
        sent.map_err(self.told_of(operation, &deadline))
    }

    async fn send_again(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        self.settle(deadline).await?;
        self.seq = self.seq.wrapping_add(1);
        set_seq(&mut self.request, self.seq);
        self.submit(deadline).await?;
        self.is_in_dump();
        Ok(())
    }

    /// What was sent is a dump's request.
    fn is_in_dump(&mut self) {
        self.dumping = Some(self.seq);
        self.is_dump_late = false;
    }
}
