//! C structs: fixed headers, and the content of binary attributes.

use super::{ByteOrder, CDefinition, DisplayHint, EnumUse, IntKind, StructId};
use crate::name::Name;

/// A C struct, laid out as a C compiler does: every member at a multiple of its alignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    /// Its name.
    pub name: Name,
    /// The members, in order.
    pub members: Vec<Member>,
    /// What the C compiler says of its size, in bytes; with padding at the end.
    pub size: usize,
    /// What its place in another struct is a multiple of, in bytes.
    pub align: usize,
    /// The spec's own words; may be empty.
    pub doc: String,
    /// Its looks in a C header.
    pub c: CDefinition,
}

/// A member of a struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Where it begins, in bytes.
    pub offset: usize,
    /// Bytes that it takes.
    pub size: usize,
    /// What it holds.
    pub kind: MemberKind,
    /// How tools should show its value; changes nothing on the wire.
    pub hint: Option<DisplayHint>,
    /// The spec's own words; may be empty.
    pub doc: String,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MemberKind {
    /// An integer, never `uint` or `sint`.
    Int {
        /// Width and sign.
        kind: IntKind,
        /// The order of its bytes.
        order: ByteOrder,
        /// The enum that names its values, if any.
        names: Option<EnumUse>,
    },
    /// So many bytes as [`Member::size`] says.
    Bytes,
    /// A text that fills [`Member::size`] bytes with NULs behind it.
    String,
    /// Another struct.
    Struct(StructId),
}
