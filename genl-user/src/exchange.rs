//! What is said over a connection: requests, and what they are answered with.
//!
//! Blocking or not, it is the same. A future of these functions may be dropped wherever it waits:
//! what comes in answer to a request of which nobody knows any more has another sequence number
//! than the next request, and a dump that was begun is read to its end before that is sent.

use crate::client::Link;
use crate::controller;
use crate::error::Error;
use crate::extack::Verdict;
use crate::family::{Answer, Message, Operation, Request};
use crate::flags::Flags;
use crate::inbox::Arrived;
use crate::transport::{Deadline, Transport};
use crate::wire::{Encoder, FromPayload, Head, Payload, finish, generic, set_seq};

#[cfg(test)]
mod tests;

pub(crate) const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
pub(crate) const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;

impl<T: Transport> Link<T> {
    /// Calls an operation that is answered by one message at most.
    #[inline]
    pub(crate) async fn ask(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<Option<Arrived>, Error> {
        let mut deadline = self.deadline();
        let flags = self.take_flags().of_do(operation)?;
        let exchanged = self.exchange(self.id, flags, operation, request, &mut deadline);
        match exchanged.await {
            Err(error) if self.renewed_after(&error, &mut deadline).await? => {
                let again = self.exchange(self.id, flags, operation, request, &mut deadline);
                again.await
            }
            exchanged => exchanged,
        }
    }

    /// Reads the reply to what was asked; without one it is a message with nothing in it.
    #[inline]
    pub(crate) fn reply<M: Message>(
        &self,
        operation: &Operation,
        reply: Option<&Arrived>,
    ) -> Result<M::View<'_>, Error> {
        match reply {
            Some(reply) => self.view::<M>(operation, reply),
            None => M::View::from_payload(Payload::new(&[], 0))
                .map_err(|malformed| Error::malformed::<M>(operation.name, &[], malformed)),
        }
    }

