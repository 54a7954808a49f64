//! Many texts in one place of a message.
//!
//! All of them are checked when the message is read. To become a `&str` each has to be looked at once
//! more, which takes longer than all else that is done with a short one. But nearly all of them are
//! ASCII, and so is then what stands between them, headers and padding: a piece of the message is made
//! one text, and those that stand there are cut from it.

use std::fmt;
use std::iter::FusedIterator;

use ascii::{AsAsciiStr, AsciiStr};

use super::text::{is_plain_text, text};
use super::{Attr, Attrs, Malformed, NLA_HDRLEN, align};

/// How many bytes are made one text at once, at most; the longest [plain text](is_plain_text) has less.
const PIECE: usize = 256;

/// Texts in a row, as a view has them.
#[derive(Clone, Copy, Default)]
pub struct TextList<'a> {
    /// The attributes from the first text on; empty if there is none.
    bytes: &'a [u8],
    /// How many of these bytes come behind the last one.
    behind: u32,
    kind: u16,
    /// Not all of them are plain texts.
    is_odd: bool,
}

impl<'a> TextList<'a> {
    /// Takes the next of the attributes of one number that hold a text each, and stand `among` others.
    ///
    /// Between the first and the last one none is to be left out: what was taken is known by where they
    /// stand, and by the number.
    ///
    /// # Errors
    ///
    /// [`Defect::NotUtf8`](super::Defect::NotUtf8).
    #[inline]
    pub fn add(&mut self, among: Attrs<'a>, attr: Attr<'a>) -> Result<(), Malformed> {
        if !is_plain_text(attr.payload()) {
            self.is_odd = true;
            attr.str()?;
        }
        if self.bytes.is_empty() {
            self.bytes = among.from(attr).as_bytes();
            self.kind = attr.kind();
        }
        self.behind = attr.behind();
        Ok(())
    }

    /// The texts.
    #[inline]
    pub fn texts(self) -> Texts<'a> {
        // Whole words, for the padding is ASCII too.
        let len = align(self.bytes.len().saturating_sub(self.behind as usize));
        let bytes = self.bytes.get(..len).unwrap_or(self.bytes);
        let piece = match self.is_odd {
            false => first_piece(bytes),
            true => None,
        };
        Texts {
            attrs: Attrs::new(bytes, 0),
            kind: self.kind,
            piece,
            left: bytes.len(),
        }
    }
}

/// A text of the first bytes, if they are ASCII.
#[inline]
fn first_piece(bytes: &[u8]) -> Option<&AsciiStr> {
    bytes[..bytes.len().min(PIECE)].as_ascii_str().ok()
}

/// [`first_piece`] of what is left, once a piece has come to its end.
#[cold]
#[inline(never)]
fn next_piece(bytes: &[u8]) -> Option<&AsciiStr> {
    first_piece(bytes)
}

/// Texts in a row: an iterator over them, which can be copied, and outlives the view that it is from.
///
/// So `names.count()` says how many there are, `names.nth(1)` is the second, `names.eq(["a", "b"])`
/// compares, and `names.collect::<Vec<_>>()` is for all else.
#[derive(Clone, Copy, Default)]
pub struct Texts<'a> {
    attrs: Attrs<'a>,
    kind: u16,
    /// What texts are cut from; `None` if they are read one by one.
    piece: Option<&'a AsciiStr>,
    /// How many bytes were left of the attributes where that begins.
    left: usize,
}

impl Texts<'_> {
    /// There are no texts (left).
    pub fn is_empty(&self) -> bool {
        self.attrs.all(self.kind).next().is_none()
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        loop {
            let bytes = self.attrs.as_bytes();
            let attr = self.attrs.next()?.ok()?;
            if attr.kind() != self.kind {
                continue;
            }
            if let Some(of) = self.piece {
                // No plain text is empty, nor longer than a piece.
                let begin = self.left - bytes.len() + NLA_HDRLEN;
                let end = begin + attr.payload().len() - 1;
                if let Some(cut) = of.as_slice().get(begin..end) {
                    return Some(<&AsciiStr>::from(cut).as_str());
                }
                (self.piece, self.left) = (next_piece(bytes), bytes.len());
            }
            return text(attr.payload());
        }
    }
}

