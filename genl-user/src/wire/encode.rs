//! Writing attributes to a buffer that is used again for each request.

use super::text::is_plain;
use super::{Bitfield32, FieldsMut, NLA_HDRLEN, Struct, align};

/// Longest payload of an attribute, in bytes: `nla_len` has 16 bits and counts the header.
const MAX_PAYLOAD: usize = u16::MAX as usize - NLA_HDRLEN;

/// Why a request cannot be written, and at which attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// What does not fit.
    pub misfit: Misfit,
    /// Where the attribute's header is, in bytes from the message's begin.
    pub offset: usize,
}

/// What does not fit into an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// More than an attribute can hold.
    #[error("{0} bytes are too long for an attribute, which holds {MAX_PAYLOAD}")]
    TooLong(usize),
    /// A text with a NUL inside: the kernel would take it to end there.
    #[error("a text must not contain NUL")]
    InnerNul,
    /// A number that the attribute's type cannot hold.
    #[error("the number does not fit its type")]
    OutOfRange,
}

/// Writes attributes.
#[derive(Debug)]
pub struct Encoder<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> Encoder<'b> {
    /// Writes to the end of `out`, whose length so far is a multiple of 4.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Writes an attribute without content.
    #[inline]
    pub fn flag(&mut self, kind: u16) {
        self.head(kind, 0);
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`] if they are more than 65,531.
    #[inline]
    pub fn bytes(&mut self, kind: u16, value: &[u8]) -> Result<(), Unfit> {
        if value.len() > MAX_PAYLOAD {
            return Err(self.unfit(kind, Misfit::TooLong(value.len())));
        }
        self.head(kind, value.len());
        self.out.extend_from_slice(value);
        self.pad();
        Ok(())
    }

    /// Writes a text and its NUL.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`] if it has more than 65,530 bytes, [`Misfit::InnerNul`] if a NUL is among
    /// them.
    #[inline]
    pub fn str(&mut self, kind: u16, value: &str) -> Result<(), Unfit> {
        if value.len() >= MAX_PAYLOAD {
            return Err(self.unfit(kind, Misfit::TooLong(value.len() + 1)));
        }
        if !is_plain(value.as_bytes()) && value.contains('\0') {
            return Err(self.unfit(kind, Misfit::InnerNul));
        }
        self.head(kind, value.len() + 1);
        self.out.extend_from_slice(value.as_bytes());
        // The NUL, and padding: four bytes are written at once, of which the last may be too much.
        let end = align(self.out.len() + 1);
        self.out.extend_from_slice(&[0; 4]);
        self.out.truncate(end);
        Ok(())
    }

    /// Writes a C struct, with its padding.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`], or what does not fit into a member.
    #[inline]
    pub fn structure<S: Struct>(&mut self, kind: u16, value: &S) -> Result<(), Unfit> {
        if S::SIZE > MAX_PAYLOAD {
            return Err(self.unfit(kind, Misfit::TooLong(S::SIZE)));
        }
        let offset = self.out.len();
        self.head(kind, S::SIZE);
        let written = self.members(value);
        self.pad();
        written.map_err(|misfit| Unfit { misfit, offset })
    }

    /// Writes the struct that stands before all attributes.
    ///
    /// # Errors
    ///
    /// What does not fit into a member.
    #[inline]
    pub fn header<S: Struct>(&mut self, value: &S) -> Result<(), Unfit> {
        let offset = self.out.len();
        let written = self.members(value);
        self.pad();
        written.map_err(|misfit| Unfit { misfit, offset })
    }

    /// Writes what may be a header and attributes, of which nothing is known.
    #[cfg(feature = "server")]
    pub(crate) fn unspecified(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        self.pad();
    }

    /// Writes values one behind the other, as the bytes that `turn` makes of them.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`], or that of `turn`.
    #[inline]
    pub fn array<T, const N: usize>(
        &mut self,
        kind: u16,
        values: &[T],
        turn: impl Fn(&T) -> Result<[u8; N], Misfit>,
    ) -> Result<(), Unfit> {
        let len = values.len().saturating_mul(N);
        if len > MAX_PAYLOAD {
            return Err(self.unfit(kind, Misfit::TooLong(len)));
        }
        let offset = self.out.len();
        self.head(kind, len);
        let written = values.iter().try_for_each(|value| {
            self.out.extend_from_slice(&turn(value)?);
            Ok(())
        });
        // All of it is there even if an element has failed: the attribute's path is looked up.
        self.out.resize(align(offset + NLA_HDRLEN + len), 0);
        written.map_err(|misfit| Unfit { misfit, offset })
    }

    /// Writes bits, and which of them are meant.
    #[inline]
    pub fn bitfield32(&mut self, kind: u16, bits: Bitfield32) {
        self.head(kind, 8);
        self.out.extend_from_slice(&bits.value.to_ne_bytes());
        self.out.extend_from_slice(&bits.selector.to_ne_bytes());
    }

    /// Writes an unsigned integer in 4 bytes if they suffice, else in 8 (NLA_UINT).
    #[inline]
    pub fn uint(&mut self, kind: u16, value: u64) {
        match u32::try_from(value) {
            Ok(value) => self.u32(kind, value),
            Err(_) => self.u64(kind, value),
        }
    }

    /// Writes a signed integer in 4 bytes if they suffice, else in 8 (NLA_SINT).
    #[inline]
    pub fn sint(&mut self, kind: u16, value: i64) {
        match i32::try_from(value) {
            Ok(value) => self.s32(kind, value),
            Err(_) => self.s64(kind, value),
        }
    }

    /// Writes a nest with what `fill` writes.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`], or that of `fill`.
    #[inline]
    pub fn nest(
        &mut self,
        kind: u16,
        fill: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        self.nest_unmarked(kind | libc::NLA_F_NESTED as u16, fill)
    }

    /// As [`Self::nest`], but only the reader knows it for a nest: without NLA_F_NESTED.
    #[inline]
    pub(crate) fn nest_unmarked(
        &mut self,
        kind: u16,
        fill: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let start = self.out.len();
        self.head(kind, 0);
        let filled = fill(self);
        let len = self.out.len() - start;
        // The length is set even if `fill` failed: where it did is looked up in what there is.
        let field = u16::try_from(len).unwrap_or(u16::MAX);
        self.out[start..start + 2].copy_from_slice(&field.to_ne_bytes());
        filled?;
        match usize::from(field) == len {
            true => Ok(()),
            false => Err(Unfit {
                misfit: Misfit::TooLong(len - NLA_HDRLEN),
                offset: start,
            }),
        }
    }

    /// Writes an array: a nest with one attribute for each item, numbered from 0.
    ///
    /// # Errors
    ///
    /// [`Misfit::TooLong`], or that of `write`.
    #[inline]
    pub fn indexed<T>(
        &mut self,
        kind: u16,
        items: &[T],
        write: impl Fn(&mut Encoder<'_>, u16, &T) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        // More than these have no room, whatever they are.
        if items.len() > MAX_PAYLOAD / NLA_HDRLEN {
            return Err(self.unfit(kind, Misfit::TooLong(items.len() * NLA_HDRLEN)));
        }
        self.nest(kind, |out| {
            (0..)
                .zip(items)
                .try_for_each(|(number, item)| write(out, number, item))
        })
    }

    /// Takes a number as the narrower type of attribute `kind`.
    ///
    /// # Errors
    ///
    /// [`Misfit::OutOfRange`].
    pub fn narrow<T, N: TryFrom<T>>(&mut self, kind: u16, value: T) -> Result<N, Unfit> {
        N::try_from(value).map_err(|_| self.unfit(kind, Misfit::OutOfRange))
    }

    #[inline]
    fn members<S: Struct>(&mut self, value: &S) -> Result<(), Misfit> {
        let start = self.out.len();
        self.out.resize(start + S::SIZE, 0);
        value.write(&mut FieldsMut::new(&mut self.out[start..]))
    }

    #[inline]
    fn head(&mut self, kind: u16, len: usize) {
        let mut head = [0; NLA_HDRLEN];
        head[..2].copy_from_slice(&((NLA_HDRLEN + len) as u16).to_ne_bytes());
        head[2..].copy_from_slice(&kind.to_ne_bytes());
        self.out.extend_from_slice(&head);
    }

    #[inline]
    fn pad(&mut self) {
        let end = align(self.out.len());
        self.out.extend_from_slice(&[0; 4]);
        self.out.truncate(end);
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, kind: u16, value: [u8; N]) {
        self.head(kind, N);
        self.out.extend_from_slice(&value);
        self.pad();
    }

    /// Leaves an empty attribute where one does not fit, so that its path can be looked up.
    fn unfit(&mut self, kind: u16, misfit: Misfit) -> Unfit {
        let offset = self.out.len();
        self.head(kind, 0);
        Unfit { misfit, offset }
    }
}

