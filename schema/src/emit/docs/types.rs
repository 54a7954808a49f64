//! What an attribute holds, in words.

use super::Docs;
use super::page::{code, link};
use crate::model::{
    Attr, AttrKind, ByteOrder, DisplayHint, EnumUse, Family, Holds, Int, IntKind, Len, MemberKind,
};

impl Docs<'_> {
    /// What the attribute holds, with links.
    pub(super) fn type_of(&self, attr: &Attr) -> String {
        let mut text = self.kind(&attr.kind);
        if let Some(hint) = attr.hint {
            text.push_str(&format!(", {}", shown_as(hint)));
        }
        if attr.multi {
            text.push_str(&match attr.max_count {
                Some(count) => format!(", at most {count} times"),
                None => ", any number of times".to_owned(),
            });
        }
        text
    }

    fn kind(&self, kind: &AttrKind) -> String {
        match kind {
            AttrKind::Pad => "pad".to_owned(),
            AttrKind::Unused => "unused".to_owned(),
            AttrKind::Flag => "flag".to_owned(),
            AttrKind::Int(int) => self.int(int.kind, int.order, int.names),
            AttrKind::String(text) if text.unterminated_ok => "string, NUL optional".to_owned(),
            AttrKind::String(_) => "string".to_owned(),
            AttrKind::Binary(binary) => match &binary.holds {
                Holds::Bytes => "bytes".to_owned(),
                Holds::Struct(id) => {
                    let name = self.family[*id].name.as_str();
                    format!("struct {}", link(name, self.anchors.of_struct(*id)))
                }
                Holds::Array(int) => {
                    format!("array of {}", self.int(int.kind, int.order, int.names))
                }
            },
            AttrKind::Bitfield32(bits) => match bits.names {
                Some(id) => format!("bitfield32 of {}", self.link_enum(id)),
                None => "bitfield32".to_owned(),
            },
            AttrKind::Nest(set) => {
                let name = self.family[*set].name.as_str();
                format!("nest of {}", link(name, self.anchors.of_set(*set)))
            }
            AttrKind::IndexedArray(element) => format!("indexed array: {}", self.kind(element)),
            AttrKind::TypeValue(levels, element) => {
                let levels: Vec<_> = levels.iter().map(|level| code(level.as_str())).collect();
                format!(
                    "nests by {}: {}",
                    levels.join(", then "),
                    self.kind(element)
                )
            }
        }
    }

    /// An integer, of an attribute or of a struct's member.
    pub(super) fn int(&self, kind: IntKind, order: ByteOrder, names: Option<EnumUse>) -> String {
        let mut text = kind.name().to_owned();
        match order {
            ByteOrder::Host => {}
            ByteOrder::Big => text.push_str(", big endian"),
            ByteOrder::Little => text.push_str(", little endian"),
        }
        if let Some(names) = names {
            let what = if names.as_flags { "flags" } else { "one" };
            text.push_str(&format!(", {what} of {}", self.link_enum(names.id)));
        }
        text
    }

    fn link_enum(&self, id: crate::model::EnumId) -> String {
        link(self.family[id].name.as_str(), self.anchors.of_enum(id))
    }
}

/// How people want to see a value.
pub(super) fn shown_as(hint: DisplayHint) -> &'static str {
    match hint {
        DisplayHint::Hex => "shown in hexadecimal",
        DisplayHint::Mac | DisplayHint::Fddi => "a hardware address",
        DisplayHint::Ipv4 => "an IPv4 address",
        DisplayHint::Ipv6 => "an IPv6 address",
        DisplayHint::Ipv4OrV6 => "an IPv4 or IPv6 address",
        DisplayHint::Uuid => "a UUID",
    }
}

/// Which values the kernel takes; empty if any.
pub(super) fn allowed(kind: &AttrKind) -> String {
    match kind {
        AttrKind::Int(int) => allowed_int(int),
        AttrKind::String(text) => lengths(text.len),
        AttrKind::Binary(binary) => lengths(binary.len),
        AttrKind::Bitfield32(bits) => bits.mask.map(mask_of).unwrap_or_default(),
        AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => allowed(element),
        AttrKind::Pad | AttrKind::Unused | AttrKind::Flag | AttrKind::Nest(_) => String::new(),
    }
}

fn allowed_int(int: &Int) -> String {
    let (lowest, highest) = int.kind.limits();
    // An enum's own list says the same, and more.
    let range = int.range.filter(|_| int.names.is_none());
    match (range, int.mask) {
        (Some((min, max)), _) if min == max => format!("{min}"),
        (Some((min, max)), _) if min == lowest && max < highest => format!("at most {max}"),
        (Some((min, max)), _) if max == highest && min > lowest => format!("at least {min}"),
        (Some((min, max)), _) if (min, max) != (lowest, highest) => format!("{min} to {max}"),
        (_, Some(mask)) if int.names.is_none() => mask_of(mask),
        _ => String::new(),
    }
}

