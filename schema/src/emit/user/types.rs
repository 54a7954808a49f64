//! What the spec's things are called in Rust, and of which types they are.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::doc::{docs, own_doc};
use super::names::Names;
use super::nesting::Nesting;
use super::print::ident;
use super::uses::Uses;
use crate::model::{
    Attr, AttrKind, AttrSet, ByteOrder, Direction, EnumId, EnumUse, Family, IntKind, Message,
    SetId, StructId,
};
use crate::name::Name;

/// The names and types of one family.
pub(super) struct Types<'f> {
    pub(super) family: &'f Family,
    uses: Vec<Uses>,
    nesting: Nesting,
    /// Of each set what [`numbers`] says: the large ones have many messages.
    numbers: Vec<Vec<Ident>>,
}

/// A struct to be: a message, or a set that is nested in messages.
pub(super) struct Shape<'f> {
    /// What userspace fills in.
    pub(super) request: Ident,
    /// What is borrowed from the receive buffer.
    pub(super) view: Ident,
    /// A view's copy.
    pub(super) owned: Ident,
    /// What it is, as doc lines.
    pub(super) doc: TokenStream,
    /// The struct before the attributes.
    pub(super) header: Option<StructId>,
    /// The set that its attributes belong to.
    pub(super) set: &'f AttrSet,
    /// Its attributes.
    pub(super) fields: Vec<Field<'f>>,
    /// What userspace fills in borrows from the caller, the view from the receive buffer.
    pub(super) borrows: bool,
}

impl Shape<'_> {
    /// The request's type, with this lifetime if it needs one.
    pub(super) fn request_type(&self, lifetime: &TokenStream) -> TokenStream {
        generic(&self.request, self.borrows, lifetime)
    }

    /// The view's type, with this lifetime if it needs one.
    pub(super) fn view_type(&self, lifetime: &TokenStream) -> TokenStream {
        generic(&self.view, self.borrows, lifetime)
    }
}

/// A field of a struct to be.
pub(super) struct Field<'f> {
    pub(super) attr: &'f Attr,
    pub(super) required: bool,
    /// The field's name, and its getter's.
    pub(super) name: Ident,
    /// The path to the constant that is the attribute's number.
    pub(super) number: TokenStream,
    /// The attribute leads back to the set it is of, with no list on the way.
    pub(super) recursive: bool,
}

impl<'f> Types<'f> {
    pub(super) fn new(family: &'f Family) -> Self {
        Self {
            family,
            uses: Uses::of(family),
            nesting: Nesting::of(family),
            numbers: family.sets.iter().map(numbers).collect(),
        }
    }

    /// The struct that a message becomes.
    pub(super) fn message(&self, message: &'f Message) -> Shape<'f> {
        let name = message.name.pascal();
        let attrs = message
            .fields
            .iter()
            .map(|field| (field.attr, field.required));
        let names = [name.clone(), name.clone(), format!("{name}Owned")];
        let doc = own_doc(&self.message_doc(message));
        self.shape(names, doc, message.header, message.set, attrs)
    }

    /// The structs of the sets that are nested in requests.
    pub(super) fn nested_in_requests(&self) -> Vec<Shape<'f>> {
        self.nested(Direction::Request)
    }

