//! Several calls at once.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{io, mem};

use crate::client::Link;
use crate::error::Error;
use crate::exchange::ACK;
use crate::extack::Verdict;
use crate::family::{Answer, Message, Operation, Request};
use crate::flags::{Flags, Wishes};
use crate::inbox::{Arrived, Inbox};
use crate::refused::Warning;
use crate::socket::WrongUser;
use crate::timed_out::TimedOut;
#[cfg(feature = "tokio")]
use crate::tokio::Tokio;
use crate::transport::{self, Blocking, Deadline, Transport, now};
use crate::wire::{set_kind, set_seq};

/// How many bytes of answers are asked to have room, at the first pipeline that needs more than
/// there is; the system may grant less.
const QUEUE: usize = 1 << 20;

/// Room in the receive queue for all that answers one request, in bytes as the kernel counts them:
/// three messages of a page each with what the kernel needs to keep them, and the ACK.
const ANSWER: usize = 16 << 10;

/// How many bytes of requests are sent together: a socket's send buffer holds more on any system.
const DATAGRAM: usize = 32 << 10;

/// Calls that are sent together: the generated `Pipeline`s are made of it.
///
/// The kernel does them one after the other, in the order in which they were added, and before it
/// takes the next request of anybody's from the same socket (`netlink_rcv_skb()`). One that it
/// refuses takes nothing from the others. Once the buffers have grown to the longest pipeline,
/// nothing is allocated.
///
/// The kernel answers all that it gets together before the first answer can be read. So no more are
/// sent at once than have room for their answers in the socket's queue, and a long pipeline is sent
/// in several pieces.
#[must_use = "nothing is sent before `send`"]
pub struct Pipeline<'c, T: Transport = Blocking> {
    link: &'c mut Link<T>,
    /// Of the next call that is added the flags, of all together the deadline.
    wishes: Wishes,
}

/// The answers to a [`Pipeline`], borrowed from the receive buffer.
pub struct Answers<'c, T: Transport = Blocking> {
    link: &'c Link<T>,
}

/// Which answer of a pipeline's is meant, and of what type it is.
#[derive(Debug)]
#[must_use = "it is by the ticket that an answer is taken"]
pub struct Ticket<M> {
    batch: u32,
    index: usize,
    message: PhantomData<fn() -> M>,
}

impl<M> Clone for Ticket<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Ticket<M> {}

/// The calls of a connection's last pipeline.
#[derive(Default)]
pub(crate) struct Batch {
    /// Tells the tickets of one from those of another, whatever connection's.
    number: u32,
    /// The requests, one behind the other.
    requests: Vec<u8>,
    calls: Vec<Call>,
    /// How many answers have room in the queue, once that was asked.
    room: Option<usize>,
    /// How long they are waited for.
    timeout: Duration,
}

struct Call {
    operation: &'static Operation,
    /// Where it is among the requests.
    place: Range<usize>,
    flags: u16,
    seq: u32,
    state: State,
}

enum State {
    /// Not done, as far as is known; the reply may be there.
    Open(Option<Arrived>),
    Done {
        reply: Option<Arrived>,
        /// The ACK, if it says something.
        remark: Option<Arrived>,
    },
    Refused(Arrived),
    Failed(Failure),
}

