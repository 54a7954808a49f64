//! Texts in attributes: bytes up to the first NUL.
//!
//! The names in a dump are many and short, and nearly all of them are ASCII with a single NUL at the
//! end, so that is what is looked for first, eight bytes at a time.

use std::ffi::CStr;

use ascii::{AsAsciiStr, AsciiStr};

/// 1 in each byte.
const ONES: u64 = u64::MAX / 255;
/// The highest bit of each byte.
const HIGHEST: u64 = ONES << 7;

/// What stands before the first NUL, or all if there is none; `None` if it is not UTF-8.
// As all that follows, one piece of code: a system call leaves little of what is not the kernel's in
// the caches, so that less code is quicker than fewer calls. And each of them calls nothing, or
// another one in its own place, so that nothing has to be put aside for a name.
#[inline(never)]
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    // The standard library's way takes three times as long for a name: it looks at each byte.
    match bytes.split_last() {
        Some((0, name)) if is_name(name) => name.as_ascii_str().ok().map(AsciiStr::as_str),
        _ => any_text(bytes),
    }
}

/// [`text`] is not `None`.
#[inline]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    is_plain_text(bytes) || any_text(bytes).is_some()
}

/// A short text: ASCII, and a single NUL at the end.
#[inline(never)]
pub(super) fn is_plain_text(bytes: &[u8]) -> bool {
    matches!(bytes.split_last(), Some((0, name)) if is_name(name))
}

/// It is short, and all of it ASCII, and nothing of it NUL.
#[inline(never)]
pub(super) fn is_plain(text: &[u8]) -> bool {
    is_name(text)
}

/// The same, as a part of who asks. Names of the kernel's have 32 bytes at most (ETH_GSTRING_LEN), those
/// of interfaces and families 16 (IFNAMSIZ, GENL_NAMSIZ).
#[inline(always)]
fn is_name(text: &[u8]) -> bool {
    // What is read from both ends may have bytes in common.
    let odd = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) if text.len() <= 16 => odd_bytes(*first) | odd_bytes(*last),
        (Some(_), _) => match (text.first_chunk::<16>(), text.last_chunk::<16>()) {
            (Some(first), Some(last)) if text.len() <= 32 => odd_words(first) | odd_words(last),
            _ => return false,
        },
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some([a, b, c, d]), Some([e, f, g, h])) => odd_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            _ => return text.iter().all(|byte| byte.is_ascii() && *byte != 0),
        },
    };
    odd == 0
}

/// Not 0 if one of the bytes is 0, or no ASCII.
#[inline]
fn odd_bytes(bytes: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(bytes);
    (word.wrapping_sub(ONES) | word) & HIGHEST
}

/// The same, of two words.
#[inline]
fn odd_words(bytes: &[u8; 16]) -> u64 {
    let words = bytes.as_chunks::<8>().0;
    words.iter().fold(0, |odd, word| odd | odd_bytes(*word))
}

/// [`text`], of whatever length and content.
#[cold]
#[inline(never)]
fn any_text(bytes: &[u8]) -> Option<&str> {
    let text = CStr::from_bytes_until_nul(bytes).map_or(bytes, CStr::to_bytes);
    str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(bytes: &[u8]) -> Option<&str> {
        let text = bytes.split(|&byte| byte == 0).next()?;
        str::from_utf8(text).ok()
    }

    #[test]
    fn texts_are_those_of_the_plain_way() {
        // Of each length, with each kind of byte at each place, and two of them where they may meet.
        // Miri takes its time.
        let (kinds, lengths): (&[u8], _) = match cfg!(miri) {
            true => (&[0, 0x80], 10),
            false => (&[0, 1, b'a', 0x7f, 0x80, 0xc3, 0xa9, 0xff], 40),
        };
        for len in 0..lengths {
            let mut bytes = vec![b'x'; len];
            for end in [b'x', 0] {
                if let Some(last) = bytes.last_mut() {
                    *last = end;
                }
                for at in 0..len {
                    for &first in kinds {
                        for &second in kinds {
                            let mut bytes = bytes.clone();
                            bytes[at] = first;
                            if let Some(next) = bytes.get_mut(at + 1) {
                                *next = second;
                            }
                            assert_eq!(text(&bytes), plainly(&bytes), "{bytes:02x?}");
                            assert_eq!(is_text(&bytes), text(&bytes).is_some(), "{bytes:02x?}");
                        }
                    }
                }
                assert_eq!(text(&bytes), plainly(&bytes), "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn only_what_is_unusual_goes_the_long_way() {
        for len in 0..40 {
            assert_eq!(is_plain(&vec![b'x'; len]), len <= 32);
        }
        for unusual in [&b"ab\0c"[..], b"caf\xc3\xa9", b"abcdefgh\0jklmnop"] {
            assert!(!is_plain(unusual));
        }
    }
}
