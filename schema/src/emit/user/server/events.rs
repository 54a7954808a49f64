//! What the family says of its own accord.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::super::doc::docs;
use super::super::print::{Item, ident};
use super::super::types::Types;
use crate::model::Event;

/// The enum `Event`, and how each of them is sent.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let events = &types.family.events;
    let variant = |event: &Event| ident(&event.name.pascal());
    let declarations = events.iter().map(|event| {
        let doc = docs(&event.doc, &format!("The event `{}`.", event.name));
        let variant = variant(event);
        let owned = types.message(&types.family[event.message]).owned;
        quote!(#doc #variant(&'a super::#owned))
    });
    let cmds = events.iter().map(|event| {
        let (variant, cmd) = (variant(event), Literal::u8_unsuffixed(event.cmd));
        quote!(Self::#variant(_) => #cmd)
    });
    let groups = events.iter().map(|event| {
        let (variant, group) = (variant(event), group(event));
        quote!(Self::#variant(_) => #group)
    });
    let encodes = events.iter().map(|event| {
        let variant = variant(event);
        quote!(Self::#variant(content) => server::Encode::encode(*content, out))
    });
    vec![
        Item::Tokens(quote! {
            /// What the family says of its own accord.
            #[derive(Debug, Clone, Copy)]
            pub enum Event<'a> {
                #(#declarations,)*
            }
        }),
        Item::Block {
            head: "impl server::Event for Event<'_>".into(),
            members: vec![
                quote!(fn cmd(&self) -> u8 { match self { #(#cmds,)* } }),
                quote!(fn group(&self) -> Option<u8> { match self { #(#groups,)* } }),
            ],
        },
        Item::Block {
            head: "impl server::Encode for Event<'_>".into(),
            members: vec![quote! {
                fn encode(&self, out: &mut wire::Encoder<'_>) -> Result<(), wire::Unfit> {
                    match self { #(#encodes,)* }
                }
            }],
        },
    ]
}

/// The place of the event's group among the family's.
fn group(event: &Event) -> TokenStream {
    match event.group {
        Some(group) => {
            let at = Literal::usize_unsuffixed(group.get());
            quote!(Some(#at))
        }
        None => quote!(None),
    }
}
