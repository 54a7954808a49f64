//! Tables of what requests may hold, by which they are checked.
//!
//! The rules are those of the kernel half (`emit/kernel/rules.rs`), told to userspace.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::enums::number;
use super::print::ident;
use super::types::{attrs_module, codec};
use crate::emit::limits::{Limit, limits_of};
use crate::model::{Attr, AttrKind, AttrSet, Family, Int, Len};

/// The table of a set: the rules of all of its attributes.
pub(super) fn table(family: &Family, set: &AttrSet, numbers: &[proc_macro2::Ident]) -> TokenStream {
    let max = Literal::u16_unsuffixed(set.max_id());
    let rules = set
        .attrs
        .iter()
        .zip(numbers)
        // The core never takes attributes of type 0.
        .filter(|(attr, _)| attr.id != 0)
        .filter_map(|(attr, number)| {
            let rule = rule(family, set, attr)?;
            Some(quote!((#number, #rule)))
        });
    quote! {
        pub(super) static POLICY: Policy = Policy::new(#max, &[#(#rules,)*]);
    }
}

/// The rule for an attribute; `None` if it is always refused.
fn rule(family: &Family, set: &AttrSet, attr: &Attr) -> Option<TokenStream> {
    let rule = of_kind(family, set, &attr.kind)?;
    let many =
        (attr.multi || matches!(attr.kind, AttrKind::TypeValue(..))).then(|| quote!(.many()));
    let rule = quote!(#rule #many);
    Some(match attr.max_count {
        Some(count) => {
            let count = Literal::u32_unsuffixed(count);
            quote!(#rule.at_most(#count))
        }
        None => rule,
    })
}

fn of_kind(family: &Family, set: &AttrSet, kind: &AttrKind) -> Option<TokenStream> {
    Some(match kind {
        AttrKind::Pad | AttrKind::Unused => return None,
        AttrKind::Flag => quote!(Rule::flag()),
        AttrKind::Int(int) => integer(family, int),
        AttrKind::String(text) => {
            let method = match text.unterminated_ok {
                true => quote!(text),
                false => quote!(string),
            };
            let lengths = lengths(text.len);
            quote!(Rule::#method(#lengths))
        }
        AttrKind::Binary(binary) => {
            let lengths = lengths(binary.len);
            quote!(Rule::bytes(#lengths))
        }
        AttrKind::Bitfield32(bits) => {
            let mask = hex(bits.mask.unwrap_or(u32::MAX).into());
            quote!(Rule::bitfield32(#mask))
        }
        AttrKind::Nest(inner) => {
            let policy = path(set, &family[*inner]);
            quote!(Rule::nest(#policy))
        }
        AttrKind::IndexedArray(element) => values(family, set, 1, element)?,
        AttrKind::TypeValue(levels, element) => values(family, set, levels.len(), element)?,
    })
}

/// Of nests in one level the core sees what is inside.
fn values(
    family: &Family,
    set: &AttrSet,
    levels: usize,
    element: &AttrKind,
) -> Option<TokenStream> {
    Some(match (levels, element) {
        (1, AttrKind::Nest(inner)) => {
            let policy = path(set, &family[*inner]);
            quote!(Rule::array(#policy))
        }
        _ => {
            let levels = Literal::usize_unsuffixed(levels);
            let element = of_kind(family, set, element)?;
            quote!(Rule::values(#levels, &#element))
        }
    })
}

fn path(set: &AttrSet, inner: &AttrSet) -> TokenStream {
    match std::ptr::eq(set, inner) {
        true => quote!(&POLICY),
        false => {
            let module = attrs_module(inner);
            quote!(&super::#module::POLICY)
        }
    }
}

fn lengths(len: Len) -> TokenStream {
    let min = Literal::u16_unsuffixed(len.min);
    match len.max.map(Literal::u16_unsuffixed) {
        Some(max) => quote!(#min, Some(#max)),
        None => quote!(#min, None),
    }
}

fn integer(family: &Family, int: &Int) -> TokenStream {
    let method = codec(int.kind, int.order);
    let limits = limits_of(family, int).into_iter().map(|limit| match limit {
        Limit::Mask(mask) => {
            let mask = hex(mask);
            quote!(Limit::Mask(#mask))
        }
        Limit::Range(min, max) => {
            let (min, max) = (number(min), number(max));
            quote!(Limit::Range(#min, #max))
        }
        Limit::Listed(id) => {
            let values = family[id].entries.iter().map(|entry| number(entry.value));
            quote!(Limit::Listed(&[#(#values),*]))
        }
    });
    quote!(Rule::#method(&[#(#limits),*]))
}

fn hex(mask: u64) -> TokenStream {
    let text = format!("{mask:#x}");
    let literal: Literal = text
        .parse()
        .unwrap_or_else(|_| Literal::u64_unsuffixed(mask));
    quote!(#literal)
}

/// The names that [`table`] needs, of those that the runtime has for it.
pub(super) fn imports(text: &TokenStream) -> TokenStream {
    let text = text.to_string();
    let used = ["Limit", "Policy", "Rule"]
        .into_iter()
        .filter(|name| text.contains(&format!("{name} ::")));
    let used = used.map(ident);
    quote!(use genl_user::policy::{#(#used),*};)
}
