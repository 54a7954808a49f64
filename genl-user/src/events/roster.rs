//! The families that are listened to: their ids and groups at present, and how these change.

use std::borrow::Cow;
use std::io;

use crate::controller::{CONTROLLER_ID, NEWFAMILY, NOTIFY};
use crate::error::Error;
use crate::families::nlctrl::{FAMILY as CONTROLLER, GetfamilyReply, GetfamilyReplyOwned};
use crate::known;
use crate::socket::Socket;
use crate::wire::{FromPayload, Head, generic};

/// CTRL_CMD_DELFAMILY.
const DELFAMILY: u8 = 2;

/// The name of a family or of a group: from a spec, or from a user.
pub(crate) type Name = Cow<'static, str>;

/// The families that are listened to.
#[derive(Debug, Default)]
pub(super) struct Roster {
    families: Vec<Entry>,
    /// One of them has got another id, and nobody was told yet.
    reloaded: bool,
}

/// A family that is listened to.
#[derive(Debug)]
struct Entry {
    name: Name,
    /// `None` while it is not registered.
    id: Option<u16>,
    groups: Vec<Joined>,
    /// It has got another id, and nobody was told yet.
    reloaded: bool,
    /// The sequence number of the last question for it.
    asked: u32,
}

/// A group that is listened to.
#[derive(Debug)]
struct Joined {
    name: Name,
    number: u32,
}

impl Roster {
    /// How many families there are.
    pub(super) fn len(&self) -> usize {
        self.families.len()
    }

    /// The name of the family at this place.
    pub(super) fn name(&self, place: usize) -> &str {
        &self.families[place].name
    }

    /// The name of the family that has this id.
    #[inline]
    pub(super) fn name_of(&self, id: u16) -> Option<&str> {
        let mut families = self.families.iter();
        let family = families.find(|family| family.id == Some(id))?;
        Some(&family.name)
    }

    /// The place of a family that has got another id, told once.
    #[inline]
    pub(super) fn take_reloaded(&mut self) -> Option<usize> {
        if !self.reloaded {
            return None;
        }
        let place = self.families.iter().position(|family| family.reloaded);
        match place {
            Some(place) => self.families[place].reloaded = false,
            None => self.reloaded = false,
        }
        place
    }

    /// A question for the family at this place was sent.
    pub(super) fn asked(&mut self, place: usize, seq: u32) {
        self.families[place].asked = seq;
    }

    /// Adds a family as the controller describes it, and joins groups of it.
    pub(super) fn join(
        &mut self,
        socket: &mut Socket,
        described: &GetfamilyReply<'_>,
        family: Name,
        groups: impl IntoIterator<Item = Name>,
    ) -> Result<(), Error> {
        if !self.families.iter().any(|entry| entry.name == family) {
            self.families.push(Entry {
                name: family.clone(),
                id: described.family_id(),
                groups: Vec::new(),
                reloaded: false,
                asked: 0,
            });
        }
        self.registered(socket, described)?;
        let mut families = self.families.iter_mut();
        let Some(entry) = families.find(|entry| entry.name == family) else {
            return Ok(());
        };
        for name in groups {
            if entry.groups.iter().any(|joined| joined.name == name) {
                continue;
            }
            let number = number(described, &family, &name)?;
            let joined = socket.join(number);
            joined.map_err(|cause| unjoined(&family, &name, cause))?;
            entry.groups.push(Joined { name, number });
        }
        Ok(())
    }

    /// Leaves a group, if it was joined.
    pub(super) fn leave(
        &mut self,
        socket: &Socket,
        family: &str,
        group: &str,
    ) -> Result<(), Error> {
        let mut families = self.families.iter_mut();
        let Some(entry) = families.find(|entry| entry.name == family) else {
            return Ok(());
        };
        let Some(at) = entry.groups.iter().position(|joined| joined.name == group) else {
            return Ok(());
        };
        let joined = entry.groups.swap_remove(at);
        // Its number may be another family's by now; and the roster itself listens to one.
        let known = entry.id.is_some() && joined.number != NOTIFY;
        let mut others = self.families.iter().flat_map(|entry| &entry.groups);
        if !known || others.any(|other| other.number == joined.number) {
            return Ok(());
        }
        let left = socket.leave(joined.number);
        left.map_err(Error::io("leave a group"))
    }

