//! What each attribute holds.

use super::definitions::Definitions;
use super::sets::{AttrDraft, Drafts};
use super::{c_header, limits, need, text};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{
    self, Attr, AttrKind, AttrSet, Binary, Bitfield32, EnumId, EnumUse, Holds, Int, IntKind, SetId,
    Text,
};
use crate::name::Name;
use crate::spec::{AttrType, ByteOrder, DisplayHint};

/// Gives every attribute its type; the sets keep their places, their attributes get in order.
pub(super) fn resolve(
    drafts: &Drafts<'_>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Vec<AttrSet> {
    let mut kinds = Kinds {
        drafts,
        definitions,
        faults,
    };
    drafts
        .sets
        .iter()
        .map(|set| {
            let mut attrs: Vec<_> = set.attrs.iter().map(|attr| kinds.attr(attr)).collect();
            attrs.sort_by_key(|attr| attr.id);
            AttrSet {
                name: Name::new(&set.name),
                attrs,
                subset_of: set.whole.map(SetId),
                doc: text(set.spec.doc.get()),
                c: c_header::of_set(set.spec),
            }
        })
        .collect()
}

/// What stands in the place of an attribute whose type is wrong; any message may list it.
const BROKEN: AttrKind = AttrKind::Flag;

struct Kinds<'a, 's> {
    drafts: &'a Drafts<'s>,
    definitions: &'a Definitions,
    faults: &'a mut Vec<Diagnostic>,
}

impl Kinds<'_, '_> {
    fn attr(&mut self, draft: &AttrDraft<'_>) -> Attr {
        Attr {
            name: Name::new(&draft.name),
            id: draft.id,
            multi: draft.key(|attr| &attr.multi_attr).get() == Some(&true),
            max_count: limits::count(
                draft.key(|attr| &attr.x_max_count),
                self.definitions,
                self.faults,
            ),
            kind: self.kind(draft).unwrap_or(BROKEN),
            hint: hint(draft.key(|attr| &attr.display_hint)),
            doc: text(draft.key(|attr| &attr.doc).get()),
            c_prefix: draft.key(|attr| &attr.name_prefix).get().cloned(),
        }
    }

    fn kind(&mut self, draft: &AttrDraft<'_>) -> Option<AttrKind> {
        let key = draft.key(|attr| &attr.type_);
        let type_ = *self.need(key, "type", draft)?;
        self.refuse_meaningless(draft, type_);
        match type_ {
            AttrType::Pad => Some(AttrKind::Pad),
            AttrType::Unused => Some(AttrKind::Unused),
            AttrType::Flag => Some(AttrKind::Flag),
            AttrType::IndexedArray => {
                let sub_type = draft.key(|attr| &attr.sub_type);
                let sub_type = self.need(sub_type, "sub-type", draft)?;
                let element = self.value(draft, *sub_type);
                if element.is_none() && !holds_value(*sub_type) {
                    self.refuse_sub_type(draft, "a nest, an integer, a string or a binary");
                }
                Some(AttrKind::IndexedArray(Box::new(element?)))
            }
            AttrType::NestTypeValue => {
                let levels = self.levels(draft)?;
                let inner = self.value(draft, AttrType::Nest)?;
                Some(AttrKind::TypeValue(levels, Box::new(inner)))
            }
            AttrType::Bitfield32 => {
                let names = draft.key(|attr| &attr.enum_).here();
                let names = match names {
                    Some((name, span)) => {
                        let id = self.definitions.find_enum(name, span, self.faults)?;
                        Some((id, span))
                    }
                    None => None,
                };
                let mask = names
                    .and_then(|(id, span)| limits::bits(id, span, self.definitions, self.faults));
                let names = names.map(|(id, _)| id);
                Some(AttrKind::Bitfield32(Bitfield32 { names, mask }))
            }
            _ => {
                let value = self.value(draft, type_)?;
                // ethtool's spec: a nest all the same, around a value that is no nest.
                match draft.key(|attr| &attr.type_value).is_present() {
                    true => Some(AttrKind::TypeValue(self.levels(draft)?, Box::new(value))),
                    false => Some(value),
                }
            }
        }
    }

    /// What can stand in an attribute, and in those of an array as well.
    fn value(&mut self, draft: &AttrDraft<'_>, type_: AttrType) -> Option<AttrKind> {
        if let Some(kind) = int_kind(type_) {
            return self.int(draft, kind).map(AttrKind::Int);
        }
        let checks = draft.key(|attr| &attr.checks);
        match type_ {
            AttrType::Nest => self.nested(draft).map(AttrKind::Nest),
            AttrType::String => Some(AttrKind::String(Text {
                len: limits::string(checks, self.definitions, self.faults)?,
                unterminated_ok: checks
                    .get()
                    .is_some_and(|checks| checks.unterminated_ok.get() == Some(&true)),
            })),
            AttrType::Binary => Some(AttrKind::Binary(Binary {
                len: limits::binary(checks, self.definitions, self.faults)?,
                holds: self.holds(draft)?,
            })),
            _ => None,
        }
    }