macro_rules! integers {
    ($($name:ident: $type:ty = $to:ident, $doc:literal;)*) => {
        impl Encoder<'_> {
            $(
                #[doc = $doc]
                #[inline]
                pub fn $name(&mut self, kind: u16, value: $type) {
                    self.fixed(kind, value.$to());
                }
            )*
        }
    };
}

integers! {
    u8: u8 = to_ne_bytes, "Writes an unsigned integer of 8 bits.";
    u16: u16 = to_ne_bytes, "Writes an unsigned integer of 16 bits.";
    u32: u32 = to_ne_bytes, "Writes an unsigned integer of 32 bits.";
    u64: u64 = to_ne_bytes, "Writes an unsigned integer of 64 bits.";
    s8: i8 = to_ne_bytes, "Writes a signed integer of 8 bits.";
    s16: i16 = to_ne_bytes, "Writes a signed integer of 16 bits.";
    s32: i32 = to_ne_bytes, "Writes a signed integer of 32 bits.";
    s64: i64 = to_ne_bytes, "Writes a signed integer of 64 bits.";
    u16_be: u16 = to_be_bytes, "Writes an unsigned integer of 16 bits in network byte order.";
    u32_be: u32 = to_be_bytes, "Writes an unsigned integer of 32 bits in network byte order.";
    u64_be: u64 = to_be_bytes, "Writes an unsigned integer of 64 bits in network byte order.";
    s16_be: i16 = to_be_bytes, "Writes a signed integer of 16 bits in network byte order.";
    s32_be: i32 = to_be_bytes, "Writes a signed integer of 32 bits in network byte order.";
    s64_be: i64 = to_be_bytes, "Writes a signed integer of 64 bits in network byte order.";
    u16_le: u16 = to_le_bytes, "Writes a little-endian unsigned integer of 16 bits.";
    u32_le: u32 = to_le_bytes, "Writes a little-endian unsigned integer of 32 bits.";
    u64_le: u64 = to_le_bytes, "Writes a little-endian unsigned integer of 64 bits.";
    s16_le: i16 = to_le_bytes, "Writes a little-endian signed integer of 16 bits.";
    s32_le: i32 = to_le_bytes, "Writes a little-endian signed integer of 32 bits.";
    s64_le: i64 = to_le_bytes, "Writes a little-endian signed integer of 64 bits.";
}

