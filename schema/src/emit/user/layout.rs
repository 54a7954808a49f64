//! A module for each attribute set: the attributes' numbers, and their names for messages.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::policy;
use super::print::{Item, ident};
use super::types::{attrs_module, inside, numbers};
use crate::model::{Attr, AttrKind, AttrSet, ByteOrder, Direction, Family, Message, SetId};

/// The modules of all sets that occur in a message.
pub(super) fn items(family: &Family) -> Vec<Item> {
    let all = reached(family, |_| true);
    let asked = asked(family);
    let modules = all
        .into_iter()
        .map(|id| module(family, &family[id], asked.contains(&id)));
    modules.collect()
}

/// The sets of what requests hold.
pub(super) fn asked(family: &Family) -> BTreeSet<SetId> {
    reached(family, |message| {
        message.direction == Direction::Request && !message.fields.is_empty()
    })
}

/// The sets of these messages, and those nested in them.
fn reached(family: &Family, is_meant: impl Fn(&Message) -> bool) -> BTreeSet<SetId> {
    let mut found = BTreeSet::new();
    let messages = family.messages.iter().filter(|message| is_meant(message));
    let mut pending: Vec<_> = messages.map(|message| message.set).collect();
    while let Some(set) = pending.pop() {
        if found.insert(set) {
            pending.extend(family[set].attrs.iter().filter_map(inside));
        }
    }
    found
}

/// `is_asked`: it is a set of requests, so it has rules.
fn module(family: &Family, set: &AttrSet, is_asked: bool) -> Item {
    let numbers = numbers(set);
    let attrs = || {
        let attrs = set.attrs.iter().zip(&numbers);
        attrs.filter(|(attr, _)| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
    };
    let constants = attrs().map(|(attr, number)| {
        let id = Literal::u16_unsuffixed(attr.id);
        quote!(pub(super) const #number: u16 = #id;)
    });
    let fields = attrs().map(|(attr, number)| field(family, set, attr, number));
    let empty = attrs().next().is_none();
    let table = is_asked.then(|| policy::table(family, set, &numbers));
    let imports = table.as_ref().map(policy::imports);
    Item::Block {
        head: format!(
            "/// The attributes of the set `{}`.\nmod {}",
            set.name,
            attrs_module(set)
        ),
        members: [
            match empty {
                true => quote!(#imports use genl_user::Layout;),
                false => quote!(#imports use genl_user::{Field, Layout};),
            },
            quote!(#(#constants)*),
            quote! {
                pub(super) static LAYOUT: Layout = Layout {
                    fields: &[#(#fields,)*],
                };
            },
        ]
        .into_iter()
        .chain(table)
        .collect(),
    }
}

/// What the module knows of an attribute: `Field::text(LABEL, "label").repeated()`.
fn field(family: &Family, set: &AttrSet, attr: &Attr, number: &Ident) -> TokenStream {
    let name = attr.name.as_str();
    let (levels, kind) = match &attr.kind {
        AttrKind::IndexedArray(element) => (1, &**element),
        AttrKind::TypeValue(levels, element) => (levels.len(), &**element),
        kind => (0, kind),
    };
    let field = match kind {
        AttrKind::Int(int) => {
            let of_kind = ident(match int.kind.signed() {
                true => "signed",
                false => "unsigned",
            });
            let order = match int.order {
                ByteOrder::Host => quote!(),
                ByteOrder::Big => quote!(.big_endian()),
                ByteOrder::Little => quote!(.little_endian()),
            };
            quote!(Field::#of_kind(#number, #name) #order)
        }
        AttrKind::String(_) => quote!(Field::text(#number, #name)),
        AttrKind::Binary(_) => quote!(Field::bytes(#number, #name)),
        AttrKind::Bitfield32(_) => quote!(Field::bitfield32(#number, #name)),
        AttrKind::Nest(inside) => {
            let inside = &family[*inside];
            let layout = match std::ptr::eq(inside, set) {
                true => quote!(&LAYOUT),
                false => {
                    let module = attrs_module(inside);
                    quote!(&super::#module::LAYOUT)
                }
            };
            quote!(Field::nest(#number, #name, #layout))
        }
        _ => quote!(Field::value(#number, #name)),
    };
    let numbered = (levels > 0).then(|| {
        let levels = Literal::usize_unsuffixed(levels);
        quote!(.numbered(#levels))
    });
    let repeated = attr.multi.then(|| quote!(.repeated()));
    quote!(#field #numbered #repeated)
}
