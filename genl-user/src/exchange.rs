//! What is said over a connection: requests, and what they are answered with.
//!
//! Blocking or not, it is the same. A future of these functions may be dropped wherever it waits:
//! what comes in answer to a request of which nobody knows any more has another sequence number
//! than the next request, and a dump that was begun is read to its end before that is sent.

use std::io;

use crate::client::Link;
use crate::error::Error;
use crate::extack::Verdict;
use crate::family::{Answer, Message, Operation, Request};
use crate::flags::Flags;
use crate::inbox::Arrived;
use crate::timed_out::TimedOut;
use crate::transport::{self, Deadline, Transport};
use crate::wire::{Encoder, FromPayload, Head, Malformed, Payload, finish, generic};

mod dumping;
mod renewal;
pub(crate) mod rest;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
pub(crate) const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;
pub(crate) const INTERRUPTED: u16 = libc::NLM_F_DUMP_INTR as u16;

/// A request as it is written, in [`Link::request`].
#[derive(Clone, Copy)]
pub(crate) struct Asked<'o> {
    operation: &'o Operation,
    /// The id of the family that it is for.
    id: u16,
    pub(crate) flags: u16,
}

/// How far a request has come.
pub(crate) enum Progress {
    /// It is not sent: what is left of a dump has to be read first, or there has to be room for it.
    Unsent,
    /// More has to come. The reply may be there.
    Open(Option<Arrived>),
    /// It is done, and this is the reply if there is one.
    Over(Option<Arrived>),
}

