//! Notifications by a spec.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use genl_schema::model::Family;
use serde_json::{Map, Value};

use super::client::describe;
use super::error::Error;
use super::lookup::{self, NoSuch};
use super::{Unknown, decode};
use crate::inbox::{Arrived, Inbox};
use crate::options::Options;
use crate::transport::{self, Blocking, Deadline, Receive, now};
use crate::wire::{ATTRS_OFFSET, NLMSG_HDRLEN};

/// A socket that listens to multicast groups of a family.
///
/// It follows the family as it is at opening: once its module has been loaded anew, open another.
pub struct Monitor {
    family: Family,
    transport: Blocking,
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
    /// Opens a socket in the calling thread's network namespace and joins the groups; all that the
    /// kernel's family has, if none is named.
    ///
    /// Which groups there are is for the kernel to say: many specs list none.
    ///
    /// # Errors
    ///
    /// A group that the kernel's family does not have, or that may not be joined; or it has none.
    pub fn open(family: Family, groups: &[&str]) -> Result<Self, Error> {
        let described = describe(family.name.as_str())?;
        let joinable = described.mcast_groups.iter();
        let joinable: Vec<_> = joinable
            .filter_map(|group| Some((group.name.as_deref()?, group.id?)))
            .collect();
        let numbers = match groups {
            [] if joinable.is_empty() => {
                let family = family.name.to_string();
                return Err(Error::NoGroups { family });
            }
            [] => joinable.iter().map(|&(_, number)| number).collect(),
            _ => groups
                .iter()
                .map(|&group| number(&family, group, &joinable))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let mut transport: Blocking = transport::open(&Options::new())?;
        for number in numbers {
            let joined = transport.socket_mut().join(number);
            joined.map_err(crate::Error::io("join a group"))?;
        }
        Ok(Self {
            family,
            transport,
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
        let mut deadline = Deadline::after(timeout);
        loop {
            while let Some(arrived) = self.inbox.unread()? {
                if i32::from(arrived.head.kind) >= libc::NLMSG_MIN_TYPE {
                    return self.event(&arrived).map(Some);
                }
            }
            match now(self.inbox.receive(&self.transport, &mut deadline)) {
                Err(crate::Error::TimedOut) => return Ok(None),
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

/// The number of a group, among those that the kernel's family has.
fn number(family: &Family, group: &str, joinable: &[(&str, u32)]) -> Result<u32, Error> {
    match joinable.iter().find(|&&(name, _)| name == group) {
        Some(&(_, number)) => Ok(number),
        None => Err(no_such_group(family, group, joinable)),
    }
}

fn no_such_group(family: &Family, group: &str, joinable: &[(&str, u32)]) -> Error {
    // A spec can be newer than the kernel: then what was asked for was right.
    let mut listed = family.groups.iter();
    if listed.any(|it| it.name.as_str() == group) {
        return Error::UnknownGroup {
            family: family.name.to_string(),
            group: group.to_owned(),
        };
    }
    Error::NoSuch(NoSuch {
        family: family.name.to_string(),
        what: "multicast group",
        name: group.to_owned(),
        known: joinable.iter().map(|&(name, _)| name.to_owned()).collect(),
        instead: None,
    })
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.transport.socket().as_fd()
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("family", &self.family.name.as_str())
            .field("family_id", &self.id)
            .field("port", &self.transport.socket().port())
            .finish_non_exhaustive()
    }
}
