//! The families that are listened to: their ids and groups at present, and how these change.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::look_up;
use crate::controller::{CONTROLLER_ID, NEWFAMILY, NOTIFY};
use crate::error::Error;
use crate::extack::Verdict;
use crate::families::nlctrl::{FAMILY as CONTROLLER, GetfamilyReply, GetfamilyReplyOwned};
use crate::known;
use crate::pauses::Pauses;
use crate::socket::Socket;
use crate::wire::{FromPayload, Head, generic};

/// CTRL_CMD_DELFAMILY.
const DELFAMILY: u8 = 2;

/// The name of a family or of a group: from a spec, or from a user.
pub(crate) type Name = Cow<'static, str>;

/// How long what has failed is left alone before it is tried again.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(10), Duration::from_secs(10));

/// The families that are listened to.
#[derive(Debug, Default)]
pub(super) struct Roster {
    families: Vec<Entry>,
    /// One of them has got another id, and nobody was told yet.
    reloaded: bool,
    /// Why groups of such families could not be joined again, for as long as nobody was told.
    untold: VecDeque<Error>,
    /// When what has failed is to be tried again.
    again: Option<Again>,
}

/// When something is to be tried again.
#[derive(Debug)]
struct Again {
    at: Instant,
    pauses: Pauses,
}

impl Again {
    fn after(mut pauses: Pauses) -> Self {
        let at = Instant::now() + pauses.take();
        Self { at, pauses }
    }
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
    /// The sequence number of the last question for it, if there was one.
    asked: Option<u32>,
    /// What has become of it is to be asked again, as the last question has told nothing.
    is_unsure: bool,
}

impl Entry {
    /// It is not registered, and so none of its groups is there.
    fn went(&mut self) {
        (self.id, self.is_unsure) = (None, false);
        for group in &mut self.groups {
            (group.number, group.is_lost) = (None, false);
        }
    }

    /// Something is to be tried again.
    fn is_wanting(&self) -> bool {
        self.is_unsure || self.groups.iter().any(|group| group.is_lost)
    }
}

/// A group that is listened to.
#[derive(Debug)]
struct Joined {
    name: Name,
    /// `None` while its family is not registered, or has no such group any more.
    number: Option<u32>,
    /// The kernel did not let it be joined again.
    is_lost: bool,
}

impl Joined {
    fn join(&mut self, socket: &mut Socket, family: &str, number: u32) -> Result<(), Error> {
        self.number = Some(number);
        let joined = socket.join(number);
        self.is_lost = joined.is_err();
        joined.map_err(|cause| unjoined(family, &self.name, socket.peer(), cause))
    }
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

    /// The place of a family that has got another id, told once; before that, why groups of it could not
    /// be joined again.
    #[inline]
    pub(super) fn take_reloaded(&mut self) -> Option<Result<usize, Error>> {
        if !self.reloaded {
            return None;
        }
        if let Some(error) = self.untold.pop_front() {
            return Some(Err(error));
        }
        let place = self.families.iter().position(|family| family.reloaded);
        match place {
            Some(place) => self.families[place].reloaded = false,
            None => self.reloaded = false,
        }
        place.map(Ok)
    }

    /// A question for the family at this place was sent.
    pub(super) fn asked(&mut self, place: usize, seq: u32) {
        self.families[place].asked = Some(seq);
    }

    /// A question for the family at this place could not be sent, or has told nothing.
    pub(super) fn ask_later(&mut self, place: usize) {
        self.families[place].is_unsure = true;
        self.again.get_or_insert_with(|| Again::after(PAUSES));
    }