impl<T: Transport> Link<T> {
    /// Calls an operation that is answered by one message at most.
    #[cfg(any(test, fuzzing, feature = "tokio"))]
    pub(crate) async fn ask(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<Option<Arrived>, Error> {
        let asked = self.write_do(operation, request)?;
        self.reply_to(asked).await
    }

    /// Writes the request to an operation that is not a dump.
    #[inline]
    pub(crate) fn write_do<'o>(
        &mut self,
        operation: &'o Operation,
        request: &impl Request,
    ) -> Result<Asked<'o>, Error> {
        let flags = self.flags_of_do(operation)?;
        self.write(self.id, flags, operation, request)
    }

    /// The flags of a request that is no dump.
    #[inline]
    fn flags_of_do(&mut self, operation: &Operation) -> Result<u16, Error> {
        let flags = self.take_flags().of_do(operation);
        // Of a call that is not made nothing is left to the next one.
        flags.inspect_err(|_| {
            self.take_wishes();
        })
    }

    /// Sends the request that is written, and waits for its end: the reply, if there is one. A
    /// blocking connection has its own way to do that.
    #[cfg(any(test, fuzzing, feature = "tokio"))]
    async fn reply_to(&mut self, asked: Asked<'_>) -> Result<Option<Arrived>, Error> {
        // Before it waits for anything: of a call that is dropped nothing is left to the next one.
        let deadline = self.deadline();
        self.transport.share().await;
        match self.attempt(asked) {
            Ok(Progress::Over(reply)) => Ok(reply),
            begun => self.finish(asked, begun, deadline).await,
        }
    }

    /// Sends the request that is written, and reads what comes at once. Nearly always that is the
    /// end of it, as the kernel answers while it takes a request.
    // All of a call that goes well is to be one piece of code.
    #[inline(always)]
    pub(crate) fn attempt(&mut self, asked: Asked<'_>) -> Result<Progress, Error> {
        if self.dumping.is_some() {
            return Ok(Progress::Unsent);
        }
        self.begin();
        if let Err(error) = self.transport.try_send(&self.request) {
            return self.unsent(error);
        }
        match self.inbox.try_receive(&self.transport) {
            Ok(true) => self.read_first_answers(asked),
            Ok(false) => Ok(Progress::Open(None)),
            Err(error) => self.unless_of_another(error).map(|()| Progress::Open(None)),
        }
    }

    /// As [`Self::read_answers`], which is another piece of code: of nearly all calls that are not
    /// confirmed the reply is the one thing that comes.
    #[inline(always)]
    fn read_first_answers(&mut self, asked: Asked<'_>) -> Result<Progress, Error> {
        if asked.flags & ACK == 0
            && asked.operation.answer != Answer::Ack
            && let Some(reply) = self.reply_at_hand(asked.operation)
        {
            return Ok(Progress::Over(Some(reply)));
        }
        self.read_answers(asked, None)
    }

    /// Goes on with what [`Self::attempt`] began, to the end, and a second time if the family turns
    /// out to have got another id.
    pub(crate) async fn finish(
        &mut self,
        mut asked: Asked<'_>,
        begun: Result<Progress, Error>,
        mut deadline: Deadline,
    ) -> Result<Option<Arrived>, Error> {
        let mut finished = self.go_on(asked, begun, &mut deadline).await;
        if let Err(error) = &finished
            && self.renewed_after(error, &mut deadline).await?
        {
            self.readdress(&mut asked);
            finished = self.exchange(asked, &mut deadline).await;
            finished = self.recovered(finished);
        }
        finished.map_err(self.told_of(asked.operation, &deadline))
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
        let flags = self.flags_of_do(operation)? | ACK;
        let asked = self.write(self.id, flags, operation, request)?;
        self.replies_to(asked).await
    }

    async fn replies_to(&mut self, mut asked: Asked<'_>) -> Result<bool, Error> {
        let mut deadline = self.deadline();
        let mut begun = self.begin_replies(asked, &mut deadline).await;
        if let Err(error) = &begun
            && self.renewed_after(error, &mut deadline).await?
        {
            self.readdress(&mut asked);
            begun = self.begin_replies(asked, &mut deadline).await;
            begun = self.recovered(begun);
        }
        begun.map_err(self.told_of(asked.operation, &deadline))
    }

    /// As [`Self::reply_to`], but to that id alone.
    pub(crate) async fn exchange(
        &mut self,
        asked: Asked<'_>,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, Error> {
        let begun = self.attempt(asked);
        self.go_on(asked, begun, deadline).await
    }

    async fn go_on(
        &mut self,
        asked: Asked<'_>,
        begun: Result<Progress, Error>,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, Error> {
        let mut progress = begun?;
        let mut received = false;
        loop {
            progress = match progress {
                Progress::Unsent => {
                    self.settle(deadline).await?;
                    self.submit(deadline).await?;
                    Progress::Open(None)
                }
                Progress::Open(reply) => {
                    self.receive(&mut received, deadline).await?;
                    self.read_answers(asked, reply)?
                }
                Progress::Over(reply) => return Ok(reply),
            };
        }
    }

    /// Reads a message.
    #[inline]
    pub(crate) fn view<M: Message>(
        &self,
        operation: &Operation,
        arrived: &Arrived,
    ) -> Result<M::View<'_>, Error> {
        match self.read::<M>(arrived) {
            Ok(view) => Ok(view),
            Err(malformed) => Err(self.malformed::<M>(operation, arrived, malformed)),
        }
    }

    /// Reads a message if there is one.
    // Not by `view`: a view may be large, and moving it from one `Result` into another takes as long
    // as reading a few attributes.
    #[inline]
    pub(crate) fn view_if_any<M: Message>(
        &self,
        operation: &Operation,
        arrived: Option<&Arrived>,
    ) -> Result<Option<M::View<'_>>, Error> {
        let Some(arrived) = arrived else {
            return Ok(None);
        };
        match self.read::<M>(arrived) {
            Ok(view) => Ok(Some(view)),
            Err(malformed) => Err(self.malformed::<M>(operation, arrived, malformed)),
        }
    }

    #[inline]
    fn read<M: Message>(&self, arrived: &Arrived) -> Result<M::View<'_>, Malformed> {
        let (_, payload) = generic(self.inbox.bytes(arrived))?;
        M::View::from_payload(payload)
    }

    #[cold]
    fn malformed<M: Message>(
        &self,
        operation: &Operation,
        arrived: &Arrived,
        malformed: Malformed,
    ) -> Error {
        Error::malformed::<M>(operation.name, self.inbox.bytes(arrived), malformed)
    }

    /// The next message that answers the last request; others are skipped, as what is left of an
    /// exchange that failed midway, or was given up.
    #[inline]
    pub(crate) async fn answer(&mut self, deadline: &mut Deadline) -> Result<Arrived, Error> {
        self.another_answer(&mut false, deadline).await
    }

    /// As [`Self::answer`], of a wait in which something was `received` already, or not.
    #[inline]
    async fn another_answer(
        &mut self,
        received: &mut bool,
        deadline: &mut Deadline,
    ) -> Result<Arrived, Error> {
        loop {
            match self.unread_answer()? {
                Some(arrived) => return Ok(arrived),
                None => self.receive(received, deadline).await?,
            }
        }
    }

    /// Receives more. Once something was `received` that did not end the wait, no more is after the
    /// deadline, even if it is there: it may never end.
    #[inline]
    async fn receive(&mut self, received: &mut bool, deadline: &mut Deadline) -> Result<(), Error> {
        if std::mem::replace(received, true) && deadline.has_passed() {
            return Err(Error::late());
        }
        let arrived = self.inbox.receive(&self.transport, deadline).await;
        arrived.or_else(|error| self.unless_of_another(error))
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
    #[inline(never)]
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
            _ => Err(self.refused(&verdict, operation, &self.request)),
        }
    }

    /// For `map_err`: an error as it is told to who has called the operation.
    pub(crate) fn told_of(
        &self,
        operation: &Operation,
        deadline: &Deadline,
    ) -> impl FnOnce(Error) -> Error {
        move |error| {
            error.told_of(|| TimedOut::of(operation, self.transport.socket(), deadline.timeout()))
        }
    }

    /// The error that a verdict is, of an operation whose request was `request`.
    pub(crate) fn refused(
        &self,
        verdict: &Verdict<'_>,
        operation: &Operation,
        request: &[u8],
    ) -> Error {
        let mut refused = verdict.refused(operation, request);
        refused.peer = self.transport.socket().peer();
        Box::new(refused).into()
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

    /// The next reply to a request for which an ACK was asked; `None` at the ACK.
    pub(crate) async fn next_reply(
        &mut self,
        operation: &Operation,
        deadline: &mut Deadline,
    ) -> Result<Option<Arrived>, Error> {
        // Of what is no reply there may be no end.
        let mut received = false;
        loop {
            let arrived = self.another_answer(&mut received, deadline).await?;
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

    async fn begin_replies(
        &mut self,
        asked: Asked<'_>,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        self.settle(deadline).await?;
        self.submit(deadline).await?;
        let first = self.next_reply(asked.operation, deadline).await?;
        if let Some(arrived) = &first {
            self.inbox.put_back(arrived);
        }
        Ok(first.is_some())
    }

    /// Makes ready for the answers to the request that is written.
    #[inline]
    fn begin(&mut self) {
        if self.warning.is_some() {
            self.warning = None;
        }
        self.inbox.release();
    }

    /// An error of receiving, unless it is that an answer did not fit which is to an earlier request.
    #[cold]
    fn unless_of_another(&self, error: Error) -> Result<(), Error> {
        match error {
            Error::Truncated { .. } if self.inbox.truncated_seq() != Some(self.seq) => Ok(()),
            error => Err(error),
        }
    }

    /// What comes of a request that could not be sent at once.
    #[cold]
    fn unsent(&self, error: io::Error) -> Result<Progress, Error> {
        match error.kind() {
            io::ErrorKind::WouldBlock => Ok(Progress::Unsent),
            _ => Err(Error::unsent(error, self.transport.socket(), &self.request)),
        }
    }

    /// Sends the request that is written, as soon as there is room for it.
    async fn submit(&mut self, deadline: &mut Deadline) -> Result<(), Error> {
        self.begin();
        transport::send(&self.transport, &self.request, deadline).await
    }

    /// Writes a request that has the next number.
    #[inline]
    pub(crate) fn write<'o>(
        &mut self,
        id: u16,
        flags: u16,
        operation: &'o Operation,
        request: &impl Request,
    ) -> Result<Asked<'o>, Error> {
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
        match encoded {
            Ok(()) => Ok(Asked {
                operation,
                id,
                flags,
            }),
            Err(unfit) => {
                self.take_wishes();
                Err(Error::unfit(operation, &self.request, unfit))
            }
        }
    }

    /// Reads what has come, until that was a reply, or an ACK, or both, whatever the operation is
    /// answered with. `reply` has come before.
    #[inline(never)]
    fn read_answers(
        &mut self,
        asked: Asked<'_>,
        mut reply: Option<Arrived>,
    ) -> Result<Progress, Error> {
        let Asked {
            operation,
            id,
            flags,
        } = asked;
        let acked = flags & ACK != 0;
        while let Some(arrived) = self.unread_answer()? {
            if arrived.is_end() {
                self.verdict(operation, &arrived)?;
                if acked && !arrived.is_acknowledgement() {
                    continue;
                }
                return Ok(Progress::Over(reply));
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
                return Ok(Progress::Over(Some(arrived)));
            }
            self.inbox.keep(&arrived);
            reply = Some(arrived);
        }
        Ok(Progress::Open(reply))
    }
}

/// A request that the kernel does nothing about but to acknowledge it (`netlink_rcv_skb()`).
pub(crate) fn noop(seq: u32, port: u32) -> Vec<u8> {
    let head = Head {
        len: 0,
        kind: libc::NLMSG_NOOP as u16,
        flags: REQUEST | ACK,
        seq,
        port,
    };
    let mut out = Vec::new();
    head.begin(0, 0, &mut out);
    finish(&mut out);
    out
}
