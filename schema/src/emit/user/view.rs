//! Views: what the kernel sent, borrowed from the receive buffer, read and checked once.

use proc_macro2::TokenStream;
use quote::quote;

use super::debug::{self, Role};
use super::doc::of_attr;
use super::print::{Item, serialize};
use super::types::{Field, Shape, Types};
use super::{owned, value};
use crate::model::AttrKind;

/// The view, its getters, and how it is read.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>) -> Vec<Item> {
    let ty = shape.view_type(&quote!(<'a>));
    let doc = &shape.doc;
    let debug = debug::of_shape(shape, Role::View);
    let derive = debug.derive();
    let serde = serialize();
    let header = shape.header.map(|id| types.structure(id));
    let header_declaration = header.as_ref().map(|header| quote!(header: #header,));
    let declarations = shape.fields.iter().map(|field| {
        let (name, ty) = (&field.name, field_type(types, field));
        quote!(#name: #ty)
    });
    let structure = quote! {
        #doc
        #[derive(#derive Clone)]
        #serde
        pub struct #ty { #header_declaration #(#declarations,)* }
    };
    let header_getter = header.as_ref().map(|header| {
        quote! {
            /// The header before the attributes.
            pub fn header(&self) -> #header { self.header }
        }
    });
    let getters = shape.fields.iter().map(|field| getter(types, field));
    let members = header_getter
        .into_iter()
        .chain(getters)
        .chain([owned::copy(types, shape)])
        .collect();
    let name = &shape.view;
    let source = match header {
        Some(_) => "Payload",
        None => "Attrs",
    };
    let (head, reader) = match shape.borrows {
        true => (
            format!("impl<'a> {name}<'a>"),
            format!("impl<'a> wire::From{source}<'a> for {name}<'a>"),
        ),
        false => (
            format!("impl {name}"),
            format!("impl wire::From{source}<'_> for {name}"),
        ),
    };
    let mut items = vec![
        Item::Tokens(structure),
        Item::Block { head, members },
        Item::Block {
            head: reader,
            members: vec![from(types, shape)],
        },
    ];
    items.extend(debug.item());
    items
}

fn getter(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let attr = field.attr;
    let doc = of_attr(attr);
    let name = &field.name;
    match (&attr.kind, attr.multi) {
        (AttrKind::Nest(set), false) => {
            let view = types.view(*set);
            match field.recursive {
                true => quote! {
                    #doc
                    pub fn #name(&self) -> Option<#view> { self.#name.and_then(wire::Lazy::get) }
                },
                false => quote! {
                    #doc
                    pub fn #name(&self) -> Option<&#view> { self.#name.as_ref() }
                },
            }
        }
        _ => {
            let ty = field_type(types, field);
            let by = listed(field).map(|item| {
                let read = value::reader(types, item);
                quote!(.by(#read))
            });
            quote!(#doc pub fn #name(&self) -> #ty { self.#name #by })
        }
    }
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    match &field.attr.kind {
        AttrKind::Flag => quote!(bool),
        AttrKind::IndexedArray(element) => {
            let item = value::view_type(types, element);
            quote!(wire::List<'a, #item>)
        }
        AttrKind::TypeValue(levels, inner) => {
            let item = value::view_type(types, inner);
            levels
                .iter()
                .fold(item, |item, _| quote!(wire::Map<'a, #item>))
        }
        kind => {
            let value = value::view_type(types, kind);
            match field.attr.multi {
                true => quote!(wire::List<'a, #value>),
                false if field.recursive => quote!(Option<wire::Lazy<'a, #value>>),
                false => quote!(Option<#value>),
            }
        }
    }
}

/// The function that reads the view: from the attributes, or from the header and them.
fn from(types: &Types<'_>, shape: &Shape<'_>) -> TokenStream {
    let lifetime = match shape.borrows {
        true => quote!('a),
        false => quote!('_),
    };
    let header = shape.header.map(|_| quote!(header,));
    let signature = match &header {
        Some(_) => quote! {
            fn from_payload(payload: wire::Payload<#lifetime>) -> Result<Self, wire::Malformed>
        },
        None => quote! {
            fn from_attrs(attrs: wire::Attrs<#lifetime>) -> Result<Self, wire::Malformed>
        },
    };
    let split = header
        .as_ref()
        .map(|_| quote!(let (header, attrs) = payload.split();));
    let starts = shape.fields.iter().map(|field| {
        let (name, start) = (&field.name, start(types, field));
        quote!(#name: #start)
    });
    let takes = shape.fields.iter().map(|field| take(types, field));
    let numbers = shape.fields.iter().map(|field| &field.number);
    let mutable = (!shape.fields.iter().all(finds_itself)).then(|| quote!(mut));
    let body = match shape.fields.len() {
        0 => quote! {
            for attr in attrs {
                attr?;
            }
            Ok(Self { #header })
        },
        1 => quote! {
            let #mutable view = Self { #header #(#starts,)* };
            for attr in attrs {
                let attr = attr?;
                if attr.kind() == #(#numbers)* {
                    #(#takes;)*
                }
            }
            Ok(view)
        },
        _ => quote! {
            let #mutable view = Self { #header #(#starts,)* };
            for attr in attrs {
                let attr = attr?;
                match attr.kind() {
                    #(#numbers => #takes,)*
                    _ => {}
                }
            }
            Ok(view)
        },
    };
    let inline = is_small(shape).then(|| quote!(#[inline]));
    quote!(#inline #signature { #split #body })
}

/// It is worth reading such a view where it is asked for, without a call: there may be many of them
/// in an array.
fn is_small(shape: &Shape<'_>) -> bool {
    let is_value = |field: &Field<'_>| {
        !field.attr.multi
            && !matches!(
                field.attr.kind,
                AttrKind::Nest(_) | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..)
            )
    };
    shape.header.is_none()
        && (1..=4).contains(&shape.fields.len())
        && shape.fields.iter().all(is_value)
}

/// Values of the field come from all over the message, and it finds them again by itself.
fn finds_itself(field: &Field<'_>) -> bool {
    field.attr.multi || matches!(field.attr.kind, AttrKind::TypeValue(..))
}

/// What the field is a list of, if it is one.
fn listed<'s>(field: &Field<'s>) -> Option<&'s AttrKind> {
    match &field.attr.kind {
        AttrKind::IndexedArray(element) => Some(element),
        AttrKind::TypeValue(..) => None,
        kind => field.attr.multi.then_some(kind),
    }
}

/// What a field is before its attribute has come.
fn start(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let number = &field.number;
    match &field.attr.kind {
        AttrKind::Flag => quote!(false),
        AttrKind::IndexedArray(element) => {
            let read = value::reader(types, element);
            quote!(wire::List::empty(#read))
        }
        AttrKind::TypeValue(levels, inner) => {
            let read = level(types, levels.len() - 1, inner);
            quote!(wire::Map::repeated(attrs, #number, #read))
        }
        kind if field.attr.multi => {
            let read = value::reader(types, kind);
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
        AttrKind::String(_) if field.attr.multi => quote!(view.#name.check_str(attr)?),
        _ if finds_itself(field) => quote!(view.#name.check(attr)?),
        AttrKind::IndexedArray(element) => {
            let read = value::reader(types, element);
            quote!(view.#name = wire::List::array(attr, #read)?)
        }
        kind if field.recursive => {
            let read = value::reader(types, kind);
            quote!(view.#name = Some(wire::Lazy::read(attr, #read)?))
        }
        kind => {
            let value = value::read(types, kind);
            quote!(view.#name = Some(#value))
        }
    }
}

/// A function that reads what so many levels of numbered nests hold.
fn level(types: &Types<'_>, levels: usize, inner: &AttrKind) -> TokenStream {
    match levels {
        0 => value::reader(types, inner),
        _ => {
            let below = level(types, levels - 1, inner);
            quote!(|attr| wire::Map::read(attr, #below))
        }
    }
}
