//! The user half: a typed client of the family, upon the runtime crate `genl-user`.
//!
//! The text names the runtime as `genl_user::…` and nothing of it is imported but a module, so
//! that no name of a spec can clash with one of the runtime's.

mod client;
mod debug;
mod doc;
mod enums;
mod events;
mod layout;
mod names;
mod nesting;
mod owned;
mod policy;
mod print;
mod request;
mod server;
mod structs;
mod types;
mod uses;
mod value;
mod view;

use proc_macro2::Literal;
use quote::quote;

use self::doc::{docs, own_doc};
use self::print::{Item, ident};
use self::types::Types;
use super::Origin;
use crate::model::{ConstValue, Direction, Family};

/// What of a family a module has beside the client: what it takes to serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Server {
    /// Nothing.
    #[default]
    Without,
    /// A module `server`.
    With,
    /// A module `server`, where the crate has a feature of that name.
    Featured,
}

/// Renders the module of a family.
///
/// `rustfmt` gives the text its last finish: line breaks here are those of `prettyplease`.
pub fn render(family: &Family, origin: Origin<'_>) -> String {
    render_with(family, origin, Server::Without)
}

/// As [`render`], with the server too.
pub fn render_with(family: &Family, origin: Origin<'_>, server: Server) -> String {
    let types = Types::new(family);
    let mut items = vec![family_item(family)];
    items.extend(consts(family));
    if !family.ops.is_empty() {
        items.extend(client::items(&types));
    }
    if !(family.events.is_empty() && family.groups.is_empty()) {
        items.extend(events::items(&types));
    }
    for message in &family.messages {
        let shape = types.message(message);
        match message.direction {
            Direction::Request => items.extend(request::items(&types, &shape, Some(message))),
            Direction::FromKernel => {
                items.extend(view::items(&types, &shape, false));
                items.extend(owned::items(&types, &shape, true));
            }
        }
    }
    for shape in types.nested_in_requests() {
        items.extend(request::items(&types, &shape, None));
    }
    for shape in types.nested_in_views() {
        items.extend(view::items(&types, &shape, true));
        items.extend(owned::items(&types, &shape, false));
    }
    items.extend(structs::items(&types));
    items.extend(enums::items(&types));
    items.extend(layout::items(family));
    let has_any = !family.ops.is_empty() || !family.events.is_empty();
    if server != Server::Without && has_any {
        items.push(server::module(&types, server == Server::Featured));
    }
    print::file(&family.doc, origin, items)
}

fn family_item(family: &Family) -> Item {
    let name = family.name.as_str();
    let version = Literal::u8_unsuffixed(family.version);
    let doc = own_doc(&format!("The family \"{name}\"."));
    Item::Tokens(quote! {
        #doc
        pub static FAMILY: genl_user::Family = genl_user::Family {
            name: #name,
            version: #version,
        };
    })
}

fn consts(family: &Family) -> impl Iterator<Item = Item> {
    family.consts.iter().map(|constant| {
        let doc = docs(&constant.doc, &format!("The constant `{}`.", constant.name));
        let name = ident(&constant.name.shouty());
        Item::Tokens(match &constant.value {
            ConstValue::Int(value) => {
                let kind = ident(if *value < 0 { "i64" } else { "u64" });
                let value = Literal::i128_unsuffixed(*value);
                quote!(#doc pub const #name: #kind = #value;)
            }
            ConstValue::Text(text) => quote!(#doc pub const #name: &str = #text;),
        })
    })
}
