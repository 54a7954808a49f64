//! What pyynl does otherwise than the kernel's rules, or not at all.

/// A fault or a limit of pyynl (of Linux 7.3.4) that random messages run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Quirk {
    /// It takes 32 bits of a `sint` where the number without its sign has 32 bits, so 2³¹ and
    /// -2³¹ - 1 are `struct.error`s.
    SintOf32Bits,
    /// It cannot write an indexed array of anything but nests: "Unknown type".
    ArrayOfScalars,
    /// It writes no numbers into an indexed array but 0, 1, 2…: not those of its own output.
    NumberedArray,
    /// It cannot write a nest-type-value: "Unknown type".
    TypeValueSent,
    /// It does not read a nest-type-value around a scalar: `struct.error`.
    TypeValueOfScalar,
    /// It reads the first entry of a nest-type-value, and of several attributes the last one.
    TypeValueMany,
    /// It adds no padding to a struct, so the kernel is sent one that is too short.
    StructPadding,
    /// It does not fill up a struct that the kernel knows an older version of: `struct.error`.
    StructCutShort,
    /// It takes no names and no looks of its own output for the members of a struct.
    LooksInStruct,
    /// It takes no names and no looks of its own output for the elements of a C array.
    LooksInArray,
    /// It takes no UUID, which is how it shows one: "not implemented".
    UuidSent,
    /// It takes a flag that is named twice for the next higher one: it adds them up.
    FlagTwice,
    /// It takes the flags of each of several attributes for an attribute each.
    ListsOfFlags,
    /// It sends and takes no text but ASCII.
    NotAscii,
    /// It cuts off the last byte of a text, NUL or not.
    NoNul,
    /// It takes every NUL but the last one for a part of the text.
    MoreNuls,
    /// It says `Unknown(7)` of a value that has no name, which it would not take back; we say 7.
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
