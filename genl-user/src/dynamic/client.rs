//! Calls by a spec.

use std::mem;
use std::time::{Duration, Instant};

use genl_schema::model::Family;
use serde_json::{Map, Value};

use super::dump::Dump;
use super::error::Error;
use super::lookup::{Mode, Target};
use super::path::names;
use super::{Unknown, decode, encode};
use crate::events::Listener;
use crate::exchange::noop;
use crate::exchange::rest::leaves_dump_running;
use crate::extack::Verdict;
use crate::families::nlctrl::{Client as Controller, Getfamily, GetfamilyReplyOwned};
use crate::inbox::{Arrived, Inbox};
use crate::options::Options;
use crate::refused::Warning;
use crate::socket::first_seq;
use crate::timed_out::TimedOut;
use crate::transport::{self, Blocking, Deadline, Receive, now};
use crate::wire::{ATTRS_OFFSET, Head, NLMSG_HDRLEN, finish};

const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// A request to be sent together with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The operation's name.
    pub operation: String,
    /// What is sent.
    pub values: Map<String, Value>,
    /// Flags beside those that every request has: `NLM_F_CREATE` and such.
    ///
    /// `NLM_F_REPLACE` and `NLM_F_EXCL` together are the bits of `NLM_F_DUMP`, by which the kernel
    /// would take a do for a dump: such a do is refused before it is sent.
    pub flags: u16,
}

impl Request {
    /// A request without further flags.
    pub fn new(operation: impl Into<String>, values: Map<String, Value>) -> Self {
        Self {
            operation: operation.into(),
            values,
            flags: 0,
        }
    }
}

/// The messages that answer a request; most answers are one, some none, few are more.
pub type Replies = Vec<Map<String, Value>>;

/// A socket that talks to one family by its spec.
///
/// ```
/// use genl_user::dynamic::serde_json::json;
/// use genl_user::dynamic::{Client, Request, genl_schema};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let spec = "../schema/families/nlctrl.yaml";
/// let mut client = Client::open(genl_schema::compile(spec, &std::fs::read_to_string(spec)?)?)?;
/// let values = json!({"family-name": "nlctrl"}).as_object().cloned().unwrap_or_default();
/// let replies = client.call(&Request::new("getfamily", values))?;
/// assert_eq!(replies[0]["family-id"], 16);
/// # Ok(())
/// # }
/// ```
pub struct Client {
    family: Family,
    pub(super) transport: Blocking,
    pub(super) inbox: Inbox,
    id: u16,
    seq: u32,
    /// No dump has begun.
    is_new: bool,
    unknown: Unknown,
    /// A dump was begun and its end not seen: the kernel would refuse another one.
    dumping: bool,
    warnings: Vec<Warning>,
    timeout: Option<Duration>,
    /// Where the family is.
    options: Options,
}

/// A request as it was sent, by which errors are understood.
pub(super) struct Sent {
    pub(super) seq: u32,
    pub(super) operation: String,
    pub(super) mode: Mode,
    pub(super) bytes: Vec<u8>,
}

impl Client {
    /// Opens a socket in the calling thread's network namespace and resolves the family.
    ///
    /// # Errors
    ///
    /// [`crate::Error::UnknownFamily`] if the kernel does not have it; it tries to load its module
    /// first.
    pub fn open(family: Family) -> Result<Self, Error> {
        Self::open_with(family, &Options::new())
    }

    /// As [`Self::open`], in another way.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`] and of [`Connection::open_with`](crate::Connection::open_with).
    pub fn open_with(family: Family, options: &Options) -> Result<Self, Error> {
        let id = find(family.name.as_str(), options)?.family_id;
        let id = id.unwrap_or_default();
        let transport = transport::open(options)?;
        let mut client = Self {
            family,
            transport,
            inbox: Inbox::new(),
            id,
            seq: first_seq(),
            is_new: true,
            unknown: Unknown::default(),
            dumping: false,
            warnings: Vec::new(),
            timeout: None,
            options: options.clone(),
        };
        client.set_timeout(options.timeout)?;
        Ok(client)
    }

    /// The family that it talks to.
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The id by which the kernel knows the family, for as long as it is registered.
    pub fn family_id(&self) -> u16 {
        self.id
    }

