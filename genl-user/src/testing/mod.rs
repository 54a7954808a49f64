//! A fake kernel inside the process, so that what uses netlink families can be tested without
//! modules, without rights, and without waiting.
//!
//! ```
//! use genl_user::families::kvstore::{self, server};
//! use genl_user::server::{Op, Refusal};
//! use genl_user::testing::Kernel;
//!
//! struct Echo;
//!
//! impl server::Handler for Echo {
//!     fn get(
//!         &mut self,
//!         request: server::Get<'_>,
//!         _op: &mut Op<'_>,
//!     ) -> Result<kvstore::GetReplyOwned, Refusal> {
//!         let key = Some(request.key().to_owned());
//!         Ok(kvstore::GetReplyOwned { key, ..Default::default() })
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kernel = Kernel::new();
//! kernel.register(server::Served(Echo))?;
//! let options = genl_user::Options::new().kernel(&kernel);
//! let mut kv = kvstore::Client::open_with(&options)?;
//! let entry = kv.get(&kvstore::Get { key: "host" })?;
//! assert_eq!(entry.key(), Some("host"));
//! # Ok(())
//! # }
//! ```
//!
//! The fake serves a request inside the client's send, as the kernel does: there is no thread, and
//! what a test sees is the same each time. It answers the controller's requests and tells its group,
//! checks requests as the kernel does, cuts dumps into chunks, and drops events for who does not
//! keep up. What goes wrong in a kernel only at times, it does when it is told to.
//!
//! | in a real kernel | in a fake one |
//! |---|---|
//! | a module is loaded, and unloaded | [`Kernel::register`], [`Kernel::unregister`] |
//! | a family's module is loaded when a client asks for the family | [`Kernel::install`] |
//! | a call fails for want of memory, of room, of luck | [`Kernel::fail_next`], [`Kernel::fail_nth`] |
//! | a dump is not consistent | [`Kernel::interrupt_next_dump`] |
//! | a listener is too slow | [`Kernel::overrun`], [`Kernel::overrun_group`] |
//! | an answer is late, or never comes | [`Kernel::hold`] and [`Kernel::release`], [`Kernel::drop_next_answer`] |
//! | the caller lacks CAP_NET_ADMIN, or CAP_SYS_ADMIN | [`Kernel::set_admin`], [`Kernel::set_sys_admin`] |
//! | the caller is of some user | [`Kernel::set_caller`] |
//! | the family says something of its own accord | [`Registration::tell`], [`Registration::tell_to`] |
//! | somebody sends bytes that make no sense | [`Kernel::raw`] |
//!
//! [`Kernel::faults_left`] tells which failures, interruptions and losses of answers no call has met.
//!
//! The same tests can run against a fake and, in a virtual machine, against the module, as those of
//! kvstore and nltest do. What only the module can show is left to these:
//!
//! - Network namespaces and users: a fake has one namespace, and all of its clients have the same
//!   rights, those in the initial user namespace.
//! - Handlers that run at the same time: a fake calls one after the other.
//! - What a handler does beside answering: memory that it takes from the kernel, lines in the log,
//!   ports that [`Op::tell_to`](crate::server::Op::tell_to) finds nobody at.
//! - Operations that the kernel is not configured for (`config-cond`): a fake has them.
//!
//! A handler must not use a client of the same kernel: that would wait for itself, so it panics.

mod kernel;
mod mailbox;
mod port;
mod raw;

pub use kernel::{Kernel, Registration};
pub(crate) use port::{LONGEST_DATAGRAM, Port};
pub use raw::Raw;
