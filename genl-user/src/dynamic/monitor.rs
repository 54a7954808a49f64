//! Notifications by a spec.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use genl_schema::model::Family;
use serde_json::{Map, Value};

use super::client::find;
use super::error::Error;
use super::lookup::{self, NoSuch};
use super::{Unknown, decode};
use crate::events::{Heard, Listener, Notice};
use crate::options::Options;

/// A socket that listens to multicast groups of a family.
///
/// It is a [`Listener`]: once the family's module is loaded anew, it joins the groups again.
pub struct Monitor {
    family: Family,
    listener: Listener,
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
    /// The family was loaded anew: what it had is gone, and its first events may be lost.
    Reloaded,
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
        Self::open_with(family, groups, &Options::new())
    }

    /// As [`Self::open`], in another way.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`] and of [`Listener::open_with`].
    pub fn open_with(family: Family, groups: &[&str], options: &Options) -> Result<Self, Error> {
        let described = find(family.name.as_str(), options)?;
        let joinable = described.mcast_groups.iter();
        let joinable: Vec<_> = joinable.filter_map(|group| group.name.as_deref()).collect();
        let names: Vec<String> = match groups {
            [] if joinable.is_empty() => {
                let family = family.name.to_string();
                return Err(Error::NoGroups { family });
            }
            [] => joinable.iter().map(|&name| name.to_owned()).collect(),
            _ => groups
                .iter()
                .map(|&group| known(&family, group, &joinable))
                .collect::<Result<_, _>>()?,
        };
        let mut listener = Listener::open_with(options)?;
        listener.join_by_name(family.name.to_string(), names)?;
        Ok(Self {
            family,
            listener,
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
        let Self {
            family,
            listener,
            unknown,
        } = self;
        let heard = match timeout {
            Some(timeout) => listener.next_timeout(timeout)?,
            None => Some(listener.next()?),
        };
        heard
            .map(|heard| event(family, *unknown, heard))
            .transpose()
    }
}

fn event(family: &Family, unknown: Unknown, heard: Heard<'_>) -> Result<Event, Error> {
    match heard {
        Heard::Message(notice) => message(family, unknown, &notice),
        Heard::Overrun => Ok(Event::Overrun),
        Heard::Reloaded(_) => Ok(Event::Reloaded),
    }
}

fn message(family: &Family, unknown: Unknown, notice: &Notice<'_>) -> Result<Event, Error> {
    let (family_id, cmd) = (notice.family_id(), notice.cmd());
    let known =
        lookup::event(family, cmd).filter(|_| notice.family() == Some(family.name.as_str()));
    let Some(event) = known else {
        return Ok(Event::Unknown { family_id, cmd });
    };
    let name = event.name.to_string();
    let payload = notice.payload().as_bytes();
    match decode(family, &family[event.message], payload, unknown) {
        Ok(values) => Ok(Event::Known { name, values }),
        Err(fault) => Err(Error::Unreadable {
            message: name,
            fault,
        }),
    }
}

/// A group, if it is among those that the kernel's family has.
fn known(family: &Family, group: &str, joinable: &[&str]) -> Result<String, Error> {
    match joinable.contains(&group) {
        true => Ok(group.to_owned()),
        false => Err(no_such_group(family, group, joinable)),
    }
}

fn no_such_group(family: &Family, group: &str, joinable: &[&str]) -> Error {
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
        known: joinable.iter().map(|&name| name.to_owned()).collect(),
        instead: None,
    })
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("family", &self.family.name.as_str())
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
