//! What pyynl does otherwise than the kernel's rules, or not at all.
//!
//! Beside what random messages run into, here and in the test `numbers`: it sends every request as
//! of version 1, whatever the family's is (`_encode_message`); and where an operation is called `get`
//! it hides the spec's own method of that name (`YnlFamily.__init__`).

/// A fault or a limit of pyynl (lib/ynl.py of Linux 7.3.4) that random messages run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Quirk {
    /// It takes 32 bits for a `sint` where the number without its sign has no more, so 2³¹ and
    /// -2³¹ - 1 are `struct.error`s (`_add_attr`).
    SintOf32Bits,
    /// It cannot write an indexed array of anything but nests: "Unknown type" (`_add_attr`).
    ArrayOfScalars,
    /// It writes no numbers into an indexed array but 0, 1, 2…, so it does not take its own output
    /// (`_encode_indexed_array`).
    NumberedArray,
    /// It cannot write a nest-type-value: "Unknown type" (`_add_attr`).
    TypeValueSent,
    /// It takes a nest-type-value around a scalar for the scalar: `struct.error` (`_decode`).
    TypeValueOfScalar,
    /// It reads the first entry of a nest-type-value only (`_decode_nest_type_value`), and of
    /// several attributes the last one (`_rsp_add`).
    TypeValueMany,
    /// It puts no padding behind a struct, so the kernel is sent one that is too short
    /// (`_encode_struct`).
    StructPadding,
    /// It does not fill up a struct of which the kernel knows an earlier version: `struct.error`
    /// (`_decode_struct`).
    StructCutShort,
    /// For the members of a struct it takes neither names nor the looks of its own output
    /// (`_encode_struct`).
    LooksInStruct,
    /// Nor for the elements of a C array (`_add_attr`).
    LooksInArray,
    /// It takes no UUID in the looks of its own output: "not implemented" (`_from_string`).
    UuidSent,
    /// It takes a flag that is named twice for the next higher one: it adds them up
    /// (`_encode_enum`).
    FlagTwice,
    /// Where each of several attributes is a list of flags, it sends an attribute for each flag
    /// (`_add_attr`).
    ListsOfFlags,
    /// It sends and reads no text but ASCII (`_add_attr`, `as_strz`).
    NotAscii,
    /// It cuts off the last byte of a text, be it a NUL or not (`as_strz`).
    NoNul,
    /// It takes every NUL but the last one for a part of the text (`as_strz`).
    MoreNuls,
    /// It says `Unknown(7)` of a value that has no name, which it would not take back
    /// (`_get_enum_or_unknown`); we say 7.
    NamelessValue,
}

impl Quirk {
    /// Those of requests.
    pub(crate) const SENT: [Self; 11] = [
        Self::SintOf32Bits,
        Self::ArrayOfScalars,
        Self::NumberedArray,
        Self::TypeValueSent,
        Self::StructPadding,
        Self::LooksInStruct,
        Self::LooksInArray,
        Self::UuidSent,
        Self::FlagTwice,
        Self::ListsOfFlags,
        Self::NotAscii,
    ];

    /// Those of what the kernel sends.
    pub(crate) const RECEIVED: [Self; 7] = [
        Self::TypeValueOfScalar,
        Self::TypeValueMany,
        Self::StructCutShort,
        Self::NotAscii,
        Self::NoNul,
        Self::MoreNuls,
        Self::NamelessValue,
    ];
}
