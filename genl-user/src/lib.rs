//! Typed clients of generic netlink families, generated from the families' specs.
//!
//! ```
//! use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyDump};
//!
//! # fn main() -> Result<(), genl_user::Error> {
//! let mut nlctrl = Client::open()?;
//! let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
//! let family = nlctrl.getfamily(&request)?;
//! println!("{:?} has {} operations", family.family_name(), family.ops().count());
//!
//! let request = Getfamily { family_name: Some("much-too-long-a-name"), ..Default::default() };
//! let error = nlctrl.getfamily(&request).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "nlctrl refused getfamily: Invalid argument: Attribute failed policy validation; \
//!      at getfamily.family-name, which is \"much-too-long-a-name\" (20 bytes) \
//!      and takes nul-string, at most 15 bytes",
//! );
//!
//! let mut families = nlctrl.getfamily_dump(&GetfamilyDump {})?;
//! while let Some(family) = families.next()? {
//!     println!("{:?} {:?}", family.family_id(), family.family_name());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The [tour] goes through all of it in five minutes. The programs in `genl-user/examples` show one
//! thing each; `genl-user/README.md` lists them.
//!
//! # Where to look
//!
//! | to | there is |
//! |---|---|
//! | have a client of a family of one's own | `genl_schema::build`, in a build script; [`families`] holds those that ship |
//! | call an operation | the methods of the generated `Client`, which is made of a [`Connection`] |
//! | dump | [`Dump`]: lazy and borrowed; [`owned`](Dump::owned), [`consistent`](Dump::consistent) |
//! | know why it failed | [`Error`]; [`Refused`] has what the kernel said, [`Warning`] what it minded, [`TimedOut`] who did not answer |
//! | hear what changes | [`Events`] of one family, a [`Listener`] of many; [`Follow`] for a copy that is never stale |
//! | send several requests at once | [`Pipeline`], or many threads and a [`Pool`] |
//! | open it elsewhere, or with limits | [`Options`], [`Netns`] |
//! | await it | `AsyncClient`, `AsyncEvents`: feature `tokio` |
//! | check a request before it is sent | [`Request::check`] |
//! | set flags of nlmsghdr | [`Flags`] |
//! | test without a kernel module | [`testing`]: feature `testing` |
//! | serve a family to other processes | [`server`]: feature `server` |
//! | call a family that no code was generated for | [`dynamic`]: feature `dynamic` |
//! | read and write attributes by hand | [`wire`] |
//!
//! Modules that the generator wrote for another crate use what is here by these names, so all that
//! they are made of is public.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | brings |
//! |---|---|
//! | `tokio` | `AsyncClient`, `AsyncEvents`, and what they are made of, for tasks of tokio's; no thread |
//! | `serde` | `Serialize` on views, and `Deserialize` too on owned types: [their shape](tour#values) |
//! | `server` | [`server`]: families served in userspace, and `families::*::server` |
//! | `testing` | [`testing`]: the fake kernel; turns on `server` |
//! | `dynamic` | [`dynamic`]: any operation by a spec that is read at run time, with JSON values |
//! | `cli` | the tool `genl`; turns on `dynamic` |
//!
//! `vm-tests` is for this repository's own tests. The modules that are generated for an app look at
//! the *app's* features: `tokio = ["genl-user/tokio"]`, `serde = ["dep:serde", "genl-user/serde"]`, on by
//! its `default` if it always wants them. If it has servers generated, its `genl-user` needs `server`.
//! `schema/example-house` is such an app.
//!
//! # What it promises
//!
//! | | rests on |
//! |---|---|
//! | A call is a send and a receive, without an allocation, and asks for an ACK only where nothing else would tell how it went. | `netlink_unicast_kernel()` serves it within the send; `netlink_rcv_skb()` sends an ACK for an error always, else for NLM_F_ACK |
//! | An answer is that of the call: late ones are passed over. | `nlmsg_seq` and `nlmsg_pid`, which `genlmsg_put_reply()` and `netlink_ack()` copy from the request |
//! | A family whose module is loaded anew is found again. | `genl_rcv_msg()` refuses an id that nobody has with ENOENT; `genl_ctrl_event()` tells of those that come |
//! | A dump that was not of one moment says so. | NLM_F_DUMP_INTR of `nl_dump_check_consistent()` |
//! | A dump that is given up does no harm. | `__netlink_dump_start()` refuses the next one while one runs, so it is read to its end |
//! | Events that were lost are told. | `netlink_overrun()`: ENOBUFS at the next receive |
//! | What an error says is what the kernel said. | `netlink_ack_tlv_fill()`: message, offset, policy, what is missing, cookie |
//! | Bytes from the kernel are not trusted. | lengths as `nla_ok()` has them; nests 36 deep at most; no `unsafe` but at system calls |
//!
//! # What it does not do
//!
//! - Families of protocol `netlink-raw`, as rtnetlink and netfilter: generic netlink only.
//! - Repeat a request of its own accord, but for one that its family cannot have got, as its id was out of date.
//! - Share one client among callers at the same time: each has its own, from a [`Pool`] if need be.
//! - Tell listeners of a server in another process that it has ended.
//! - Runtimes other than tokio. What blocks has `AsFd`, for an event loop of one's own.
//!
//! # What it costs
//!
//! `genl-user/BENCHMARKS.md` has the figures, beside those of other clients and of bare system calls;
//! `cargo xtask bench` measures them anew.
//!
// What a feature brings is not there without it.
#![cfg_attr(not(feature = "dynamic"), doc = "[`dynamic`]: #features")]
#![cfg_attr(not(feature = "server"), doc = "[`server`]: #features")]
#![cfg_attr(not(feature = "testing"), doc = "[`testing`]: #features")]
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
mod pauses;
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
mod timed_out;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(any(doc, doctest))]
pub mod tour;
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
pub use pool::{Pool, Pooled, Reusable};
pub use refused::{Refused, Warning};
#[cfg(feature = "tokio")]
pub use replies::AsyncReplies;
pub use replies::Replies;
pub use timed_out::TimedOut;
#[cfg(feature = "tokio")]
pub use tokio::Tokio;
pub use transport::{Blocking, Transport};
pub use value::Value;
