//! C structs: headers, and what stands in attributes of bytes.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::doc::{docs, of_member};
use super::names::Names;
use super::print::{Item, serde};
use super::types::Types;
use super::{debug, value};
use crate::model::{Member, MemberKind, Struct};

/// Byte arrays up to this length have `Default`, and serde's traits.
const LONGEST_ARRAY: usize = 32;

/// A type for each struct.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let structs = types.family.structs();
    structs
        .flat_map(|(id, what)| item(types, what, &types.structure(id)))
        .collect()
}

fn item(types: &Types<'_>, what: &Struct, name: &Ident) -> Vec<Item> {
    let doc = docs(&what.doc, &format!("The struct `{}`.", what.name));
    let serde = serde();
    let mut names = Names::but(&[]);
    let names: Vec<_> = what
        .members
        .iter()
        .map(|member| names.ident(member.name.snake()))
        .collect();
    let members = || what.members.iter().zip(&names);
    let declarations = members().map(|(member, name)| {
        let doc = of_member(member);
        let ty = member_type(types, member);
        quote!(#doc pub #name: #ty)
    });
    let reads = members().map(|(member, name)| {
        let read = read(types, member);
        quote!(#name: #read)
    });
    let writes = members().map(|(member, name)| write(types, member, name));
    let fields = match what.members.is_empty() {
        true => quote!(_fields),
        false => quote!(fields),
    };
    let size = Literal::usize_unsuffixed(what.size);
    let shown = members().map(|(member, name)| (quote!(#name), shown(member, name)));
    let debug = debug::of_fields(name, "", shown.collect());
    let derive = debug.derive();
    let structure = Item::Tokens(quote! {
        #doc
        #[derive(#derive Clone, Copy, PartialEq, Eq, Hash, Default)]
        #serde
        pub struct #name { #(#declarations,)* }
    });
    let codec = Item::Block {
        head: format!("impl wire::Struct for {name}"),
        members: vec![
            quote!(const SIZE: usize = #size;),
            quote! {
                fn read(#fields: wire::Fields<'_>) -> Self {
                    Self { #(#reads,)* }
                }
            },
            quote! {
                fn write(&self, #fields: &mut wire::FieldsMut<'_>) -> Result<(), wire::Misfit> {
                    #(#writes)*
                    Ok(())
                }
            },
        ],
    };
    let mut items = vec![structure, codec];
    items.extend(debug.item());
    items
}

/// The expression that shows a member, if it is not shown as it is.
fn shown(member: &Member, name: &Ident) -> Option<TokenStream> {
    let look = match member.kind {
        MemberKind::Bytes => debug::look_of_bytes(member.hint),
        MemberKind::Int {
            kind, names: None, ..
        } => debug::look_of_int(kind, member.hint)?,
        _ => return None,
    };
    Some(quote!(#look(&self.#name)))
}

fn member_type(types: &Types<'_>, member: &Member) -> TokenStream {
    let size = Literal::usize_unsuffixed(member.size);
    match member.kind {
        MemberKind::Int { kind, names, .. } => types.int(kind, names),
        MemberKind::Bytes if member.size <= LONGEST_ARRAY => quote!([u8; #size]),
        MemberKind::Bytes => quote!(wire::Bytes<#size>),
        MemberKind::String => quote!(wire::Text<#size>),
        MemberKind::Struct(id) => {
            let name = types.structure(id);
            quote!(#name)
        }
    }
}

fn read(types: &Types<'_>, member: &Member) -> TokenStream {
    let at = Literal::usize_unsuffixed(member.offset);
    match member.kind {
        MemberKind::Int { kind, order, names } => {
            value::read_field(types, kind, order, names, &quote!(fields), member.offset)
        }
        MemberKind::Bytes if member.size <= LONGEST_ARRAY => quote!(fields.bytes(#at)),
        MemberKind::Bytes => quote!(wire::Bytes(fields.bytes(#at))),
        MemberKind::String => quote!(wire::Text::from_bytes(fields.bytes(#at))),
        MemberKind::Struct(_) => quote!(fields.part(#at)),
    }
}

fn write(types: &Types<'_>, member: &Member, name: &Ident) -> TokenStream {
    let at = Literal::usize_unsuffixed(member.offset);
    match member.kind {
        MemberKind::Int { kind, order, names } => {
            let method = super::types::codec(kind, order);
            let value = quote!(self.#name);
            let value = match names {
                None => value,
                Some(names) => match value::to_int(types, kind, names, &value) {
                    (plain, false) => plain,
                    // Elsewhere the enum stands for a wider integer.
                    (plain, true) => quote!(wire::narrow(#plain)?),
                },
            };
            quote!(fields.#method(#at, #value);)
        }
        MemberKind::Bytes if member.size <= LONGEST_ARRAY => {
            quote!(fields.bytes(#at, &self.#name);)
        }
        MemberKind::Bytes => quote!(fields.bytes(#at, &self.#name.0);),
        MemberKind::String => quote!(fields.bytes(#at, self.#name.as_bytes());),
        MemberKind::Struct(_) => quote!(fields.part(#at, &self.#name)?;),
    }
}
