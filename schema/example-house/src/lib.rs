//! The family "thermo": what it is served by, and an app that uses it.

include!(concat!(env!("OUT_DIR"), "/thermo.rs"));

use std::collections::BTreeMap;

use genl_user::Error;
use genl_user::server::{Items, Op, Refusal};
use thermo::server::{Event, Get, Handler, Set};
use thermo::{GetReplyOwned, Mode};

/// The house, for a server.
#[derive(Debug, Default)]
pub struct House {
    rooms: BTreeMap<String, GetReplyOwned>,
}

/// An operation without a method here is answered by EOPNOTSUPP.
impl Handler for House {
    fn get(&mut self, request: Get<'_>, _op: &mut Op<'_>) -> Result<GetReplyOwned, Refusal> {
        let room = self.rooms.get(request.name());
        room.cloned().ok_or_else(|| {
            Refusal::new(libc::ENOENT)
                .because("there is no such room")
                .at(request.name_attr())
        })
    }

    fn get_dump(&mut self, _op: &mut Op<'_>) -> Result<Items<Self, GetReplyOwned>, Refusal> {
        let rooms: Vec<_> = self.rooms.values().cloned().collect();
        Ok(Items::of(rooms))
    }

    fn set(&mut self, request: Set<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        // What the spec asks of the values was checked before.
        let room = GetReplyOwned {
            name: Some(request.name().to_owned()),
            target: Some(request.target()),
            mode: Some(request.mode().unwrap_or(Mode::Heat)),
        };
        op.notify(&Event::Changed(&room))?;
        self.rooms.insert(request.name().to_owned(), room);
        Ok(())
    }
}

/// Makes a room so much warmer, and gives what it is set to. It takes its client, so that a test can
/// bring one of a fake kernel.
pub fn warm(client: &mut thermo::Client, name: &str, by: i32) -> Result<i32, Error> {
    let now = match client.get(&thermo::Get { name }) {
        Ok(room) => room.target().unwrap_or_default(),
        Err(error) if error.errno() == Some(libc::ENOENT) => 0,
        Err(error) => return Err(error),
    };
    let target = now + by;
    client.set(&thermo::Set {
        name,
        target,
        mode: None,
    })?;
    Ok(target)
}
