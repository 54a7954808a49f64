//! Attributes, borrowed from the message they came in.

use std::fmt;

use super::level::{Level, MAX_DEPTH};
use super::text::{is_text, text};
use super::{Array, Attrs, Bitfield32, Defect, Fields, FromAttrs, Malformed, NLA_HDRLEN, Struct};

/// The two bits of `nla_type` that are not part of the number: NLA_F_NESTED and
/// NLA_F_NET_BYTEORDER.
const FLAG_BITS: u16 = 0xc000;

/// One attribute.
#[derive(Clone, Copy)]
pub struct Attr<'a> {
    /// `nla_type`, with its flag bits.
    pub(super) raw_kind: u16,
    pub(super) level: Level,
    /// Where the run that it stands in ends, in bytes from the message's begin, and how many of those
    /// bytes come from its header on. The loop over a run has both at hand; where it stands takes work.
    pub(super) end: u32,
    pub(super) left: u32,
    pub(super) payload: &'a [u8],
}

impl<'a> Attr<'a> {
    /// The attribute's number, without flag bits.
    #[inline]
    pub fn kind(self) -> u16 {
        self.raw_kind & !FLAG_BITS
    }

    /// The sender calls it a nest (NLA_F_NESTED); of those that are nests not all senders do.
    pub(crate) fn is_nest(self) -> bool {
        self.raw_kind & libc::NLA_F_NESTED as u16 != 0
    }

