//! Flags of requests.

use crate::error::Error;
use crate::family::Operation;
use crate::transport::Deadline;

bitflags::bitflags! {
    /// What a request's nlmsghdr says beside what it always does; see
    /// [`Link::with_flags`](crate::Link::with_flags).
    ///
    /// It is for the family to say what they mean to it; most look at none of them.
    ///
    /// ```
    /// # use genl_user::{Flags, families::nlctrl::{Client, Getfamily}};
    /// # fn main() -> Result<(), genl_user::Error> {
    /// # let mut client = Client::open()?;
    /// # let request = Getfamily { family_name: Some("nlctrl"), ..Default::default() };
    /// client.with_flags(Flags::ACK).getfamily(&request)?;
    /// assert_eq!(client.connection().warning(), None);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Flags: u16 {
        /// NLM_F_ACK: the kernel confirms that it has done what was asked. Clients ask for that
        /// where nothing else would tell; with it, [`Link::warning`](crate::Link::warning) has what
        /// the kernel minds about requests that are answered by a reply.
        const ACK = libc::NLM_F_ACK as u16;
        /// NLM_F_ECHO: the notification of what the request changes is sent to its sender too
        /// (`nlmsg_notify()`). A call passes over it, and gives its reply;
        /// [`call_all`](crate::Connection::call_all) of an operation that is answered by an ACK alone
        /// gives the notifications.
        const ECHO = libc::NLM_F_ECHO as u16;
        /// NLM_F_REPLACE: replace what is there.
        const REPLACE = libc::NLM_F_REPLACE as u16;
        /// NLM_F_EXCL: fail if it is there.
        const EXCL = libc::NLM_F_EXCL as u16;
        /// NLM_F_CREATE: create it if it is not there.
        const CREATE = libc::NLM_F_CREATE as u16;
        /// NLM_F_APPEND: add to the end.
        const APPEND = libc::NLM_F_APPEND as u16;
    }
}

/// What the user wants of the next call beside what it asks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes {
    pub(crate) flags: Flags,
    pub(crate) deadline: Option<Deadline>,
}

impl Flags {
    /// The bits of a request that is no dump; REPLACE and EXCL together would make it one.
    #[inline]
    pub(crate) fn of_do(self, operation: &Operation) -> Result<u16, Error> {
        let dump = libc::NLM_F_DUMP as u16;
        if self.bits() & dump == dump {
            return Err(Error::DumpFlags {
                operation: operation.name,
            });
        }
        let own = match operation.answer.acked() {
            true => libc::NLM_F_REQUEST | libc::NLM_F_ACK,
            false => libc::NLM_F_REQUEST,
        };
        Ok(self.bits() | own as u16)
    }
}
