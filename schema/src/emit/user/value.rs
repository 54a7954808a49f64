//! What stands in one attribute, or in one element of an array: its types, how it is read, written
//! and copied.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::print::ident;
use super::types::{Types, codec, to_bytes};
use super::uses::bits_of;
use crate::model::{AttrKind, ByteOrder, EnumUse, Holds, Int, IntKind};

/// The value's type in what userspace fills in.
pub(super) fn request_type(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::Int(int) => types.int(int.kind, int.names),
        AttrKind::String(_) => quote!(&'a str),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => quote!(&'a [u8]),
            Holds::Struct(id) => {
                let name = types.structure(*id);
                quote!(#name)
            }
            Holds::Array(int) => {
                let element = types.int(int.kind, int.names);
                quote!(&'a [#element])
            }
        },
        AttrKind::Bitfield32(bits) => types.bitfield(bits.names),
        AttrKind::Nest(set) => types.request(*set),
        _ => no_value(),
    }
}

/// The value's type in a view.
pub(super) fn view_type(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::Binary(binary) if let Holds::Array(int) = &binary.holds => {
            let element = types.int(int.kind, int.names);
            quote!(wire::Array<'a, #element>)
        }
        AttrKind::Nest(set) => types.view(*set),
        kind => request_type(types, kind),
    }
}

