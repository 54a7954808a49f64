//! Runs of attributes.

use std::fmt;

use super::level::Level;
use super::{Attr, Malformed, NLA_HDRLEN, align};

/// What can be read from a run of attributes; the generated views can.
pub trait FromAttrs<'a>: Sized {
    /// Reads the attributes and checks all of them. Numbers that the set does not know are
    /// skipped; of an attribute that stands there twice the last one counts, as in the kernel.
    ///
    /// # Errors
    ///
    /// What is wrong with the first attribute that cannot be read.
    fn from_attrs(attrs: Attrs<'a>) -> Result<Self, Malformed>;

    /// [`Self::from_attrs`] has no error.
    ///
    /// It makes no view, of which there may be many in an array, each to be made when it is asked for.
    #[inline]
    fn can_be_read(attrs: Attrs<'a>) -> bool {
        Self::from_attrs(attrs).is_ok()
    }
}

/// A run of attributes, and an iterator over them.
///
/// After an error there is nothing more: where the next attribute begins is not known then.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Attrs<'a> {
    pub(super) bytes: &'a [u8],
    /// Where they end, in bytes from the message's begin. Unlike where the next one begins it stays
    /// the same all the way, and it is as good for telling where something is wrong.
    pub(super) end: u32,
    pub(super) level: Level,
}

impl<'a> Attrs<'a> {
    /// Takes bytes that begin `offset` bytes into their message.
    #[inline]
    pub fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self {
            bytes,
            // No message is longer: `nlmsg_len` has 32 bits.
            end: (offset + bytes.len()) as u32,
            level: Level::default(),
        }
    }

    /// The same, once all of them have been read without an error.
    #[inline]
    pub(super) fn checked(self) -> Self {
        let level = self.level.checked();
        Self { level, ..self }
    }

    /// They are attributes, and `test` is true of each.
    #[inline]
    pub fn each(mut self, test: impl Fn(Attr<'a>) -> bool) -> bool {
        Iterator::all(&mut self, |attr| attr.is_ok_and(&test))
    }

    /// From one of them on, which is `attr`.
    #[inline]
    pub(super) fn from(self, attr: Attr<'a>) -> Self {
        let begin = attr.place().wrapping_sub(self.offset());
        let bytes = self.bytes.get(begin as usize..).unwrap_or_default();
        Self { bytes, ..self }
    }

    /// The bytes that are yet to be read.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// All attributes of this number; those behind bytes that are no attribute are not found.
    pub fn all(self, number: u16) -> impl Iterator<Item = Attr<'a>> + Clone {
        let attrs = self.map_while(Result::ok);
        attrs.filter(move |attr| attr.kind() == number)
    }

    /// Where the next one begins, in bytes from the message's begin.
    #[inline]
    fn offset(&self) -> u32 {
        self.end.wrapping_sub(self.bytes.len() as u32)
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Result<Attr<'a>, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.bytes;
        let Some((&head, rest)) = bytes.split_first_chunk::<NLA_HDRLEN>() else {
            if bytes.is_empty() {
                return None;
            }
            let malformed = Malformed::leftover(self.offset(), bytes.len());
            self.bytes = &[];
            return Some(Err(malformed));
        };
        let (len, raw_kind) = halves(head);
        // Of one that says to be shorter than its header it is more than there can be.
        let payload_len = usize::from(len).wrapping_sub(NLA_HDRLEN);
        let Some(payload) = rest.get(..payload_len) else {
            let malformed = Malformed::length(self.offset(), usize::from(len));
            self.bytes = &[];
            return Some(Err(malformed));
        };
        let attr = Attr {
            raw_kind,
            level: self.level,
            end: self.end,
            left: bytes.len() as u32,
            payload,
        };
        // The last attribute need not be padded.
        self.bytes = &bytes[align(usize::from(len)).min(bytes.len())..];
        Some(Ok(attr))
    }
}

/// The two numbers that stand in 4 bytes.
#[inline]
fn halves(bytes: [u8; 4]) -> (u16, u16) {
    let both = u32::from_ne_bytes(bytes);
    match cfg!(target_endian = "little") {
        true => (both as u16, (both >> 16) as u16),
        false => ((both >> 16) as u16, both as u16),
    }
}

impl fmt::Debug for Attrs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.map_while(Result::ok)).finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Defect;
    use super::*;

    /// An attribute, padded.
    pub(in super::super) fn attr(kind: u16, payload: &[u8]) -> Vec<u8> {
        let len = (NLA_HDRLEN + payload.len()) as u16;
        let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(payload);
        bytes.resize(align(bytes.len()), 0);
        bytes
    }

    #[test]
    fn walks_over_padding_and_counts_offsets() {
        let bytes = [attr(1, b"abcde"), attr(0x8002, &[]), attr(3, &[7])].concat();
        let attrs: Vec<_> = Attrs::new(&bytes, 20).map(Result::unwrap).collect();
        assert_eq!(attrs.len(), 3);
        assert_eq!((attrs[0].kind(), attrs[0].offset()), (1, 20));
        assert_eq!(attrs[0].bytes(), Ok(&b"abcde"[..]));
        assert_eq!((attrs[1].kind(), attrs[1].offset()), (2, 32));
        assert_eq!((attrs[2].u8(), attrs[2].offset()), (Ok(7), 36));
    }

    #[test]
    fn last_attribute_needs_no_padding() {
        let bytes = &attr(1, b"abcde")[..9];
        let mut attrs = Attrs::new(bytes, 0);
        assert_eq!(attrs.next().unwrap().unwrap().str(), Ok("abcde"));
        assert_eq!(attrs.next(), None);
    }

    #[test]
    fn impossible_lengths_end_the_walk() {
        for (len, available) in [(0, 8), (3, 8), (9, 8), (u16::MAX, 8)] {
            let mut bytes = attr(1, &[0; 4]);
            bytes[..2].copy_from_slice(&len.to_ne_bytes());
            let mut attrs = Attrs::new(&bytes[..available], 20);
            let malformed = attrs.next().unwrap().unwrap_err();
            assert_eq!(malformed.defect, Defect::Length(len as u32));
            assert_eq!(malformed.offset, 20);
            assert_eq!(attrs.next(), None);
        }
    }

    #[test]
    fn a_piece_of_a_header_is_an_error() {
        let mut bytes = attr(1, &[0; 4]);
        bytes.extend([8, 0, 1]);
        let mut attrs = Attrs::new(&bytes, 0);
        assert!(attrs.next().unwrap().is_ok());
        let malformed = attrs.next().unwrap().unwrap_err();
        assert_eq!(malformed.defect, Defect::Leftover(3));
        assert_eq!(malformed.offset, 8);
    }
}
