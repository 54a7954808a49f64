//! Owned types: what outlives the receive buffer, and goes through serde.

use proc_macro2::TokenStream;
use quote::quote;

use super::print::{Item, docs, own_doc, serde};
use super::types::{Field, Shape, Types, attrs_module};
use crate::model::AttrKind;

/// The struct; and of a message the trait that ties it to its view.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>, is_message: bool) -> Vec<Item> {
    let (view, owned) = (&shape.view, &shape.owned);
    let doc = own_doc(&format!("A copy of [`{view}`]."));
    let serde = serde();
    let declarations = shape.fields.iter().map(|field| {
        let attr = field.attr;
        let doc = docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
        let (name, ty) = (&field.name, field_type(types, field));
        quote!(#doc pub #name: #ty)
    });
    let structure = Item::Tokens(quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, Default)]
        #serde
        pub struct #owned { #(#declarations,)* }
    });
    if !is_message {
        return vec![structure];
    }
    let lent = shape.view_type(&quote!(<'a>));
    let passed = shape.view_type(&quote!(<'_>));
    let module = attrs_module(shape.set);
    vec![
        structure,
        Item::Block {
            head: format!("impl genl_user::Message for {owned}"),
            members: vec![
                quote!(type View<'a> = #lent;),
                quote!(const LAYOUT: &'static genl_user::Layout = &#module::LAYOUT;),
                quote!(fn from_view(view: &#passed) -> Self { view.to_owned() }),
            ],
        },
    ]
}

/// The view's method that makes the copy.
pub(super) fn copy(types: &Types<'_>, shape: &Shape<'_>) -> TokenStream {
    let owned = &shape.owned;
    let copies = shape.fields.iter().map(|field| {
        let (name, copy) = (&field.name, copy_field(types, field));
        quote!(#name: #copy)
    });
    quote! {
        /// Copies what is borrowed.
        pub fn to_owned(&self) -> #owned {
            #owned { #(#copies,)* }
        }
    }
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let value = match &field.attr.kind {
        AttrKind::Flag => return quote!(bool),
        AttrKind::IndexedArray(set) => {
            let item = types.owned(set.inside().expect("it holds nests"));
            return quote!(Vec<#item>);
        }
        AttrKind::TypeValue(levels, set) => {
            let item = types.owned(set.inside().expect("it holds nests"));
            return levels
                .iter()
                .fold(quote!(#item), |item, _| quote!(Vec<(u16, #item)>));
        }
        AttrKind::Int(int) => types.int(int),
        AttrKind::String(_) => quote!(String),
        AttrKind::Bitfield32(_) | AttrKind::Binary(_) => quote!(Vec<u8>),
        AttrKind::Nest(set) => {
            let item = types.owned(*set);
            quote!(#item)
        }
        AttrKind::Pad | AttrKind::Unused => quote!(()),
    };
    match field.attr.multi {
        true => quote!(Vec<#value>),
        false => quote!(Option<#value>),
    }
}

fn copy_field(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name;
    let multi = field.attr.multi;
    match &field.attr.kind {
        AttrKind::String(_) if multi => quote!(self.#name.map(str::to_owned).collect()),
        AttrKind::String(_) => quote!(self.#name.map(str::to_owned)),
        AttrKind::Binary(_) if multi => quote!(self.#name.map(<[u8]>::to_vec).collect()),
        AttrKind::Bitfield32(_) | AttrKind::Binary(_) => quote!(self.#name.map(<[u8]>::to_vec)),
        AttrKind::Int(_) if multi => quote!(self.#name.collect()),
        AttrKind::Nest(set) if !multi => {
            let view = types.view_name(*set);
            quote!(self.#name.as_ref().map(#view::to_owned))
        }
        AttrKind::Nest(_) | AttrKind::IndexedArray(_) => {
            quote!(self.#name.map(|item| item.to_owned()).collect())
        }
        AttrKind::TypeValue(levels, _) => {
            let mut copy = quote!(item.to_owned());
            for _ in 1..levels.len() {
                copy = quote!(item.map(|(number, item)| (number, #copy)).collect());
            }
            quote!(self.#name.map(|(number, item)| (number, #copy)).collect())
        }
        AttrKind::Flag | AttrKind::Int(_) | AttrKind::Pad | AttrKind::Unused => quote!(self.#name),
    }
}