/// Why there is no answer; of these an [`Error`] can be made several times.
#[derive(Clone, Copy)]
enum Failure {
    TimedOut { sent: bool },
    Io(&'static str, i32),
    Unreachable { peer: u32, errno: i32 },
    WrongUser(WrongUser),
    TooLong { len: usize, room: usize },
    Truncated { len: usize, room: usize },
    Unexpected(&'static str),
}

impl<'c, T: Transport> Pipeline<'c, T> {
    pub(crate) fn new(link: &'c mut Link<T>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let batch = &mut link.batch;
        batch.number = NUMBER.fetch_add(1, Ordering::Relaxed);
        batch.requests.clear();
        batch.calls.clear();
        let wishes = link.take_wishes();
        Self { link, wishes }
    }

    /// Adds a call; `M` is what answers the operation, `()` where nothing but an ACK does.
    ///
    /// # Errors
    ///
    /// If the request cannot be written; the others stay as they are.
    pub fn add<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Ticket<M>, Error> {
        let flags = mem::take(&mut self.wishes.flags).of_do(operation)?;
        let asked = self.link.write(self.link.id, flags, operation, request)?;
        let Link {
            batch,
            request,
            seq,
            ..
        } = &mut *self.link;
        let start = batch.requests.len();
        batch.requests.extend_from_slice(request);
        batch.calls.push(Call {
            operation,
            place: start..batch.requests.len(),
            flags: asked.flags,
            seq: *seq,
            state: State::Open(None),
        });
        Ok(Ticket {
            batch: batch.number,
            index: batch.calls.len() - 1,
            message: PhantomData,
        })
    }

    /// Lets the next call that is added have these flags beside its own, and that call alone.
    pub fn with_flags(&mut self, flags: Flags) -> &mut Self {
        self.wishes.flags = flags;
        self
    }

    /// How many calls it has.
    pub fn len(&self) -> usize {
        self.link.batch.calls.len()
    }

    /// It has no calls.
    pub fn is_empty(&self) -> bool {
        self.link.batch.calls.is_empty()
    }
}

impl<'c> Pipeline<'c> {
    /// Sends the calls and waits for all answers, within the connection's timeout.
    ///
    /// # Errors
    ///
    /// If nothing was sent; what becomes of each call is told when its answer is taken.
    pub fn send(self) -> Result<Answers<'c>, Error> {
        now(self.link.send_batch(self.wishes.deadline))?;
        Ok(Answers::of(self.link))
    }
}

#[cfg(feature = "tokio")]
impl<'c> Pipeline<'c, Tokio> {
    /// Sends the calls and waits for all answers, within the connection's timeout.
    ///
    /// # Errors
    ///
    /// If nothing was sent; what becomes of each call is told when its answer is taken.
    pub async fn send(self) -> Result<Answers<'c, Tokio>, Error> {
        self.link.send_batch(self.wishes.deadline).await?;
        Ok(Answers::of(self.link))
    }
}

impl<'c, T: Transport> Answers<'c, T> {
    /// Those to the pipeline that was sent last.
    pub(crate) fn of(link: &'c Link<T>) -> Self {
        Self { link }
    }

    /// The answer to a call; it can be taken again, and beside others.
    ///
    /// # Errors
    ///
    /// Those that the call would give if it were made alone. [`Error::TimedOut`] is that of all
    /// calls whose answers were waited for in vain, and of those behind them, which were not sent
    /// any more; so it is with an answer of [the wrong user](crate::Options::peer_user)'s. Where the
    /// queue was too small for the answers nevertheless, it is an [`Error::Io`] with ENOBUFS: the
    /// kernel has done the call, or refused it, and nobody knows which.
    pub fn take<M: Message>(&self, ticket: Ticket<M>) -> Result<M::View<'_>, Error> {
        let Some(call) = self.call(ticket) else {
            return Err(Error::Unexpected {
                operation: "a pipeline",
                what: "nothing for this ticket, which is of another pipeline",
            });
        };
        match &call.state {
            State::Done { reply, .. } => self.link.reply::<M>(call.operation, reply.as_ref()),
            State::Refused(arrived) => Err(self.refusal(call, arrived)),
            State::Failed(failure) => Err(failure.error(call.operation, self.link)),
            State::Open(_) => {
                Err(Failure::TimedOut { sent: true }.error(call.operation, self.link))
            }
        }
    }

    /// What the kernel minded about a call, though it has done it.
    ///
    /// It says so in an ACK: those calls have one that are not answered by a reply, and those
    /// [`with_flags`](Pipeline::with_flags) that ask for it.
    ///
    /// ```
    /// # use genl_user::{Flags, families::nlctrl::{Client, Getfamily}};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut nlctrl = Client::open()?;
    /// let mut batch = nlctrl.pipeline();
    /// let request = Getfamily { family_id: Some(16), ..Default::default() };
    /// let known = batch.with_flags(Flags::ACK).getfamily(&request)?;
    /// let answers = batch.send()?;
    /// assert_eq!(answers.take(known)?.family_name(), Some("nlctrl"));
    /// if let Some(warning) = answers.warning(known) {
    ///     println!("{warning}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn warning<M>(&self, ticket: Ticket<M>) -> Option<Warning> {
        let call = self.call(ticket)?;
        let State::Done { remark, .. } = &call.state else {
            return None;
        };
        let ack = remark.as_ref()?;
        let verdict = Verdict::read(&ack.head, self.link.inbox.bytes(ack)).ok()?;
        verdict.warning(call.operation.family.name, call.operation.name)
    }

    /// The call that a ticket of this pipeline's is for.
    fn call<M>(&self, ticket: Ticket<M>) -> Option<&'c Call> {
        let batch = &self.link.batch;
        let call = batch.calls.get(ticket.index);
        call.filter(|_| ticket.batch == batch.number)
    }

    fn refusal(&self, call: &Call, arrived: &Arrived) -> Error {
        let message = self.link.inbox.bytes(arrived);
        match Verdict::read(&arrived.head, message) {
            Ok(verdict) => {
                let request = &self.link.batch.requests[call.place.clone()];
                self.link.refused(&verdict, call.operation, request)
            }
            Err(malformed) => Error::bad_header(malformed),
        }
    }
}