impl FusedIterator for Texts<'_> {}

impl fmt::Debug for TextList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts().fmt(f)
    }
}

impl fmt::Debug for Texts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for TextList<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Texts<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::attrs::tests::attr;
    use super::super::{Defect, List};
    use super::*;

    const TEXT: u16 = 3;

    fn read(bytes: &[u8]) -> Result<TextList<'_>, Malformed> {
        let attrs = Attrs::new(bytes, 20);
        let mut list = TextList::default();
        for attr in attrs {
            let attr = attr?;
            if attr.kind() == TEXT {
                list.add(attrs, attr)?;
            }
        }
        Ok(list)
    }

    /// How each is read alone.
    fn one_by_one(bytes: &[u8]) -> List<'_, &str> {
        List::repeated(Attrs::new(bytes, 20), TEXT, Attr::str)
    }

    #[test]
    fn they_are_what_each_is_alone() {
        let long = [b'x'; 300];
        let number = 0x8182_8384_8586_8788_u64.to_ne_bytes();
        let parts = [
            attr(TEXT, b"first\0"),
            attr(TEXT, b"\0"),
            attr(TEXT, b""),
            attr(TEXT, b"no end"),
            attr(TEXT, b"an\0end"),
            attr(TEXT, b"caf\xc3\xa9\0"),
            attr(TEXT, &long),
            attr(0x8000 | TEXT, b"nested\0"),
            attr(1, &number),
            attr(200, b"another\0"),
        ];
        let orders = 0..parts.len().pow(3);
        for order in orders {
            let three = [1, 10, 100].map(|digit| &parts[order / digit % parts.len()][..]);
            let mut bytes = three.concat();
            let padded = bytes.len();
            for missing in 0..4 {
                // The last attribute need not be padded.
                bytes.truncate(padded - missing);
                let Ok(list) = read(&bytes) else { continue };
                assert!(list.texts().eq(one_by_one(&bytes)), "{bytes:02x?}");
                assert_eq!(list.texts().is_empty(), one_by_one(&bytes).is_empty());
            }
        }
    }

    #[test]
    fn nothing_around_them_takes_them_apart() {
        let number = 0xfffe_fdfc_u32.to_ne_bytes();
        let (text, other) = (attr(TEXT, b"plain\0"), attr(1, &number));
        let is_cut = |parts: &[&[u8]]| read(&parts.concat()).unwrap().texts().piece.is_some();
        assert!(is_cut(&[&other, &text, &text, &other]));
        // What stands between them may be anything.
        assert!(!is_cut(&[&text, &other, &text]));
        assert!(is_cut(&[]));
    }

    #[test]
    fn many_are_cut_from_one_piece_after_the_other() {
        let mut bytes = Vec::new();
        for number in 0..1000 {
            let text = format!("{:x<len$}\0", number, len = number % 31 + 1);
            bytes.extend(attr(TEXT, text.as_bytes()));
            if number % 7 == 0 {
                bytes.extend(attr(1, b"not a name"));
            }
        }
        let mut texts = read(&bytes).unwrap().texts();
        assert!(texts.eq(one_by_one(&bytes)));
        assert_eq!(
            texts
                .by_ref()
                .take(999)
                .filter(|text| text.len() < 32)
                .count(),
            999
        );
        assert!(texts.piece.is_some_and(|piece| piece.len() <= PIECE));
        // Until something else comes between.
        bytes.extend([attr(1, &[0xff; 300]), attr(TEXT, b"last\0")].concat());
        let mut texts = read(&bytes).unwrap().texts();
        assert!(texts.eq(one_by_one(&bytes)));
        assert_eq!(texts.by_ref().last(), Some("last"));
    }

    #[test]
    fn one_that_is_no_text_is_refused() {
        let bytes = [attr(TEXT, b"plain\0"), attr(TEXT, &[0xff, 0])].concat();
        let refused = read(&bytes).unwrap_err();
        assert_eq!((refused.defect, refused.offset), (Defect::NotUtf8, 32));
    }
}