    /// Takes notice of what the controller says; true if a message is for who listens.
    #[inline]
    pub(super) fn heed(
        &mut self,
        socket: &mut Socket,
        head: &Head,
        nsid: Option<i32>,
        message: &[u8],
    ) -> Result<bool, Error> {
        match head.kind {
            CONTROLLER_ID => {
                let answer = head.port == socket.port();
                // What is registered is told in every namespace.
                if nsid.is_none() {
                    self.heed_controller(socket, message)?;
                }
                Ok(!answer && self.hears_controller())
            }
            kind if i32::from(kind) >= libc::NLMSG_MIN_TYPE => Ok(true),
            kind => {
                if i32::from(kind) == libc::NLMSG_ERROR && head.port == socket.port() {
                    self.unknown(head.seq);
                }
                Ok(false)
            }
        }
    }

    #[cold]
    fn heed_controller(&mut self, socket: &mut Socket, message: &[u8]) -> Result<(), Error> {
        let (cmd, payload) = generic(message).map_err(Error::bad_header)?;
        if !matches!(cmd, NEWFAMILY | DELFAMILY) {
            return Ok(());
        }
        let described = GetfamilyReply::from_payload(payload).map_err(|malformed| {
            Error::malformed::<GetfamilyReplyOwned>(CONTROLLER.name, message, malformed)
        })?;
        let told = (described.family_name(), described.family_id());
        if let (Some(place), (Some(name), Some(id))) = (socket.place(), told) {
            match cmd {
                NEWFAMILY => known::came(place, name, id),
                _ => known::went(place, name, id),
            }
        }
        match cmd {
            NEWFAMILY => self.registered(socket, &described),
            _ => {
                let id = described.family_id();
                let gone = self.families.iter_mut().filter(|family| family.id == id);
                gone.for_each(|family| family.id = None);
                Ok(())
            }
        }
    }

    /// A family is registered; if it was not so before, its groups are to be joined again.
    fn registered(
        &mut self,
        socket: &mut Socket,
        described: &GetfamilyReply<'_>,
    ) -> Result<(), Error> {
        let name = described.family_name().unwrap_or_default();
        let mut families = self.families.iter_mut();
        let Some(entry) = families.find(|family| family.name == name) else {
            return Ok(());
        };
        if entry.id == described.family_id() {
            return Ok(());
        }
        entry.id = described.family_id();
        entry.reloaded = true;
        self.reloaded = true;
        let join = |joined: &mut Joined| {
            joined.number = number(described, name, &joined.name)?;
            let again = socket.join(joined.number);
            again.map_err(|cause| unjoined(name, &joined.name, cause))
        };
        // All of them are tried: one that is gone is no reason to miss the others.
        let tried = entry.groups.iter_mut().map(join);
        tried.fold(Ok(()), Result::and)
    }

    /// The controller does not know the family for which it was asked.
    fn unknown(&mut self, seq: u32) {
        let asked = self.families.iter_mut().filter(|entry| entry.asked == seq);
        asked.for_each(|entry| entry.id = None);
    }

    /// The controller itself is listened to.
    fn hears_controller(&self) -> bool {
        let mut families = self.families.iter();
        families.any(|entry| entry.name == CONTROLLER.name && !entry.groups.is_empty())
    }
}

/// The number of a group of a family that the controller describes.
fn number(described: &GetfamilyReply<'_>, family: &str, group: &str) -> Result<u32, Error> {
    described
        .mcast_groups()
        .find(|described| described.name() == Some(group))
        .and_then(|described| described.id())
        .ok_or_else(|| Error::UnknownGroup {
            family: family.into(),
            group: group.into(),
        })
}

/// The error that a group could not be joined.
fn unjoined(family: &str, group: &str, cause: io::Error) -> Error {
    Error::Join {
        family: family.into(),
        group: group.into(),
        cause,
    }
}
