//! The YAML of a spec, key by key, before anything in it is understood.
//!
//! The keys are those of YNL's genetlink schemas (`Documentation/netlink/genetlink*.yaml` of the
//! kernel tree) and the project's own, which begin with `x-`. No key is required here: `resolve`
//! asks for what it needs, so that one missing key does not hide other faults.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::decode::{Key, List};

/// A whole spec.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a family's mapping of keys"
)]
pub(crate) struct Family {
    pub(crate) name: Key<String>,
    pub(crate) doc: Key<String>,
    pub(crate) protocol: Key<Protocol>,
    pub(crate) uapi_header: Key<String>,
    pub(crate) c_family_name: Key<String>,
    pub(crate) c_version_name: Key<String>,
    pub(crate) max_by_define: Key<bool>,
    pub(crate) cmd_max_name: Key<String>,
    pub(crate) cmd_cnt_name: Key<String>,
    pub(crate) kernel_policy: Key<KernelPolicy>,
    pub(crate) version: Key<u8>,
    pub(crate) definitions: List<Definition>,
    pub(crate) attribute_sets: List<AttrSet>,
    pub(crate) operations: Key<Operations>,
    pub(crate) mcast_groups: Key<Groups>,
    pub(crate) kernel_family: Key<KernelFamily>,
    pub(crate) x_resv_start_op: Key<u8>,
    pub(crate) x_reply_or_error: Key<bool>,
    pub(crate) x_export_events: Key<bool>,
    pub(crate) x_allow: List<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    Genetlink,
    GenetlinkC,
    GenetlinkLegacy,
    NetlinkRaw,
}

/// How the C kernel code has its policies; all the same on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KernelPolicy {
    Split,
    PerOp,
    Global,
}

/// A constant, an enum, flags or a struct.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a definition's mapping of keys"
)]
pub(crate) struct Definition {
    pub(crate) name: Key<String>,
    #[serde(rename = "type")]
    pub(crate) type_: Key<DefinitionType>,
    pub(crate) doc: Key<String>,
    pub(crate) header: Key<String>,
    pub(crate) scope: Key<Scope>,
    pub(crate) value: Key<Number>,
    pub(crate) value_start: Key<Number>,
    pub(crate) entries: List<Entry>,
    pub(crate) render_max: Key<bool>,
    pub(crate) enum_name: Key<Option<String>>,
    pub(crate) name_prefix: Key<String>,
    pub(crate) enum_cnt_name: Key<String>,
    pub(crate) members: List<Member>,
    pub(crate) x_allow: List<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DefinitionType {
    Const,
    Enum,
    Flags,
    Struct,
}

/// Which C header shows a definition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    Uapi,
    Kernel,
    User,
}

/// An entry of an enum: its name alone, or a mapping.
#[derive(Debug)]
pub(crate) enum Entry {
    Bare(String),
    Full(EntryKeys),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct EntryKeys {
    pub(crate) name: Key<String>,
    pub(crate) value: Key<i128>,
    pub(crate) doc: Key<String>,
}

/// A member of a C struct.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a member's mapping of keys"
)]
pub(crate) struct Member {
    pub(crate) name: Key<String>,
    #[serde(rename = "type")]
    pub(crate) type_: Key<AttrType>,
    pub(crate) len: Key<Number>,
    pub(crate) byte_order: Key<ByteOrder>,
    pub(crate) doc: Key<String>,
    #[serde(rename = "enum")]
    pub(crate) enum_: Key<String>,
    pub(crate) display_hint: Key<DisplayHint>,
    #[serde(rename = "struct")]
    pub(crate) struct_: Key<String>,
}

/// A space of attributes.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "an attribute set's mapping of keys"
)]
pub(crate) struct AttrSet {
    pub(crate) name: Key<String>,
    pub(crate) name_prefix: Key<String>,
    pub(crate) enum_name: Key<Option<String>>,
    pub(crate) doc: Key<String>,
    pub(crate) subset_of: Key<String>,
    pub(crate) attr_cnt_name: Key<String>,
    pub(crate) attr_max_name: Key<String>,
    pub(crate) header: Key<String>,
    pub(crate) attributes: List<Attr>,
    pub(crate) x_allow: List<String>,
}

