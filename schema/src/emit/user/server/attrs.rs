//! The numbers of what a request may hold, by which a handler tells what is missing.

use proc_macro2::Literal;
use quote::quote;

use super::super::doc::{docs, of_attr};
use super::super::layout::asked;
use super::super::print::{Item, ident, module};
use super::super::types::{Types, numbers};
use crate::model::{AttrKind, AttrSet};

/// The module `attr`, unless no request has attributes.
pub(super) fn items(types: &Types<'_>) -> Option<Item> {
    let family = types.family;
    let sets: Vec<_> = asked(family)
        .into_iter()
        .map(|set| constants(&family[set]))
        .collect();
    let doc =
        "The numbers of attributes, for [`Refusal::missing`](genl_user::server::Refusal::missing).";
    (!sets.is_empty()).then(|| module("pub mod attr", doc, "", sets))
}

fn constants(set: &AttrSet) -> Item {
    let doc = docs(&set.doc, &format!("The attributes of `{}`.", set.name));
    let name = match set.name.snake().as_str() {
        // Who reads `attr::attr` takes it for a slip, and so does clippy.
        "attr" => ident("attr_"),
        name => ident(name),
    };
    let attrs = set.attrs.iter().zip(numbers(set));
    let constants = attrs
        .filter(|(attr, _)| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
        .map(|(attr, number)| {
            let doc = of_attr(attr);
            let id = Literal::u16_unsuffixed(attr.id);
            quote!(#doc pub const #number: u16 = #id;)
        });
    Item::Tokens(quote!(#doc pub mod #name { #(#constants)* }))
}
