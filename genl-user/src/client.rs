//! A connection to one family: requests, and what they are answered with.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::controller;
use crate::dump::Dump;
use crate::error::Error;
use crate::extack::Verdict;
use crate::family::{Answer, Family, Message, Operation, Request};
use crate::inbox::{Arrived, Inbox};
use crate::replies::Replies;
use crate::socket::Socket;
use crate::wire::{Encoder, FromPayload, Head, Payload, finish, generic, set_seq};

/// How long an answer is waited for unless [`Connection::set_timeout`] says otherwise.
///
/// The kernel answers within the call that sends the request, so only a family that answers later
/// needs more than an instant.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// A socket that talks to one generic netlink family; the generated clients are made of it.
///
/// A request takes one system call to send and one to receive, or two where an ACK follows the
/// reply. Once the buffer for requests has grown to the longest of them, nothing is allocated.
pub struct Connection {
    socket: Socket,
    family: &'static Family,
    id: u16,
    seq: u32,
    /// The last request, as it was sent: the kernel's errors point into it.
    request: Vec<u8>,
    inbox: Inbox,
    /// A dump was begun and its end not seen: the kernel would refuse another one.
    dumping: bool,
}

impl Connection {
    /// Opens a socket in the calling thread's network namespace and resolves the family.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFamily`] if the kernel does not have it; it tries to load its module first.
    pub fn open(family: &'static Family) -> Result<Self, Error> {
        let mut connection = Self {
            socket: Socket::open().map_err(Error::io("open a socket"))?,
            family,
            id: 0,
            seq: 0,
            request: Vec::new(),
            inbox: Inbox::new(),
            dumping: false,
        };
        connection.set_timeout(Some(DEFAULT_TIMEOUT))?;
        connection.id = controller::resolve(&mut connection)?;
        Ok(connection)
    }