    /// Sets how long an answer is waited for, instead of
    /// [`DEFAULT_TIMEOUT`](crate::DEFAULT_TIMEOUT); `None` is forever.
    ///
    /// # Errors
    ///
    /// [`Error::Netlink`] if the socket does not take it.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<(), Error> {
        let set = self.transport.socket().set_timeout(timeout);
        set.map_err(crate::Error::io("set the timeout"))?;
        self.timeout = timeout;
        Ok(())
    }

    /// Says what becomes of attributes that the spec does not know.
    pub fn set_unknown(&mut self, unknown: Unknown) {
        self.unknown = unknown;
    }

    /// What the kernel had to say about requests that it did not refuse, since this was last asked.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Calls an operation's do.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`] and [`Error::Unfit`] if the spec has no such call or attribute, before
    /// anything is sent; [`Error::Refused`] as the kernel says; [`Error::Unreadable`] if a reply is
    /// not as the spec has it; [`Error::Netlink`] for what goes wrong with the socket, a timeout
    /// among that.
    pub fn call(&mut self, request: &Request) -> Result<Replies, Error> {
        let mut deadline = self.deadline();
        let replies = self.call_once(request, &mut deadline);
        match self.renewed_after(&replies, &mut deadline)? {
            true => self.call_once(request, &mut deadline),
            false => replies,
        }
    }

    /// Calls an operation's dump; its items are read as they are asked for.
    ///
    /// # Errors
    ///
    /// Those of [`Self::call`]: what keeps the dump from beginning. What goes wrong later is an
    /// item.
    pub fn dump(&mut self, request: &Request) -> Result<Dump<'_>, Error> {
        let mut deadline = self.deadline();
        let begun = self.begin_dump(request, &mut deadline);
        let sent = match self.renewed_after(&begun, &mut deadline)? {
            true => self.begin_dump(request, &mut deadline)?,
            false => begun?,
        };
        Ok(Dump::new(self, sent))
    }

    /// Calls an operation's do with a payload that is sent as it is: what stands behind the generic
    /// netlink header.
    ///
    /// It is for trying out what the kernel does with requests that are not as the spec has them.
    ///
    /// # Errors
    ///
    /// As those of [`Self::call`]; a refusal names the attribute that stands where the kernel says.
    pub fn call_raw(&mut self, operation: &str, payload: &[u8]) -> Result<Replies, Error> {
        let mut deadline = self.deadline();
        self.settle(operation, &mut deadline)?;
        let sent = self.frame(operation, Mode::Do, 0, payload)?;
        let mut answers = Vec::with_capacity(1);
        self.batch(&[sent], &mut answers, &mut deadline)?;
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Calls an operation's dump with a payload that is sent as it is; see [`Self::call_raw`].
    ///
    /// # Errors
    ///
    /// As those of [`Self::dump`]; a refusal names the attribute that stands where the kernel says.
    pub fn dump_raw(&mut self, operation: &str, payload: &[u8]) -> Result<Dump<'_>, Error> {
        let mut deadline = self.deadline();
        self.settle(operation, &mut deadline)?;
        self.prime(operation, &mut deadline)?;
        let sent = self.frame(operation, Mode::Dump, 0, payload)?;
        let sent = self.begin(sent, &mut deadline)?;
        Ok(Dump::new(self, sent))
    }

    /// The next message that answers `sent`.
    pub(super) fn answer(
        &mut self,
        sent: &Sent,
        deadline: &mut Deadline,
    ) -> Result<Arrived, Error> {
        let answer = self.answered(sent, deadline);
        Ok(answer.map_err(self.told_of(&sent.operation))?)
    }

    /// As [`Self::answer`]; of an error nobody is told yet.
    fn answered(&mut self, sent: &Sent, deadline: &mut Deadline) -> Result<Arrived, crate::Error> {
        let mut received = false;
        loop {
            let arrived = self.next(&mut received, deadline)?;
            if self.is_answer(sent, &arrived) {
                return Ok(arrived);
            }
        }
    }

    /// The next message. Once something was `received` that did not end the wait, no more is after the
    /// deadline, even if it is there: it may never end.
    pub(super) fn next(
        &mut self,
        received: &mut bool,
        deadline: &mut Deadline,
    ) -> Result<Arrived, crate::Error> {
        loop {
            if let Some(arrived) = self.inbox.unread()? {
                return Ok(arrived);
            }
            if mem::replace(received, true) && deadline.has_passed() {
                return Err(crate::Error::late());
            }
            now(self.inbox.receive(&self.transport, deadline))?;
        }
    }

    /// The dump's end was seen.
    pub(super) fn end_dump(&mut self) {
        self.dumping = false;
    }

    /// Before an operation is called, reads what is left of a dump that nobody wants any more: a piece of
    /// it can always be received, or the kernel had no memory for the next one, and goes on once it has
    /// answered something else.
    pub(super) fn settle(&mut self, operation: &str, deadline: &mut Deadline) -> Result<(), Error> {
        // As in `Link::settle`: another process begins what it is asked for, whatever has not ended.
        if self.transport.socket().peer().is_some() {
            self.dumping = false;
        }
        let (mut received, mut nudged) = (false, false);
        while self.dumping {
            match self.inbox.unread() {
                Ok(Some(arrived)) if arrived.head.seq == self.seq => {
                    nudged = false;
                    self.dumping = !arrived.is_end() || self.leaves_dump_running(&arrived);
                }
                Ok(Some(_)) | Err(_) => {}
                // However much of it there is.
                Ok(None) if mem::replace(&mut received, true) && deadline.has_passed() => {
                    let late = crate::Error::late().before_sending();
                    return Err(self.told_of(operation)(late).into());
                }
                Ok(None) => match self.inbox.try_receive(&self.transport) {
                    // What does not fit is of no interest, and gone already.
                    Ok(true) | Err(crate::Error::Truncated { .. }) => {}
                    Ok(false) if mem::replace(&mut nudged, true) => self.dumping = false,
                    Ok(false) => {
                        let nothing = noop(self.seq.wrapping_sub(1), self.port());
                        self.send(operation, &nothing, deadline)?;
                    }
                    Err(error) => return Err(error.into()),
                },
            }
        }
        Ok(())
    }

    fn leaves_dump_running(&self, arrived: &Arrived) -> bool {
        leaves_dump_running(arrived, self.inbox.bytes(arrived))
    }

    /// What a NLMSG_ERROR or a NLMSG_DONE says.
    pub(super) fn verdict(&mut self, sent: &Sent, arrived: &Arrived) -> Result<(), Error> {
        let verdict = Verdict::read(&arrived.head, self.inbox.bytes(arrived))
            .map_err(crate::Error::bad_header)?;
        if verdict.errno == 0 {
            let family = self.family.name.as_str().to_owned();
            let warning = verdict.warning(family, sent.operation.clone());
            self.warnings.extend(warning);
            return Ok(());
        }
        let target = Target::find(&self.family, &sent.operation, sent.mode)?;
        let mut refused = verdict.refused_by(
            self.family.name.as_str().to_owned().into(),
            target.op.name.as_str().to_owned().into(),
            names(&self.family, target.request, &sent.bytes),
            target.op.permission.capability(),
        );
        refused.peer = self.transport.socket().peer();
        Err(Box::new(refused).into())
    }

    /// Reads a reply.
    pub(super) fn read(&self, sent: &Sent, arrived: &Arrived) -> Result<Map<String, Value>, Error> {
        let unexpected = |what: String| Error::Unexpected {
            operation: sent.operation.clone(),
            what,
        };
        let message = self.inbox.bytes(arrived);
        if arrived.head.kind != self.id {
            return Err(unexpected("a message that is not of this family".into()));
        }
        let Some((&cmd, payload)) = message.get(NLMSG_HDRLEN).zip(message.get(ATTRS_OFFSET..))
        else {
            return Err(unexpected("a message without a header".into()));
        };
        let target = Target::find(&self.family, &sent.operation, sent.mode)?;
        let reply = match target.reply() {
            Some(reply) if reply.cmd == cmd => &self.family[reply.message],
            Some(_) => return Err(unexpected(format!("a reply with command number {cmd}"))),
            None => return Err(unexpected("a reply, of which the spec says nothing".into())),
        };
        decode(&self.family, reply, payload, self.unknown).map_err(|fault| Error::Unreadable {
            message: format!("the reply to {}", sent.operation),
            fault,
        })
    }

    pub(super) fn is_answer(&self, sent: &Sent, arrived: &Arrived) -> bool {
        arrived.head.seq == sent.seq && arrived.head.port == self.port()
    }

    /// When an answer that is waited for from now on has to be there.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::Timeout(self.timeout)
    }

    fn port(&self) -> u32 {
        self.transport.socket().port()
    }

    fn call_once(&mut self, request: &Request, deadline: &mut Deadline) -> Result<Replies, Error> {
        let mut answers = self.multi_once(std::slice::from_ref(request), deadline)?;
        answers.pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Asks for a dump and waits until the kernel has begun it, or refused.
    fn begin_dump(&mut self, request: &Request, deadline: &mut Deadline) -> Result<Sent, Error> {
        self.settle(&request.operation, deadline)?;
        self.prime(&request.operation, deadline)?;
        let sent = self.write(request, Mode::Dump)?;
        self.begin(sent, deadline)
    }

    /// Before the first dump, receives something, so that it begins with a large piece: as a
    /// connection does whose family's id was known.
    fn prime(&mut self, operation: &str, deadline: &mut Deadline) -> Result<(), Error> {
        if mem::take(&mut self.is_new) {
            self.seq = self.seq.wrapping_add(1);
            let nothing = Sent {
                seq: self.seq,
                operation: operation.to_owned(),
                mode: Mode::Dump,
                bytes: noop(self.seq, self.port()),
            };
            self.send(operation, &nothing.bytes, deadline)?;
            let answer = self.answered(&nothing, deadline);
            answer
                .map_err(crate::Error::before_sending)
                .map_err(self.told_of(operation))?;
        }
        Ok(())
    }

    fn begin(&mut self, sent: Sent, deadline: &mut Deadline) -> Result<Sent, Error> {
        self.send(&sent.operation, &sent.bytes, deadline)?;
        self.dumping = true;
        let arrived = self.answer(&sent, deadline)?;
        if i32::from(arrived.head.kind) == libc::NLMSG_ERROR {
            self.dumping = self.leaves_dump_running(&arrived);
            self.verdict(&sent, &arrived)?;
            return Err(Error::Unexpected {
                operation: sent.operation,
                what: "an ACK instead of a dump".into(),
            });
        }
        self.inbox.put_back(&arrived);
        Ok(sent)
    }

    /// Makes a request.
    pub(super) fn write(&mut self, request: &Request, mode: Mode) -> Result<Sent, Error> {
        let target = Target::find(&self.family, &request.operation, mode)?;
        if mode == Mode::Do && request.flags & DUMP == DUMP {
            return Err(Error::DumpFlags {
                operation: request.operation.clone(),
            });
        }
        let payload = encode(&self.family, target.request, &request.values).map_err(|fault| {
            Error::Unfit {
                operation: request.operation.clone(),
                fault,
            }
        })?;
        self.frame(&request.operation, mode, request.flags, &payload)
    }

    /// Puts the headers before a payload, with a sequence number of its own.
    fn frame(
        &mut self,
        operation: &str,
        mode: Mode,
        flags: u16,
        payload: &[u8],
    ) -> Result<Sent, Error> {
        let target = Target::find(&self.family, operation, mode)?;
        self.seq = self.seq.wrapping_add(1);
        let own = match mode {
            Mode::Do => REQUEST | ACK,
            Mode::Dump => REQUEST | DUMP,
        };
        let head = Head {
            len: 0,
            kind: self.id,
            flags: own | flags,
            seq: self.seq,
            port: self.port(),
        };
        let mut bytes = Vec::with_capacity(ATTRS_OFFSET + payload.len());
        head.begin(target.op.cmd, self.family.version, &mut bytes);
        bytes.extend_from_slice(payload);
        finish(&mut bytes);
        Ok(Sent {
            seq: self.seq,
            operation: operation.to_owned(),
            mode,
            bytes,
        })
    }

    fn send(&self, operation: &str, bytes: &[u8], deadline: &mut Deadline) -> Result<(), Error> {
        let sent = now(transport::send(&self.transport, bytes, deadline));
        Ok(sent.map_err(self.told_of(operation))?)
    }

    /// For `map_err`: an error as it is told to who has called the operation.
    pub(super) fn told_of(&self, operation: &str) -> impl FnOnce(crate::Error) -> crate::Error {
        move |error| {
            error.told_of(|| TimedOut {
                family: self.family.name.as_str().to_owned().into(),
                operation: operation.to_owned().into(),
                looked_for: None,
                peer: self.transport.socket().peer(),
                timeout: self.timeout.unwrap_or_default(),
                sent: true,
            })
        }
    }

    /// The family turns out to have got another id, as happens when its module is loaded anew. If
    /// nobody can say now, it is false.
    pub(super) fn renewed_after<T>(
        &mut self,
        result: &Result<T, Error>,
        deadline: &mut Deadline,
    ) -> Result<bool, Error> {
        match result {
            Err(Error::Refused(refused)) if refused.hints_at_stale_id() => {
                let end = deadline.at();
                let left = end.map(|end| end.saturating_duration_since(Instant::now()));
                let options = self.options.clone().timeout(left);
                match describe(self.family.name.as_str(), &options) {
                    Err(gone @ Error::Netlink(crate::Error::UnknownFamily { .. })) => Err(gone),
                    // That it was refused is certain, and its id may be the family's still.
                    Err(_) => Ok(false),
                    Ok(found) => {
                        let id = found.family_id.unwrap_or_default();
                        Ok(mem::replace(&mut self.id, id) != id)
                    }
                }
            }
            _ => Ok(false),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("family", &self.family.name.as_str())
            .field("family_id", &self.id)
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

/// What the controller knows of a family, once it is there if it is to be waited for.
pub(super) fn find(family: &str, options: &Options) -> Result<GetfamilyReplyOwned, Error> {
    if options.wait_for_family.is_some() {
        // A listener waits for families, and this one has heard enough then.
        let mut listener = Listener::open_with(options)?;
        listener.join_by_name(family.to_owned(), Vec::new())?;
    }
    describe(family, options)
}

/// What the controller knows of a family.
fn describe(family: &str, options: &Options) -> Result<GetfamilyReplyOwned, Error> {
    let request = Getfamily {
        family_name: Some(family),
        ..Getfamily::default()
    };
    let looking = |error: crate::Error| error.looking_for(family);
    let mut controller = Controller::open_with(options).map_err(looking)?;
    let described = controller.getfamily(&request);
    match described.map(|family| family.to_owned()) {
        Err(error) if error.errno() == Some(libc::ENOENT) => {
            let name = family.to_owned();
            let peer = options.peer;
            Err(crate::Error::UnknownFamily { name, peer }.into())
        }
        described => Ok(described.map_err(looking)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::starved::crowd;

    #[test]
    fn a_dump_begins_with_a_large_piece() {
        let spec = include_str!("../../../schema/families/nlctrl.yaml");
        let family = genl_schema::compile("nlctrl.yaml", spec).unwrap();
        let mut client = Client::open(family).unwrap();
        let values = serde_json::json!({"family-name": "ethtool"});
        let values = values.as_object().cloned().unwrap();
        client
            .begin_dump(&Request::new("getpolicy", values), &mut client.deadline())
            .unwrap();
        let mut len = 0;
        while let Some(arrived) = client.inbox.unread().unwrap() {
            len += arrived.head.len;
        }
        // A page is what a socket begins with by itself.
        assert!(len > 4096, "{len}");
    }

    #[test]
    fn who_gets_no_answer_in_time_is_told_to_what() {
        let spec = include_str!("../../../schema/families/nlctrl.yaml");
        let family = genl_schema::compile("nlctrl.yaml", spec).unwrap();
        let mut client = Client::open(family).unwrap();
        client.set_timeout(Some(Duration::from_millis(20))).unwrap();
        let request = Request::new("getfamily", Map::new());
        // It is not sent.
        let sent = client.write(&request, Mode::Do).unwrap();
        let late = client.answer(&sent, &mut client.deadline());
        let late = late.map(drop).unwrap_err();
        let told = "nlctrl did not answer getfamily within 20ms";
        assert_eq!(late.to_string(), told);
        // What is left of a dump has no end in time.
        client.dumping = true;
        client.timeout = Some(Duration::ZERO);
        let late = client.call(&request).unwrap_err();
        let told = "nlctrl could not be sent getfamily within 0ns";
        assert_eq!(late.to_string(), told);
    }

    #[test]
    fn a_dump_that_finds_no_memory_is_in_no_other_dumps_way() {
        let spec = include_str!("../../../schema/families/nlctrl.yaml");
        let family = genl_schema::compile("nlctrl.yaml", spec).unwrap();
        let mut client = Client::open(family).unwrap();
        client.inbox = Inbox::with_room(4096);
        let values = serde_json::json!({"family-name": "ethtool"});
        let request = Request::new("getpolicy", values.as_object().cloned().unwrap());
        let dump = |client: &mut Client| client.dump(&request)?.collect::<Result<Vec<_>, _>>();
        let all = dump(&mut client).unwrap().len();
        crowd(&client.transport);
        let refused = dump(&mut client).unwrap_err();
        let errno = refused.refused().map(|refused| refused.errno);
        assert_eq!(errno, Some(libc::ENOBUFS), "{refused}");
        assert_eq!(dump(&mut client).unwrap().len(), all);
    }
}