    /// What the bytes of a binary attribute are.
    fn holds(&mut self, draft: &AttrDraft<'_>) -> Option<Holds> {
        if let Some((name, span)) = draft.key(|attr| &attr.struct_).here() {
            let id = self.definitions.find_struct(name, span, self.faults)?;
            return Some(Holds::Struct(id));
        }
        // Of an indexed array it says what the elements are.
        if draft.key(|attr| &attr.type_).get() != Some(&AttrType::Binary) {
            return Some(Holds::Bytes);
        }
        let Some(sub_type) = draft.key(|attr| &attr.sub_type).get() else {
            return Some(Holds::Bytes);
        };
        match int_kind(*sub_type).filter(|kind| kind.fixed_size().is_some()) {
            Some(kind) => self.int(draft, kind).map(Holds::Array),
            None => {
                self.refuse_sub_type(draft, "a u8 to u64 or an s8 to s64");
                None
            }
        }
    }

    fn refuse_sub_type(&mut self, draft: &AttrDraft<'_>, choice: &str) {
        let span = draft.key(|attr| &attr.sub_type).span();
        let message = "no array has elements of this type";
        self.faults.push(
            Diagnostic::new(Code::NotApplicable, span.unwrap_or(draft.span), message)
                .help(format!("an element is {choice}")),
        );
    }

    fn need<'k, T>(&mut self, key: &'k Key<T>, name: &str, draft: &AttrDraft<'_>) -> Option<&'k T> {
        let owner = format!("attribute `{}`", draft.name);
        need(key, name, &owner, draft.span, self.faults)
    }

    fn nested(&mut self, draft: &AttrDraft<'_>) -> Option<SetId> {
        let key = draft.key(|attr| &attr.nested_attributes);
        self.need(key, "nested-attributes", draft);
        let (name, span) = key.here()?;
        self.drafts.scope.find(name, span, self.faults).map(SetId)
    }

    /// What the types within a nest-type-value are called, level by level.
    fn levels(&mut self, draft: &AttrDraft<'_>) -> Option<Vec<Name>> {
        let key = draft.key(|attr| &attr.type_value);
        self.need(key, "type-value", draft);
        let (list, span) = key.here()?;
        if list.is_empty() {
            let message = "there is no nest-type-value without levels";
            self.faults.push(
                Diagnostic::new(Code::NotApplicable, span, message)
                    .help("name what the types inside stand for: `[id]`"),
            );
            return None;
        }
        Some(key.items().map(|(name, _)| Name::new(name)).collect())
    }

    fn int(&mut self, draft: &AttrDraft<'_>, kind: IntKind) -> Option<Int> {
        let as_flags = draft.key(|attr| &attr.enum_as_flags).get() == Some(&true);
        let names = draft
            .key(|attr| &attr.enum_)
            .here()
            .and_then(|(name, span)| {
                let id = self.definitions.find_enum(name, span, self.faults)?;
                Some((enum_use(id, as_flags, self.definitions), span))
            });
        let checks = draft.key(|attr| &attr.checks);
        let allowed = limits::int(kind, names, checks, self.definitions, self.faults)?;
        Some(Int {
            kind,
            order: byte_order(draft.key(|attr| &attr.byte_order)),
            names: names.map(|(names, _)| names),
            range: allowed.range,
            mask: allowed.mask,
        })
    }