fn mask_of(mask: impl Into<u64>) -> String {
    format!("bits of {:#x}", mask.into())
}

fn lengths(len: Len) -> String {
    match (len.min, len.max) {
        (0, None) => String::new(),
        (0, Some(max)) => format!("at most {max} bytes"),
        (min, None) => format!("at least {min} bytes"),
        (min, Some(max)) if min == max => format!("{min} bytes"),
        (min, Some(max)) => format!("{min} to {max} bytes"),
    }
}

/// What the words in the type columns mean: those that this family has a use for.
pub(super) fn explained(family: &Family) -> Vec<String> {
    let mut kinds: Vec<&AttrKind> = Vec::new();
    for attr in family.sets.iter().flat_map(|set| &set.attrs) {
        kinds.push(&attr.kind);
        if let AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) = &attr.kind {
            kinds.push(element);
        }
    }
    let any = |is: fn(&AttrKind) -> bool| kinds.iter().any(|kind| is(kind));
    let of_bits = |kinds: &[IntKind]| {
        let used = |int: &IntKind| kinds.contains(int);
        let in_attrs = any_int(family, used);
        let in_structs = family.structs.iter().flat_map(|it| &it.members);
        in_attrs
            || in_structs
                .into_iter()
                .any(|member| matches!(member.kind, MemberKind::Int { kind, .. } if used(&kind)))
    };
    let rows: [(bool, &str); 12] = [
        (
            of_bits(&[
                IntKind::U8,
                IntKind::U16,
                IntKind::U32,
                IntKind::U64,
                IntKind::S8,
                IntKind::S16,
                IntKind::S32,
                IntKind::S64,
            ]),
            "u8 to u64, s8 to s64: an integer of so many bits, without and with a sign",
        ),
        (
            of_bits(&[IntKind::Uint, IntKind::Sint]),
            "uint, sint: an integer of 4 bytes if they hold it, else of 8",
        ),
        (
            any(|kind| *kind == AttrKind::Flag),
            "flag: no value; there or not",
        ),
        (
            any(|kind| matches!(kind, AttrKind::String(_))),
            "string: text with a NUL behind it, which lengths do not count",
        ),
        (
            any(
                |kind| matches!(kind, AttrKind::Binary(binary) if matches!(binary.holds, Holds::Struct(_))),
            ),
            "struct: laid out as a C compiler does; it may grow at its end, and a shorter one has zeros there",
        ),
        (
            any(
                |kind| matches!(kind, AttrKind::Binary(binary) if matches!(binary.holds, Holds::Array(_))),
            ),
            "array: values one behind the other, as many as the length holds",
        ),
        (
            any(|kind| matches!(kind, AttrKind::Bitfield32(_))),
            "bitfield32: two u32, first which bits are set, then which bits are meant",
        ),
        (
            any(|kind| matches!(kind, AttrKind::Nest(_))),
            "nest: attributes again; a client adds `NLA_F_NESTED` (0x8000) to its type, the kernel may",
        ),
        (
            any(|kind| matches!(kind, AttrKind::IndexedArray(_))),
            "indexed array: a nest with an attribute for each element, whose type is the element's index",
        ),
        (
            any(|kind| matches!(kind, AttrKind::TypeValue(..))),
            "nests by something: a nest whose attribute types are that thing's values",
        ),
        (
            family
                .sets
                .iter()
                .flat_map(|set| &set.attrs)
                .any(|attr| attr.multi),
            "any number of times: the attribute stands once for each value",
        ),
        (
            any(|kind| *kind == AttrKind::Pad),
            "pad: no value; aligns what follows, and is skipped",
        ),
    ];
    rows.iter()
        .filter(|(used, _)| *used)
        .map(|(_, words)| (*words).to_owned())
        .collect()
}

fn any_int(family: &Family, used: impl Fn(&IntKind) -> bool) -> bool {
    fn int(kind: &AttrKind) -> Option<IntKind> {
        match kind {
            AttrKind::Int(int) => Some(int.kind),
            AttrKind::Binary(binary) => match &binary.holds {
                Holds::Array(int) => Some(int.kind),
                Holds::Bytes | Holds::Struct(_) => None,
            },
            AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => int(element),
            _ => None,
        }
    }
    let attrs = family.sets.iter().flat_map(|set| &set.attrs);
    attrs
        .filter_map(|attr| int(&attr.kind))
        .any(|kind| used(&kind))
}