    /// The content as it is.
    pub(crate) fn payload(self) -> &'a [u8] {
        self.payload
    }

    /// Where the attribute's header is, in bytes from the message's begin.
    pub fn offset(self) -> usize {
        self.place() as usize
    }

    #[inline]
    pub(super) fn place(self) -> u32 {
        self.end.wrapping_sub(self.left)
    }

    /// Where the attribute ends, padding not counted, in bytes from the message's begin.
    pub(crate) fn end(self) -> usize {
        self.offset() + NLA_HDRLEN + self.payload.len()
    }

    /// How many bytes come behind the attribute, its padding among them.
    #[inline]
    pub(super) fn behind(self) -> u32 {
        self.left
            .wrapping_sub((NLA_HDRLEN + self.payload.len()) as u32)
    }

    /// The content as it is.
    ///
    /// # Errors
    ///
    /// None; it is a `Result` as its siblings' is, so that any of them can be passed on.
    #[inline]
    pub fn bytes(self) -> Result<&'a [u8], Malformed> {
        Ok(self.payload)
    }

    /// The content as a text: up to the first NUL, or all of it if there is none.
    ///
    /// # Errors
    ///
    /// [`Defect::NotUtf8`]. The kernel asks of few names that they be UTF-8: those of interfaces, for
    /// one, may be any bytes. [`bytes`](Self::bytes) gives them.
    #[inline]
    pub fn str(self) -> Result<&'a str, Malformed> {
        text(self.payload).ok_or_else(|| self.malformed(Defect::NotUtf8))
    }

    /// [`str`](Self::str) has no error.
    #[inline]
    pub fn has_str(self) -> bool {
        is_text(self.payload)
    }

    /// The same, once it has been read without an error.
    #[inline]
    pub(super) fn checked(self) -> Self {
        let level = self.level.checked();
        Self { level, ..self }
    }

    /// It has been read before, without an error.
    #[inline]
    pub(super) fn is_checked(self) -> bool {
        self.level.is_checked()
    }

    /// The attributes inside.
    #[inline]
    pub fn nested(self) -> Attrs<'a> {
        Attrs {
            bytes: self.payload,
            end: self.place() + (NLA_HDRLEN + self.payload.len()) as u32,
            level: self.level.below(),
        }
    }

    /// The attributes inside, unless they stand too deep: who reads nests within nests by recursion
    /// asks here.
    ///
    /// # Errors
    ///
    /// [`Defect::TooDeep`].
    #[inline]
    pub fn enter(self) -> Result<Attrs<'a>, Malformed> {
        match self.level.depth() < MAX_DEPTH {
            true => Ok(self.nested()),
            false => Err(self.malformed(Defect::TooDeep)),
        }
    }

    /// The attributes inside, read as `T`.
    ///
    /// # Errors
    ///
    /// [`Defect::TooDeep`], and those of the attributes inside.
    // Whether there is a call is left to `from_attrs`.
    #[inline(always)]
    pub fn nest<T: FromAttrs<'a>>(self) -> Result<T, Malformed> {
        T::from_attrs(self.enter()?)
    }

    /// [`nest`](Self::nest) has no error.
    #[inline]
    pub fn has_nest<T: FromAttrs<'a>>(self) -> bool {
        self.enter().is_ok_and(T::can_be_read)
    }

    /// The attributes inside, of which there is any number, can all be read, as `can_be_read` says of
    /// each.
    #[inline]
    pub fn has_members(self, can_be_read: impl Fn(Attr<'a>) -> bool) -> bool {
        has_members(self.payload, self.place(), self.level, can_be_read)
    }

    /// The content as a C struct; what is missing of it is zero, what is too much is left out.
    ///
    /// # Errors
    ///
    /// None; it is a `Result` as its siblings' is.
    #[inline]
    pub fn structure<S: Struct>(self) -> Result<S, Malformed> {
        Ok(S::read(Fields::new(self.payload)))
    }

    /// The content as values of `width` bytes each, one behind the other.
    ///
    /// # Errors
    ///
    /// [`Defect::Leftover`] if the last value is not whole.
    #[inline]
    pub fn array<T>(
        self,
        width: usize,
        read: fn(Fields<'a>) -> T,
    ) -> Result<Array<'a, T>, Malformed> {
        match self.payload.len() % width {
            0 => Ok(Array::new(self.payload, width, read)),
            left => Err(self.malformed(Defect::Leftover(left as u32))),
        }
    }

    /// [`array`](Self::array) has no error.
    #[inline]
    pub fn has_array(self, width: usize) -> bool {
        self.payload.len().is_multiple_of(width)
    }

    /// Bits, and which of them are meant.
    ///
    /// # Errors
    ///
    /// [`Defect::Width`] if it has other than 8 bytes.
    #[inline]
    pub fn bitfield32(self) -> Result<Bitfield32, Malformed> {
        let fields = self.fixed::<8>()?;
        let fields = Fields::new(&fields);
        Ok(Bitfield32 {
            value: fields.u32(0),
            selector: fields.u32(4),
        })
    }

    /// An unsigned integer that the sender made as short as it can be: 4 or 8 bytes.
    ///
    /// # Errors
    ///
    /// [`Defect::Width`] if it has other than 4 or 8 bytes.
    #[inline]
    pub fn uint(self) -> Result<u64, Malformed> {
        match self.payload.len() {
            4 => self.u32().map(u64::from),
            _ => self.u64(),
        }
    }

    /// A signed integer that the sender made as short as it can be: 4 or 8 bytes.
    ///
    /// # Errors
    ///
    /// [`Defect::Width`] if it has other than 4 or 8 bytes.
    #[inline]
    pub fn sint(self) -> Result<i64, Malformed> {
        match self.payload.len() {
            4 => self.s32().map(i64::from),
            _ => self.s64(),
        }
    }

    /// It has so many bytes, as what has a fixed width must have to be read.
    #[inline]
    pub fn has_width(self, bytes: usize) -> bool {
        self.payload.len() == bytes
    }

    /// [`uint`](Self::uint) and [`sint`](Self::sint) have no error.
    #[inline]
    pub fn has_uint(self) -> bool {
        matches!(self.payload.len(), 4 | 8)
    }

    #[inline]
    fn fixed<const N: usize>(self) -> Result<[u8; N], Malformed> {
        let bytes = self.payload.try_into();
        bytes.map_err(|_| Malformed::width(self.place(), N, self.payload.len()))
    }

    /// What `read` refuses it for, if it does.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    #[inline]
    pub(super) fn refusal<T>(
        self,
        read: fn(Attr<'a>) -> Result<T, Malformed>,
    ) -> Result<(), Malformed> {
        refusal(self.payload, self.place(), self.level, read)
    }

    /// What `read` refuses one of the attributes inside for, if it does.
    ///
    /// # Errors
    ///
    /// [`Defect::TooDeep`], those of the attributes inside, and those of `read`.
    #[inline]
    pub(super) fn refusal_of_members<T>(
        self,
        read: fn(Attr<'a>) -> Result<T, Malformed>,
    ) -> Result<(), Malformed> {
        refusal_of_members(self.payload, self.place(), self.level, read)
    }

    /// One whose number is of no interest any more.
    #[inline]
    fn of_parts(payload: &'a [u8], offset: u32, level: Level) -> Self {
        Self {
            raw_kind: 0,
            level,
            end: offset,
            left: 0,
            payload,
        }
    }

    #[inline]
    fn malformed(self, defect: Defect) -> Malformed {
        Malformed {
            defect,
            offset: self.place(),
        }
    }
}

/// [`Attr::has_members`] of an attribute that is passed on in registers.
// Not a part of who reads what the array stands in: both are loops that fill all registers.
#[inline(never)]
fn has_members<'a>(
    payload: &'a [u8],
    offset: u32,
    level: Level,
    can_be_read: impl Fn(Attr<'a>) -> bool,
) -> bool {
    let members = Attr::of_parts(payload, offset, level).enter();
    members.is_ok_and(|members| members.each(can_be_read))
}

/// [`Attr::refusal`] of an attribute that is passed on in registers.
#[cold]
fn refusal<'a, T>(
    payload: &'a [u8],
    offset: u32,
    level: Level,
    read: fn(Attr<'a>) -> Result<T, Malformed>,
) -> Result<(), Malformed> {
    read(Attr::of_parts(payload, offset, level)).map(drop)
}

/// [`Attr::refusal_of_members`] of an attribute that is passed on in registers.
#[cold]
fn refusal_of_members<'a, T>(
    payload: &'a [u8],
    offset: u32,
    level: Level,
    read: fn(Attr<'a>) -> Result<T, Malformed>,
) -> Result<(), Malformed> {
    for member in Attr::of_parts(payload, offset, level).enter()? {
        read(member?)?;
    }
    Ok(())
}

macro_rules! integers {
    ($($name:ident: $type:ty = $from:ident, $doc:literal;)*) => {
        impl Attr<'_> {
            $(
                #[doc = $doc]
                ///
                /// # Errors
                ///
                /// [`Defect::Width`] if it has another width.
                #[inline]
                pub fn $name(self) -> Result<$type, Malformed> {
                    self.fixed().map(<$type>::$from)
                }
            )*
        }
    };
}

integers! {
    u8: u8 = from_ne_bytes, "An unsigned integer of 8 bits.";
    u16: u16 = from_ne_bytes, "An unsigned integer of 16 bits.";
    u32: u32 = from_ne_bytes, "An unsigned integer of 32 bits.";
    u64: u64 = from_ne_bytes, "An unsigned integer of 64 bits.";
    s8: i8 = from_ne_bytes, "A signed integer of 8 bits.";
    s16: i16 = from_ne_bytes, "A signed integer of 16 bits.";
    s32: i32 = from_ne_bytes, "A signed integer of 32 bits.";
    s64: i64 = from_ne_bytes, "A signed integer of 64 bits.";
    u16_be: u16 = from_be_bytes, "An unsigned integer of 16 bits in network byte order.";
    u32_be: u32 = from_be_bytes, "An unsigned integer of 32 bits in network byte order.";
    u64_be: u64 = from_be_bytes, "An unsigned integer of 64 bits in network byte order.";
    s16_be: i16 = from_be_bytes, "A signed integer of 16 bits in network byte order.";
    s32_be: i32 = from_be_bytes, "A signed integer of 32 bits in network byte order.";
    s64_be: i64 = from_be_bytes, "A signed integer of 64 bits in network byte order.";
    u16_le: u16 = from_le_bytes, "A little-endian unsigned integer of 16 bits.";
    u32_le: u32 = from_le_bytes, "A little-endian unsigned integer of 32 bits.";
    u64_le: u64 = from_le_bytes, "A little-endian unsigned integer of 64 bits.";
    s16_le: i16 = from_le_bytes, "A little-endian signed integer of 16 bits.";
    s32_le: i32 = from_le_bytes, "A little-endian signed integer of 32 bits.";
    s64_le: i64 = from_le_bytes, "A little-endian signed integer of 64 bits.";
}

/// At the same place, and the same there.
impl PartialEq for Attr<'_> {
    fn eq(&self, other: &Self) -> bool {
        let place = |attr: &Self| (attr.raw_kind, attr.level, attr.place());
        place(self) == place(other) && self.payload == other.payload
    }
}