    /// Asks for replies, and waits until there is one, or none will come: then it is false.
    pub(crate) async fn ask_all(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<bool, Error> {
        let mut deadline = self.deadline();
        let flags = self.take_flags().of_do(operation)? | ACK;
        let begun = self.begin_replies(flags, operation, request, &mut deadline);
        match begun.await {
            Err(error) if self.renewed_after(&error, &mut deadline).await? => {
                let again = self.begin_replies(flags, operation, request, &mut deadline);
                again.await
            }
            begun => begun,
        }
    }

    /// Asks for a dump, and waits until the kernel has begun it, or refused.
    pub(crate) async fn ask_dump(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        let mut deadline = self.deadline();
        let flags = self.take_flags().difference(Flags::ACK).bits() | REQUEST | DUMP;
        let begun = self.begin_dump(flags, operation, request, &mut deadline);
        match begun.await {
            Err(error) if self.renewed_after(&error, &mut deadline).await? => {
                let again = self.begin_dump(flags, operation, request, &mut deadline);
                again.await
            }
            begun => begun,
        }
    }

    /// Sends a request to the family `id`, and waits for its end: the reply, if there is one.
    #[inline]
    pub(crate) async fn exchange(
        &mut self,
        id: u16,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, Error> {
        if self.dumping.is_some() {
            self.settle(deadline).await?;
        }
        self.submit(id, flags, operation, request)?;
        self.inbox.release();
        let mut reply = None;
        // The kernel has answered already: nearly always this is all that there is to wait for.
        let mut received = self.inbox.try_receive(&self.transport, deadline)?;
        loop {
            if received && self.is_over(id, flags, operation, &mut reply)? {
                return Ok(reply);
            }
            self.inbox.receive(&self.transport, deadline).await?;
            received = true;
        }
    }

    /// Reads a message.
    #[inline]
    pub(crate) fn view<M: Message>(
        &self,
        operation: &Operation,
        arrived: &Arrived,
    ) -> Result<M::View<'_>, Error> {
        let message = self.inbox.bytes(arrived);
        generic(message)
            .and_then(|(_, payload)| M::View::from_payload(payload))
            .map_err(|malformed| Error::malformed::<M>(operation.name, message, malformed))
    }

    /// The next message that answers the last request; others are skipped, as what is left of an
    /// exchange that failed midway, or was given up.
    #[inline]
    pub(crate) async fn answer(&mut self, deadline: &mut Deadline) -> Result<Arrived, Error> {
        loop {
            match self.unread_answer()? {
                Some(arrived) => return Ok(arrived),
                None => self.inbox.receive(&self.transport, deadline).await?,
            }
        }
    }

    /// As [`Self::answer`], of what has been received.
    #[inline]
    fn unread_answer(&mut self) -> Result<Option<Arrived>, Error> {
        while let Some(arrived) = self.inbox.unread()? {
            if self.answers(self.seq, &arrived) {
                return Ok(Some(arrived));
            }
        }
        Ok(None)
    }

    /// It is an answer to the request of that number.
    #[inline]
    pub(crate) fn answers(&self, seq: u32, arrived: &Arrived) -> bool {
        arrived.head.seq == seq && arrived.head.port == self.port()
    }

    /// What a NLMSG_ERROR or a NLMSG_DONE says.
    pub(crate) fn verdict(
        &mut self,
        operation: &Operation,
        arrived: &Arrived,
    ) -> Result<(), Error> {
        let message = self.inbox.bytes(arrived);
        let verdict = Verdict::read(&arrived.head, message).map_err(Error::bad_header)?;
        match verdict.errno {
            0 => {
                if verdict.text.is_some() {
                    self.warning = verdict.warning(operation.family.name, operation.name);
                }
                Ok(())
            }
            _ => Err(Box::new(verdict.refused(operation, &self.request)).into()),
        }
    }

    /// Refuses a message that is not a reply to the operation of the family `id`.
    #[inline]
    pub(crate) fn check_reply(
        &self,
        id: u16,
        operation: &Operation,
        arrived: &Arrived,
    ) -> Result<(), Error> {
        if arrived.head.kind != id {
            return Err(operation.unexpected("a message that is not of this family"));
        }
        match generic(self.inbox.bytes(arrived)) {
            Ok((cmd, _)) if operation.answer.cmd().is_none_or(|known| known == cmd) => Ok(()),
            _ => Err(operation.unexpected("a reply to another operation")),
        }
    }

    /// Sends the last request once more, a dump's.
    pub(crate) async fn repeat_dump(&mut self) -> Result<(), Error> {
        let mut deadline = self.deadline();
        self.settle(&mut deadline).await?;
        self.seq = self.seq.wrapping_add(1);
        set_seq(&mut self.request, self.seq);
        self.send()?;
        self.dumping = Some(self.seq);
        Ok(())
    }

    /// Reads what is left of a dump that nobody wants any more.
    pub(crate) async fn settle(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        let mut comes = false;
        while self.dumping.is_some() {
            match self.inbox.unread() {
                Ok(Some(arrived)) => self.pass(&arrived),
                Ok(None) => match self.inbox.receive(&self.transport, deadline).await {
                    // Of no interest, and gone already.
                    Ok(()) | Err(Error::Truncated { .. }) => comes = true,
                    Err(error) => {
                        // If nothing comes at all, its end is lost: it is not waited for again.
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

    /// Empties the queue if the error is an overrun: before that nothing gets into it, and the next
    /// answer would be lost too (`netlink_attachskb()`).
    #[cold]
    pub(crate) fn recover_from(&mut self, error: &Error) {
        if !matches!(error, Error::Io { .. }) || error.errno() != Some(libc::ENOBUFS) {
            return;
        }
        self.drain();
        let now = &mut Deadline::Never;
        while let Ok(true) | Err(Error::Truncated { .. }) =
            self.inbox.try_receive(&self.transport, now)
        {}
    }

    /// As [`Self::settle`], as far as it can be done without waiting. After an error nothing may
    /// come any more; then the next request tries, and reports.
    pub(crate) fn drain(&mut self) {
        while self.dumping.is_some() {
            match self.inbox.unread() {
                Ok(Some(arrived)) => self.pass(&arrived),
                Ok(None) => {
                    let now = &mut Deadline::Never;
                    match self.inbox.try_receive(&self.transport, now) {
                        Ok(true) | Err(Error::Truncated { .. }) => {}
                        Ok(false) | Err(_) => return,
                    }
                }
                Err(_) => {}
            }
        }
    }

    /// Takes notice of a dump's end.
    fn pass(&mut self, arrived: &Arrived) {
        self.dumping
            .take_if(|seq| arrived.head.seq == *seq && arrived.is_end());
    }

    /// The next reply to a request for which an ACK was asked; `None` at the ACK.
    pub(crate) async fn next_reply(
        &mut self,
        operation: &Operation,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, Error> {
        loop {
            let arrived = self.answer(deadline).await?;
            if !arrived.is_end() {
                match self.check_reply(self.id, operation, &arrived) {
                    // The notification that was asked for.
                    Err(_) if self.wants_echo() => continue,
                    checked => checked?,
                }
                return Ok(Some(arrived));
            }
            self.verdict(operation, &arrived)?;
            if arrived.is_acknowledgement() {
                return Ok(None);
            }
        }
    }

    /// The last request asked for the notifications that it causes.
    fn wants_echo(&self) -> bool {
        Head::read(&self.request).is_ok_and(|head| head.flags & Flags::ECHO.bits() != 0)
    }

    /// After an error: the family turns out to have got another id, as happens when its module is
    /// loaded anew. If it is an error of something else it is false, and the next call is not to
    /// suffer from it.
    async fn renewed_after(
        &mut self,
        error: &Error,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        match error {
            Error::Refused(refused) if refused.hints_at_stale_id() => {
                let id = controller::resolve(self, deadline).await?;
                Ok(std::mem::replace(&mut self.id, id) != id)
            }
            _ => {
                self.recover_from(error);
                Ok(false)
            }
        }
    }

    async fn begin_dump(
        &mut self,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        self.settle(deadline).await?;
        if std::mem::take(&mut self.is_new) {
            self.prime(deadline).await?;
        }
        self.submit(self.id, flags, operation, request)?;
        self.inbox.release();
        self.dumping = Some(self.seq);
        let arrived = self.answer(deadline).await?;
        if arrived.is_acknowledgement() {
            self.verdict(operation, &arrived)
                .inspect_err(|_| self.dumping = None)?;
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
        self.seq = self.seq.wrapping_add(1);
        let head = Head {
            len: 0,
            kind: libc::NLMSG_NOOP as u16,
            flags: REQUEST | ACK,
            seq: self.seq,
            port: self.port(),
        };
        head.begin(0, 0, &mut self.request);
        finish(&mut self.request);
        self.send()?;
        self.answer(deadline).await.map(drop)
    }

    async fn begin_replies(
        &mut self,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        self.settle(deadline).await?;
        self.submit(self.id, flags, operation, request)?;
        self.inbox.release();
        let first = self.next_reply(operation, deadline).await?;
        if let Some(arrived) = &first {
            self.inbox.put_back(arrived);
        }
        Ok(first.is_some())
    }

    #[inline]
    fn submit(
        &mut self,
        id: u16,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        self.warning = None;
        self.write(id, flags, operation, request)?;
        self.send()
    }

    /// Writes a request that has the next number.
    #[inline]
    pub(crate) fn write(
        &mut self,
        id: u16,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        self.seq = self.seq.wrapping_add(1);
        let head = Head {
            len: 0,
            kind: id,
            flags,
            seq: self.seq,
            port: self.port(),
        };
        head.begin(operation.cmd, operation.family.version, &mut self.request);
        let encoded = request.encode(&mut Encoder::new(&mut self.request));
        finish(&mut self.request);
        encoded.map_err(|unfit| Error::unfit(operation, &self.request, unfit))
    }

    fn send(&self) -> Result<(), Error> {
        let sent = self.transport.socket().send(&self.request);
        sent.map_err(Error::unsent)
    }

    /// Reads what has come, until that was a reply, or an ACK, or both, whatever the operation is
    /// answered with; false if more has to come.
    #[inline]
    fn is_over(
        &mut self,
        id: u16,
        flags: u16,
        operation: &Operation,
        reply: &mut Option<Arrived>,
    ) -> Result<bool, Error> {
        let acked = flags & ACK != 0;
        while let Some(arrived) = self.unread_answer()? {
            if arrived.is_end() {
                self.verdict(operation, &arrived)?;
                if acked && !arrived.is_acknowledgement() {
                    continue;
                }
                return Ok(true);
            }
            // Some families say more than their specs tell.
            if operation.answer == Answer::Ack {
                continue;
            }
            match self.check_reply(id, operation, &arrived) {
                // The notification that was asked for.
                Err(_) if flags & Flags::ECHO.bits() != 0 => continue,
                checked => checked?,
            }
            if reply.is_some() {
                let what = "more than one reply, all of which `Connection::call_all` gives";
                return Err(operation.unexpected(what));
            }
            if !acked {
                *reply = Some(arrived);
                return Ok(true);
            }
            self.inbox.keep(&arrived);
            *reply = Some(arrived);
        }
        Ok(false)
    }
}