/// An attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "an attribute's mapping of keys"
)]
pub(crate) struct Attr {
    pub(crate) name: Key<String>,
    #[serde(rename = "type")]
    pub(crate) type_: Key<AttrType>,
    pub(crate) doc: Key<String>,
    pub(crate) value: Key<u64>,
    pub(crate) type_value: List<String>,
    pub(crate) byte_order: Key<ByteOrder>,
    pub(crate) multi_attr: Key<bool>,
    pub(crate) nested_attributes: Key<String>,
    #[serde(rename = "enum")]
    pub(crate) enum_: Key<String>,
    pub(crate) enum_as_flags: Key<bool>,
    pub(crate) checks: Key<Checks>,
    pub(crate) sub_type: Key<AttrType>,
    pub(crate) display_hint: Key<DisplayHint>,
    pub(crate) name_prefix: Key<String>,
    #[serde(rename = "struct")]
    pub(crate) struct_: Key<String>,
    pub(crate) x_max_count: Key<Number>,
    pub(crate) x_allow: List<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AttrType {
    Unused,
    Pad,
    Flag,
    Binary,
    Bitfield32,
    Uint,
    Sint,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    String,
    Nest,
    IndexedArray,
    NestTypeValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ByteOrder {
    LittleEndian,
    BigEndian,
}

/// How tools should show a value; changes nothing on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DisplayHint {
    Hex,
    Mac,
    Fddi,
    Ipv4,
    Ipv6,
    Ipv4OrV6,
    Uuid,
}

/// What the kernel checks before a handler sees the attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping of checks"
)]
pub(crate) struct Checks {
    pub(crate) flags_mask: Key<String>,
    pub(crate) min: Key<Number>,
    pub(crate) max: Key<Number>,
    pub(crate) min_len: Key<Number>,
    pub(crate) max_len: Key<Number>,
    pub(crate) exact_len: Key<Number>,
    pub(crate) unterminated_ok: Key<bool>,
}

/// The keys of [`Checks`], which one may look for beside it.
pub(crate) const CHECKS: [&str; 7] = [
    "flags-mask",
    "min",
    "max",
    "min-len",
    "max-len",
    "exact-len",
    "unterminated-ok",
];

/// A number as such, or in words: a constant, `CONST - 1`, `u16-max`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Number {
    Int(i128),
    Words(String),
}

/// The operations and how they are numbered.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping with the operations' `list`"
)]
pub(crate) struct Operations {
    pub(crate) enum_model: Key<EnumModel>,
    pub(crate) name_prefix: Key<String>,
    pub(crate) enum_name: Key<Option<String>>,
    pub(crate) async_prefix: Key<String>,
    pub(crate) async_enum: Key<Option<String>>,
    pub(crate) fixed_header: Key<String>,
    pub(crate) list: List<Op>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EnumModel {
    Unified,
    Directional,
}

/// An operation, a notification or an event.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "an operation's mapping of keys"
)]
pub(crate) struct Op {
    pub(crate) name: Key<String>,
    pub(crate) doc: Key<String>,
    pub(crate) value: Key<u64>,
    pub(crate) attribute_set: Key<String>,
    pub(crate) flags: List<Flag>,
    pub(crate) dont_validate: List<DontValidate>,
    pub(crate) config_cond: Key<String>,
    pub(crate) fixed_header: Key<String>,
    #[serde(rename = "do")]
    pub(crate) do_: Key<Call>,
    pub(crate) dump: Key<Call>,
    pub(crate) notify: Key<String>,
    pub(crate) event: Key<Content>,
    pub(crate) mcgrp: Key<String>,
    pub(crate) x_allow: List<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flag {
    AdminPerm,
    UnsAdminPerm,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DontValidate {
    Strict,
    Dump,
    DumpStrict,
}

/// A do or a dump.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping with `request` and `reply`"
)]
pub(crate) struct Call {
    pub(crate) request: Key<Content>,
    pub(crate) reply: Key<Content>,
    pub(crate) pre: Key<String>,
    pub(crate) post: Key<String>,
}

/// What a message carries.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping with `attributes`"
)]
pub(crate) struct Content {
    pub(crate) value: Key<u64>,
    pub(crate) attributes: List<String>,
    pub(crate) x_required: List<String>,
}

/// The multicast groups.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping with the groups' `list`"
)]
pub(crate) struct Groups {
    pub(crate) list: List<Group>,
}

/// A multicast group.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a group's mapping of keys"
)]
pub(crate) struct Group {
    pub(crate) name: Key<String>,
    pub(crate) c_define_name: Key<String>,
    pub(crate) flags: List<Flag>,
    pub(crate) x_cap: Key<Capability>,
    pub(crate) x_allow: List<String>,
}

/// What the core can ask of a group's listeners, but YNL cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Capability {
    SysAdmin,
}

/// What the C generator of the kernel tree wants to know beside.
#[derive(Debug, Default, Deserialize)]
#[serde(
    default,
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a mapping of `headers` and `sock-priv`"
)]
pub(crate) struct KernelFamily {
    pub(crate) headers: List<String>,
    pub(crate) sock_priv: Key<String>,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a constant's name")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Int(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Int(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Number, E> {
        Ok(Number::Int(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        Ok(Number::Words(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Entry", &["name", "value", "doc"], EntryVisitor)
    }
}

/// What [`Entry`] is read from.
pub(crate) const ENTRY: &str = "an entry's name, or its mapping of keys";

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENTRY)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Entry, E> {
        Ok(Entry::Bare(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        EntryKeys::deserialize(MapAccessDeserializer::new(map)).map(Entry::Full)
    }
}
