//! How the client's owned types are written, which a server answers with.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::print::Item;
use super::super::types::{Field, Shape, Types};
use super::super::value;
use crate::model::{AttrKind, Direction, Holds};

/// The trait `Encode` of all that is sent.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let messages = types.family.messages.iter();
    let sent = messages
        .filter(|message| message.direction == Direction::FromKernel)
        .map(|message| types.message(message));
    let shapes = sent.chain(types.nested_in_views());
    shapes.map(|shape| encode(types, &shape)).collect()
}

fn encode(types: &Types<'_>, shape: &Shape<'_>) -> Item {
    let out = match shape.fields.is_empty() && shape.header.is_none() {
        true => quote!(_out),
        false => quote!(out),
    };
    let header = shape.header.map(|_| quote!(out.header(&self.header)?;));
    let writes = shape.fields.iter().map(|field| write(types, field));
    Item::Block {
        head: format!("impl server::Encode for super::{}", shape.owned),
        members: vec![quote! {
            fn encode(&self, #out: &mut wire::Encoder<'_>) -> Result<(), wire::Unfit> {
                #header
                #(#writes)*
                Ok(())
            }
        }],
    }
}

/// The statement that writes a field.
fn write(types: &Types<'_>, field: &Field<'_>) -> TokenStream {
    let (name, number) = (&field.name, &field.number);
    match &field.attr.kind {
        AttrKind::Flag => quote!(if self.#name { out.flag(#number); }),
        AttrKind::IndexedArray(element) => {
            let item = pattern(element, &quote!(item));
            let write = value::write_last(types, element, &quote!(number), &quote!(item));
            quote! {
                if !self.#name.is_empty() {
                    out.indexed(#number, &self.#name, |out, number, #item| #write)?;
                }
            }
        }
        AttrKind::TypeValue(levels, inner) => {
            let write = write_level(types, levels.len(), inner, number, &quote!(&self.#name));
            quote!(if !self.#name.is_empty() { #write })
        }
        kind => {
            let value = pattern(kind, &quote!(value));
            let write = value::write(types, kind, number, &quote!(value));
            match field.attr.multi {
                true => quote!(for #value in &self.#name { #write }),
                false if is_copied(kind) => quote!(if let Some(value) = self.#name { #write }),
                false => quote!(if let Some(value) = &self.#name { #write }),
            }
        }
    }
}

/// Its values are copied, not borrowed.
fn is_copied(kind: &AttrKind) -> bool {
    match kind {
        AttrKind::Int(_) | AttrKind::Bitfield32(_) => true,
        AttrKind::Binary(binary) => matches!(binary.holds, Holds::Struct(_)),
        _ => false,
    }
}

/// The pattern for a reference to a value in a list.
fn pattern(kind: &AttrKind, name: &TokenStream) -> TokenStream {
    match is_copied(kind) {
        true => quote!(&#name),
        false => quote!(#name),
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
    let below = match levels {
        1 => value::write(types, inner, &quote!(*number), &quote!(item)),
        _ => write_level(types, levels - 1, inner, &quote!(*number), &quote!(item)),
    };
    let copied = (levels == 1 && is_copied(inner)).then(|| quote!(let item = *item;));
    quote! {
        out.nest(#number, |out| {
            for (number, item) in #items { #copied #below }
            Ok(())
        })?;
    }
}
