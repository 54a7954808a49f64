//! The controller: what id a family has at present, and what numbers its groups.
//!
//! It is a family itself, "nlctrl", whose id alone is fixed.

use crate::client::Link;
use crate::error::Error;
use crate::families::nlctrl::{Client, Getfamily, GetfamilyReply, GetfamilyReplyOwned};
use crate::transport::{Deadline, Transport};

/// GENL_ID_CTRL.
const CONTROLLER_ID: u16 = 0x10;

/// The id of the connection's family.
pub(crate) async fn resolve<T: Transport>(
    link: &mut Link<T>,
    deadline: &mut Deadline,
) -> Result<u16, Error> {
    describe(link, deadline)
        .await?
        .family_id()
        .ok_or(Client::GETFAMILY.unexpected("a family without its id"))
}

/// The number of a group of the connection's family.
pub(crate) async fn group<T: Transport>(
    link: &mut Link<T>,
    name: &'static str,
    deadline: &mut Deadline,
) -> Result<u32, Error> {
    let family = link.family().name;
    describe(link, deadline)
        .await?
        .mcast_groups()
        .find(|group| group.name() == Some(name))
        .and_then(|group| group.id())
        .ok_or(Error::UnknownGroup {
            family,
            group: name,
        })
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
    let asked = link.exchange(CONTROLLER_ID, &Client::GETFAMILY, &request, deadline);
    match asked.await {
        Ok(Some(reply)) => link.view::<GetfamilyReplyOwned>(&Client::GETFAMILY, &reply),
        Ok(None) => Err(Client::GETFAMILY.unexpected("an ACK but no reply")),
        Err(error) if error.errno() == Some(libc::ENOENT) => {
            Err(Error::UnknownFamily { name: name.into() })
        }
        Err(error) => Err(error),
    }
}
