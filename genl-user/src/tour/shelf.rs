use std::collections::BTreeMap;

use genl_user::families::kvstore::server::{Event, Get, GetDump, Handler, Set};
use genl_user::families::kvstore::{GetReplyOwned, SetReplyOwned};
use genl_user::server::{Items, Op, Refusal};

/// Values by their keys.
#[derive(Default)]
pub struct Shelf(BTreeMap<String, Vec<u8>>);

impl Handler for Shelf {
    fn get(&mut self, request: Get<'_>, _: &mut Op<'_>) -> Result<GetReplyOwned, Refusal> {
        match self.0.get(request.key()) {
            Some(value) => Ok(entry(request.key(), value)),
            None => Err(Refusal::new(libc::ENOENT)
                .because("there is no such entry")
                .at(request.key_attr())),
        }
    }

    fn get_dump(
        &mut self,
        request: GetDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, GetReplyOwned>, Refusal> {
        let prefix = request.prefix().unwrap_or_default();
        let found = self.0.iter().filter(|(key, _)| key.starts_with(prefix));
        let found: Vec<_> = found.map(|(key, value)| entry(key, value)).collect();
        Ok(Items::of(found))
    }

    fn set(&mut self, request: Set<'_>, op: &mut Op<'_>) -> Result<SetReplyOwned, Refusal> {
        let (key, value) = (request.key(), request.value().unwrap_or_default());
        self.0.insert(key.to_owned(), value.to_vec());
        op.notify(&Event::SetNtf(&entry(key, value)))?;
        Ok(SetReplyOwned::default())
    }
}

fn entry(key: &str, value: &[u8]) -> GetReplyOwned {
    GetReplyOwned {
        key: Some(key.to_owned()),
        value: Some(value.to_vec()),
        ..GetReplyOwned::default()
    }
}
