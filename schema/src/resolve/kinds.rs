//! What each attribute holds.

use super::definitions::Definitions;
use super::limits;
use super::sets::{AttrDraft, Drafts};
use super::{need, not_supported, text};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{Attr, AttrKind, AttrSet, EnumUse, Int, IntKind, Protocol, SetId};
use crate::name::Name;
use crate::spec::{AttrType, ByteOrder};

/// Gives every attribute its type; the sets keep their places, their attributes get in order.
pub(super) fn resolve(
    drafts: &Drafts<'_>,
    definitions: &Definitions,
    protocol: Protocol,
    faults: &mut Vec<Diagnostic>,
) -> Vec<AttrSet> {
    let mut kinds = Kinds {
        drafts,
        definitions,
        protocol,
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
                doc: text(set.doc),
            }
        })
        .collect()
}

/// What stands in the place of an attribute whose type is wrong; any message may list it.
const BROKEN: AttrKind = AttrKind::Flag;

struct Kinds<'a, 's> {
    drafts: &'a Drafts<'s>,
    definitions: &'a Definitions,
    protocol: Protocol,
    faults: &'a mut Vec<Diagnostic>,
}

impl Kinds<'_, '_> {
    fn attr(&mut self, draft: &AttrDraft<'_>) -> Attr {
        Attr {
            name: Name::new(&draft.name),
            id: draft.id,
            multi: draft.key(|attr| &attr.multi_attr).get() == Some(&true),
            kind: self.kind(draft).unwrap_or(BROKEN),
            doc: text(draft.key(|attr| &attr.doc).get()),
        }
    }

    fn kind(&mut self, draft: &AttrDraft<'_>) -> Option<AttrKind> {
        let owner = format!("attribute `{}`", draft.name);
        let key = draft.key(|attr| &attr.type_);
        let type_ = *need(key, "type", &owner, draft.span, self.faults)?;
        self.refuse_unsupported(draft, type_)?;
        self.refuse_meaningless(draft, type_);
        Some(match type_ {
            AttrType::Pad => AttrKind::Pad,
            AttrType::Unused => AttrKind::Unused,
            AttrType::Flag => AttrKind::Flag,
            AttrType::String => {
                let checks = draft.key(|attr| &attr.checks);
                AttrKind::String(limits::string(checks, self.definitions, self.faults)?)
            }
            AttrType::Binary => {
                let checks = draft.key(|attr| &attr.checks);
                AttrKind::Binary(limits::binary(checks, self.definitions, self.faults)?)
            }
            AttrType::Nest => AttrKind::Nest(self.nested(draft)?),
            AttrType::IndexedArray => AttrKind::IndexedArray(self.nested(draft)?),
            AttrType::NestTypeValue => {
                let key = draft.key(|attr| &attr.type_value);
                need(key, "type-value", &owner, draft.span, self.faults);
                let levels = key.items().map(|(name, _)| Name::new(name)).collect();
                AttrKind::NestTypeValue(levels, self.nested(draft)?)
            }
            AttrType::Bitfield32 => return None,
            AttrType::Uint => self.int(draft, IntKind::Uint)?,
            AttrType::Sint => self.int(draft, IntKind::Sint)?,
            AttrType::U8 => self.int(draft, IntKind::U8)?,
            AttrType::U16 => self.int(draft, IntKind::U16)?,
            AttrType::U32 => self.int(draft, IntKind::U32)?,
            AttrType::U64 => self.int(draft, IntKind::U64)?,
            AttrType::S8 => self.int(draft, IntKind::S8)?,
            AttrType::S16 => self.int(draft, IntKind::S16)?,
            AttrType::S32 => self.int(draft, IntKind::S32)?,
            AttrType::S64 => self.int(draft, IntKind::S64)?,
        })
    }

    fn nested(&mut self, draft: &AttrDraft<'_>) -> Option<SetId> {
        let owner = format!("attribute `{}`", draft.name);
        let key = draft.key(|attr| &attr.nested_attributes);
        need(key, "nested-attributes", &owner, draft.span, self.faults);
        let (name, span) = key.here()?;
        self.drafts.scope.find(name, span, self.faults).map(SetId)
    }

    fn int(&mut self, draft: &AttrDraft<'_>, kind: IntKind) -> Option<AttrKind> {
        let as_flags = draft.key(|attr| &attr.enum_as_flags).get() == Some(&true);
        let names = draft
            .key(|attr| &attr.enum_)
            .here()
            .and_then(|(name, span)| {
                let id = self.definitions.find_enum(name, span, self.faults)?;
                let as_flags = as_flags || self.definitions.enums[id.get()].flags;
                Some((EnumUse { id, as_flags }, span))
            });
        let checks = draft.key(|attr| &attr.checks);
        let allowed = limits::int(kind, names, checks, self.definitions, self.faults)?;
        let byte_order = draft.key(|attr| &attr.byte_order).get();
        Some(AttrKind::Int(Int {
            kind,
            big_endian: byte_order == Some(&ByteOrder::BigEndian),
            names: names.map(|(names, _)| names),
            range: allowed.range,
            mask: allowed.mask,
        }))
    }

