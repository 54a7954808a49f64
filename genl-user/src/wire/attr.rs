//! Attributes, borrowed from the message they came in.

use std::fmt;

use super::text::{is_text, text};
use super::{Array, Bitfield32, Fields, NLA_HDRLEN, Struct, align};

/// The two bits of `nla_type` that are not part of the number: NLA_F_NESTED and
/// NLA_F_NET_BYTEORDER.
const FLAG_BITS: u16 = 0xc000;

/// How many nests may stand within each other: as many as a flow of Open vSwitch can have, which
/// nests deepest of what the kernel sends. Its actions stand in OVS_FLOW_ATTR_ACTIONS, and up to 16
/// times in other ones (OVS_COPY_ACTIONS_MAX_DEPTH in net/openvswitch/flow_netlink.c), each time in
/// two nests (`sample` and its `actions`); the last may set the options of a VXLAN tunnel, in three.
///
/// Each level takes stack of who reads, prints or copies such a message: with the largest views there
/// are, those of these actions, it is about 20 KiB in a build without optimisation. 1 MiB is enough,
/// which is half of what the standard library gives a thread.
const MAX_DEPTH: u32 = 1 + 2 * 16 + 3;

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
    fn leftover(offset: u32, left: usize) -> Self {
        Self {
            defect: Defect::Leftover(left as u32),
            offset,
        }
    }

    #[cold]
    fn length(offset: u32, len: usize) -> Self {
        Self {
            defect: Defect::Length(len as u32),
            offset,
        }
    }

    #[cold]
    fn width(offset: u32, expected: usize, actual: usize) -> Self {
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

/// One attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attr<'a> {
    /// `nla_type`, with its flag bits.
    raw_kind: u16,
    level: Level,
    offset: u32,
    payload: &'a [u8],
}

/// How many nests an attribute stands in; and, in the highest bit, whether it has been read before:
/// then the nests in it need not be looked through once more for errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Level(u32);

impl Level {
    const CHECKED: u32 = 1 << 31;

    #[inline]
    fn depth(self) -> u32 {
        self.0 & !Self::CHECKED
    }

    #[inline]
    fn is_checked(self) -> bool {
        self.0 & Self::CHECKED != 0
    }

    #[inline]
    fn checked(self) -> Self {
        Self(self.0 | Self::CHECKED)
    }

    #[inline]
    fn below(self) -> Self {
        // Each nest takes bytes, so the depth never gets near that bit.
        Self(self.0 + 1)
    }
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
        self.offset as usize
    }

    /// Where the attribute ends, padding not counted, in bytes from the message's begin.
    pub(crate) fn end(self) -> usize {
        self.offset() + NLA_HDRLEN + self.payload.len()
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
            end: self.offset + (NLA_HDRLEN + self.payload.len()) as u32,
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
    #[inline]
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
        has_members(self.payload, self.offset, self.level, can_be_read)
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
        bytes.map_err(|_| Malformed::width(self.offset, N, self.payload.len()))
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
        refusal(self.payload, self.offset, self.level, read)
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
        refusal_of_members(self.payload, self.offset, self.level, read)
    }

    /// One whose number is of no interest any more.
    #[inline]
    fn of_parts(payload: &'a [u8], offset: u32, level: Level) -> Self {
        Self {
            raw_kind: 0,
            level,
            offset,
            payload,
        }
    }

    #[inline]
    fn malformed(self, defect: Defect) -> Malformed {
        Malformed {
            defect,
            offset: self.offset,
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

impl fmt::Debug for Attr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:02x?}", self.kind(), self.payload)
    }
}

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
    bytes: &'a [u8],
    /// Where they end, in bytes from the message's begin. Unlike where the next one begins it stays
    /// the same all the way, and it is as good for telling where something is wrong.
    end: u32,
    level: Level,
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
        let begin = attr.offset.wrapping_sub(self.offset());
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
        let Some(&head) = bytes.first_chunk::<NLA_HDRLEN>() else {
            if bytes.is_empty() {
                return None;
            }
            let malformed = Malformed::leftover(self.offset(), bytes.len());
            self.bytes = &[];
            return Some(Err(malformed));
        };
        let (len, raw_kind) = halves(head);
        let len = usize::from(len);
        if len < NLA_HDRLEN || len > bytes.len() {
            let malformed = Malformed::length(self.offset(), len);
            self.bytes = &[];
            return Some(Err(malformed));
        }
        let attr = Attr {
            raw_kind,
            level: self.level,
            offset: self.offset(),
            payload: &bytes[NLA_HDRLEN..len],
        };
        // The last attribute need not be padded.
        self.bytes = &bytes[align(len).min(bytes.len())..];
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
mod tests {
    use super::*;

    fn attr(kind: u16, payload: &[u8]) -> Vec<u8> {
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