    /// Reports keys that mean nothing for the type.
    fn refuse_meaningless(&mut self, draft: &AttrDraft<'_>, type_: AttrType) {
        use AttrType::*;
        let type_at = draft.key(|attr| &attr.type_).span();
        // What is said of an array's elements is said of the attribute.
        let sub_type = match type_ {
            IndexedArray | Binary => draft.key(|attr| &attr.sub_type).get().copied(),
            _ => None,
        };
        let element = sub_type.unwrap_or(type_);
        let int = int_kind(element).is_some();
        let unsigned = matches!(element, U8 | U16 | U32 | U64 | Uint);
        // Of bytes it tells a reader how to take them, and changes nothing on the wire.
        let ordered = matches!(element, U16 | U32 | U64 | S16 | S32 | S64) || type_ == Binary;
        let nest = matches!(element, Nest | NestTypeValue);
        let bytes = matches!(element, String | Binary) || type_ == Binary;
        let mut only = |fits: bool, key: &str, span: Option<Span>| {
            let (Some(span), false) = (span, fits) else {
                return;
            };
            let fault = meaningless(key, "an attribute", span, type_at);
            let limit = match key {
                "min" | "max" if bytes => Some(format!("`{key}-len` limits its length")),
                "min-len" if int => Some("`min` limits its value".to_owned()),
                "max-len" if int => Some("`max` limits its value".to_owned()),
                _ => None,
            };
            self.faults.push(match limit {
                Some(limit) => fault.help(limit),
                None => fault,
            });
        };
        let byte_order = draft.key(|attr| &attr.byte_order);
        only(ordered, "byte-order", byte_order.span());
        let enum_ = draft.key(|attr| &attr.enum_);
        only(int || type_ == Bitfield32, "enum", enum_.span());
        let nested = draft.key(|attr| &attr.nested_attributes);
        only(nest, "nested-attributes", nested.span());
        let array = matches!(type_, IndexedArray | Binary);
        only(array, "sub-type", draft.key(|attr| &attr.sub_type).span());
        let struct_ = draft.key(|attr| &attr.struct_);
        only(element == Binary, "struct", struct_.span());
        let type_value = draft.key(|attr| &attr.type_value);
        let levelled = type_ == NestTypeValue || int && sub_type.is_none();
        only(levelled, "type-value", type_value.span());
        let multi = draft.key(|attr| &attr.multi_attr);
        if multi.get() == Some(&true) {
            let fits = matches!(type_, String | Binary | Nest) || int_kind(type_).is_some();
            only(fits && !type_value.is_present(), "multi-attr", multi.span());
        }
        let as_flags = draft.key(|attr| &attr.enum_as_flags);
        if as_flags.get() == Some(&true) {
            let fits = int || type_ == Bitfield32;
            only(fits, "enum-as-flags", as_flags.span());
        }
        if let Some(checks) = draft.key(|attr| &attr.checks).get() {
            only(int, "min", checks.min.span());
            only(int, "max", checks.max.span());
            only(unsigned, "flags-mask", checks.flags_mask.span());
            only(bytes, "min-len", checks.min_len.span());
            only(bytes, "max-len", checks.max_len.span());
            only(bytes, "exact-len", checks.exact_len.span());
            only(
                element == String,
                "unterminated-ok",
                checks.unterminated_ok.span(),
            );
        }
        let max_count = draft.key(|attr| &attr.x_max_count).span();
        if let (Some(span), false) = (max_count, multi.get() == Some(&true)) {
            let message = "`x-max-count` limits what may be there more than once";
            self.faults.push(
                Diagnostic::new(Code::NotApplicable, span, message)
                    .help("say `multi-attr: true` of the attribute, or leave the limit out"),
            );
        }
        let flags_at = as_flags
            .span()
            .filter(|_| int && as_flags.get() == Some(&true));
        if let (Some(span), false) = (flags_at, enum_.is_present()) {
            let message = "`enum-as-flags` says how to take an `enum`, and there is none";
            self.faults.push(
                Diagnostic::new(Code::NotApplicable, span, message)
                    .help("name the enum whose entries are numbers of bits"),
            );
        }
    }
}

/// A key that means nothing for a thing of its type.
pub(super) fn meaningless(key: &str, thing: &str, span: Span, type_at: Option<Span>) -> Diagnostic {
    let message = format!("`{key}` means nothing for {thing} of this type");
    let fault = Diagnostic::new(Code::NotApplicable, span, message);
    match type_at {
        Some(at) => fault.related(at, "the type"),
        None => fault,
    }
}

/// The kind of integer that a type is, if it is one.
pub(super) fn int_kind(type_: AttrType) -> Option<IntKind> {
    Some(match type_ {
        AttrType::U8 => IntKind::U8,
        AttrType::U16 => IntKind::U16,
        AttrType::U32 => IntKind::U32,
        AttrType::U64 => IntKind::U64,
        AttrType::S8 => IntKind::S8,
        AttrType::S16 => IntKind::S16,
        AttrType::S32 => IntKind::S32,
        AttrType::S64 => IntKind::S64,
        AttrType::Uint => IntKind::Uint,
        AttrType::Sint => IntKind::Sint,
        _ => return None,
    })
}

/// Something other than attributes of types known here stands in an attribute of this type.
fn holds_value(type_: AttrType) -> bool {
    let bytes = matches!(type_, AttrType::Nest | AttrType::String | AttrType::Binary);
    bytes || int_kind(type_).is_some()
}

/// How an integer uses an enum; flags are always bits.
pub(super) fn enum_use(id: EnumId, as_flags: bool, definitions: &Definitions) -> EnumUse {
    let as_flags = as_flags || definitions.enums[id.get()].flags;
    EnumUse { id, as_flags }
}

pub(super) fn byte_order(key: &Key<ByteOrder>) -> model::ByteOrder {
    match key.get() {
        Some(ByteOrder::BigEndian) => model::ByteOrder::Big,
        Some(ByteOrder::LittleEndian) => model::ByteOrder::Little,
        None => model::ByteOrder::Host,
    }
}

pub(super) fn hint(key: &Key<DisplayHint>) -> Option<model::DisplayHint> {
    Some(match key.get()? {
        DisplayHint::Hex => model::DisplayHint::Hex,
        DisplayHint::Mac => model::DisplayHint::Mac,
        DisplayHint::Fddi => model::DisplayHint::Fddi,
        DisplayHint::Ipv4 => model::DisplayHint::Ipv4,
        DisplayHint::Ipv6 => model::DisplayHint::Ipv6,
        DisplayHint::Ipv4OrV6 => model::DisplayHint::Ipv4OrV6,
        DisplayHint::Uuid => model::DisplayHint::Uuid,
    })
}