    /// The structs of the sets that are nested in what the kernel sends.
    pub(super) fn nested_in_views(&self) -> Vec<Shape<'f>> {
        self.nested(Direction::FromKernel)
    }

    fn nested(&self, direction: Direction) -> Vec<Shape<'f>> {
        let mut found = BTreeSet::new();
        let mut pending: Vec<SetId> = self
            .family
            .messages
            .iter()
            .filter(|message| message.direction == direction)
            .flat_map(|message| {
                let attr = |field| self.family.attr(message, field);
                message
                    .fields
                    .iter()
                    .filter_map(move |field| inside(attr(field)))
            })
            .collect();
        while let Some(set) = pending.pop() {
            if found.insert(set) {
                pending.extend(self.family[set].attrs.iter().filter_map(inside));
            }
        }
        found.into_iter().map(|set| self.nested_set(set)).collect()
    }

    fn nested_set(&self, id: SetId) -> Shape<'f> {
        let set = &self.family[id];
        let name = set.name.pascal();
        let attrs = (0..set.attrs.len()).map(|attr| (attr, false));
        let names = [name.clone(), format!("{name}View"), format!("{name}Owned")];
        let doc = docs(&set.doc, &format!("The attributes of `{}`.", set.name));
        self.shape(names, doc, None, id, attrs)
    }

    fn shape(
        &self,
        [request, view, owned]: [String; 3],
        doc: TokenStream,
        header: Option<StructId>,
        id: SetId,
        attrs: impl Iterator<Item = (usize, bool)>,
    ) -> Shape<'f> {
        let set = &self.family[id];
        let module = attrs_module(set);
        let numbers = &self.numbers[id.get()];
        let mut names = Names::methods();
        if header.is_some() {
            names.take("header");
        }
        let fields: Vec<_> = attrs
            .map(|(at, required)| (&set.attrs[at], &numbers[at], required))
            .filter(|(attr, ..)| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
            .map(|(attr, number, required)| Field {
                attr,
                required,
                name: names.ident(attr.name.snake()),
                number: quote!(#module::#number),
                recursive: self.nesting.leads_back(id, attr),
            })
            .collect();
        let borrows = |field: &Field<'_>| self.nesting.field_borrows(id, field.attr);
        Shape {
            request: ident(&request),
            view: ident(&view),
            owned: ident(&owned),
            doc,
            header,
            set,
            borrows: fields.iter().any(borrows),
            fields,
        }
    }

    /// Says for the docs who sends the message, and when.
    fn message_doc(&self, message: &Message) -> String {
        let is = |id: crate::model::MessageId| std::ptr::eq(&self.family[id], message);
        for op in &self.family.ops {
            for (call, dump) in [(&op.do_, false), (&op.dump, true)] {
                let Some(call) = call else { continue };
                let said = match call.reply {
                    _ if is(call.request) => "asks",
                    Some(reply) if is(reply.message) => "is answered with",
                    _ => continue,
                };
                let method = match dump {
                    true => method(&op.name.join("dump")),
                    false => method(&op.name),
                };
                return format!("What [`Client::{method}`] {said}.");
            }
        }
        for event in &self.family.events {
            if is(event.message) {
                return format!("What [`Event::{}`] says.", event.name.pascal());
            }
        }
        format!("The message `{}`.", message.name)
    }

    /// The type of an enum's value, and the integer below it; `None` if nothing has such a value.
    pub(super) fn enum_value(&self, id: EnumId) -> Option<(Ident, &'static str)> {
        let below = self.uses[id.get()].value()?;
        Some((ident(&self.family[id].name.pascal()), below))
    }

    /// As [`Self::enum_value`], of a set of bits.
    pub(super) fn enum_flags(&self, id: EnumId) -> Option<(Ident, &'static str)> {
        let uses = &self.uses[id.get()];
        let mut name = self.family[id].name.pascal();
        if uses.value().is_some() {
            name.push_str("Flags");
        }
        Some((ident(&name), uses.flags()?))
    }

    /// The type that an integer's enum gives it, and the integer below that.
    pub(super) fn named(&self, names: EnumUse) -> (Ident, &'static str) {
        let named = match names.as_flags {
            true => self.enum_flags(names.id),
            false => self.enum_value(names.id),
        };
        named.expect("every use of an enum was counted")
    }

    /// The type of an integer's value.
    pub(super) fn int(&self, kind: IntKind, names: Option<EnumUse>) -> TokenStream {
        let name = names.map_or_else(|| ident(kind.rust()), |names| self.named(names).0);
        quote!(#name)
    }

    /// The type of a bitfield's value.
    pub(super) fn bitfield(&self, names: Option<EnumId>) -> TokenStream {
        match names.and_then(|id| self.enum_flags(id)) {
            Some((name, _)) => quote!(wire::Bitfield32<#name>),
            None => quote!(wire::Bitfield32),
        }
    }

    /// The type of a C struct.
    pub(super) fn structure(&self, id: StructId) -> Ident {
        ident(&self.family[id].name.pascal())
    }

    /// The path to the number of an attribute, by its place in its set.
    pub(super) fn number(&self, set: SetId, at: usize) -> TokenStream {
        let module = attrs_module(&self.family[set]);
        let number = &self.numbers[set.get()][at];
        quote!(#module::#number)
    }

    /// The type of a set's request struct.
    pub(super) fn request(&self, set: SetId) -> TokenStream {
        let name = ident(&self.family[set].name.pascal());
        generic(&name, self.nesting.borrows(set), &quote!(<'a>))
    }

    /// The type of a set's view.
    pub(super) fn view(&self, set: SetId) -> TokenStream {
        let borrows = self.nesting.borrows(set);
        generic(&self.view_name(set), borrows, &quote!(<'a>))
    }

    /// The name of a set's view.
    pub(super) fn view_name(&self, set: SetId) -> Ident {
        ident(&format!("{}View", self.family[set].name.pascal()))
    }

    /// The type of a set's owned struct.
    pub(super) fn owned(&self, set: SetId) -> Ident {
        ident(&format!("{}Owned", self.family[set].name.pascal()))
    }
}

fn generic(name: &Ident, borrows: bool, lifetime: &TokenStream) -> TokenStream {
    match borrows {
        true => quote!(#name #lifetime),
        false => quote!(#name),
    }
}

/// The client's method that calls an operation, and the server's that serves it.
pub(super) fn method(name: &Name) -> String {
    match name.snake().as_str() {
        // Who reads `Client::new` takes it for what makes a client, and so does clippy.
        "new" => "new_".into(),
        name => name.into(),
    }
}

/// The module with the numbers of a set's attributes.
pub(super) fn attrs_module(set: &AttrSet) -> Ident {
    ident(&set.name.join("attrs").snake())
}

/// The constants that are the numbers of a set's attributes, one for each of them.
pub(super) fn numbers(set: &AttrSet) -> Vec<Ident> {
    // The names that the module has for itself.
    let mut names = Names::but(&["LAYOUT", "POLICY"]);
    let attrs = set.attrs.iter();
    attrs.map(|attr| names.ident(attr.name.shouty())).collect()
}

/// What the wire codec calls the type of an integer, in reading and in writing.
pub(super) fn codec(kind: IntKind, order: ByteOrder) -> Ident {
    let name = kind.name();
    match order {
        // A single byte has no order.
        _ if kind.fixed_size() == Some(1) => ident(name),
        ByteOrder::Big => ident(&format!("{name}_be")),
        ByteOrder::Little => ident(&format!("{name}_le")),
        ByteOrder::Host => ident(name),
    }
}

/// As [`codec`], of the value's bytes: `to_ne_bytes`.
pub(super) fn to_bytes(order: ByteOrder) -> Ident {
    ident(match order {
        ByteOrder::Big => "to_be_bytes",
        ByteOrder::Little => "to_le_bytes",
        ByteOrder::Host => "to_ne_bytes",
    })
}

/// The set whose attributes stand inside the attribute.
pub(super) fn inside(attr: &Attr) -> Option<SetId> {
    attr.kind.inside()
}