    /// The family that it talks to.
    pub fn family(&self) -> &'static Family {
        self.family
    }

    /// The id by which the kernel knows the family, for as long as it is registered.
    pub fn family_id(&self) -> u16 {
        self.id
    }

    /// The netlink port of the socket: where the kernel sends what it has for this client.
    pub fn port(&self) -> u32 {
        self.socket.port()
    }

    /// Sets how long an answer is waited for, instead of [`DEFAULT_TIMEOUT`]; `None` is forever.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        self.socket
            .set_timeout(timeout)
            .map_err(Error::io("set the timeout"))
    }

    /// Makes room for messages of so many bytes; 64 KiB are there from the start.
    pub fn reserve(&mut self, bytes: usize) {
        self.inbox.reserve(bytes);
    }

    /// Calls an operation that is answered by one message.
    ///
    /// # Errors
    ///
    /// [`Error::Unexpected`] if no reply comes, or more than one: [`Self::call_all`] is for those.
    ///
    /// Where the kernel says by an ACK alone that all went well, the view is of a message with nothing in it: devlink
    /// tells of a new region's snapshot only where it has chosen its number.
    pub fn call<M: Message>(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<M::View<'_>, Error> {
        match self.exchange_renewed(operation, request)? {
            Some(reply) => self.view::<M>(operation, &reply),
            None => M::View::from_payload(Payload::new(&[], 0))
                .map_err(|malformed| Error::malformed::<M>(operation.name, &[], malformed)),
        }
    }

    /// Calls an operation that may be answered by any number of messages: by many where they do not
    /// fit into one, as those of the `options-get` of the family "team", or by none where the
    /// family finds nothing to say.
    ///
    /// ```no_run
    /// # use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyReplyOwned};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// let mut client = Client::open()?;
    /// let request = Getfamily { family_id: Some(16), ..Default::default() };
    /// let connection = client.connection();
    /// let mut replies = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request)?;
    /// while let Some(reply) = replies.next()? {
    ///     println!("{:?}", reply.family_name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_all<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Replies<'_, M>, Error> {
        let begun = self.begin_replies(operation, request);
        let some = match self.renewed_after(&begun)? {
            true => self.begin_replies(operation, request)?,
            false => begun?,
        };
        Ok(Replies::new(self, operation, !some))
    }

    /// Calls an operation that is answered by nothing but an ACK.
    pub fn order(&mut self, operation: &Operation, request: &impl Request) -> Result<(), Error> {
        self.exchange_renewed(operation, request).map(drop)
    }

    /// Calls an operation that is answered by many messages.
    pub fn dump<M: Message>(
        &mut self,
        operation: &'static Operation,
        request: &impl Request,
    ) -> Result<Dump<'_, M>, Error> {
        let begun = self.begin_dump(operation, request);
        match self.renewed_after(&begun)? {
            true => self.begin_dump(operation, request)?,
            false => begun?,
        }
        Ok(Dump::new(self, operation))
    }

    /// Sends a request to the family `id`, and waits for its end: the reply, if there is one.
    pub(crate) fn exchange(
        &mut self,
        id: u16,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<Option<Arrived>, Error> {
        let flags = match operation.answer.acked() {
            true => REQUEST | ACK,
            false => REQUEST,
        };
        self.submit(id, flags, operation, request)?;
        self.await_end(id, operation)
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
    /// exchange that failed midway.
    #[inline]
    pub(crate) fn answer(&mut self) -> Result<Arrived, Error> {
        loop {
            let arrived = self.inbox.next(&self.socket)?;
            if arrived.head.seq == self.seq && arrived.head.port == self.socket.port() {
                return Ok(arrived);
            }
        }
    }

    /// What a NLMSG_ERROR or a NLMSG_DONE says.
    pub(crate) fn verdict(&self, operation: &Operation, arrived: &Arrived) -> Result<(), Error> {
        let message = self.inbox.bytes(arrived);
        let verdict = Verdict::read(&arrived.head, message).map_err(Error::bad_header)?;
        match verdict.errno {
            0 => Ok(()),
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
    pub(crate) fn repeat_dump(&mut self) -> Result<(), Error> {
        self.settle()?;
        self.seq = self.seq.wrapping_add(1);
        set_seq(&mut self.request, self.seq);
        self.send()?;
        self.dumping = true;
        Ok(())
    }

    /// The dump's end was seen.
    pub(crate) fn end_dump(&mut self) {
        self.dumping = false;
    }

    /// Reads what is left of a dump that nobody wants any more.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        while self.dumping {
            match self.answer() {
                Ok(arrived) => self.dumping = !arrived.is_end(),
                // Of no interest, and gone already.
                Err(Error::Truncated { .. } | Error::Malformed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Turns the connection into its parts.
    pub(crate) fn into_parts(self) -> (Socket, Inbox, u16) {
        (self.socket, self.inbox, self.id)
    }

    fn exchange_renewed(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<Option<Arrived>, Error> {
        let exchanged = self.exchange(self.id, operation, request);
        match self.renewed_after(&exchanged)? {
            true => self.exchange(self.id, operation, request),
            false => exchanged,
        }
    }

    /// The family turns out to have got another id, as happens when its module is loaded anew.
    fn renewed_after<T>(&mut self, result: &Result<T, Error>) -> Result<bool, Error> {
        match result {
            Err(Error::Refused(refused)) if refused.hints_at_stale_id() => {
                let id = controller::resolve(self)?;
                Ok(std::mem::replace(&mut self.id, id) != id)
            }
            _ => Ok(false),
        }
    }

    /// Asks for a dump and waits until the kernel has begun it, or refused.
    fn begin_dump(&mut self, operation: &Operation, request: &impl Request) -> Result<(), Error> {
        self.submit(self.id, REQUEST | DUMP, operation, request)?;
        self.dumping = true;
        let arrived = self.answer()?;
        if i32::from(arrived.head.kind) == libc::NLMSG_ERROR {
            self.dumping = false;
            return self.verdict(operation, &arrived);
        }
        self.inbox.put_back(&arrived);
        Ok(())
    }

    /// Asks for replies and waits until there is one, or none will come.
    fn begin_replies(
        &mut self,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<bool, Error> {
        self.submit(self.id, REQUEST | ACK, operation, request)?;
        self.inbox.release();
        let first = self.next_reply(operation)?;
        if let Some(arrived) = &first {
            self.inbox.put_back(arrived);
        }
        Ok(first.is_some())
    }

    /// The next reply to a request for which an ACK was asked; `None` at the ACK.
    pub(crate) fn next_reply(&mut self, operation: &Operation) -> Result<Option<Arrived>, Error> {
        loop {
            let arrived = self.answer()?;
            if !arrived.is_end() {
                self.check_reply(self.id, operation, &arrived)?;
                return Ok(Some(arrived));
            }
            self.verdict(operation, &arrived)?;
            if arrived.is_acknowledgement() {
                return Ok(None);
            }
        }
    }

    fn submit(
        &mut self,
        id: u16,
        flags: u16,
        operation: &Operation,
        request: &impl Request,
    ) -> Result<(), Error> {
        self.settle()?;
        self.seq = self.seq.wrapping_add(1);
        let head = Head {
            len: 0,
            kind: id,
            flags,
            seq: self.seq,
            port: self.socket.port(),
        };
        head.begin(operation.cmd, operation.family.version, &mut self.request);
        let encoded = request.encode(&mut Encoder::new(&mut self.request));
        finish(&mut self.request);
        encoded.map_err(|unfit| Error::unfit(operation, &self.request, unfit))?;
        self.send()
    }

    fn send(&self) -> Result<(), Error> {
        self.socket.send(&self.request).map_err(Error::io("send"))
    }

    /// Waits for a reply, or an ACK, or both, whatever the operation is answered with.
    #[inline]
    fn await_end(&mut self, id: u16, operation: &Operation) -> Result<Option<Arrived>, Error> {
        let mut reply = None;
        self.inbox.release();
        loop {
            let arrived = self.answer()?;
            if arrived.is_end() {
                self.verdict(operation, &arrived)?;
                if operation.answer.acked() && !arrived.is_acknowledgement() {
                    continue;
                }
                return Ok(reply);
            }
            // Some families say more than their specs tell.
            if operation.answer == Answer::Ack {
                continue;
            }
            self.check_reply(id, operation, &arrived)?;
            if !operation.answer.acked() {
                return Ok(Some(arrived));
            }
            if reply.is_some() {
                let what = "more than one reply, all of which `Connection::call_all` gives";
                return Err(operation.unexpected(what));
            }
            self.inbox.keep(&arrived);
            reply = Some(arrived);
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("family", &self.family.name)
            .field("family_id", &self.id)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}
