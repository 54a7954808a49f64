//! Owned types: what outlives the receive buffer, and goes through serde.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::debug::{self, Role};
use super::doc::{of_attr, own_doc};
use super::print::{Item, serde_with_defaults};
use super::types::{Field, Shape, Types, attrs_module};
use super::value;
use crate::model::AttrKind;

/// The struct; and of a message the trait that ties it to its view.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>, is_message: bool) -> Vec<Item> {
    let (view, owned) = (&shape.view, &shape.owned);
    let doc = own_doc(&format!("A copy of [`{view}`]."));
    let serde = serde_with_defaults();
    let declarations = shape.fields.iter().map(|field| {
        let attr = field.attr;
        let doc = of_attr(attr);
        let (name, ty) = (&field.name, field_type(types, field));
        quote!(#doc pub #name: #ty)
    });
    let header = shape.header.map(|id| types.structure(id));
    let size = header
        .as_ref()
        .map(|header| quote!(const HEADER: usize = <#header as wire::Struct>::SIZE;));
    let header = header.map(|header| {
        quote! {
            /// The header before the attributes.
            pub header: #header,
        }
    });
    let debug = debug::of_shape(shape, Role::Owned);
    let derive = debug.derive();
    let structure = Item::Tokens(quote! {
        #doc
        #[derive(#derive Clone, PartialEq, Eq, Hash, Default)]
        #serde
        pub struct #owned { #header #(#declarations,)* }
    });
    let structure = [structure].into_iter().chain(debug.item());
    if !is_message {
        return structure.collect();
    }
    let lent = shape.view_type(&quote!(<'a>));
    let passed = shape.view_type(&quote!(<'_>));
    let module = attrs_module(shape.set);
    let message = Item::Block {
        head: format!("impl genl_user::Message for {owned}"),
        members: [quote!(type View<'a> = #lent;)]
            .into_iter()
            .chain(size)
            .chain([
                quote!(const LAYOUT: &'static genl_user::Layout = &#module::LAYOUT;),
                quote!(fn from_view(view: &#passed) -> Self { view.to_owned() }),
            ])
            .collect(),
    };
    structure.chain([message]).collect()
}

/// The view's method that makes the copy.
pub(super) fn copy(types: &Types<'_>, shape: &Shape<'_>) -> TokenStream {
    let owned = &shape.owned;
    let copies = shape.fields.iter().map(|field| {
        let (name, copy) = (&field.name, copy_field(types, field));
        quote!(#name: #copy)
    });
    let header = shape.header.map(|_| quote!(header: self.header,));
    quote! {
        /// Copies what is borrowed.
        pub fn to_owned(&self) -> #owned {
            #owned { #header #(#copies,)* }
        }
    }
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    match &field.attr.kind {
        AttrKind::Flag => quote!(bool),
        AttrKind::IndexedArray(element) => {
            let item = value::owned_type(types, element);
            quote!(Vec<#item>)
        }
        AttrKind::TypeValue(levels, inner) => {
            let item = value::owned_type(types, inner);
            levels
                .iter()
                .fold(item, |item, _| quote!(Vec<(u16, #item)>))
        }
        kind => {
            let value = value::owned_type(types, kind);
            match field.attr.multi {
                true => quote!(Vec<#value>),
                false if field.recursive => quote!(Option<Box<#value>>),
                false => quote!(Option<#value>),
            }
        }
    }
}

fn copy_field(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name;
    match &field.attr.kind {
        AttrKind::Flag => quote!(self.#name),
        AttrKind::IndexedArray(element) => copy_list(name, element),
        AttrKind::TypeValue(levels, inner) => copy_map(levels.len(), inner, &quote!(self.#name)),
        AttrKind::String(_) if field.attr.multi => {
            quote!(self.#name.texts().map(str::to_owned).collect())
        }
        kind if field.attr.multi => copy_list(name, kind),
        AttrKind::Nest(_) if field.recursive => {
            quote!(self.#name().map(|item| Box::new(item.to_owned())))
        }
        AttrKind::Nest(set) => {
            let view = types.view_name(*set);
            quote!(self.#name.as_ref().map(#view::to_owned))
        }
        kind => match value::copy(kind) {
            Some(copy) => quote!(self.#name.map(#copy)),
            None => quote!(self.#name),
        },
    }
}

fn copy_list(name: &Ident, element: &AttrKind) -> TokenStream {
    match value::copy(element) {
        Some(copy) => quote!(self.#name.map(#copy).collect()),
        None => quote!(self.#name.collect()),
    }
}

/// Copies a map of so many levels.
fn copy_map(levels: usize, inner: &AttrKind, map: &TokenStream) -> TokenStream {
    let item = quote!(item);
    let copy = match levels {
        1 => match inner {
            AttrKind::Nest(_) => quote!(item.to_owned()),
            _ => return quote!(#map.collect()),
        },
        _ => copy_map(levels - 1, inner, &item),
    };
    quote!(#map.map(|(number, item)| (number, #copy)).collect())
}
