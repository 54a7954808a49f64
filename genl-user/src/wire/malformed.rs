//! What can be wrong with attributes, and with the headers before them.

use super::level::MAX_DEPTH;

/// What is wrong with bytes that the kernel sent, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong.
    pub defect: Defect,
    /// Where the header of the attribute at fault is, in bytes from the message's begin.
    pub offset: u32,
}

// All that reads may return it: the larger it is, the more there is to move for each attribute.
const _: () = assert!(size_of::<Result<(), Malformed>>() <= 2 * size_of::<u64>());

// These are made out of the way of what is read well. They take numbers, as an attribute that is
// passed on would have to be put into memory first, each time.
impl Malformed {
    #[cold]
    pub(super) fn leftover(offset: u32, left: usize) -> Self {
        Self {
            defect: Defect::Leftover(left as u32),
            offset,
        }
    }

    #[cold]
    pub(super) fn length(offset: u32, len: usize) -> Self {
        Self {
            defect: Defect::Length(len as u32),
            offset,
        }
    }

    #[cold]
    pub(super) fn width(offset: u32, expected: usize, actual: usize) -> Self {
        Self {
            defect: Defect::width(expected, actual),
            offset,
        }
    }
}

/// What is wrong with bytes that the kernel sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// A header says that more, or less, belongs to it than can be.
    #[error("its length field says {0} bytes, which cannot be")]
    Length(u32),
    /// Bytes are left over that are too few for a header.
    #[error("{0} bytes are left over")]
    Leftover(u32),
    /// An integer has another width than its type.
    #[error("it has {actual} bytes where {expected} were expected")]
    Width {
        /// Width of the type, in bytes.
        expected: u16,
        /// Width that came, in bytes.
        actual: u16,
    },
    /// The attribute of this number is not there, and has to be.
    #[error("attribute {0} is missing")]
    Missing(u16),
    /// A text is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It is a nest inside more nests than anything sensible has.
    #[error("it is a nest below {MAX_DEPTH} other ones")]
    TooDeep,
}

impl Defect {
    /// It has other than `expected` bytes; no attribute has more than 16 bits can say.
    pub(crate) fn width(expected: usize, actual: usize) -> Self {
        Self::Width {
            expected: expected as u16,
            actual: actual as u16,
        }
    }
}
