//! A module for each attribute set: the attributes' numbers, and their names for messages.

use std::collections::BTreeSet;

use proc_macro2::Literal;
use quote::quote;

use super::print::Item;
use super::types::{attrs_module, inside, numbers};
use crate::model::{AttrKind, AttrSet, Family};

/// The modules of all sets that occur in a message.
pub(super) fn items(family: &Family) -> Vec<Item> {
    let mut found = BTreeSet::new();
    let mut pending: Vec<_> = family.messages.iter().map(|message| message.set).collect();
    while let Some(set) = pending.pop() {
        if found.insert(set) {
            pending.extend(family[set].attrs.iter().filter_map(inside));
        }
    }
    let modules = found.into_iter().map(|set| module(family, &family[set]));
    modules.collect()
}

fn module(family: &Family, set: &AttrSet) -> Item {
    let numbers = numbers(set);
    let attrs = || {
        let attrs = set.attrs.iter().zip(&numbers);
        attrs.filter(|(attr, _)| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
    };
    let constants = attrs().map(|(attr, number)| {
        let id = Literal::u16_unsuffixed(attr.id);
        quote!(pub(super) const #number: u16 = #id;)
    });
    let fields = attrs().map(|(attr, number)| {
        let name = attr.name.as_str();
        let Some(within) = inside(attr) else {
            return quote!(Field::value(#number, #name));
        };
        let within = &family[within];
        let layout = match std::ptr::eq(within, set) {
            true => quote!(&LAYOUT),
            false => {
                let module = attrs_module(within);
                quote!(&super::#module::LAYOUT)
            }
        };
        match &attr.kind {
            AttrKind::IndexedArray(_) => quote!(Field::numbered(#number, #name, 1, #layout)),
            AttrKind::TypeValue(levels, _) => {
                let levels = Literal::usize_unsuffixed(levels.len());
                quote!(Field::numbered(#number, #name, #levels, #layout))
            }
            _ => quote!(Field::nest(#number, #name, #layout)),
        }
    });
    let empty = attrs().next().is_none();
    Item::Block {
        head: format!(
            "/// The attributes of the set `{}`.\nmod {}",
            set.name,
            attrs_module(set)
        ),
        members: vec![
            match empty {
                true => quote!(
                    use genl_user::Layout;
                ),
                false => quote!(
                    use genl_user::{Field, Layout};
                ),
            },
            quote!(#(#constants)*),
            quote! {
                pub(super) static LAYOUT: Layout = Layout {
                    fields: &[#(#fields,)*],
                };
            },
        ],
    }
}
