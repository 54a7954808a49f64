//! What the spec's things are called in Rust, and of which types they are.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::print::{docs, ident, own_doc};
use crate::model::{
    Attr, AttrKind, AttrSet, ByteOrder, Direction, EnumId, EnumUse, Family, Int, IntKind, Message,
    SetId,
};

/// The names and types of one family.
pub(super) struct Types<'f> {
    pub(super) family: &'f Family,
    uses: Vec<EnumUses>,
}

/// How a family's attributes use one of its enums.
#[derive(Default)]
struct EnumUses {
    as_value: Option<IntKind>,
    as_flags: Option<IntKind>,
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
    /// The set that its attributes belong to.
    pub(super) set: &'f AttrSet,
    /// Its attributes.
    pub(super) fields: Vec<Field<'f>>,
    /// What userspace fills in borrows from the caller.
    pub(super) request_borrows: bool,
    /// The view borrows from the receive buffer.
    pub(super) view_borrows: bool,
}

impl Shape<'_> {
    /// The request's type, with this lifetime if it needs one.
    pub(super) fn request_type(&self, lifetime: &TokenStream) -> TokenStream {
        generic(&self.request, self.request_borrows, lifetime)
    }

    /// The view's type, with this lifetime if it needs one.
    pub(super) fn view_type(&self, lifetime: &TokenStream) -> TokenStream {
        generic(&self.view, self.view_borrows, lifetime)
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
}

impl<'f> Types<'f> {
    pub(super) fn new(family: &'f Family) -> Self {
        let mut uses: Vec<_> = family.enums.iter().map(|_| EnumUses::default()).collect();
        for attr in family.sets.iter().flat_map(|set| &set.attrs) {
            let AttrKind::Int(int) = &attr.kind else {
                continue;
            };
            let Some(names) = int.names else {
                continue;
            };
            let uses = &mut uses[names.id.get()];
            let widest = match names.as_flags {
                true => &mut uses.as_flags,
                false => &mut uses.as_value,
            };
            *widest = Some(widest.map_or(int.kind, |kind| wider(kind, int.kind)));
        }
        for (uses, what) in uses.iter_mut().zip(&family.enums) {
            // What no attribute uses is there for the users' own purposes.
            if uses.as_value.is_none() && uses.as_flags.is_none() {
                match what.flags {
                    true => uses.as_flags = Some(IntKind::U32),
                    false => uses.as_value = Some(IntKind::U32),
                }
            }
        }
        Self { family, uses }
    }