impl Eq for Attr<'_> {}

impl fmt::Debug for Attr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:02x?}", self.kind(), self.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::super::attrs::tests::attr;
    use super::*;

    #[test]
    fn integers_have_their_width() {
        let bytes = attr(1, &[1, 2, 3]);
        let attr = Attrs::new(&bytes, 0).next().unwrap().unwrap();
        let width = |expected| Defect::Width {
            expected,
            actual: 3,
        };
        assert_eq!(attr.u16().unwrap_err().defect, width(2));
        assert_eq!(attr.u32().unwrap_err().defect, width(4));
        assert_eq!(attr.uint().unwrap_err().defect, width(8));
    }

    #[test]
    fn short_integers_are_extended() {
        let bytes = attr(1, &(-2i32).to_ne_bytes());
        let attr = Attrs::new(&bytes, 0).next().unwrap().unwrap();
        assert_eq!(attr.sint(), Ok(-2));
        assert_eq!(attr.uint(), Ok(0xffff_fffe));
    }

    #[test]
    fn what_comes_behind_makes_no_difference() {
        let (one, two) = (attr(1, &[1]), attr(1, &[2]));
        let both = [&one[..], &two].concat();
        let first = |bytes| Attrs::new(bytes, 20).next().unwrap().unwrap();
        assert_eq!(first(&both), first(&one));
        assert_ne!(first(&two), first(&one));
        assert_ne!(Attrs::new(&one, 24).next(), Attrs::new(&one, 20).next());
    }

    #[test]
    fn texts_end_at_their_nul() {
        for payload in [&b"host"[..], b"host\0", b"host\0\0\0"] {
            let bytes = attr(1, payload);
            let attr = Attrs::new(&bytes, 0).next().unwrap().unwrap();
            assert_eq!(attr.str(), Ok("host"));
        }
        let bytes = attr(1, &[0xff, 0]);
        let attr = Attrs::new(&bytes, 4).next().unwrap().unwrap();
        assert_eq!(
            attr.str(),
            Err(Malformed {
                defect: Defect::NotUtf8,
                offset: 4
            })
        );
    }
}
