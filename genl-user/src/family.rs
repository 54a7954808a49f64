//! What a generated module tells the runtime: its family, operations and messages.

use crate::error::Error;
use crate::layout::{Inside, Layout};
use crate::path::Named;
use crate::policy::Rules;
use crate::policy::ahead::check_request;
use crate::wire::{Encoder, FromPayload, Malformed, Payload, Unfit};

/// A generic netlink family.
#[derive(Debug)]
pub struct Family {
    /// The name it is registered by.
    pub name: &'static str,
    /// What goes into `genlmsghdr.version`.
    pub version: u8,
}

/// One way to call an operation: its do or its dump.
#[derive(Debug)]
pub struct Operation {
    /// The family that has it.
    pub family: &'static Family,
    /// The operation's name in the spec.
    pub name: &'static str,
    /// `genlmsghdr.cmd`.
    pub cmd: u8,
    /// It is the dump.
    pub is_dump: bool,
    /// Size of the family's own header before the request's attributes, in bytes; 0 if it has none.
    pub header: usize,
    /// How the request's attributes are called.
    pub request: &'static Layout,
    /// What comes back if all goes well.
    pub answer: Answer,
    /// The capability that it takes, where the spec tells: `CAP_NET_ADMIN`.
    pub capability: Option<&'static str>,
}

impl Operation {
    /// The attributes of a request to it.
    pub(crate) fn attrs<'m>(&self, request: &'m [u8]) -> Named<'m, Inside> {
        self.request.within(request, self.header)
    }

    /// The error that something came which cannot be an answer.
    pub(crate) fn unexpected(&self, what: &'static str) -> Error {
        Error::Unexpected {
            operation: self.name,
            what,
        }
    }
}

/// What comes back from an operation if all goes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing, so an ACK is asked for.
    Ack,
    /// A message of this command; or many, of a dump. No ACK is asked for.
    Reply(u8),
    /// A message of this command. An ACK is asked for too: the family does not promise that a
    /// reply or an error always comes.
    ReplyAndAck(u8),
}

impl Answer {
    /// The command of the reply, if there is one.
    pub(crate) fn cmd(self) -> Option<u8> {
        match self {
            Self::Ack => None,
            Self::Reply(cmd) | Self::ReplyAndAck(cmd) => Some(cmd),
        }
    }

    /// An ACK is asked for.
    pub(crate) fn acked(self) -> bool {
        !matches!(self, Self::Reply(_))
    }
}

/// What can be asked: the generated request types.
pub trait Request {
    /// What the attributes have to hold.
    const RULES: Rules = Rules::NONE;

    /// The operation that it is a request to, where its spec has rules for it.
    const OPERATION: Option<&'static Operation> = None;

    /// Writes the family's own header, if it has one, and the attributes.
    ///
    /// # Errors
    ///
    /// If a value does not fit into its attribute.
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit>;

    /// Checks the request by the rules of its spec, without sending anything: lengths, ranges, bits,
    /// how often attributes are there, which must be.
    ///
    /// What it refuses the kernel half of the same spec refuses, with the same words about the same
    /// attribute; what it passes, that half's handler gets to see. A family of another origin may
    /// be less strict than its spec.
    ///
    /// ```
    /// use genl_user::Request;
    /// use genl_user::families::kvstore::{Meta, Set};
    ///
    /// let long = "x".repeat(65);
    /// let set = Set {
    ///     key: "host",
    ///     meta: Some(Meta { label: &["short", &long], ..Default::default() }),
    ///     ..Default::default()
    /// };
    /// let error = set.check().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "kvstore would refuse set: Invalid argument: Attribute failed policy validation; \
    ///      at set.meta.label[1], which is \"xxxxxxxxxxxxxxxxxxxxxxxx\"… (65 bytes) and takes \
    ///      nul-string, at most 64 bytes",
    /// );
    /// assert!(Set { meta: None, ..set }.check().is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] as the kernel would have it, or [`Error::Unfit`] if the request cannot even be
    /// put into a message. Of types without an [`OPERATION`](Self::OPERATION) nothing is known, and
    /// nothing refused.
    fn check(&self) -> Result<(), Error>
    where
        Self: Sized,
    {
        match Self::OPERATION {
            Some(operation) => check_request(operation, self),
            None => Ok(()),
        }
    }
}

/// What the kernel sends: the generated owned types, and by them the views.
pub trait Message: Sized {
    /// The same message, borrowed from the receive buffer.
    type View<'a>: FromPayload<'a>;

    /// Size of the family's own header before the attributes, in bytes; 0 if it has none.
    const HEADER: usize = 0;

    /// How the attributes are called.
    const LAYOUT: &'static Layout;

    /// Copies what the view borrows.
    fn from_view(view: &Self::View<'_>) -> Self;
}

/// What an operation is answered with that is answered by an ACK alone.
impl Message for () {
    type View<'a> = ();

    const LAYOUT: &'static Layout = &Layout { fields: &[] };

    fn from_view((): &()) {}
}

impl<'a> FromPayload<'a> for () {
    fn from_payload(_: Payload<'a>) -> Result<Self, Malformed> {
        Ok(())
    }
}

/// What a dump brings whose spec says nothing of it: the bytes behind the genlmsghdr.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unspecified(pub Vec<u8>);

impl Message for Unspecified {
    type View<'a> = Payload<'a>;

    const LAYOUT: &'static Layout = &Layout { fields: &[] };

    fn from_view(view: &Payload<'_>) -> Self {
        Self(view.as_bytes().to_vec())
    }
}

impl<'a> FromPayload<'a> for Payload<'a> {
    fn from_payload(payload: Payload<'a>) -> Result<Self, Malformed> {
        Ok(payload)
    }
}
