//! Views: what the kernel sent, borrowed from the receive buffer, read and checked once.

use proc_macro2::TokenStream;
use quote::quote;

use super::debug::{self, Role};
use super::doc::of_attr;
use super::print::{Item, serialize};
use super::types::{Field, Shape, Types};
use super::{owned, value};
use crate::model::{Attr, AttrKind};

/// The view, its getters, and how it is read.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>, is_nested: bool) -> Vec<Item> {
    let ty = shape.view_type(&quote!(<'a>));
    let doc = &shape.doc;
    let debug = debug::of_shape(shape, Role::View);
    let derive = debug.derive();
    let serde = serialize();
    let header = shape.header.map(|id| types.structure(id));
    let header_declaration = header.as_ref().map(|header| quote!(header: #header,));
    let declarations = shape.fields.iter().map(|field| {
        let name = &field.name;
        let ty = match is_texts(field) {
            true => quote!(wire::TextList<'a>),
            false => field_type(types, field),
        };
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
            members: [from(types, shape)]
                .into_iter()
                .chain(is_nested.then(|| can_be_read(types, shape)))
                .collect(),
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
        _ if is_texts(field) => quote! {
            #doc
            #[inline]
            pub fn #name(&self) -> wire::Texts<'a> { self.#name.texts() }
        },
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
    let lifetime = lifetime(shape);
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
    let body = match shape.fields.len() {
        0 => quote! {
            for attr in attrs {
                attr?;
            }
            Ok(Self { #header })
        },
        1 => quote! {
            let mut view = Self { #header #(#starts,)* };
            for attr in attrs {
                let attr = attr?;
                if attr.kind() == #(#numbers)* {
                    #(#takes;)*
                }
            }
            Ok(view)
        },
        _ => quote! {
            let mut view = Self { #header #(#starts,)* };
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
    let inline = is_small(types, shape).then(|| quote!(#[inline(always)]));
    quote!(#inline #signature { #split #body })
}

/// The function that says whether a view can be made, without making it.
fn can_be_read(types: &Types<'_>, shape: &Shape<'_>) -> TokenStream {
    // By what is asked, in the order of the attributes.
    let mut arms: Vec<(TokenStream, Vec<&TokenStream>)> = Vec::new();
    for field in &shape.fields {
        let Some(readable) = value::readable(types, &field.attr.kind) else {
            continue;
        };
        let number = &field.number;
        match arms
            .iter_mut()
            .find(|(known, _)| known.to_string() == readable.to_string())
        {
            Some((_, numbers)) => numbers.push(number),
            None => arms.push((readable, vec![number])),
        }
    }
    let arms = arms
        .iter()
        .map(|(readable, numbers)| quote!(#(#numbers)|* => #readable,));
    let body = match arms.len() {
        0 => quote!(attrs.each(|_| true)),
        _ => quote! {
            attrs.each(|attr| match attr.kind() {
                #(#arms)*
                _ => true,
            })
        },
    };
    let lifetime = lifetime(shape);
    quote! {
        #[inline]
        fn can_be_read(attrs: wire::Attrs<#lifetime>) -> bool { #body }
    }
}

/// That of the bytes that the view is read from.
fn lifetime(shape: &Shape<'_>) -> TokenStream {
    match shape.borrows {
        true => quote!('a),
        false => quote!('_),
    }
}

/// It is worth reading such a view where it is asked for, without a call: there may be many of them
/// in an array, and in a message it takes as long to move it out of a call as to read it. Left to
/// itself the compiler would make it a call as soon as it is asked for in two places.
fn is_small(types: &Types<'_>, shape: &Shape<'_>) -> bool {
    const FEW: usize = 8;
    let attrs = shape.fields.iter().map(|field| field.attr);
    shape.header.is_none() && weight(types, attrs, true).is_some_and(|weight| weight <= FEW)
}

/// How many values have to be read, where an array, and a nest that may be there many times, count as some;
/// `None` if there are nests where there are to be none.
fn weight<'f>(
    types: &Types<'_>,
    attrs: impl Iterator<Item = &'f Attr>,
    with_nests: bool,
) -> Option<usize> {
    const MANY: usize = 3;
    let of = |attr: &Attr| match &attr.kind {
        AttrKind::Pad | AttrKind::Unused => Some(0),
        AttrKind::IndexedArray(_) | AttrKind::TypeValue(..) => Some(MANY),
        AttrKind::Nest(_) if !with_nests => None,
        AttrKind::Nest(_) if attr.multi => Some(MANY),
        AttrKind::Nest(set) => {
            let inside = types.family[*set].attrs.iter();
            weight(types, inside, false).map(|weight| 1 + weight)
        }
        _ => Some(1),
    };
    attrs.map(of).sum()
}

/// It is a text that comes any number of times.
fn is_texts(field: &Field<'_>) -> bool {
    field.attr.multi && matches!(field.attr.kind, AttrKind::String(_))
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
    match &field.attr.kind {
        AttrKind::Flag => quote!(false),
        AttrKind::IndexedArray(element) => {
            let read = value::reader(types, element);
            quote!(wire::List::empty(#read))
        }
        AttrKind::TypeValue(levels, inner) => {
            let read = level(types, levels.len() - 1, inner);
            quote!(wire::Map::empty(#read))
        }
        _ if is_texts(field) => quote!(wire::TextList::default()),
        kind if field.attr.multi => {
            let read = value::reader(types, kind);
            quote!(wire::List::empty(#read))
        }
        _ => quote!(None),
    }
}

/// What is done when a field's attribute comes.
fn take(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name;
    match &field.attr.kind {
        AttrKind::Flag => quote!(view.#name = true),
        AttrKind::IndexedArray(element) => {
            let test = value::test(types, element);
            quote!(view.#name.fill(attr, #test)?)
        }
        AttrKind::TypeValue(levels, inner) => {
            let test = value::level_test(types, levels.len() - 1, inner);
            quote!(view.#name.add(attrs, attr, #test)?)
        }
        _ if is_texts(field) => quote!(view.#name.add(attrs, attr)?),
        kind if field.attr.multi => {
            let test = value::test(types, kind);
            quote!(view.#name.add(attrs, attr, #test)?)
        }
        kind if field.recursive => {
            let test = value::test(types, kind);
            let read = value::reader(types, kind);
            quote!(view.#name = Some(wire::Lazy::new(attr, #test, #read)?))
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