impl Failure {
    fn error<T: Transport>(self, operation: &Operation, link: &Link<T>) -> Error {
        match self {
            Self::TimedOut { sent } => {
                let asked = TimedOut::of(operation, link.transport.socket(), link.batch.timeout);
                Box::new(TimedOut { sent, ..asked }).into()
            }
            Self::Io(doing, errno) => Error::Io {
                doing,
                cause: io::Error::from_raw_os_error(errno),
            },
            Self::Unreachable { peer, errno } => Error::Unreachable {
                peer,
                cause: io::Error::from_raw_os_error(errno),
            },
            Self::WrongUser(wrong) => Error::io("receive")(wrong.into_io()),
            Self::TooLong { len, room } => Error::TooLong { len, room },
            Self::Truncated { len, room } => Error::Truncated { len, room },
            Self::Unexpected(what) => operation.unexpected(what),
        }
    }

    fn of(error: Error) -> Self {
        match error {
            late if late.is_late() => Self::TimedOut {
                sent: late.is_of_what_was_sent(),
            },
            Error::TooLong { len, room } => Self::TooLong { len, room },
            Error::Truncated { len, room } => Self::Truncated { len, room },
            Error::Io { doing, cause } => match cause.downcast() {
                Ok(wrong) => Self::WrongUser(wrong),
                Err(cause) => Self::Io(doing, cause.raw_os_error().unwrap_or(libc::EIO)),
            },
            Error::Unreachable { peer, cause } => {
                let errno = cause.raw_os_error().unwrap_or(libc::EIO);
                Self::Unreachable { peer, errno }
            }
            _ => Self::Unexpected("a message that makes no sense"),
        }
    }
}

impl<T: Transport> Link<T> {
    /// Sends what the batch has, and reads all answers.
    pub(crate) async fn send_batch(&mut self, wanted: Option<Deadline>) -> Result<(), Error> {
        let Some(first) = self.batch.calls.first().map(|call| call.operation) else {
            // Nothing is asked, so nothing is waited for.
            return Ok(());
        };
        let mut deadline = wanted.unwrap_or_else(|| self.deadline());
        let settled = self.settle(&mut deadline).await;
        settled.map_err(self.told_of(first, &deadline))?;
        self.batch.timeout = deadline.timeout();
        self.warning = None;
        self.inbox.release();
        let room = self.room_for_answers()?;
        let all = 0..self.batch.calls.len();
        self.send_calls(all, room, &mut deadline).await;
        self.renew_calls(room, &mut deadline).await
    }

