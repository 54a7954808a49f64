//! Attribute sets, and what their attributes hold.

use super::{CDefinition, EnumId, SetId, StructId};
use crate::name::Name;

/// A space of attribute types.
#[derive(Debug, Clone, PartialEq)]
pub struct AttrSet {
    /// Its name.
    pub name: Name,
    /// The attributes, ascending by id; names and ids are unique.
    pub attrs: Vec<Attr>,
    /// The set whose attributes these are some of, where it is a subset.
    pub subset_of: Option<SetId>,
    /// The spec's own words; may be empty.
    pub doc: String,
    /// Its looks in a C header.
    pub c: CDefinition,
}

impl AttrSet {
    /// The highest attribute type of the set; 0 if it has none.
    pub fn max_id(&self) -> u16 {
        self.attrs.last().map_or(0, |attr| attr.id)
    }

    /// The set's pad attribute, by which 64-bit values are aligned, if it has one.
    pub fn pad(&self) -> Option<&Attr> {
        self.attrs.iter().find(|attr| attr.kind == AttrKind::Pad)
    }
}

/// One attribute of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Attr {
    /// Its name.
    pub name: Name,
    /// `nla_type`.
    pub id: u16,
    /// May stand in a message more than once.
    pub multi: bool,
    /// How often it may stand in a request, or in a nest of one, where the spec says
    /// (`x-max-count`).
    pub max_count: Option<u32>,
    /// What it holds.
    pub kind: AttrKind,
    /// How tools should show its value; changes nothing on the wire.
    pub hint: Option<DisplayHint>,
    /// The spec's own words; may be empty.
    pub doc: String,
    /// What stands before the name in a C header, where it is not what the set says (`name-prefix`).
    pub c_prefix: Option<String>,
}

/// How tools should show a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayHint {
    /// Bytes as hexadecimal digits, an integer as a hexadecimal number.
    Hex,
    /// A hardware address: `02:00:00:00:00:01`.
    Mac,
    /// A hardware address of FDDI, shown as [`Self::Mac`].
    Fddi,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 or IPv6 address, as its length has it.
    Ipv4OrV6,
    /// A UUID.
    Uuid,
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq)]
pub enum AttrKind {
    /// Nothing; aligns what follows. Never a field of a message.
    Pad,
    /// Nothing; the number is taken. Never a field of a message.
    Unused,
    /// Nothing; there or not.
    Flag,
    /// An integer.
    Int(Int),
    /// A text.
    String(Text),
    /// Bytes, or what the spec makes of them.
    Binary(Binary),
    /// A value and a mask, 32 bits each: which bits are meant, and what they are.
    Bitfield32(Bitfield32),
    /// Attributes of another set.
    Nest(SetId),
    /// A nest whose members hold this each; their types number them, in YNL from 0, and mean
    /// nothing. A [`Self::Nest`], [`Self::Int`], [`Self::Binary`] or [`Self::String`].
    IndexedArray(Box<AttrKind>),
    /// Nests within nests whose *types* are values: one level for each name, the last of them
    /// holding this. A [`Self::Nest`] or [`Self::Int`].
    TypeValue(Vec<Name>, Box<AttrKind>),
}

impl AttrKind {
    /// The set whose attributes stand inside, at whatever depth.
    pub fn inside(&self) -> Option<SetId> {
        match self {
            Self::Nest(set) => Some(*set),
            Self::IndexedArray(element) | Self::TypeValue(_, element) => element.inside(),
            Self::Pad
            | Self::Unused
            | Self::Flag
            | Self::Int(_)
            | Self::String(_)
            | Self::Binary(_)
            | Self::Bitfield32(_) => None,
        }
    }
}

/// A text attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// The lengths that are allowed, the NUL not counted.
    pub len: Len,
    /// The kernel takes it without a NUL behind it too (NLA_STRING); else it has to be there
    /// (NLA_NUL_STRING).
    pub unterminated_ok: bool,
}

/// An attribute of bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The lengths that are allowed.
    pub len: Len,
    /// What the bytes are.
    pub holds: Holds,
}

/// What the bytes of an attribute are.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// Bytes.
    Bytes,
    /// A C struct; one that is cut short has zeros for what is missing, and what stands behind it
    /// is for those who know a later version of it.
    Struct(StructId),
    /// Integers, one behind the other, none of them `uint` or `sint`.
    Array(Int),
}

/// A bitfield32 attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitfield32 {
    /// The enum or flags that name its bits.
    pub names: Option<EnumId>,
    /// The bits that are allowed, where the spec says.
    pub mask: Option<u32>,
}

/// An integer attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Int {
    /// Width and sign.
    pub kind: IntKind,
    /// Always [`ByteOrder::Host`] for [`IntKind::Uint`] and [`IntKind::Sint`].
    pub order: ByteOrder,
    /// The enum that names its values, if any.
    pub names: Option<EnumUse>,
    /// The values that are allowed, both ends included; from `checks` or from the enum.
    pub range: Option<(i128, i128)>,
    /// The bits that are allowed; from `checks` or from the flags.
    pub mask: Option<u64>,
}

/// The order in which an integer's bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// The machine's own.
    Host,
    /// Network byte order.
    Big,
    /// The other one.
    Little,
}

/// How an integer uses an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnumUse {
    /// The enum.
    pub id: EnumId,
    /// The integer is a set of bits: the definition is of type flags, or `enum-as-flags` is said.
    pub as_flags: bool,
}

/// Width and sign of an integer.
#[expect(missing_docs, reason = "the names say it: sign and bits")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntKind {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    /// Unsigned, on the wire 32 bits where they suffice, else 64 (NLA_UINT).
    Uint,
    /// Signed, on the wire 32 bits where they suffice, else 64 (NLA_SINT).
    Sint,
}

impl IntKind {
    /// The type's name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::S8 => "s8",
            Self::S16 => "s16",
            Self::S32 => "s32",
            Self::S64 => "s64",
            Self::Uint => "uint",
            Self::Sint => "sint",
        }
    }

    /// The Rust type of the value: `u64` for `uint`.
    pub fn rust(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 | Self::Uint => "u64",
            Self::S8 => "i8",
            Self::S16 => "i16",
            Self::S32 => "i32",
            Self::S64 | Self::Sint => "i64",
        }
    }

    /// Bytes that a value takes; `None` of [`Self::Uint`] and [`Self::Sint`], where it depends.
    pub fn fixed_size(self) -> Option<usize> {
        match self {
            Self::U8 | Self::S8 => Some(1),
            Self::U16 | Self::S16 => Some(2),
            Self::U32 | Self::S32 => Some(4),
            Self::U64 | Self::S64 => Some(8),
            Self::Uint | Self::Sint => None,
        }
    }

    /// Values may be negative.
    pub fn signed(self) -> bool {
        matches!(
            self,
            Self::S8 | Self::S16 | Self::S32 | Self::S64 | Self::Sint
        )
    }

    /// The values that the type can hold, both ends included.
    pub fn limits(self) -> (i128, i128) {
        let bits = match self {
            Self::U8 | Self::S8 => 8,
            Self::U16 | Self::S16 => 16,
            Self::U32 | Self::S32 => 32,
            Self::U64 | Self::S64 | Self::Uint | Self::Sint => 64,
        };
        match self.signed() {
            true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            false => (0, (1 << bits) - 1),
        }
    }
}

/// Lengths in bytes, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Len {
    /// At least so many.
    pub min: u16,
    /// At most so many, where the spec says.
    pub max: Option<u16>,
}