#[cfg(test)]
mod tests {
    use super::super::{Attr, Attrs};
    use super::*;

    fn only(bytes: &[u8]) -> Attr<'_> {
        let mut attrs = Attrs::new(bytes, 0);
        let attr = attrs.next().expect("an attribute").expect("well-formed");
        assert_eq!(attrs.next(), None);
        attr
    }

    macro_rules! round_trip {
        ($($name:ident: $($value:expr),*;)*) => {$(
            for value in [$($value),*] {
                let mut out = Vec::new();
                Encoder::new(&mut out).$name(5, value);
                assert_eq!(out.len() % 4, 0);
                assert_eq!(only(&out).kind(), 5);
                assert_eq!(only(&out).$name(), Ok(value));
            }
        )*};
    }

    #[test]
    fn integers_come_back() {
        round_trip! {
            u8: 0, 1, u8::MAX;
            u16: 0, 0x1234, u16::MAX;
            u32: 0, 0x1234_5678, u32::MAX;
            u64: 0, 0x1234_5678_9abc_def0, u64::MAX;
            s8: i8::MIN, -1, i8::MAX;
            s16: i16::MIN, -1, i16::MAX;
            s32: i32::MIN, -1, i32::MAX;
            s64: i64::MIN, -1, i64::MAX;
            u16_be: 0x1234;
            u32_be: 0x1234_5678;
            u64_be: 0x1234_5678_9abc_def0;
            s16_be: -2;
            s32_be: -2;
            s64_be: -2;
            u16_le: 0x1234;
            u32_le: 0x1234_5678;
            u64_le: 0x1234_5678_9abc_def0;
            s16_le: -2;
            s32_le: -2;
            s64_le: -2;
            bitfield32: Bitfield32 { value: 1, selector: 0xf000_0001 };
            uint: 0, u64::from(u32::MAX), 1 << 32, u64::MAX;
            sint: 0, -1, i64::from(i32::MIN), i64::from(i32::MIN) - 1, 1 << 31, i64::MAX;
        }
    }

    #[test]
    fn network_byte_order_is_on_the_wire() {
        let mut out = Vec::new();
        Encoder::new(&mut out).u16_be(1, 0x1234);
        assert_eq!(out[4..], [0x12, 0x34, 0, 0]);
    }

    #[test]
    fn variable_integers_take_the_shorter_form() {
        for (value, len) in [(u64::from(u32::MAX), 8), (1 << 32, 12)] {
            let mut out = Vec::new();
            Encoder::new(&mut out).uint(1, value);
            assert_eq!(out.len(), len);
        }
        for (value, len) in [(-1 << 31, 8), ((-1 << 31) - 1, 12), (1 << 31, 12)] {
            let mut out = Vec::new();
            Encoder::new(&mut out).sint(1, value);
            assert_eq!(out.len(), len);
        }
    }

    #[test]
    fn texts_and_bytes_come_back() {
        for text in ["", "a", "abc", "abcd", "ä€"] {
            let mut out = Vec::new();
            Encoder::new(&mut out).str(1, text).unwrap();
            assert_eq!(out.len() % 4, 0);
            assert_eq!(only(&out).str(), Ok(text));
            assert_eq!(only(&out).bytes().unwrap().last(), Some(&0));
        }
        let longest = vec![7; MAX_PAYLOAD];
        for bytes in [&[][..], &[1, 2, 3], &longest] {
            let mut out = Vec::new();
            Encoder::new(&mut out).bytes(1, bytes).unwrap();
            assert_eq!(only(&out).bytes(), Ok(bytes));
        }
    }

    #[test]
    fn nests_come_back() {
        let mut out = Vec::new();
        Encoder::new(&mut out)
            .nest(3, |out| {
                out.u8(1, 7);
                out.nest(2, |out| out.str(1, "inner"))?;
                out.flag(4);
                Ok(())
            })
            .unwrap();
        let members: Vec<_> = only(&out).nested().map(Result::unwrap).collect();
        assert_eq!(members[0].u8(), Ok(7));
        let inner = members[1].nested().next().unwrap().unwrap();
        assert_eq!(inner.str(), Ok("inner"));
        assert_eq!(members[2].kind(), 4);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        encoder.u32(1, 0);
        let unfit = encoder.str(2, "a\0b").unwrap_err();
        assert_eq!(unfit.misfit, Misfit::InnerNul);
        assert_eq!(unfit.offset, 8);

        let long = "x".repeat(MAX_PAYLOAD);
        let unfit = Encoder::new(&mut out).str(2, &long).unwrap_err();
        assert_eq!(unfit.misfit, Misfit::TooLong(MAX_PAYLOAD + 1));

        let half = vec![0; MAX_PAYLOAD / 2];
        let unfit = Encoder::new(&mut Vec::new())
            .nest(1, |out| {
                out.bytes(1, &half)?;
                out.bytes(1, &half)
            })
            .unwrap_err();
        assert_eq!(unfit.offset, 0);
        assert!(matches!(unfit.misfit, Misfit::TooLong(_)));

        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        encoder.u32(1, 0);
        let unfit = encoder
            .array(2, &[1u32, 256], |value| {
                super::super::narrow(*value).map(u8::to_ne_bytes)
            })
            .unwrap_err();
        assert_eq!((unfit.misfit, unfit.offset), (Misfit::OutOfRange, 8));
        let last = Attrs::new(&out, 0).last().unwrap().unwrap();
        assert_eq!(
            (last.kind(), last.offset(), last.bytes()),
            (2, 8, Ok(&[1, 0][..]))
        );

        let many = vec![0u8; 20_000];
        let unfit = Encoder::new(&mut Vec::new()).indexed(1, &many, |out, number, item| {
            out.u8(number, *item);
            Ok(())
        });
        assert_eq!(unfit.unwrap_err().misfit, Misfit::TooLong(80_000));

        let narrowed: Result<u8, _> = Encoder::new(&mut Vec::new()).narrow(1, 256u32);
        assert_eq!(narrowed.unwrap_err().misfit, Misfit::OutOfRange);
    }
}
