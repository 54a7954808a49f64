//! C structs: members at their offsets, as the kernel's C compiler lays them out.

use super::Misfit;

/// What is laid out as a C struct; the generated structs are.
pub trait Struct: Sized {
    /// Size in bytes, with the padding at the end.
    const SIZE: usize;

    /// Reads the members.
    fn read(fields: Fields<'_>) -> Self;

    /// Writes the members; the bytes between them are zeros already.
    ///
    /// # Errors
    ///
    /// [`Misfit::OutOfRange`], or a text that is too long for its member.
    fn write(&self, fields: &mut FieldsMut<'_>) -> Result<(), Misfit>;
}

/// The bytes of a struct.
///
/// What lies behind their end reads as zeros: an older kernel knows a shorter struct, and a newer
/// one a longer one.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Takes bytes that begin where the struct does.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes from `at` on.
    #[inline]
    pub fn bytes<const N: usize>(self, at: usize) -> [u8; N] {
        let there = self.0.get(at..).unwrap_or_default();
        match there.first_chunk() {
            Some(bytes) => *bytes,
            None => {
                let mut bytes = [0; N];
                bytes[..there.len()].copy_from_slice(there);
                bytes
            }
        }
    }

    /// The struct that begins at `at`.
    #[inline]
    pub fn part<S: Struct>(self, at: usize) -> S {
        let end = self.0.len().min(at + S::SIZE);
        S::read(Fields(self.0.get(at..end).unwrap_or_default()))
    }
}

/// The bytes of a struct that is being written.
#[derive(Debug)]
pub struct FieldsMut<'a>(&'a mut [u8]);

impl<'a> FieldsMut<'a> {
    /// Takes as many bytes as the struct has, all of them zero.
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// Writes bytes from `at` on.
    #[inline]
    pub fn bytes(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes the struct that begins at `at`.
    ///
    /// # Errors
    ///
    /// What does not fit into one of its members.
    #[inline]
    pub fn part<S: Struct>(&mut self, at: usize, part: &S) -> Result<(), Misfit> {
        part.write(&mut FieldsMut(&mut self.0[at..at + S::SIZE]))
    }
}

/// Takes a number as a narrower type.
///
/// # Errors
///
/// [`Misfit::OutOfRange`].
pub fn narrow<T, N: TryFrom<T>>(value: T) -> Result<N, Misfit> {
    N::try_from(value).map_err(|_| Misfit::OutOfRange)
}

macro_rules! integers {
    ($($name:ident: $type:ty = $from:ident, $to:ident, $what:literal;)*) => {
        impl Fields<'_> {
            $(
                #[doc = concat!("The ", $what, " at `at`.")]
                #[inline]
                pub fn $name(self, at: usize) -> $type {
                    <$type>::$from(self.bytes(at))
                }
            )*
        }

        impl FieldsMut<'_> {
            $(
                #[doc = concat!("Writes the ", $what, " at `at`.")]
                #[inline]
                pub fn $name(&mut self, at: usize, value: $type) {
                    self.bytes(at, &value.$to());
                }
            )*
        }
    };
}

integers! {
    u8: u8 = from_ne_bytes, to_ne_bytes, "unsigned integer of 8 bits";
    u16: u16 = from_ne_bytes, to_ne_bytes, "unsigned integer of 16 bits";
    u32: u32 = from_ne_bytes, to_ne_bytes, "unsigned integer of 32 bits";
    u64: u64 = from_ne_bytes, to_ne_bytes, "unsigned integer of 64 bits";
    s8: i8 = from_ne_bytes, to_ne_bytes, "signed integer of 8 bits";
    s16: i16 = from_ne_bytes, to_ne_bytes, "signed integer of 16 bits";
    s32: i32 = from_ne_bytes, to_ne_bytes, "signed integer of 32 bits";
    s64: i64 = from_ne_bytes, to_ne_bytes, "signed integer of 64 bits";
    u16_be: u16 = from_be_bytes, to_be_bytes, "unsigned integer of 16 bits in network byte order";
    u32_be: u32 = from_be_bytes, to_be_bytes, "unsigned integer of 32 bits in network byte order";
    u64_be: u64 = from_be_bytes, to_be_bytes, "unsigned integer of 64 bits in network byte order";
    s16_be: i16 = from_be_bytes, to_be_bytes, "signed integer of 16 bits in network byte order";
    s32_be: i32 = from_be_bytes, to_be_bytes, "signed integer of 32 bits in network byte order";
    s64_be: i64 = from_be_bytes, to_be_bytes, "signed integer of 64 bits in network byte order";
    u16_le: u16 = from_le_bytes, to_le_bytes, "little-endian unsigned integer of 16 bits";
    u32_le: u32 = from_le_bytes, to_le_bytes, "little-endian unsigned integer of 32 bits";
    u64_le: u64 = from_le_bytes, to_le_bytes, "little-endian unsigned integer of 64 bits";
    s16_le: i16 = from_le_bytes, to_le_bytes, "little-endian signed integer of 16 bits";
    s32_le: i32 = from_le_bytes, to_le_bytes, "little-endian signed integer of 32 bits";
    s64_le: i64 = from_le_bytes, to_le_bytes, "little-endian signed integer of 64 bits";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Inner(u16);

    impl Struct for Inner {
        const SIZE: usize = 2;

        fn read(fields: Fields<'_>) -> Self {
            Self(fields.u16_be(0))
        }

        fn write(&self, fields: &mut FieldsMut<'_>) -> Result<(), Misfit> {
            fields.u16_be(0, self.0);
            Ok(())
        }
    }

    #[test]
    fn what_is_missing_is_zero() {
        let fields = Fields::new(&[1, 2, 3]);
        assert_eq!(fields.u16_be(0), 0x0102);
        assert_eq!(fields.u16_be(2), 0x0300);
        assert_eq!(fields.u32_le(1), 0x0302);
        assert_eq!(fields.u64(usize::MAX), 0);
        assert_eq!(fields.bytes(2), [3, 0]);
        assert_eq!(fields.part::<Inner>(2), Inner(0x0300));
        assert_eq!(fields.part::<Inner>(3), Inner(0));
    }

    #[test]
    fn parts_end_where_they_end() {
        assert_eq!(Fields::new(&[0, 1, 2, 3]).part::<Inner>(1), Inner(0x0102));
        let mut bytes = [0; 4];
        FieldsMut::new(&mut bytes).part(1, &Inner(0x0102)).unwrap();
        assert_eq!(bytes, [0, 1, 2, 0]);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert_eq!(narrow::<_, u8>(255u32), Ok(255));
        assert_eq!(narrow::<_, u8>(256u32), Err(Misfit::OutOfRange));
    }
}
