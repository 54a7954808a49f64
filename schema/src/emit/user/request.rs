//! Requests: structs that the caller fills in, and how they are written.

use proc_macro2::TokenStream;
use quote::quote;

use super::client::operation_of;
use super::debug::{self, Role};
use super::doc::of_attr;
use super::print::{Item, ident};
use super::types::{Field, Shape, Types, attrs_module};
use super::value;
use crate::model::{AttrKind, Family, Message};

/// The struct, and its encoder; of a message that is the trait `Request`, of a nest, which is none, a
/// method.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>, message: Option<&Message>) -> Vec<Item> {
    let ty = shape.request_type(&quote!(<'a>));
    let doc = &shape.doc;
    let header = shape.header.map(|id| {
        let header = types.structure(id);
        quote! {
            /// The header before the attributes.
            pub header: #header,
        }
    });
    let declarations = shape.fields.iter().map(|field| {
        let attr = field.attr;
        let doc = of_attr(attr);
        let (name, ty) = (&field.name, field_type(types, field));
        quote!(#doc pub #name: #ty)
    });
    let debug = debug::of_shape(shape, Role::Request);
    let derive = debug.derive();
    let structure = quote! {
        #doc
        #[derive(#derive Clone, Copy, PartialEq, Default)]
        pub struct #ty { #header #(#declarations,)* }
    };

    let out = match shape.fields.is_empty() && header.is_none() {
        true => quote!(_out),
        false => quote!(out),
    };
    let write_header = header.map(|_| quote!(out.header(&self.header)?;));
    let writes = shape.fields.iter().map(|field| write(types, field));
    let encode = quote! {
        fn encode(&self, #out: &mut wire::Encoder<'_>) -> Result<(), wire::Unfit> {
            #write_header
            #(#writes)*
            Ok(())
        }
    };
    let name = &shape.request;
    let lifetime = if shape.borrows { "<'_>" } else { "" };
    let of = if message.is_some() {
        "genl_user::Request for "
    } else {
        ""
    };
    let rules = message.and_then(|message| rules(types.family, message, shape));
    let mut items = vec![
        Item::Tokens(structure),
        Item::Block {
            head: format!("impl {of}{name}{lifetime}"),
            members: rules.into_iter().chain([encode]).collect(),
        },
    ];
    items.extend(debug.item());
    items
}

/// What the request has to hold, where it can hold something.
fn rules(family: &Family, message: &Message, shape: &Shape<'_>) -> Option<TokenStream> {
    if shape.fields.is_empty() {
        return None;
    }
    let module = attrs_module(shape.set);
    let operation = operation_of(family, message)?;
    let required = shape.fields.iter().filter(|field| field.required);
    let required = required.map(|field| &field.number);
    Some(quote! {
        const RULES: genl_user::policy::Rules = genl_user::policy::Rules {
            policy: &#module::POLICY,
            required: &[#(#required),*],
        };
        const OPERATION: Option<&'static genl_user::Operation> = Some(&Client::#operation);
    })
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    match &field.attr.kind {
        AttrKind::Flag => quote!(bool),
        AttrKind::IndexedArray(element) => {
            let item = value::request_type(types, element);
            quote!(&'a [#item])
        }
        AttrKind::TypeValue(levels, inner) => {
            let item = value::request_type(types, inner);
            levels
                .iter()
                .fold(item, |item, _| quote!(&'a [(u16, #item)]))
        }
        kind => {
            let value = value::request_type(types, kind);
            match (field.attr.multi, field.recursive, field.required) {
                (true, ..) => quote!(&'a [#value]),
                // A reference cannot be there from the start.
                (false, true, _) => quote!(Option<&'a #value>),
                (false, false, true) => value,
                (false, false, false) => quote!(Option<#value>),
            }
        }
    }
}

/// The statement that writes a field.
fn write(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let (name, number) = (&field.name, &field.number);
    // The encoder's own name must not be taken for the value.
    let local = match name == "out" {
        true => ident("value"),
        false => name.clone(),
    };
    match &field.attr.kind {
        AttrKind::Flag => quote!(if self.#name { out.flag(#number); }),
        AttrKind::IndexedArray(element) => {
            let item = pattern(element, &quote!(item));
            let write = value::write_last(types, element, &quote!(number), &quote!(item));
            quote! {
                if !self.#name.is_empty() {
                    out.indexed(#number, self.#name, |out, number, #item| #write)?;
                }
            }
        }
        AttrKind::TypeValue(levels, inner) => {
            let write = write_level(types, levels.len(), inner, number, &quote!(self.#name));
            quote!(if !self.#name.is_empty() { #write })
        }
        kind if field.attr.multi => {
            let item = pattern(kind, &quote!(#local));
            let write = value::write(types, kind, number, &quote!(#local));
            quote!(for #item in self.#name { #write })
        }
        kind if field.required && !field.recursive => {
            value::write(types, kind, number, &quote!(self.#name))
        }
        kind => {
            let write = value::write(types, kind, number, &quote!(#local));
            let nest = matches!(kind, AttrKind::Nest(_)) && !field.recursive;
            let borrow = nest.then(|| quote!(&));
            quote!(if let Some(#local) = #borrow self.#name { #write })
        }
    }
}

/// The pattern for a reference to an element of a slice.
fn pattern(kind: &AttrKind, name: &TokenStream) -> TokenStream {
    match kind {
        AttrKind::Nest(_) => quote!(#name),
        _ => quote!(&#name),
    }
}

/// The statement that writes so many levels of numbered nests.
fn write_level(
    types: &Types<'_>,
    levels: usize,
    inner: &AttrKind,
    number: &TokenStream,
    items: &TokenStream,
) -> TokenStream {
    if levels == 0 {
        return value::write(types, inner, number, items);
    }
    let below = write_level(types, levels - 1, inner, &quote!(number), &quote!(item));
    quote! {
        out.nest(#number, |out| {
            for &(number, item) in #items { #below }
            Ok(())
        })?;
    }
}