    /// How many calls can be sent together.
    fn room_for_answers(&mut self) -> Result<usize, Error> {
        let count = self.batch.calls.len();
        let room = self.batch.room.unwrap_or(1);
        if count <= room {
            return Ok(room);
        }
        if let Some(room) = self.batch.room {
            return Ok(room);
        }
        let socket = self.transport.socket();
        let ask = || {
            socket
                .queue_size()
                .map_err(Error::io("ask for the queue size"))
        };
        let mut size = ask()?;
        if size < QUEUE {
            let set = socket.set_queue_size(QUEUE);
            set.map_err(Error::io("set the queue size"))?;
            size = ask()?;
        }
        Ok(*self.batch.room.insert((size / ANSWER).max(1)))
    }

    /// Sends calls, as many at once as `room` and a datagram allow.
    async fn send_calls(&mut self, calls: Range<usize>, room: usize, deadline: &mut Deadline) {
        let mut next = calls.start;
        while next < calls.end {
            let piece = self.batch.piece(next..calls.end, room);
            next = piece.end;
            let first = self.batch.calls[piece.start].place.start;
            let last = self.batch.calls[piece.end - 1].place.end;
            let requests = &self.batch.requests[first..last];
            match transport::send(&self.transport, requests, deadline).await {
                Ok(()) => self.await_calls(piece.clone(), deadline).await,
                Err(error) => {
                    self.batch.fail(piece.clone(), Failure::of(error));
                }
            }
            if let Some(end) = self.batch.calls[piece].iter().find_map(Call::end) {
                return self.batch.fail(next..calls.end, end);
            }
        }
    }

    /// Reads the answers to calls that were sent together. They come in the calls' order.
    async fn await_calls(&mut self, calls: Range<usize>, deadline: &mut Deadline) {
        let mut first = calls.start;
        let mut lossy = false;
        let mut answered = true;
        loop {
            while matches!(self.batch.calls.get(first), Some(call) if !call.is_open()) {
                first += 1;
            }
            if first >= calls.end {
                return;
            }
            match self.inbox.unread() {
                Ok(Some(arrived)) => answered |= self.take_answer(first..calls.end, arrived),
                // What answers none of them may come without end.
                Ok(None) if !mem::take(&mut answered) && !lossy && deadline.has_passed() => {
                    return self
                        .batch
                        .fail(first..calls.end, Failure::TimedOut { sent: true });
                }
                Ok(None) => {
                    self.inbox.make_room();
                    self.transport.share().await;
                    let received = match self.inbox.try_receive(&self.transport) {
                        Ok(false) if lossy => {
                            let failure = Failure::Io("receive", libc::ENOBUFS);
                            return self.batch.fail(first..calls.end, failure);
                        }
                        Ok(false) => self.inbox.receive(&self.transport, deadline).await,
                        received => received.map(drop),
                    };
                    match received {
                        Ok(()) => {}
                        // Some answers are lost. What is not is there already, as the kernel
                        // answers while it takes a request.
                        Err(error) if error.errno() == Some(libc::ENOBUFS) => lossy = true,
                        Err(error @ Error::Truncated { .. }) => {
                            // Whose it is its first bytes tell.
                            let seq = self.inbox.truncated_seq();
                            let mut open = first..calls.end;
                            if let Some(at) = open.find(|&at| Some(self.batch.calls[at].seq) == seq)
                            {
                                self.batch.fail(at..at + 1, Failure::of(error));
                            }
                        }
                        Err(error) => {
                            return self.batch.fail(first..calls.end, Failure::of(error));
                        }
                    }
                }
                // The rest of the datagram is gone.
                Err(_) => {}
            }
        }
    }

