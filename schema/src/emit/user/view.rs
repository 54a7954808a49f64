//! Views: what the kernel sent, borrowed from the receive buffer, read and checked once.

use proc_macro2::TokenStream;
use quote::quote;

use super::owned;
use super::print::{Item, docs, ident};
use super::types::{Field, Shape, Types, codec};
use crate::model::{AttrKind, Int};

/// The view, its getters, and how it is read.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>) -> Vec<Item> {
    let ty = shape.view_type(&quote!(<'a>));
    let doc = &shape.doc;
    let declarations = shape.fields.iter().map(|field| {
        let (name, ty) = (&field.name, field_type(types, field));
        quote!(#name: #ty)
    });
    let structure = quote! {
        #doc
        #[derive(Debug, Clone)]
        pub struct #ty { #(#declarations,)* }
    };
    let mut members: Vec<_> = shape
        .fields
        .iter()
        .map(|field| getter(types, field))
        .collect();
    members.push(owned::copy(types, shape));
    let name = &shape.view;
    let (head, reader) = match shape.view_borrows {
        true => (
            format!("impl<'a> {name}<'a>"),
            format!("impl<'a> wire::FromAttrs<'a> for {name}<'a>"),
        ),
        false => (
            format!("impl {name}"),
            format!("impl wire::FromAttrs<'_> for {name}"),
        ),
    };
    vec![
        Item::Tokens(structure),
        Item::Block { head, members },
        Item::Block {
            head: reader,
            members: vec![from_attrs(types, shape)],
        },
    ]
}

fn getter(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let attr = field.attr;
    let doc = docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
    let name = &field.name;
    match (&attr.kind, attr.multi) {
        (AttrKind::Nest(set), false) => {
            let view = types.view(*set);
            quote!(#doc pub fn #name(&self) -> Option<&#view> { self.#name.as_ref() })
        }
        _ => {
            let ty = field_type(types, field);
            quote!(#doc pub fn #name(&self) -> #ty { self.#name })
        }
    }
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let value = match &field.attr.kind {
        AttrKind::Flag => return quote!(bool),
        AttrKind::IndexedArray(set) => {
            let item = types.view(set.inside().expect("it holds nests"));
            return quote!(wire::List<'a, #item>);
        }
        AttrKind::TypeValue(levels, set) => {
            let item = types.view(set.inside().expect("it holds nests"));
            return levels
                .iter()
                .fold(item, |item, _| quote!(wire::Map<'a, #item>));
        }
        AttrKind::Int(int) => types.int(int),
        AttrKind::String(_) => quote!(&'a str),
        AttrKind::Bitfield32(_) | AttrKind::Binary(_) => quote!(&'a [u8]),
        AttrKind::Nest(set) => types.view(*set),
        AttrKind::Pad | AttrKind::Unused => quote!(()),
    };
    match field.attr.multi {
        true => quote!(wire::List<'a, #value>),
        false => quote!(Option<#value>),
    }
}

fn from_attrs(types: &Types<'_>, shape: &Shape<'_>) -> TokenStream {
    let lifetime = match shape.view_borrows {
        true => quote!('a),
        false => quote!('_),
    };
    let signature = quote! {
        fn from_attrs(attrs: wire::Attrs<#lifetime>) -> Result<Self, wire::Malformed>
    };
    let starts = shape.fields.iter().map(|field| {
        let (name, start) = (&field.name, start(types, field));
        quote!(#name: #start)
    });
    let takes = shape.fields.iter().map(|field| take(types, field));
    let numbers = shape.fields.iter().map(|field| &field.number);
    // A list is complete from the start.
    let changes = shape.fields.iter().any(|field| !field.attr.multi);
    let mutable = changes.then(|| quote!(mut));
    match shape.fields.len() {
        0 => quote! {
            #signature {
                for attr in attrs {
                    attr?;
                }
                Ok(Self {})
            }
        },
        1 => quote! {
            #signature {
                let #mutable view = Self { #(#starts,)* };
                for attr in attrs {
                    let attr = attr?;
                    if attr.kind() == #(#numbers)* {
                        #(#takes;)*
                    }
                }
                Ok(view)
            }
        },
        _ => quote! {
            #signature {
                let #mutable view = Self { #(#starts,)* };
                for attr in attrs {
                    let attr = attr?;
                    match attr.kind() {
                        #(#numbers => #takes,)*
                        _ => {}
                    }
                }
                Ok(view)
            }
        },
    }
}

/// What a field is before its attribute has come.
fn start(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    match &field.attr.kind {
        AttrKind::Flag => quote!(false),
        AttrKind::IndexedArray(_) => quote!(wire::List::empty(wire::Attr::nest)),
        AttrKind::TypeValue(levels, _) => {
            let read = level(levels.len() - 1);
            quote!(wire::Map::empty(#read))
        }
        kind if field.attr.multi => {
            let (number, read) = (&field.number, read(types, kind));
            quote!(wire::List::repeated(attrs, #number, #read))
        }
        _ => quote!(None),
    }
}

/// What is done when a field's attribute comes.
fn take(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name;
    match &field.attr.kind {
        AttrKind::Flag => quote!(view.#name = true),
        AttrKind::IndexedArray(_) => {
            quote!(view.#name = wire::List::array(attr, wire::Attr::nest)?)
        }
        AttrKind::TypeValue(levels, _) => {
            let read = level(levels.len() - 1);
            quote!(view.#name = wire::Map::read(attr, #read)?)
        }
        // The list finds it again by itself.
        _ if field.attr.multi => quote!(view.#name.check(attr)?),
        kind => {
            let value = value(types, kind);
            quote!(view.#name = Some(#value))
        }
    }
}

/// A function that reads the value of a list's attribute.
fn read(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::Int(Int { names: Some(_), .. }) => {
            let value = value(types, kind);
            quote!(|attr| Ok(#value))
        }
        kind => {
            let method = method(kind);
            quote!(wire::Attr::#method)
        }
    }
}

/// A function that reads what so many levels of numbered nests hold.
fn level(levels: usize) -> TokenStream {
    match levels {
        0 => quote!(wire::Attr::nest),
        _ => {
            let below = level(levels - 1);
            quote!(|attr| wire::Map::read(attr, #below))
        }
    }
}

/// The expression for an attribute's value.
fn value(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    let method = method(kind);
    let plain = quote!(attr.#method()?);
    let AttrKind::Int(
        int @ Int {
            names: Some(names), ..
        },
    ) = kind
    else {
        return plain;
    };
    let (name, below) = types.named(*names);
    let rust = ident(below.rust());
    let widened = match below.rust() == int.kind.rust() {
        true => plain,
        false => quote!(#rust::from(#plain)),
    };
    match names.as_flags {
        true => quote!(#name::from_bits_retain(#widened)),
        false => quote!(#name::from(#widened)),
    }
}

fn method(kind: &AttrKind) -> proc_macro2::Ident {
    match kind {
        AttrKind::Int(int) => codec(int),
        AttrKind::String(_) => ident("str"),
        AttrKind::Nest(_) => ident("nest"),
        _ => ident("bytes"),
    }
}
