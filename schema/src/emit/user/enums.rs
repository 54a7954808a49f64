//! Enums, and sets of flags.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::doc::{doc_lines, docs};
use super::names::Names;
use super::print::{Item, ident, serde};
use super::types::Types;
use crate::model::Enum;

/// A type for each enum, or two for one whose names stand for values here and for bits there.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for (id, what) in types.family.enums() {
        if let Some((name, below)) = types.enum_value(id) {
            items.extend(value(what, &name, below));
        }
        if let Some((name, below)) = types.enum_flags(id) {
            items.extend(flags(what, &name, below));
        }
    }
    items
}

fn value(what: &Enum, name: &Ident, below: &str) -> Vec<Item> {
    let doc = docs(&what.doc, &format!("The enum `{}`.", what.name));
    let serde = serde();
    let rust = ident(below);
    let spellings = || what.entries.iter().map(|entry| entry.name.pascal());
    let other = match spellings().any(|name| name == "Unknown") {
        true => "Unnamed",
        false => "Unknown",
    };
    let mut names = Names::but(&[other]);
    let names: Vec<_> = spellings().map(|spelled| names.ident(spelled)).collect();
    let entry_docs = what
        .entries
        .iter()
        .map(|entry| docs(&entry.doc, &format!("`{}`", entry.name)));
    let values: Vec<_> = what
        .entries
        .iter()
        .map(|entry| number(entry.value))
        .collect();
    let other = ident(other);
    let label = what.name.as_str();
    let labels = what.entries.iter().map(|entry| entry.name.as_str());
    let (from, into) = match names.is_empty() {
        true => (
            quote!(Self::#other(value)),
            quote! {
                let #name::#other(value) = value;
                value
            },
        ),
        false => (
            quote! {
                match value {
                    #(#values => Self::#names,)*
                    _ => Self::#other(value),
                }
            },
            quote! {
                match value {
                    #(#name::#names => #values,)*
                    #name::#other(value) => value,
                }
            },
        ),
    };
    vec![
        Item::Tokens(quote! {
            #doc
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            #serde
            pub enum #name {
                #(#entry_docs #names,)*
                /// A value that the spec does not name.
                #other(#rust),
            }
        }),
        Item::Block {
            head: format!("impl Default for {name}"),
            members: vec![quote!(
                fn default() -> Self {
                    Self::from(0)
                }
            )],
        },
        Item::Block {
            head: format!("impl From<{rust}> for {name}"),
            members: vec![quote! {
                fn from(value: #rust) -> Self {
                    #from
                }
            }],
        },
        Item::Block {
            head: format!("impl From<{name}> for {rust}"),
            members: vec![quote! {
                fn from(value: #name) -> Self {
                    #into
                }
            }],
        },
        Item::Block {
            head: format!("impl wire::Enum for {name}"),
            members: vec![
                quote!(
                    type Number = #rust;
                ),
                quote! {
                    const NAME: &'static str = #label;
                    const NAMES: &'static [(Self, &'static str)] = &[#((Self::#names, #labels),)*];
                },
            ],
        },
        Item::Block {
            head: format!("impl std::fmt::Display for {name}"),
            members: vec![quote! {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    wire::Enum::show(*self, f)
                }
            }],
        },
        Item::Block {
            head: format!("impl std::str::FromStr for {name}"),
            members: vec![
                quote!(
                    type Err = wire::NoSuchName;
                ),
                quote! {
                    fn from_str(text: &str) -> Result<Self, wire::NoSuchName> {
                        wire::Enum::find(text)
                    }
                },
            ],
        },
    ]
}

/// As text, because no formatter knows what is inside a macro's braces.
fn flags(what: &Enum, name: &Ident, below: &str) -> [Item; 2] {
    let mut text = String::from("genl_user::bitflags::bitflags! {\n");
    let fallback = format!("The flags `{}`.", what.name);
    text.push_str(&doc_lines(&what.doc, &fallback, 4));
    text.push_str("    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]\n");
    text.push_str(
        "    #[cfg_attr(feature = \"serde\", derive(serde::Serialize, serde::Deserialize))]\n",
    );
    text.push_str(&format!("    pub struct {name}: {below} {{\n"));
    let mut names = Names::but(&[]);
    // Of an enum whose names stand for values as well, some may be no bits.
    let bits = what
        .entries
        .iter()
        .filter(|entry| (0..64).contains(&entry.value));
    for entry in bits {
        text.push_str(&doc_lines(&entry.doc, &format!("`{}`", entry.name), 8));
        let (shouty, bit) = (names.ident(entry.name.shouty()), entry.value);
        text.push_str(&format!("        const {shouty} = 1 << {bit};\n"));
    }
    text.push_str("    }\n}\n");
    [
        Item::Text(text),
        Item::Block {
            head: format!("impl std::fmt::Display for {name}"),
            members: vec![quote! {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    wire::show_flags(self, f)
                }
            }],
        },
    ]
}

/// A number as an expression and as a pattern.
pub(super) fn number(value: i128) -> TokenStream {
    let literal = Literal::u128_unsuffixed(value.unsigned_abs());
    match value < 0 {
        true => quote!(-#literal),
        false => quote!(#literal),
    }
}
