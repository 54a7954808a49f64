//! `Debug` of what holds bytes, or numbers that people know in another look: addresses and such.
//!
//! What `derive` would print there nobody can read.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::print::Item;
use super::types::Shape;
use crate::model::{Attr, AttrKind, DisplayHint, Holds, IntKind};

/// How a struct shows itself.
pub(super) enum Debug {
    /// As `derive` has it.
    Derived,
    /// By an `impl` of its own.
    Own(Item),
}

impl Debug {
    /// The `derive` that is needed, with a comma behind it.
    pub(super) fn derive(&self) -> TokenStream {
        match self {
            Self::Derived => quote!(Debug,),
            Self::Own(_) => quote!(),
        }
    }

    /// The `impl` that is needed.
    pub(super) fn item(self) -> Option<Item> {
        match self {
            Self::Derived => None,
            Self::Own(item) => Some(item),
        }
    }
}

/// What a struct is to its message, by which its fields have types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    Request,
    View,
    Owned,
}

/// Of a message, or of a nest.
pub(super) fn of_shape(shape: &Shape<'_>, role: Role) -> Debug {
    let (name, borrows) = match role {
        Role::Request => (&shape.request, shape.borrows),
        Role::View => (&shape.view, shape.borrows),
        Role::Owned => (&shape.owned, false),
    };
    let lifetime = if borrows { "<'_>" } else { "" };
    let header = shape.header.map(|_| (quote!(header), None));
    let fields = shape.fields.iter().map(|field| {
        let name = &field.name;
        let is_list = field.attr.multi || matches!(field.attr.kind, AttrKind::IndexedArray(_));
        let is_bare = role == Role::Request && field.required;
        let shown = look_of(field.attr).map(|look| match (is_list, is_bare) {
            (true, _) if role == Role::Owned => quote!(wire::each(&self.#name, #look)),
            (true, _) => quote!(wire::each(self.#name, #look)),
            (false, true) => quote!(#look(&self.#name)),
            (false, false) => quote!(self.#name.as_ref().map(#look)),
        });
        (quote!(#name), shown)
    });
    of_fields(name, lifetime, header.into_iter().chain(fields).collect())
}

/// Of a struct of this name, whose fields are shown as they are or by an expression.
pub(super) fn of_fields(
    name: &Ident,
    lifetime: &str,
    fields: Vec<(TokenStream, Option<TokenStream>)>,
) -> Debug {
    if fields.iter().all(|(_, shown)| shown.is_none()) {
        return Debug::Derived;
    }
    let label = name.to_string();
    let shown = fields.into_iter().map(|(field, shown)| {
        let label = field.to_string();
        let shown = shown.unwrap_or_else(|| quote!(self.#field));
        quote!(.field(#label, &#shown))
    });
    Debug::Own(Item::Block {
        head: format!("impl std::fmt::Debug for {name}{lifetime}"),
        members: vec![quote! {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(#label)#(#shown)*.finish()
            }
        }],
    })
}

/// A function from a reference to bytes to what shows them.
pub(super) fn look_of_bytes(hint: Option<DisplayHint>) -> TokenStream {
    match hint {
        Some(DisplayHint::Mac | DisplayHint::Fddi) => quote!(wire::Mac),
        Some(DisplayHint::Ipv4 | DisplayHint::Ipv6 | DisplayHint::Ipv4OrV6) => quote!(wire::Ip),
        Some(DisplayHint::Uuid) => quote!(wire::Uuid),
        Some(DisplayHint::Hex) => quote!(wire::Hex),
        None => quote!(wire::Escaped),
    }
}

/// As [`look_of_bytes`], of an integer that no enum names; `None` if it is shown as it is.
pub(super) fn look_of_int(kind: IntKind, hint: Option<DisplayHint>) -> Option<TokenStream> {
    match hint? {
        DisplayHint::Hex => Some(quote!(wire::HexNumber)),
        DisplayHint::Ipv4 | DisplayHint::Ipv4OrV6 if kind == IntKind::U32 => {
            Some(quote!(wire::Ipv4Number))
        }
        _ => None,
    }
}

/// A function from a reference to an attribute's value to what shows it; `None` if it is shown as it
/// is.
fn look_of(attr: &Attr) -> Option<TokenStream> {
    let kind = match &attr.kind {
        AttrKind::IndexedArray(element) => &**element,
        kind => kind,
    };
    match kind {
        AttrKind::Binary(binary) if binary.holds == Holds::Bytes => Some(look_of_bytes(attr.hint)),
        AttrKind::Int(int) if int.names.is_none() => look_of_int(int.kind, attr.hint),
        _ => None,
    }
}