/// The value's type in an owned copy.
pub(super) fn owned_type(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match kind {
        AttrKind::String(_) => quote!(String),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => quote!(Vec<u8>),
            Holds::Struct(_) => request_type(types, kind),
            Holds::Array(int) => {
                let element = types.int(int.kind, int.names);
                quote!(Vec<#element>)
            }
        },
        AttrKind::Nest(set) => {
            let name = types.owned(*set);
            quote!(#name)
        }
        kind => request_type(types, kind),
    }
}

/// How a value is read from `attr`.
enum Reading {
    /// By a method of `wire::Attr`.
    Method(Ident),
    /// By an expression that is a `Result`.
    Result(TokenStream),
    /// By an expression that ends the function if the value cannot be read.
    Value(TokenStream),
}

fn reading(types: &Types<'_>, kind: &AttrKind) -> Reading {
    match kind {
        AttrKind::Int(int) => {
            let method = codec(int.kind, int.order);
            match int.names {
                None => Reading::Method(method),
                Some(names) => {
                    Reading::Value(from_int(types, int.kind, names, quote!(attr.#method()?)))
                }
            }
        }
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => Reading::Method(ident("bytes")),
            Holds::Struct(_) => Reading::Method(ident("structure")),
            Holds::Array(int) => {
                let width = Literal::usize_unsuffixed(element_width(int));
                let element = read_field(types, int.kind, int.order, int.names, &quote!(item), 0);
                Reading::Result(quote!(attr.array(#width, |item| #element)))
            }
        },
        AttrKind::Bitfield32(bits) => match bits.names {
            None => Reading::Method(ident("bitfield32")),
            Some(id) => {
                let names = bits_of(id);
                let (name, below) = types.named(names);
                let bits = from_int(types, IntKind::U32, names, quote!(bits));
                Reading::Value(match below == IntKind::U32.rust() {
                    true => quote!(attr.bitfield32()?.map(#name::from_bits_retain)),
                    false => quote!(attr.bitfield32()?.map(|bits| #bits)),
                })
            }
        },
        AttrKind::String(_) => Reading::Method(ident("str")),
        _ => Reading::Method(ident("nest")),
    }
}

/// The expression for the value in `attr`.
pub(super) fn read(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match reading(types, kind) {
        Reading::Method(method) => quote!(attr.#method()?),
        Reading::Result(result) => quote!(#result?),
        Reading::Value(value) => value,
    }
}

/// A function from an attribute to its value.
pub(super) fn reader(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match reading(types, kind) {
        Reading::Method(method) => quote!(wire::Attr::#method),
        Reading::Result(result) => quote!(|attr| #result),
        Reading::Value(value) => quote!(|attr| Ok(#value)),
    }
}

/// The expression that says whether a view can be made of `attr`; `None` if nothing can be wrong.
pub(super) fn readable(types: &Types<'_>, kind: &AttrKind) -> Option<TokenStream> {
    let of_width = |method: &str, width: usize| {
        let (method, width) = (ident(method), Literal::usize_unsuffixed(width));
        quote!(attr.#method(#width))
    };
    Some(match kind {
        AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => return None,
        AttrKind::Int(int) => match int.kind.fixed_size() {
            Some(width) => of_width("has_width", width),
            None => quote!(attr.has_uint()),
        },
        AttrKind::Bitfield32(_) => of_width("has_width", 8),
        AttrKind::String(_) => quote!(attr.has_str()),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes | Holds::Struct(_) => return None,
            Holds::Array(int) => of_width("has_array", element_width(int)),
        },
        AttrKind::Nest(set) => {
            let view = types.view(*set);
            quote!(attr.has_nest::<#view>())
        }
        AttrKind::IndexedArray(element) => {
            let test = test(types, element);
            quote!(attr.has_members(#test))
        }
        AttrKind::TypeValue(levels, inner) => {
            let test = level_test(types, levels.len() - 1, inner);
            quote!(attr.has_members(#test))
        }
    })
}

/// A function that says whether a view can be made of an attribute.
pub(super) fn test(types: &Types<'_>, kind: &AttrKind) -> TokenStream {
    match readable(types, kind) {
        Some(readable) => quote!(|attr| #readable),
        None => quote!(|_| true),
    }
}

/// The same, of what so many levels of numbered nests hold.
pub(super) fn level_test(types: &Types<'_>, levels: usize, inner: &AttrKind) -> TokenStream {
    match levels {
        0 => test(types, inner),
        _ => {
            let below = level_test(types, levels - 1, inner);
            quote!(|attr| attr.has_members(#below))
        }
    }
}

/// Bytes that each element of an array takes.
fn element_width(int: &Int) -> usize {
    int.kind.fixed_size().unwrap_or(1)
}

/// The expression for an integer among the fields of `from`.
pub(super) fn read_field(
    types: &Types<'_>,
    kind: IntKind,
    order: ByteOrder,
    names: Option<EnumUse>,
    from: &TokenStream,
    offset: usize,
) -> TokenStream {
    let method = codec(kind, order);
    let offset = Literal::usize_unsuffixed(offset);
    let plain = quote!(#from.#method(#offset));
    match names {
        Some(names) => from_int(types, kind, names, plain),
        None => plain,
    }
}

/// From an integer to what its enum makes of it.
fn from_int(types: &Types<'_>, kind: IntKind, names: EnumUse, plain: TokenStream) -> TokenStream {
    let (name, below) = types.named(names);
    let widened = match below == kind.rust() {
        true => plain,
        false => {
            let below = ident(below);
            quote!(#below::from(#plain))
        }
    };
    match names.as_flags {
        true => quote!(#name::from_bits_retain(#widened)),
        false => quote!(#name::from(#widened)),
    }
}

/// From what an enum makes of an integer to the integer below it; and whether that is wider than
/// this kind of integer.
pub(super) fn to_int(
    types: &Types<'_>,
    kind: IntKind,
    names: EnumUse,
    value: &TokenStream,
) -> (TokenStream, bool) {
    let (_, below) = types.named(names);
    let wide = below != kind.rust();
    let below = ident(below);
    match names.as_flags {
        true => (quote!(#value.bits()), wide),
        false => (quote!(#below::from(#value)), wide),
    }
}

/// The statement that writes a value as attribute `number`.
pub(super) fn write(
    types: &Types<'_>,
    kind: &AttrKind,
    number: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    match kind {
        AttrKind::Int(int) => write_int(types, int, number, value),
        AttrKind::Bitfield32(bits) => match bits.names {
            None => quote!(out.bitfield32(#number, #value);),
            Some(id) => match to_int(types, IntKind::U32, bits_of(id), &quote!(bits)) {
                (plain, false) => quote!(out.bitfield32(#number, #value.map(|bits| #plain));),
                (plain, true) => quote! {
                    let bits = #value.map(|bits| #plain);
                    let narrow = wire::Bitfield32 {
                        value: out.narrow(#number, bits.value)?,
                        selector: out.narrow(#number, bits.selector)?,
                    };
                    out.bitfield32(#number, narrow);
                },
            },
        },
        kind => {
            let result = write_result(types, kind, number, value);
            quote!(#result?;)
        }
    }
}

/// As [`write`], as the last expression of a function that returns a `Result`.
pub(super) fn write_last(
    types: &Types<'_>,
    kind: &AttrKind,
    number: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    match kind {
        AttrKind::Int(_) | AttrKind::Bitfield32(_) => {
            let write = write(types, kind, number, value);
            quote!({ #write Ok(()) })
        }
        kind => write_result(types, kind, number, value),
    }
}

fn write_result(
    types: &Types<'_>,
    kind: &AttrKind,
    number: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    match kind {
        AttrKind::String(_) => quote!(out.str(#number, #value)),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => quote!(out.bytes(#number, #value)),
            Holds::Struct(_) => quote!(out.structure(#number, &#value)),
            Holds::Array(int) => {
                let turn = turn(types, int);
                quote!(out.array(#number, #value, #turn))
            }
        },
        _ => quote!(out.nest(#number, |out| #value.encode(out))),
    }
}

/// A function from a reference to an array's element to its bytes.
fn turn(types: &Types<'_>, int: &Int) -> TokenStream {
    let to_bytes = to_bytes(int.order);
    let Some(names) = int.names else {
        return quote!(|item| Ok(item.#to_bytes()));
    };
    let item = match names.as_flags {
        true => quote!(item),
        false => quote!(*item),
    };
    match to_int(types, int.kind, names, &item) {
        (plain, false) => quote!(|item| Ok(#plain.#to_bytes())),
        (plain, true) => {
            let rust = ident(int.kind.rust());
            quote!(|item| wire::narrow(#plain).map(#rust::#to_bytes))
        }
    }
}

fn write_int(
    types: &Types<'_>,
    int: &Int,
    number: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    let method = codec(int.kind, int.order);
    let Some(names) = int.names else {
        return quote!(out.#method(#number, #value););
    };
    match to_int(types, int.kind, names, value) {
        (plain, false) => quote!(out.#method(#number, #plain);),
        // Elsewhere the enum stands for a wider integer.
        (plain, true) => quote! {
            let narrow = out.narrow(#number, #plain)?;
            out.#method(#number, narrow);
        },
    }
}

/// What is to be done with a value of a view, in a list or an `Option`, to own it; `None` if it is
/// owned as it is.
pub(super) fn copy(kind: &AttrKind) -> Option<TokenStream> {
    match kind {
        AttrKind::String(_) => Some(quote!(str::to_owned)),
        AttrKind::Binary(binary) => match binary.holds {
            Holds::Bytes => Some(quote!(<[u8]>::to_vec)),
            Holds::Struct(_) => None,
            Holds::Array(_) => Some(quote!(Iterator::collect)),
        },
        AttrKind::Nest(_) => Some(quote!(|item| item.to_owned())),
        _ => None,
    }
}

/// For kinds that are no single value: they do not come here.
fn no_value() -> TokenStream {
    quote!(())
}
