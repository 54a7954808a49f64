//! Enums, and sets of flags.

use quote::quote;

use super::print::{Item, doc_lines, docs, ident, serde};
use super::types::Types;
use crate::model::{Enum, IntKind};

/// A type for each enum, or two for one whose names stand for values here and for bits there.
pub(super) fn items(types: &Types<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    for (id, what) in types.family.enums() {
        if let Some((name, kind)) = types.enum_value(id) {
            items.extend(value(what, &name, kind));
        }
        if let Some((name, kind)) = types.enum_flags(id) {
            items.push(flags(what, &name, kind));
        }
    }
    items
}

fn value(what: &Enum, name: &proc_macro2::Ident, kind: IntKind) -> Vec<Item> {
    let doc = docs(&what.doc, &format!("The enum `{}`.", what.name));
    let serde = serde();
    let rust = ident(kind.rust());
    let names: Vec<_> = what
        .entries
        .iter()
        .map(|entry| ident(&entry.name.pascal()))
        .collect();
    let entry_docs = what
        .entries
        .iter()
        .map(|entry| docs(&entry.doc, &format!("`{}`", entry.name)));
    let values: Vec<_> = what
        .entries
        .iter()
        .map(|entry| proc_macro2::Literal::i128_unsuffixed(entry.value))
        .collect();
    let has = |name: &str| names.iter().any(|entry| entry == name);
    let unknown = ident(if has("Unknown") { "Unnamed" } else { "Unknown" });
    vec![
        Item::Tokens(quote! {
            #doc
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            #serde
            pub enum #name {
                #(#entry_docs #names,)*
                /// A value that the spec does not name.
                #unknown(#rust),
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
                    match value {
                        #(#values => Self::#names,)*
                        _ => Self::#unknown(value),
                    }
                }
            }],
        },
        Item::Block {
            head: format!("impl From<{name}> for {rust}"),
            members: vec![quote! {
                fn from(value: #name) -> Self {
                    match value {
                        #(#name::#names => #values,)*
                        #name::#unknown(value) => value,
                    }
                }
            }],
        },
    ]
}

/// As text, because no formatter knows what is inside a macro's braces.
fn flags(what: &Enum, name: &proc_macro2::Ident, kind: IntKind) -> Item {
    let mut text = String::from("genl_user::bitflags::bitflags! {\n");
    let fallback = format!("The flags `{}`.", what.name);
    text.push_str(&doc_lines(&what.doc, &fallback, 4));
    text.push_str("    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]\n");
    text.push_str(
        "    #[cfg_attr(feature = \"serde\", derive(serde::Serialize, serde::Deserialize))]\n",
    );
    text.push_str(&format!("    pub struct {name}: {} {{\n", kind.rust()));
    for entry in &what.entries {
        text.push_str(&doc_lines(&entry.doc, &format!("`{}`", entry.name), 8));
        let (shouty, bit) = (entry.name.shouty(), entry.value);
        text.push_str(&format!("        const {shouty} = 1 << {bit};\n"));
    }
    text.push_str("    }\n}\n");
    Item::Text(text)
}
