//! The controller: what id a family has at present, and what numbers its groups.
//!
//! It is a family itself, "nlctrl", whose id alone is fixed.

use crate::client::Connection;
use crate::error::Error;
use crate::families::nlctrl::{Client, Getfamily, GetfamilyReply, GetfamilyReplyOwned};

/// GENL_ID_CTRL.
const CONTROLLER_ID: u16 = 0x10;

/// The id of the connection's family.
pub(crate) fn resolve(connection: &mut Connection) -> Result<u16, Error> {
    describe(connection)?
        .family_id()
        .ok_or(Client::GETFAMILY.unexpected("a family without its id"))
}

/// The number of a group of the connection's family.
pub(crate) fn group(connection: &mut Connection, name: &'static str) -> Result<u32, Error> {
    let family = connection.family().name;
    describe(connection)?
        .mcast_groups()
        .find(|group| group.name() == Some(name))
        .and_then(|group| group.id())
        .ok_or(Error::UnknownGroup {
            family,
            group: name,
        })
}

/// What the controller knows of the connection's family.
fn describe(connection: &mut Connection) -> Result<GetfamilyReply<'_>, Error> {
    let name = connection.family().name;
    let request = Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    };
    match connection.exchange(CONTROLLER_ID, &Client::GETFAMILY, &request) {
        Ok(Some(reply)) => connection.view::<GetfamilyReplyOwned>(&Client::GETFAMILY, &reply),
        Ok(None) => Err(Client::GETFAMILY.unexpected("an ACK but no reply")),
        Err(error) if error.errno() == Some(libc::ENOENT) => {
            Err(Error::UnknownFamily { name: name.into() })
        }
        Err(error) => Err(error),
    }
}
