//! Requests: structs that the caller fills in, and how they are written.

use proc_macro2::TokenStream;
use quote::quote;

use super::print::{Item, docs, ident};
use super::types::{Field, Shape, Types, codec};
use crate::model::{AttrKind, Int};

/// The struct, and its encoder; of a message that is the trait `Request`, of a nest a method.
pub(super) fn items(types: &Types<'_>, shape: &Shape<'_>, is_message: bool) -> Vec<Item> {
    let sendable = |field: &&Field<'_>| !matches!(field.attr.kind, AttrKind::TypeValue(..));
    let fields: Vec<_> = shape.fields.iter().filter(sendable).collect();
    let ty = shape.request_type(&quote!(<'a>));
    let doc = &shape.doc;
    let declarations = fields.iter().map(|field| {
        let doc = docs(
            &field.attr.doc,
            &format!("The attribute `{}`.", field.attr.name),
        );
        let name = &field.name;
        let ty = field_type(types, field);
        quote!(#doc pub #name: #ty)
    });
    let structure = quote! {
        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct #ty { #(#declarations,)* }
    };

    let out = match fields.is_empty() {
        true => quote!(_out),
        false => quote!(out),
    };
    let writes = fields.iter().map(|field| write(types, field));
    let encode = quote! {
        fn encode(&self, #out: &mut wire::Encoder<'_>) -> Result<(), wire::Unfit> {
            #(#writes)*
            Ok(())
        }
    };
    let name = &shape.request;
    let lifetime = if shape.request_borrows { "<'_>" } else { "" };
    let of = if is_message {
        "genl_user::Request for "
    } else {
        ""
    };
    vec![
        Item::Tokens(structure),
        Item::Block {
            head: format!("impl {of}{name}{lifetime}"),
            members: vec![encode],
        },
    ]
}

fn field_type(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let attr = field.attr;
    let value = match &attr.kind {
        AttrKind::Flag => return quote!(bool),
        AttrKind::IndexedArray(set) => {
            let item = types.request(set.inside().expect("it holds nests"));
            return quote!(&'a [#item]);
        }
        AttrKind::Int(int) => types.int(int),
        AttrKind::String(_) => quote!(&'a str),
        AttrKind::Bitfield32(_) | AttrKind::Binary(_) => quote!(&'a [u8]),
        AttrKind::Nest(set) => types.request(*set),
        AttrKind::Pad | AttrKind::Unused | AttrKind::TypeValue(..) => quote!(()),
    };
    match (attr.multi, field.required) {
        (true, _) => quote!(&'a [#value]),
        (false, true) => value,
        (false, false) => quote!(Option<#value>),
    }
}

/// The statement that writes a field.
fn write(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let (name, number) = (&field.name, &field.number);
    match &field.attr.kind {
        AttrKind::Flag => quote!(if self.#name { out.flag(#number); }),
        AttrKind::IndexedArray(_) => quote! {
            if !self.#name.is_empty() {
                out.nest(#number, |out| {
                    for (number, item) in (1..).zip(self.#name) {
                        out.nest(number, |out| item.encode(out))?;
                    }
                    Ok(())
                })?;
            }
        },
        kind if field.attr.multi => {
            let write = write_value(types, kind, number, quote!(#name));
            let pattern = match kind {
                AttrKind::Nest(_) => quote!(#name),
                _ => quote!(&#name),
            };
            quote!(for #pattern in self.#name { #write })
        }
        kind if field.required => write_value(types, kind, number, quote!(self.#name)),
        kind => {
            let write = write_value(types, kind, number, quote!(#name));
            let borrow = matches!(kind, AttrKind::Nest(_)).then(|| quote!(&));
            quote!(if let Some(#name) = #borrow self.#name { #write })
        }
    }
}

fn write_value(
    types: &Types<'_>,
    kind: &AttrKind,
    number: &TokenStream,
    value: TokenStream,
) -> TokenStream {
    match kind {
        AttrKind::String(_) => quote!(out.str(#number, #value)?;),
        AttrKind::Bitfield32(_) | AttrKind::Binary(_) => quote!(out.bytes(#number, #value)?;),
        AttrKind::Nest(_) => quote!(out.nest(#number, |out| #value.encode(out))?;),
        AttrKind::Int(int) => write_int(types, int, number, value),
        AttrKind::Flag
        | AttrKind::Pad
        | AttrKind::Unused
        | AttrKind::IndexedArray(_)
        | AttrKind::TypeValue(..) => quote!(),
    }
}

fn write_int(
    types: &Types<'_>,
    int: &Int,
    number: &TokenStream,
    value: TokenStream,
) -> TokenStream {
    let method = codec(int);
    let Some(names) = int.names else {
        return quote!(out.#method(#number, #value););
    };
    let (_, below) = types.named(names);
    let rust = ident(below.rust());
    let plain = match names.as_flags {
        true => quote!(#value.bits()),
        false => quote!(#rust::from(#value)),
    };
    match below.rust() == int.kind.rust() {
        true => quote!(out.#method(#number, #plain);),
        // Elsewhere the enum stands for a wider integer.
        false => quote! {
            let narrow = out.narrow(#number, #plain)?;
            out.#method(#number, narrow);
        },
    }
}
