//! The server: the family's client with the roles turned.
//!
//! Requests are views, whose getters read what was checked before; replies are the client's owned
//! types, which are written here.

mod attrs;
mod events;
mod handler;
mod replies;
mod requests;
mod table;

use super::print::{self, Item};
use super::types::Types;

/// The module `server`.
pub(super) fn module(types: &Types<'_>, is_featured: bool) -> Item {
    let family = types.family;
    let mut items = handler::items(types);
    items.extend(table::items(types));
    if !family.events.is_empty() {
        items.extend(events::items(types));
    }
    items.extend(requests::items(types));
    items.extend(replies::items(types));
    items.extend(attrs::items(types));
    let name = family.name.as_str();
    let head = match is_featured {
        true => "#[cfg(feature = \"server\")]\npub mod server",
        false => "pub mod server",
    };
    let doc = format!(
        "Serves the family \"{name}\" in userspace: implement [`Handler`], and give [`Served`] to\n\
         the fake kernel of a test, or to other processes; see [`genl_user::server`].",
    );
    let uses = "use super::*;\nuse genl_user::server;\nuse genl_user::wire;\n";
    print::module(head, &doc, uses, items)
}
