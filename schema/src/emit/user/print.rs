//! From tokens to text: one item after the other, a blank line between.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::doc::markdown;
use crate::emit::Origin;

/// A piece of the file.
pub(super) enum Item {
    /// One item, or several that belong together without a blank line.
    Tokens(TokenStream),
    /// `head { members }`, with a blank line between the members.
    Block {
        /// What stands before the brace, attributes and docs included, as text.
        head: String,
        /// The members.
        members: Vec<TokenStream>,
    },
    /// Text that is not to be formatted.
    Text(String),
}

/// The whole file.
pub(super) fn file(doc: &str, origin: Origin<'_>, items: Vec<Item>) -> String {
    let mut text = format!("// {origin}\n\n");
    for line in markdown(doc) {
        text.push_str(format!("//! {line}").trim_end());
        text.push('\n');
    }
    text.push_str("\nuse genl_user::wire;\n");
    text + &all(items)
}

/// A module within the file: what stands before its brace, its own words, its imports, its items.
pub(super) fn module(head: &str, doc: &str, uses: &str, items: Vec<Item>) -> Item {
    let mut text = format!("{head} {{\n");
    let doc: String = doc.lines().map(|line| format!("//! {line}\n")).collect();
    let doc = if doc.is_empty() { doc } else { doc + "\n" };
    for line in format!("{doc}{uses}{}", all(items)).lines() {
        let indent = if line.is_empty() { "" } else { "    " };
        text.push_str(&format!("{indent}{line}\n"));
    }
    Item::Text(text + "}\n")
}

/// The items, each with a blank line before it.
fn all(items: Vec<Item>) -> String {
    let mut text = String::new();
    for item in items {
        text.push('\n');
        match item {
            Item::Tokens(tokens) => text.push_str(&pretty(tokens)),
            Item::Text(verbatim) => text.push_str(&verbatim),
            Item::Block { head, members } => {
                let members: Vec<_> = members.into_iter().map(pretty).collect();
                text.push_str(&format!("{head} {{\n"));
                for line in members.join("\n").lines() {
                    let indent = if line.is_empty() { "" } else { "    " };
                    text.push_str(&format!("{indent}{line}\n"));
                }
                text.push_str("}\n");
            }
        }
    }
    text
}

/// The derives of types that own all they have.
pub(super) fn serde() -> TokenStream {
    quote!(#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))])
}

/// As [`serde`], of types that are read back where not all that they have is said.
pub(super) fn serde_with_defaults() -> TokenStream {
    quote!(#[cfg_attr(
        feature = "serde",
        derive(serde::Serialize, serde::Deserialize),
        serde(default)
    )])
}

/// The derive of types that borrow from the receive buffer.
pub(super) fn serialize() -> TokenStream {
    quote!(#[cfg_attr(feature = "serde", derive(serde::Serialize))])
}

/// An identifier, of a spelling that `Name` made one.
pub(super) fn ident(text: &str) -> Ident {
    Ident::new(text, Span::call_site())
}

fn pretty(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens).expect("the emitter writes Rust");
    prettyplease::unparse(&file)
}
