//! Views of requests, and of the sets that are nested in them.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::doc::{of_attr, own_doc};
use super::super::names::Names;
use super::super::print::{Item, ident};
use super::super::types::{Field, Shape, Types};
use super::super::value;
use crate::model::{AttrKind, Direction, Holds};

/// The views.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let messages = types.family.messages.iter();
    let requests = messages
        .filter(|message| message.direction == Direction::Request)
        .map(|message| types.message(message))
        .filter(|shape| !shape.fields.is_empty() || shape.header.is_some())
        .flat_map(|shape| view(types, &shape, true));
    let nests = types.nested_in_requests().into_iter();
    let nests = nests.flat_map(|shape| view(types, &shape, false));
    requests.chain(nests).collect()
}

/// The view, its getters, and how it is made: of a message from its payload, of a nest from its
/// attributes.
fn view(types: &Types<'_>, shape: &Shape<'_>, is_message: bool) -> [Item; 3] {
    let (name, doc) = (&shape.request, &shape.doc);
    let kept: Vec<_> = shape.fields.iter().filter(|field| is_kept(field)).collect();
    let mut names = Names::methods();
    names.take("header");
    for field in &shape.fields {
        names.take(&field.name.to_string());
    }
    let attrs = names.ident("attrs".into());
    let header = shape.header.map(|id| types.structure(id));
    let header_declaration = header
        .as_ref()
        .map(|header| quote!(header: super::#header,));
    let declarations = kept.iter().map(|field| {
        let (name, ty) = (&field.name, view_type(types, &field.attr.kind));
        quote!(#name: #ty)
    });
    let structure = quote! {
        #doc
        #[derive(Debug, Clone, Copy)]
        pub struct #name<'a> {
            #attrs: wire::Attrs<'a>,
            #header_declaration
            #(#declarations,)*
        }
    };
    let header_getter = header.as_ref().map(|header| {
        quote! {
            /// The header before the attributes.
            pub fn header(&self) -> super::#header { self.header }
        }
    });
    let getters = shape.fields.iter().flat_map(|field| {
        let suffix = if field.attr.multi { "attrs" } else { "attr" };
        let place = names.ident(field.attr.name.join(suffix).snake());
        [
            getter(types, field, &attrs),
            place_getter(field, &place, &attrs),
        ]
    });
    [
        Item::Tokens(structure),
        Item::Block {
            head: format!("impl<'a> {name}<'a>"),
            members: header_getter.into_iter().chain(getters).collect(),
        },
        made(types, shape, &attrs, is_message),
    ]
}

/// How the view is made.
fn made(types: &Types<'_>, shape: &Shape<'_>, attrs: &Ident, is_message: bool) -> Item {
    let checks = shape.fields.iter().filter_map(|field| check(types, field));
    let kept = shape.fields.iter().filter(|field| is_kept(field));
    let reads = kept.map(|field| {
        let (name, number) = (&field.name, &field.number);
        let reader = reader(types, &field.attr.kind);
        quote!(#name: server::read::required(attrs, #number, #reader)?)
    });
    let header = shape.header.map(|_| quote!(header,));
    let own = match attrs == "attrs" {
        true => quote!(attrs),
        false => quote!(#attrs: attrs),
    };
    let body = quote! {
        #(#checks)*
        Ok(Self { #own, #header #(#reads,)* })
    };
    let split = match shape.header.map(|id| types.structure(id)) {
        Some(header) => quote!(let (header, attrs) = payload.split::<super::#header>();),
        None => quote!(let attrs = payload.attrs();),
    };
    let (of, made) = match is_message {
        true => (
            "server::Parse",
            quote! {
                fn parse(payload: wire::Payload<'a>) -> Result<Self, wire::Malformed> {
                    #split
                    #body
                }
            },
        ),
        false => (
            "wire::FromAttrs",
            quote! {
                fn from_attrs(attrs: wire::Attrs<'a>) -> Result<Self, wire::Malformed> { #body }
            },
        ),
    };
    let name = &shape.request;
    Item::Block {
        head: format!("impl<'a> {of}<'a> for {name}<'a>"),
        members: vec![made],
    }
}

/// It has to be there, and there is one of it: so the view has its value.
fn is_kept(field: &Field<'_>) -> bool {
    let is_one = !matches!(
        field.attr.kind,
        AttrKind::Flag | AttrKind::IndexedArray(_) | AttrKind::TypeValue(..)
    );
    field.required && !field.attr.multi && is_one
}

fn getter(types: &Types<'_>, field: &Field<'_>, attrs: &Ident) -> TokenStream {
    let doc = of_attr(field.attr);
    let (name, number) = (&field.name, &field.number);
    let attrs = quote!(self.#attrs);
    let (ty, value) = match &field.attr.kind {
        AttrKind::Flag => (quote!(bool), quote!(#attrs.all(#number).next().is_some())),
        AttrKind::IndexedArray(element) => {
            let (item, reader) = (view_type(types, element), reader(types, element));
            (
                quote!(wire::List<'a, #item>),
                quote!(server::read::array(#attrs, #number, #reader)),
            )
        }
        AttrKind::TypeValue(levels, inner) => {
            let item = view_type(types, inner);
            let maps = levels.iter();
            let ty = maps.fold(item, |item, _| quote!(wire::Map<'a, #item>));
            let level = level(types, levels.len() - 1, inner);
            (ty, quote!(wire::Map::repeated(#attrs, #number, #level)))
        }
        kind => {
            let (item, reader) = (view_type(types, kind), reader(types, kind));
            match field.attr.multi {
                true if matches!(kind, AttrKind::String(_)) => (
                    quote!(wire::Texts<'a>),
                    quote!(server::read::texts(#attrs, #number)),
                ),
                true => (
                    quote!(wire::List<'a, #item>),
                    quote!(wire::List::repeated(#attrs, #number, #reader)),
                ),
                false if is_kept(field) => (item, quote!(self.#name)),
                false => (
                    quote!(Option<#item>),
                    quote!(server::read::last(#attrs, #number, #reader)),
                ),
            }
        }
    };
    quote!(#doc pub fn #name(&self) -> #ty { #value })
}

fn place_getter(field: &Field<'_>, place: &Ident, attrs: &Ident) -> TokenStream {
    let doc = own_doc(&format!("Where [`Self::{}`] stands.", field.name));
    let number = &field.number;
    let all = quote!(self.#attrs.all(#number));
    match field.attr.multi {
        true => quote! {
            #doc
            pub fn #place(&self) -> impl Iterator<Item = wire::Attr<'a>> + Clone + use<'a> { #all }
        },
        false => quote! {
            #doc
            pub fn #place(&self) -> Option<wire::Attr<'a>> { #all.last() }
        },
    }
}

/// The statement that reads once all that is to be read of a field; `None` if nothing can be wrong.
fn check(types: &Types<'_>, field: &Field<'_>) -> Option<TokenStream> {
    let number = &field.number;
    Some(match &field.attr.kind {
        AttrKind::Flag => return None,
        _ if is_kept(field) => return None,
        AttrKind::IndexedArray(element) => {
            let reader = reader(types, element);
            quote! {
                server::read::check(attrs, #number, |attr| wire::List::array(attr, #reader))?;
            }
        }
        AttrKind::TypeValue(levels, inner) => {
            let level = level(types, levels.len(), inner);
            quote!(server::read::check_all(attrs, #number, #level)?;)
        }
        kind => {
            let reader = reader(types, kind);
            match field.attr.multi {
                true => quote!(server::read::check_all(attrs, #number, #reader)?;),
                false => quote!(server::read::check(attrs, #number, #reader)?;),
            }
        }
    })
}

/// The value's type in a view.
fn view_type(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::Nest(set) => {
            let name = ident(&types.family[*set].name.pascal());
            quote!(#name<'a>)
        }
        kind => value::view_type(types, kind),
    }
}

/// A function from an attribute to its value, whose type it names.
fn reader(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::Nest(set) => {
            let name = ident(&types.family[*set].name.pascal());
            quote!(wire::Attr::nest::<#name<'_>>)
        }
        AttrKind::Binary(binary) if let Holds::Struct(id) = binary.holds => {
            let name = types.structure(id);
            quote!(wire::Attr::structure::<#name>)
        }
        kind => value::reader(types, kind),
    }
}

/// A function that reads what so many levels of numbered nests hold.
fn level(types: &Types<'_>, levels: usize, inner: &AttrKind) -> TokenStream {
    match levels {
        0 => reader(types, inner),
        _ => {
            let below = level(types, levels - 1, inner);
            quote!(|attr| wire::Map::read(attr, #below))
        }
    }
}
