//! Typed generic netlink clients.
//!
//! ```no_run
//! use genl_user::families::kvstore;
//!
//! # fn main() -> Result<(), genl_user::Error> {
//! let mut kv = kvstore::Client::open()?;
//! let entry = kv.get(&kvstore::Get { key: "host" })?;
//! println!("{:?} rev {:?}", entry.value(), entry.revision());
//!
//! let mut changes = kvstore::Events::open(&[kvstore::Group::Changes])?;
//! match changes.next()? {
//!     kvstore::Event::SetNtf(entry) => println!("set {:?}", entry.key()),
//!     kvstore::Event::DelNtf(gone) => println!("deleted {:?}", gone.key()),
//!     kvstore::Event::Overrun => println!("some changes were lost"),
//!     kvstore::Event::Reloaded => println!("the module was loaded anew"),
//!     kvstore::Event::Unknown(notice) => println!("{notice:?}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Events`] are those of one family; a [`Listener`] hears many on one socket. Both follow a family
//! whose module is loaded anew. With [`Events::follow`] they begin with a dump, and with another one
//! whenever some were lost, so that what is known is always all there is.
//!
//! [`families`] holds a client for each family that the specs describe: calls with typed requests
//! and replies, dumps, and events. What they are made of is here: [`Connection`], [`Dump`],
//! [`Replies`], [`Events`], [`Error`], and the codec in [`wire`]. Modules that the generator wrote for another
//! crate use the same names, so all of them are public.
//!
//! With feature `dynamic` there is the module `dynamic` too: calls of any family, by a spec that is
//! read at run time, with JSON values instead of generated types.
//!
//! A connection is one socket, used by one thread at a time. Threads that talk at the same time
//! have a connection each, which a [`Pool`] lends them.
//!
//! With feature `tokio` each family has an `AsyncClient` too, with the same methods.

#![deny(unsafe_code)]
#![warn(clippy::missing_errors_doc)]

// Generated modules name this crate as any other crate would.
extern crate self as genl_user;

mod client;
mod controller;
mod dump;
#[cfg(feature = "dynamic")]
pub mod dynamic;
mod error;
mod events;
mod exchange;
mod extack;
pub mod families;
mod family;
mod flags;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod inbox;
mod known;
mod layout;
mod limits;
mod netns;
mod options;
mod path;
mod pipeline;
pub mod policy;
mod pool;
mod refused;
mod replies;
#[cfg(feature = "server")]
pub mod server;
mod socket;
mod sys;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tokio")]
mod tokio;
mod transport;
mod value;
pub mod wire;

pub use bitflags;
#[cfg(feature = "tokio")]
pub use client::AsyncConnection;
pub use client::{Connection, DEFAULT_TIMEOUT, Link};
#[cfg(feature = "tokio")]
pub use dump::AsyncDump;
pub use dump::{Dump, Owned};
pub use error::Error;
#[cfg(feature = "tokio")]
pub use events::{AsyncEvents, AsyncFollow, AsyncListener};
pub use events::{
    Events, Follow, Group, Heard, Listener, Listening, ListeningTo, Notice, RevisionOf, Snapshot,
    Update,
};
pub use family::{Answer, Family, Message, Operation, Request, Unspecified};
pub use flags::Flags;
pub use known::forget_families;
pub use layout::{Field, Layout};
pub use limits::Limits;
pub use netns::Netns;
pub use options::Options;
pub use pipeline::{Answers, Pipeline, Ticket};
pub use pool::{Pool, Pooled};
pub use refused::{Refused, Warning};
#[cfg(feature = "tokio")]
pub use replies::AsyncReplies;
pub use replies::Replies;
#[cfg(feature = "tokio")]
pub use tokio::Tokio;
pub use transport::{Blocking, Transport};
pub use value::Value;
