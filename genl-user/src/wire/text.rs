//! Texts in attributes: bytes up to the first NUL.
//!
//! The names in a dump are many and short, and nearly all of them are ASCII with a single NUL at the
//! end, so that is what is looked for first, eight bytes at a time.

use ascii::AsAsciiStr;

/// 1 in each byte.
const ONES: u64 = u64::MAX / 255;
/// The highest bit of each byte.
const HIGHEST: u64 = ONES << 7;

/// What stands before the first NUL, or all if there is none; `None` if it is not UTF-8.
// As all that follows, one piece of code: a system call leaves little of what is not the kernel's in
// the caches, so that less code is quicker than fewer calls.
#[inline(never)]
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    // The standard library's way takes three times as long for a name: it looks at each byte.
    if let Some((0, text)) = bytes.split_last()
        && all_plain(text)
        && let Ok(text) = text.as_ascii_str()
    {
        return Some(text.as_str());
    }
    any_text(bytes)
}

/// [`text`] is not `None`.
#[inline]
pub(super) fn is_text(bytes: &[u8]) -> bool {
    matches!(bytes.split_last(), Some((0, text)) if is_plain(text)) || any_text(bytes).is_some()
}

/// All of it is ASCII, and nothing of it NUL.
#[inline(never)]
pub(super) fn is_plain(text: &[u8]) -> bool {
    all_plain(text)
}

/// The same, as a part of who asks.
#[inline(always)]
fn all_plain(text: &[u8]) -> bool {
    // The first word and the last may have bytes in common.
    let odd = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(_), Some(last)) => {
            let words = text.as_chunks::<8>().0.iter();
            words.fold(odd_bytes(*last), |odd, word| odd | odd_bytes(*word))
        }
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some([a, b, c, d]), Some([e, f, g, h])) => odd_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            _ => text.iter().fold(0, |odd, byte| odd | odd_bytes([*byte; 8])),
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

#[cold]
fn any_text(bytes: &[u8]) -> Option<&str> {
    let text = bytes.split(|&byte| byte == 0).next()?;
    str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
                            assert_eq!(text(&bytes), any_text(&bytes), "{bytes:02x?}");
                            assert_eq!(is_text(&bytes), text(&bytes).is_some(), "{bytes:02x?}");
                        }
                    }
                }
                assert_eq!(text(&bytes), any_text(&bytes), "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn only_what_is_unusual_goes_the_long_way() {
        for len in 0..40 {
            assert!(is_plain(&vec![b'x'; len]));
        }
        for unusual in [&b"ab\0c"[..], b"caf\xc3\xa9", b"abcdefgh\0jklmnop"] {
            assert!(!is_plain(unusual));
        }
    }
}