    /// Reports what YNL has and this project has not; then nothing else is said of the attribute.
    fn refuse_unsupported(&mut self, draft: &AttrDraft<'_>, type_: AttrType) -> Option<()> {
        let before = self.faults.len();
        let mut refuse = |construct: &str, span: Option<Span>| {
            if let Some(span) = span {
                self.faults.push(not_supported(construct, span));
            }
        };
        let type_at = draft.key(|attr| &attr.type_).span();
        let sub_type = draft.key(|attr| &attr.sub_type);
        match type_ {
            AttrType::Bitfield32 => refuse("type `bitfield32`", type_at),
            AttrType::Binary => {
                let struct_at = draft.key(|attr| &attr.struct_).span();
                refuse("a binary attribute that holds a C struct", struct_at);
                refuse("a binary attribute that holds an array", sub_type.span());
            }
            AttrType::IndexedArray if sub_type.get() != Some(&AttrType::Nest) => {
                let at = sub_type.span().or(type_at);
                refuse("an indexed array of anything but nests", at);
            }
            _ => {}
        }
        if !matches!(type_, AttrType::NestTypeValue) {
            let at = draft.key(|attr| &attr.type_value).span();
            refuse("`type-value` of anything but a nest-type-value", at);
        }
        if draft.key(|attr| &attr.byte_order).get() == Some(&ByteOrder::LittleEndian) {
            let at = draft.key(|attr| &attr.byte_order).span();
            refuse("byte order `little-endian`", at);
        }
        if let Some(checks) = draft.key(|attr| &attr.checks).get()
            && type_ == AttrType::String
            && checks.unterminated_ok.get() == Some(&true)
        {
            let at = checks.unterminated_ok.span();
            refuse("a string that need not end in NUL (`unterminated-ok`)", at);
        }
        if self.protocol != Protocol::GenetlinkLegacy {
            match type_ {
                // No policy can describe it.
                AttrType::NestTypeValue => {
                    refuse("type `nest-type-value` on the kernel side", type_at);
                }
                AttrType::IndexedArray => {
                    refuse("type `indexed-array` on the kernel side", type_at);
                }
                _ => {}
            }
        }
        (self.faults.len() == before).then_some(())
    }

    /// Reports keys that mean nothing for the type.
    fn refuse_meaningless(&mut self, draft: &AttrDraft<'_>, type_: AttrType) {
        use AttrType::*;
        let int = matches!(
            type_,
            U8 | U16 | U32 | U64 | S8 | S16 | S32 | S64 | Uint | Sint
        );
        let unsigned = matches!(type_, U8 | U16 | U32 | U64 | Uint);
        // Of bytes it tells a reader how to take them, and changes nothing on the wire.
        let fixed = matches!(type_, U16 | U32 | U64 | S16 | S32 | S64);
        let nest = matches!(type_, Nest | IndexedArray | NestTypeValue);
        let bytes = matches!(type_, String | Binary);
        self.only(
            fixed || type_ == Binary,
            "byte-order",
            draft.key(|attr| &attr.byte_order),
        );
        self.only(int, "enum", draft.key(|attr| &attr.enum_));
        self.only(
            nest,
            "nested-attributes",
            draft.key(|attr| &attr.nested_attributes),
        );
        self.only(
            type_ == IndexedArray,
            "sub-type",
            draft.key(|attr| &attr.sub_type),
        );
        self.only(false, "struct", draft.key(|attr| &attr.struct_));
        let multi = draft.key(|attr| &attr.multi_attr);
        if multi.get() == Some(&true) {
            self.only(int || bytes || type_ == Nest, "multi-attr", multi);
        }
        let as_flags = draft.key(|attr| &attr.enum_as_flags);
        if as_flags.get() == Some(&true) {
            let named = draft.key(|attr| &attr.enum_).is_present();
            self.only(int && named, "enum-as-flags", as_flags);
        }
        if let Some(checks) = draft.key(|attr| &attr.checks).get() {
            self.only(int, "min", &checks.min);
            self.only(int, "max", &checks.max);
            self.only(unsigned, "flags-mask", &checks.flags_mask);
            self.only(bytes, "min-len", &checks.min_len);
            self.only(bytes, "max-len", &checks.max_len);
            self.only(bytes, "exact-len", &checks.exact_len);
            self.only(type_ == String, "unterminated-ok", &checks.unterminated_ok);
        }
    }

    fn only<T>(&mut self, fits: bool, key: &str, value: &Key<T>) {
        if let (Some(span), false) = (value.span(), fits) {
            let message = format!("`{key}` means nothing for an attribute of this type");
            self.faults
                .push(Diagnostic::new(Code::NotApplicable, span, message));
        }
    }
}