    /// The struct that a message becomes.
    pub(super) fn message(&self, message: &'f Message) -> Shape<'f> {
        let name = message.name.pascal();
        let set = &self.family[message.set];
        let fields = message
            .fields
            .iter()
            .map(|field| self.field(set, &set.attrs[field.attr], field.required))
            .collect();
        let names = [name.clone(), name.clone(), format!("{name}Owned")];
        let doc = own_doc(&self.message_doc(message));
        self.shape(names, doc, set, fields)
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

    fn nested_set(&self, set: SetId) -> Shape<'f> {
        let set = &self.family[set];
        let name = set.name.pascal();
        let fields = set
            .attrs
            .iter()
            .filter(|attr| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
            .map(|attr| self.field(set, attr, false))
            .collect();
        let names = [name.clone(), format!("{name}View"), format!("{name}Owned")];
        let doc = docs(&set.doc, &format!("The attributes of `{}`.", set.name));
        self.shape(names, doc, set, fields)
    }

    fn shape(
        &self,
        [request, view, owned]: [String; 3],
        doc: TokenStream,
        set: &'f AttrSet,
        fields: Vec<Field<'f>>,
    ) -> Shape<'f> {
        let any = |borrowed: fn(&Self, &Attr) -> bool| {
            fields.iter().any(|field| borrowed(self, field.attr))
        };
        Shape {
            request: ident(&request),
            view: ident(&view),
            owned: ident(&owned),
            doc,
            set,
            request_borrows: any(Self::borrowed_to_send),
            view_borrows: any(Self::borrowed_to_read),
            fields,
        }
    }

    fn field(&self, set: &AttrSet, attr: &'f Attr, required: bool) -> Field<'f> {
        let module = attrs_module(set);
        let number = number(attr);
        Field {
            attr,
            required,
            name: ident(&attr.name.snake()),
            number: quote!(#module::#number),
        }
    }

    /// Says for the docs who sends the message, and when.
    fn message_doc(&self, message: &Message) -> String {
        let is = |id: crate::model::MessageId| std::ptr::eq(&self.family[id], message);
        for op in &self.family.ops {
            let calls = [
                (&op.do_, op.name.snake()),
                (&op.dump, op.name.join("dump").snake()),
            ];
            for (call, method) in calls {
                let Some(call) = call else { continue };
                if is(call.request) {
                    return format!("What [`Client::{method}`] asks.");
                }
                if call.reply.is_some_and(|reply| is(reply.message)) {
                    return format!("What [`Client::{method}`] is answered with.");
                }
            }
        }
        for event in &self.family.events {
            if is(event.message) {
                return format!("What [`Event::{}`] says.", event.name.pascal());
            }
        }
        format!("The message `{}`.", message.name)
    }

    /// The types of an enum: of a value that is one of its names, and of a set of them, each with
    /// the integer below it.
    pub(super) fn enum_value(&self, id: EnumId) -> Option<(Ident, IntKind)> {
        let kind = self.uses[id.get()].as_value?;
        Some((ident(&self.family[id].name.pascal()), kind))
    }

    /// As [`Self::enum_value`], of the set of bits.
    pub(super) fn enum_flags(&self, id: EnumId) -> Option<(Ident, IntKind)> {
        let uses = &self.uses[id.get()];
        let mut name = self.family[id].name.pascal();
        if uses.as_value.is_some() {
            name.push_str("Flags");
        }
        Some((ident(&name), uses.as_flags?))
    }

    /// The type that an integer's enum gives it, and the integer below that.
    pub(super) fn named(&self, names: EnumUse) -> (Ident, IntKind) {
        let named = match names.as_flags {
            true => self.enum_flags(names.id),
            false => self.enum_value(names.id),
        };
        named.expect("every use of an enum was counted")
    }

    /// The type of an integer's value.
    pub(super) fn int(&self, int: &Int) -> TokenStream {
        match int.names {
            Some(names) => {
                let (name, _) = self.named(names);
                quote!(#name)
            }
            None => {
                let rust = ident(int.kind.rust());
                quote!(#rust)
            }
        }
    }

    /// A request's field for the attribute borrows from the caller.
    fn borrowed_to_send(&self, attr: &Attr) -> bool {
        match &attr.kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag | AttrKind::TypeValue(..) => false,
            AttrKind::String(_) | AttrKind::Binary(_) | AttrKind::IndexedArray(_) => true,
            AttrKind::Int(_) | AttrKind::Bitfield32(_) => attr.multi,
            AttrKind::Nest(set) => attr.multi || self.any(*set, Self::borrowed_to_send),
        }
    }

    /// A view's field for the attribute borrows from the receive buffer.
    fn borrowed_to_read(&self, attr: &Attr) -> bool {
        match &attr.kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => false,
            AttrKind::Int(_) | AttrKind::Bitfield32(_) => attr.multi,
            AttrKind::Nest(set) => attr.multi || self.any(*set, Self::borrowed_to_read),
            AttrKind::String(_)
            | AttrKind::Binary(_)
            | AttrKind::IndexedArray(_)
            | AttrKind::TypeValue(..) => true,
        }
    }

    fn any(&self, set: SetId, borrowed: fn(&Self, &Attr) -> bool) -> bool {
        let mut attrs = self.family[set].attrs.iter();
        attrs.any(|attr| borrowed(self, attr))
    }

    /// The type of a set's request struct.
    pub(super) fn request(&self, set: SetId) -> TokenStream {
        let name = ident(&self.family[set].name.pascal());
        generic(&name, self.any(set, Self::borrowed_to_send), &quote!(<'a>))
    }

    /// The type of a set's view.
    pub(super) fn view(&self, set: SetId) -> TokenStream {
        let borrows = self.any(set, Self::borrowed_to_read);
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

/// The module with the numbers of a set's attributes.
pub(super) fn attrs_module(set: &AttrSet) -> Ident {
    ident(&set.name.join("attrs").snake())
}

/// The constant that is an attribute's number.
pub(super) fn number(attr: &Attr) -> Ident {
    match attr.name.shouty().as_str() {
        // The one name that the module has for itself.
        "LAYOUT" => ident("LAYOUT_"),
        name => ident(name),
    }
}

/// What the wire codec calls the integer's type, in reading and in writing.
pub(super) fn codec(int: &Int) -> Ident {
    let name = match int.kind {
        IntKind::U8 => "u8",
        IntKind::U16 => "u16",
        IntKind::U32 => "u32",
        IntKind::U64 => "u64",
        IntKind::S8 => "s8",
        IntKind::S16 => "s16",
        IntKind::S32 => "s32",
        IntKind::S64 => "s64",
        IntKind::Uint => "uint",
        IntKind::Sint => "sint",
    };
    match int.order {
        ByteOrder::Big => ident(&format!("{name}_be")),
        ByteOrder::Little => ident(&format!("{name}_le")),
        ByteOrder::Host => ident(name),
    }
}

/// The set whose attributes stand inside the attribute.
pub(super) fn inside(attr: &Attr) -> Option<SetId> {
    attr.kind.inside()
}

fn wider(one: IntKind, other: IntKind) -> IntKind {
    match other.limits().1 > one.limits().1 {
        true => other,
        false => one,
    }
}
