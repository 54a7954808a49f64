//! The controller: what id a family has at present, and what numbers its groups.
//!
//! It is a family itself, "nlctrl", whose id alone is fixed.

use std::mem;
use std::time::{Duration, Instant};

use crate::client::Link;
use crate::error::Error;
use crate::exchange::REQUEST;
use crate::families::nlctrl::{Client, Getfamily, GetfamilyReply, GetfamilyReplyOwned};
use crate::inbox::Inbox;
use crate::known;
use crate::options::Options;
use crate::pauses::Pauses;
use crate::transport::{self, Deadline, Transport};
use crate::wire::{FromPayload, generic};

/// GENL_ID_CTRL.
pub(crate) const CONTROLLER_ID: u16 = 0x10;

/// The number of its group "notify", which is fixed as well.
pub(crate) const NOTIFY: u32 = 0x10;

/// How long it is left alone between questions for a family that has not come yet, where it cannot
/// tell when one does.
pub(crate) const PAUSES: Pauses = Pauses::new(Duration::from_millis(5), Duration::from_millis(250));

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
/// Who may not hear that of another process asks it again and again.
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
    let is_told = match listener.socket_mut().join(NOTIFY) {
        // Groups of the protocol that processes speak with each other take a right.
        Err(_) if options.peer.is_some() => false,
        joined => joined
            .map(|()| true)
            .map_err(Error::io("join the controller's group"))?,
    };
    let (mut inbox, mut pauses) = (Inbox::new(), PAUSES);
    loop {
        // First, as the family may have come before the group was joined.
        let mut deadline = link.deadline();
        match resolve(link, &mut deadline).await {
            Err(unknown @ Error::UnknownFamily { .. }) => {
                let mut until = match is_told {
                    true => end,
                    // Nothing comes to the listener, so that it waits out the pause.
                    false => end.or_before(Instant::now() + pauses.take()),
                };
                match come(link.family().name, &mut inbox, &listener, &mut until).await {
                    // Another one may have come among those that were lost.
                    Err(lost) if lost.errno() == Some(libc::ENOBUFS) => {}
                    Err(late) if late.is_late() && !is_told && !end.has_passed() => {}
                    Err(late) if late.is_late() => return Err(unknown),
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
    let mut received = false;
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
        // What tells of no such family may come without end.
        if mem::replace(&mut received, true) && end.has_passed() {
            return Err(Error::late());
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
        Err(error) => Err(link.told_of(&Client::GETFAMILY, deadline)(error).looking_for(name)),
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use std::thread;

    use crate::families::kvstore;
    use crate::families::kvstore::server::{Handler, Served};
    use crate::server::Server;
    use crate::sys::tests::{alone, without_rights};
    use crate::{Connection, Listener};

    struct Nothing;

    impl Handler for Nothing {}

    /// Does something without rights, while a process serves nothing at first, and then a family.
    fn while_it_comes<T: Send>(run: impl Fn(&Options) -> T + Sync) -> T {
        let mut server = Server::bind().unwrap();
        let patient = Options::new().peer(server.port());
        let patient = patient.wait_for_family(Duration::from_secs(20));
        let socket: transport::Blocking = transport::open(&patient).unwrap();
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                without_rights(|| {
                    let mut socket = socket;
                    let joined = transport::Receive::socket_mut(&mut socket).join(NOTIFY);
                    assert_eq!(joined.unwrap_err().raw_os_error(), Some(libc::EPERM));
                    run(&patient)
                })
            });
            // Each question is a datagram.
            for _ in 0..3 {
                server.serve_once().unwrap();
            }
            server.register(Served(Nothing)).unwrap();
            while !client.is_finished() {
                server.serve_timeout(Duration::from_millis(10)).unwrap();
            }
            client.join().unwrap()
        })
    }

    #[test]
    fn a_family_of_another_process_is_waited_for_by_who_may_not_hear_of_it() {
        let _alone = alone();
        while_it_comes(|options| Connection::open_with(&kvstore::FAMILY, options).map(drop))
            .unwrap();
        while_it_comes(|options| {
            let mut listener = Listener::open_with(options)?;
            listener.join::<kvstore::Group>(&[])
        })
        .unwrap();
    }

    #[test]
    fn who_asks_again_and_again_ends_in_time() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let hasty = Options::new().peer(server.port());
        let hasty = hasty.wait_for_family(Duration::from_millis(60));
        thread::scope(|scope| {
            let client = scope.spawn(|| {
                without_rights(|| {
                    let mut listener = Listener::open_with(&hasty).unwrap();
                    [
                        Connection::open_with(&kvstore::FAMILY, &hasty).map(drop),
                        listener.join::<kvstore::Group>(&[]),
                    ]
                })
            });
            while !client.is_finished() {
                server.serve_timeout(Duration::from_millis(10)).unwrap();
            }
            for waited in client.join().unwrap() {
                assert!(
                    matches!(waited, Err(Error::UnknownFamily { .. })),
                    "{waited:?}"
                );
            }
        });
    }
}
