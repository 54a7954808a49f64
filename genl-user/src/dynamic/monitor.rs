//! Notifications by a spec.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use genl_schema::model::Family;
use serde_json::{Map, Value};

use super::client::describe;
use super::error::Error;
use super::lookup::{self, NoSuch};
use super::{Unknown, decode};
use crate::inbox::{Arrived, Inbox};
use crate::socket::Socket;
use crate::wire::{ATTRS_OFFSET, NLMSG_HDRLEN};

/// A socket that listens to multicast groups of a family.
///
/// It follows the family as it is at opening: once its module has been loaded anew, open another.
pub struct Monitor {
    family: Family,
    socket: Socket,
    inbox: Inbox,
    id: u16,
    unknown: Unknown,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A notification or event of the spec.
    Known {
        /// Its name.
        name: String,
        /// Its content.
        values: Map<String, Value>,
    },
    /// A message that the spec does not have.
    Unknown {
        /// The id of the family that sent it.
        family_id: u16,
        /// `genlmsghdr.cmd`.
        cmd: u8,
    },
    /// The queue was full, and the kernel has dropped what came then.
    Overrun,
}

impl Monitor {
    /// Opens a socket in the calling thread's network namespace and joins the groups.
    ///
    /// # Errors
    ///
    /// A group that the spec does not have, or the kernel's family, or that may not be joined.
    pub fn open(family: Family, groups: &[&str]) -> Result<Self, Error> {
        for &group in groups {
            let known = || family.groups.iter().map(|group| group.name.as_str());
            if !known().any(|name| name == group) {
                return Err(Error::NoSuch(NoSuch {
                    family: family.name.to_string(),
                    what: "multicast group",
                    name: group.to_owned(),
                    known: known().map(str::to_owned).collect(),
                    only: None,
                }));
            }
        }
        let described = describe(family.name.as_str())?;
        let mut socket = Socket::open().map_err(crate::Error::io("open a socket"))?;
        for &group in groups {
            let mut joinable = described.mcast_groups.iter();
            let number = joinable
                .find(|it| it.name.as_deref() == Some(group))
                .and_then(|it| it.id)
                .ok_or_else(|| Error::UnknownGroup {
                    family: family.name.to_string(),
                    group: group.to_owned(),
                })?;
            socket
                .join(number)
                .map_err(crate::Error::io("join a group"))?;
        }
        Ok(Self {
            family,
            socket,
            inbox: Inbox::new(),
            id: described.family_id.unwrap_or_default(),
            unknown: Unknown::default(),
        })
    }

    /// Says what becomes of attributes that the spec does not know.
    pub fn set_unknown(&mut self, unknown: Unknown) {
        self.unknown = unknown;
    }

    /// Waits for the next event, but not longer than this, if that is given; `None` if none came.
    ///
    /// # Errors
    ///
    /// After any error the next event can be waited for.
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Event>, Error> {
        let start = Instant::now();
        loop {
            while let Some(arrived) = self.inbox.unread()? {
                if i32::from(arrived.head.kind) >= libc::NLMSG_MIN_TYPE {
                    return self.event(&arrived).map(Some);
                }
            }
            if let Some(timeout) = timeout {
                let left = timeout.saturating_sub(start.elapsed());
                let wait = self.socket.wait(left);
                if !wait.map_err(crate::Error::io("wait"))? {
                    return Ok(None);
                }
            }
            match self.inbox.receive(&self.socket) {
                Err(error) if error.errno() == Some(libc::ENOBUFS) => {
                    return Ok(Some(Event::Overrun));
                }
                received => received?,
            }
        }
    }

    fn event(&self, arrived: &Arrived) -> Result<Event, Error> {
        let message = self.inbox.bytes(arrived);
        let family_id = arrived.head.kind;
        let payload = message.get(ATTRS_OFFSET..).unwrap_or_default();
        let cmd = message.get(NLMSG_HDRLEN).copied().unwrap_or_default();
        let known = lookup::event(&self.family, cmd).filter(|_| family_id == self.id);
        let Some(event) = known else {
            return Ok(Event::Unknown { family_id, cmd });
        };
        let name = event.name.to_string();
        match decode(
            &self.family,
            &self.family[event.message],
            payload,
            self.unknown,
        ) {
            Ok(values) => Ok(Event::Known { name, values }),
            Err(fault) => Err(Error::Unreadable {
                message: name,
                fault,
            }),
        }
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("family", &self.family.name.as_str())
            .field("family_id", &self.id)
            .field("port", &self.socket.port())
            .finish_non_exhaustive()
    }
}
