//! Groups, and the events that come.

use proc_macro2::Literal;
use quote::quote;

use super::doc::{docs, own_doc};
use super::names::Names;
use super::print::{Item, ident};
use super::types::Types;

/// The enums `Group` and `Event`, the type `Events`, and the trait that ties them.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let family = types.family;
    let group_doc = own_doc(&format!(
        "A multicast group of the family \"{}\".",
        family.name
    ));
    let groups: Vec<_> = family
        .groups
        .iter()
        .map(|group| ident(&group.name.pascal()))
        .collect();
    let group_names: Vec<_> = family
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    let group_docs = group_names
        .iter()
        .map(|name| own_doc(&format!("The group \"{name}\".")));

    let mut names = Names::but(&["Overrun", "Reloaded", "Unknown"]);
    let variants: Vec<_> = family
        .events
        .iter()
        .map(|event| names.ident(event.name.pascal()))
        .collect();
    let declarations = family.events.iter().zip(&variants).map(|(event, variant)| {
        let doc = docs(&event.doc, &format!("The event `{}`.", event.name));
        let shape = types.message(&family[event.message]);
        let view = shape.view_type(&quote!(<'a>));
        quote!(#doc #variant(#view))
    });
    let arms = family.events.iter().zip(&variants).map(|(event, variant)| {
        let cmd = Literal::u8_unsuffixed(event.cmd);
        let name = event.name.as_str();
        let owned = types.message(&family[event.message]).owned;
        quote!(Some(#cmd) => Event::#variant(notice.read::<#owned>(#name)?))
    });
    let read = match family.events.is_empty() {
        true => quote!(Event::Unknown(notice)),
        false => quote! {
            match notice.cmd_of(&FAMILY) {
                #(#arms,)*
                _ => Event::Unknown(notice),
            }
        },
    };
    let name = match groups.is_empty() {
        true => quote!(match self {}),
        false => quote!(match self { #(Self::#groups => #group_names,)* }),
    };

    vec![
        Item::Tokens(quote! {
            /// Listens to groups of the family, and to what the kernel sends to its port.
            pub type Events = genl_user::Events<Group>;
        }),
        Item::Tokens(quote! {
            /// [`Events`] for tasks of tokio's.
            #[cfg(feature = "tokio")]
            pub type AsyncEvents = genl_user::AsyncEvents<Group>;
        }),
        Item::Tokens(quote! {
            #group_doc
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum Group {
                #(#group_docs #groups,)*
            }
        }),
        Item::Tokens(quote! {
            /// What the kernel sends of its own accord.
            #[derive(Debug, Clone)]
            pub enum Event<'a> {
                #(#declarations,)*
                /// Events were lost here, as the queue was full: a dump that begins now has what they told.
                Overrun,
                /// The family was loaded anew: what it had is gone, and its first events may be lost.
                Reloaded,
                /// A message that the spec does not know.
                Unknown(genl_user::Notice<'a>),
            }
        }),
        Item::Block {
            head: "impl genl_user::Group for Group".into(),
            members: vec![
                quote!(
                    type Event<'a> = Event<'a>;
                ),
                quote!(
                    const FAMILY: &'static genl_user::Family = &FAMILY;
                ),
                quote!(fn name(self) -> &'static str { #name }),
                quote! {
                    fn event(notice: genl_user::Notice<'_>) -> Result<Event<'_>, genl_user::Error> {
                        Ok(#read)
                    }
                },
                quote!(
                    fn overrun<'a>() -> Event<'a> {
                        Event::Overrun
                    }
                ),
                quote!(
                    fn reloaded<'a>() -> Event<'a> {
                        Event::Reloaded
                    }
                ),
            ],
        },
    ]
}