    /// When something is to be tried again.
    #[inline]
    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again.as_ref().map(|again| again.at)
    }

    /// Tries again to join groups, once it is time to.
    pub(super) fn try_again(&mut self, socket: &mut Socket) -> Tried {
        let mut tried = Tried::default();
        let Some(again) = self.again.take_if(|again| again.at <= Instant::now()) else {
            return tried;
        };
        for entry in &mut self.families {
            tried.is_unsure |= entry.is_unsure;
            for group in entry.groups.iter_mut().filter(|group| group.is_lost) {
                if let Some(number) = group.number {
                    tried.joined |= group.join(socket, &entry.name, number).is_ok();
                }
            }
        }
        if self.families.iter().any(Entry::is_wanting) {
            self.again = Some(Again::after(again.pauses));
        }
        tried
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
                asked: None,
                is_unsure: false,
            });
        }
        self.registered(socket, described);
        let mut families = self.families.iter_mut();
        let Some(entry) = families.find(|entry| entry.name == family) else {
            return Ok(());
        };
        for name in groups {
            let number = number(described, &family, &name)?;
            let mut groups = entry.groups.iter_mut();
            match groups.find(|joined| joined.name == name) {
                Some(joined) if joined.is_lost => joined.join(socket, &family, number)?,
                Some(_) => {}
                None => {
                    let mut joined = Joined {
                        name,
                        number: None,
                        is_lost: false,
                    };
                    joined.join(socket, &family, number)?;
                    entry.groups.push(joined);
                }
            }
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
        let Some(number) = joined.number.filter(|_| !joined.is_lost) else {
            return Ok(());
        };
        // It may be another family's by now; and the roster itself listens to one.
        let mut others = self.families.iter().flat_map(|entry| &entry.groups);
        if number == NOTIFY || others.any(|other| other.number == Some(number)) {
            return Ok(());
        }
        let left = socket.leave(number);
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
                    self.refused(socket, head, message)?;
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
                gone.for_each(Entry::went);
            }
        }
        Ok(())
    }

    /// A family is registered; if it was not so before, its groups are to be joined again.
    fn registered(&mut self, socket: &mut Socket, described: &GetfamilyReply<'_>) {
        let name = described.family_name().unwrap_or_default();
        let mut families = self.families.iter_mut();
        let Some(entry) = families.find(|family| family.name == name) else {
            return;
        };
        entry.is_unsure = false;
        if entry.id == described.family_id() {
            return;
        }
        entry.id = described.family_id();
        entry.reloaded = true;
        self.reloaded = true;
        // All of them are tried: one that is gone is no reason to miss the others.
        for joined in &mut entry.groups {
            (joined.number, joined.is_lost) = (None, false);
            let number = number(described, name, &joined.name);
            let again = number.and_then(|number| joined.join(socket, name, number));
            self.untold.extend(again.err());
        }
        if entry.is_wanting() {
            self.again.get_or_insert_with(|| Again::after(PAUSES));
        }
    }

    /// The controller does not describe the family for which it was asked: that is not there, or, which
    /// is an error, something else has gone wrong.
    #[cold]
    fn refused(&mut self, socket: &Socket, head: &Head, message: &[u8]) -> Result<(), Error> {
        let mut families = self.families.iter();
        let Some(place) = families.position(|entry| entry.asked == Some(head.seq)) else {
            return Ok(());
        };
        let verdict = Verdict::read(head, message).map_err(Error::bad_header);
        if let Ok(verdict) = &verdict
            && verdict.errno == libc::ENOENT
        {
            self.families[place].went();
            return Ok(());
        }
        self.ask_later(place);
        let mut request = Vec::new();
        look_up::write(socket.port(), &mut request, head.seq, self.name(place))?;
        Err(look_up::refused(&verdict?, &request, socket))
    }

    /// The controller itself is listened to.
    fn hears_controller(&self) -> bool {
        let mut families = self.families.iter();
        families.any(|entry| entry.name == CONTROLLER.name && !entry.groups.is_empty())
    }
}

/// What came of trying again.
#[derive(Default)]
pub(super) struct Tried {
    /// A group was joined, whose events were lost before.
    pub(super) joined: bool,
    /// The controller is to be asked again.
    pub(super) is_unsure: bool,
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
fn unjoined(family: &str, group: &str, peer: Option<u32>, cause: io::Error) -> Error {
    Error::Join {
        family: family.into(),
        group: group.into(),
        peer,
        cause,
    }
}
