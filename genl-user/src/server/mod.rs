//! Families served in userspace: to the clients of a test, or to other processes.
//!
//! From a spec comes, beside the client, a module `server` with a trait `Handler`: a method for each
//! operation, with a typed view of the request, whose answer is the owned type that the client gives
//! too. `Served(handler)` is what a [`Server`] takes, to serve other processes, and the fake kernel
//! of a test: `testing::Kernel`, with the feature `testing`.
//!
//! The [tour](crate::tour#a-family-without-its-kernel) has a handler of a few lines;
//! `genl-user/examples/store` is a whole one.
//!
//! A request that no handler would get from the kernel gets to none here either. It is checked as the
//! kernel checks it, in the same order, and refused with the same error number and extended ACK
//! (`net/netlink/genetlink.c`, `netlink_rcv_skb()`, `lib/nlattr.c`).
//!
//! A handler's panic comes out of the call that serves, which [`Server::serve`] is, or in a fake kernel the
//! client's own.
//!
//! What Rust's types cannot hold is refused with EINVAL, although the kernel would let it through:
//! texts that are not UTF-8, and arrays of C with bytes left over.

mod caller;
mod controller;
mod cut;
mod dump;
mod engine;
mod extack;
#[cfg(feature = "testing")]
mod faults;
mod items;
#[cfg(feature = "testing")]
mod modules;
mod op;
mod peers;
mod post;
pub mod read;
mod stopper;

pub use caller::Caller;
#[cfg(feature = "testing")]
pub(crate) use engine::{Engine, Peer, Rights};
pub use extack::Refusal;
#[cfg(feature = "testing")]
pub(crate) use faults::Harm;
pub use items::{Cursor, Items};
pub use op::Op;
#[cfg(feature = "testing")]
pub(crate) use op::{Outbox, Outgoing, Queue, To};
pub use peers::{Registered, Server};
pub use read::Parse;
pub use stopper::Stopper;

use crate::policy::Policy;
use crate::wire::{Encoder, Payload, Unfit};

/// What the kernel is told of a family when it is registered.
#[derive(Debug)]
pub struct Description {
    /// The name it is registered by.
    pub name: &'static str,
    /// What goes into `genlmsghdr.version`.
    pub version: u8,
    /// Size of the family's own header, in bytes; 0 if it has none.
    pub header: usize,
    /// The first command whose requests have their headers checked (`genl_family.resv_start_op`).
    pub resv_start_op: u8,
    /// Its multicast groups.
    pub groups: &'static [Group],
}

/// A multicast group of a family that is served.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Who may join it.
    pub permission: Permission,
}

/// Who may call an operation, or join a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anyone.
    Anyone,
    /// Who has CAP_NET_ADMIN in the initial user namespace.
    Admin,
    /// Who has CAP_NET_ADMIN in the user namespace that owns the network namespace.
    NetnsAdmin,
    /// Who has CAP_SYS_ADMIN there: of groups only (`x-cap: sys-admin`).
    NetnsSysAdmin,
}

/// A family and its handlers: the generated type `Served`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` serves no family by itself",
    label = "this is the handler: wrap it in `Served`, of the family's module `server`"
)]
pub trait Serve: Sized + Send + 'static {
    /// The family.
    const FAMILY: Description;

    /// Its operations, ascending by command, each command's do before its dump.
    const ROWS: &'static [Row<Self>];
}

/// One way to call an operation; of the family's table a row, as `struct genl_split_ops`.
#[derive(Debug)]
pub struct Row<S: ?Sized> {
    /// The operation's name in the spec.
    pub name: &'static str,
    /// Its number, `genlmsghdr.cmd`.
    pub cmd: u8,
    /// Who may call it.
    pub permission: Permission,
    /// The attributes that are taken; without a policy there may be none.
    pub policy: Option<&'static Policy>,
    /// What the operation's own attributes have to hold, of those that are taken.
    pub rules: crate::policy::Rules,
    /// Unknown attributes and such are taken too (`GENL_DONT_VALIDATE_STRICT`).
    pub liberal: bool,
    /// What serves it.
    pub call: Call<S>,
}

/// What serves a call.
#[derive(Debug)]
pub enum Call<S: ?Sized> {
    /// Answers at once.
    Do(fn(&mut S, Payload<'_>, &mut Op<'_>) -> Result<(), Refusal>),
    /// Answers by many messages: begins, and gives what builds them.
    Dump(fn(&mut S, Payload<'_>, &mut Op<'_>) -> Result<Cursor<S>, Refusal>),
}

/// What can be sent: the generated owned types.
pub trait Encode {
    /// Writes the family's own header, if it has one, and the attributes.
    ///
    /// # Errors
    ///
    /// If a value does not fit into its attribute.
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit>;
}

impl Encode for crate::Unspecified {
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        out.unspecified(&self.0);
        Ok(())
    }
}

/// What a family says of its own accord: the generated type `Event`.
pub trait Event: Encode {
    /// Its number, `genlmsghdr.cmd`.
    fn cmd(&self) -> u8;

    /// Which of the family's groups it is for; `None` if it goes to single ports alone.
    fn group(&self) -> Option<u8>;
}