    /// Takes a message for the call among `calls` that it answers; false if there is none.
    fn take_answer(&mut self, calls: Range<usize>, arrived: Arrived) -> bool {
        if arrived.head.port != self.port() {
            return false;
        }
        let seq = arrived.head.seq;
        let Some(index) = calls
            .into_iter()
            .find(|&at| self.batch.calls[at].seq == seq)
        else {
            return false;
        };
        let call = &self.batch.calls[index];
        let State::Open(reply) = &call.state else {
            return false;
        };
        let acked = call.flags & ACK != 0;
        let state = if arrived.is_end() {
            match Verdict::read(&arrived.head, self.inbox.bytes(&arrived)) {
                Ok(verdict) if verdict.errno != 0 => State::Refused(arrived.clone()),
                Ok(_) if acked && !arrived.is_acknowledgement() => return false,
                Ok(verdict) => State::Done {
                    reply: reply.clone(),
                    remark: verdict.text.map(|_| arrived.clone()),
                },
                Err(_) => State::Failed(Failure::Unexpected("an answer that makes no sense")),
            }
        } else if call.operation.answer == Answer::Ack {
            // Some families say more than their specs tell.
            return false;
        } else if self.check_reply(self.id, call.operation, &arrived).is_err() {
            match call.flags & Flags::ECHO.bits() {
                0 => State::Failed(Failure::Unexpected("a message that is no reply")),
                _ => return false,
            }
        } else if reply.is_some() {
            State::Failed(Failure::Unexpected("more than one reply"))
        } else if acked {
            State::Open(Some(arrived.clone()))
        } else {
            State::Done {
                reply: Some(arrived.clone()),
                remark: None,
            }
        };
        self.batch.calls[index].state = state;
        self.inbox.keep(&arrived);
        true
    }

    /// Sends again, one by one, what the kernel refused for the family's id, if that has changed.
    async fn renew_calls(&mut self, room: usize, deadline: &mut Deadline) -> Result<(), Error> {
        let answers = Answers::of(self);
        let is_stale = |call: &Call| match &call.state {
            State::Refused(arrived) => {
                let error = answers.refusal(call, arrived);
                error.refused().is_some_and(|it| it.hints_at_stale_id())
            }
            _ => false,
        };
        let Some(first) = self.batch.calls.iter().position(is_stale) else {
            return Ok(());
        };
        let stale: Vec<_> = (first..self.batch.calls.len())
            .filter(|&at| is_stale(&self.batch.calls[at]))
            .collect();
        // The answers that there are stay where they are.
        let resolved = self.resolve_meanwhile(Some(Inbox::new()), deadline);
        let Ok(id) = resolved.await else {
            // The family is gone altogether: the refusals stand as they are.
            return Ok(());
        };
        if std::mem::replace(&mut self.id, id) == id {
            return Ok(());
        }
        for at in stale {
            self.seq = self.seq.wrapping_add(1);
            let Batch {
                requests, calls, ..
            } = &mut self.batch;
            let call = &mut calls[at];
            let request = &mut requests[call.place.clone()];
            set_kind(request, id);
            set_seq(request, self.seq);
            call.seq = self.seq;
            call.state = State::Open(None);
            self.send_calls(at..at + 1, room, deadline).await;
            // Those that are left have been refused, and still are.
            if self.batch.calls[at].end().is_some() {
                break;
            }
        }
        Ok(())
    }
}

impl Batch {
    /// The first of these calls that can be sent together.
    fn piece(&self, calls: Range<usize>, room: usize) -> Range<usize> {
        let start = self.calls[calls.start].place.start;
        let fits = |&at: &usize| {
            at == calls.start
                || (at - calls.start < room && self.calls[at].place.end - start <= DATAGRAM)
        };
        let count = calls.clone().take_while(fits).count();
        calls.start..calls.start + count
    }

    /// Gives up those of these calls that are open.
    fn fail(&mut self, calls: Range<usize>, failure: Failure) {
        for call in self.calls[calls].iter_mut().filter(|call| call.is_open()) {
            call.state = State::Failed(failure);
        }
    }
}

impl Call {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Why no more are to be sent after it: who has given up waiting is not to find more done later, and
    /// the wrong user is not to be told more.
    fn end(&self) -> Option<Failure> {
        match self.state {
            State::Failed(Failure::TimedOut { .. }) => Some(Failure::TimedOut { sent: false }),
            State::Failed(end @ Failure::WrongUser(_)) => Some(end),
            _ => None,
        }
    }
}

impl<T: Transport> std::fmt::Debug for Pipeline<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("connection", &self.link)
            .field("calls", &self.len())
            .finish()
    }
}

impl<T: Transport> std::fmt::Debug for Answers<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers")
            .field("connection", &self.link)
            .field("calls", &self.link.batch.calls.len())
            .finish()
    }
}
