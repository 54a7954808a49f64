//! The controller: what id a family has at present, and what numbers its groups.
//!
//! It is a family itself, "nlctrl", whose id alone is fixed.

use crate::client::Link;
use crate::error::Error;
use crate::exchange::REQUEST;
use crate::families::nlctrl::{Client, Getfamily, GetfamilyReply, GetfamilyReplyOwned};
use crate::inbox::Inbox;
use crate::known;
use crate::options::Options;
use crate::transport::{self, Deadline, Transport};
use crate::wire::{FromPayload, generic};

/// GENL_ID_CTRL.
pub(crate) const CONTROLLER_ID: u16 = 0x10;

/// The number of its group "notify", which is fixed as well.
pub(crate) const NOTIFY: u32 = 0x10;

/// CTRL_CMD_NEWFAMILY.
pub(crate) const NEWFAMILY: u8 = 1;

/// The id of the connection's family, as somebody in this process has asked for it before.
pub(crate) fn known<T: Transport>(link: &Link<T>) -> Option<u16> {
    known::id(link.transport.socket().place()?, link.family().name)
}

/// The id of the connection's family, as the kernel says.
pub(crate) async fn resolve<T: Transport>(
    link: &mut Link<T>,
    deadline: &mut Deadline,
) -> Result<u16, Error> {
    let name = link.family().name;
    let resolved = match describe(link, deadline).await {
        Ok(family) => family
            .family_id()
            .ok_or(Client::GETFAMILY.unexpected("a family without its id")),
        Err(error) => Err(error),
    };
    if let Some(place) = link.transport.socket().place() {
        match &resolved {
            Ok(id) => known::remember(place, name, *id),
            Err(_) => known::forget(place, name),
        }
    }
    resolved
}

/// The id of the connection's family, as the kernel says, or will say in time.
///
/// The controller sends a message to its group "notify" whenever a family comes (`genl_ctrl_event`).
pub(crate) async fn find<T: Transport>(
    link: &mut Link<T>,
    options: &Options,
) -> Result<u16, Error> {
    let mut deadline = link.deadline();
    match resolve(link, &mut deadline).await {
        Err(Error::UnknownFamily { .. }) if options.wait_for_family.is_some() => {}
        resolved => return resolved,
    }
    let mut end = Deadline::after(options.wait_for_family);
    let mut listener: T = transport::open(options)?;
    let joined = listener.socket_mut().join(NOTIFY);
    joined.map_err(Error::io("join a group"))?;
    let mut inbox = Inbox::new();
    loop {
        // First, as the family may have come before the group was joined.
        let mut deadline = link.deadline();
        match resolve(link, &mut deadline).await {
            Err(unknown @ Error::UnknownFamily { .. }) => {
                match come(link.family().name, &mut inbox, &listener, &mut end).await {
                    // Another one may have come among those that were lost.
                    Err(lost) if lost.errno() == Some(libc::ENOBUFS) => {}
                    Err(Error::TimedOut) => return Err(unknown),
                    come => come?,
                }
            }
            resolved => return resolved,
        }
    }
}

/// Waits until the controller tells of a family of that name.
async fn come<T: Transport>(
    name: &str,
    inbox: &mut Inbox,
    listener: &T,
    end: &mut Deadline,
) -> Result<(), Error> {
    loop {
        while let Some(arrived) = inbox.unread()? {
            let Ok((NEWFAMILY, payload)) = generic(inbox.bytes(&arrived)) else {
                continue;
            };
            let family = GetfamilyReply::from_payload(payload);
            if family.is_ok_and(|family| family.family_name() == Some(name)) {
                return Ok(());
            }
        }
        inbox.receive(listener, end).await?;
    }
}

/// What the controller knows of the connection's family.
async fn describe<'l, T: Transport>(
    link: &'l mut Link<T>,
    deadline: &mut Deadline,
) -> Result<GetfamilyReply<'l>, Error> {
    let name = link.family().name;
    let request = Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    };
    let asked = link.write(CONTROLLER_ID, REQUEST, &Client::GETFAMILY, &request)?;
    match link.exchange(asked, deadline).await {
        Ok(Some(reply)) => link.view::<GetfamilyReplyOwned>(&Client::GETFAMILY, &reply),
        Ok(None) => Err(Client::GETFAMILY.unexpected("an ACK but no reply")),
        Err(error) if error.errno() == Some(libc::ENOENT) => Err(Error::UnknownFamily {
            name: name.into(),
            peer: link.transport.socket().peer(),
        }),
        Err(error) => Err(error),
    }
}
