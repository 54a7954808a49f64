//! Values of a fixed form: a value with its mask, and members of structs that Rust has no type for.

use std::fmt;

use super::text::text;
use super::{Escaped, Misfit};

/// Bits, and which of them are meant (`struct nla_bitfield32`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bitfield32<T = u32> {
    /// What the bits are.
    pub value: T,
    /// Which bits are meant; the kernel leaves the others as they are.
    pub selector: T,
}

impl<T> Bitfield32<T> {
    /// Turns both sets of bits into another type.
    pub fn map<U>(self, turn: impl Fn(T) -> U) -> Bitfield32<U> {
        Bitfield32 {
            value: turn(self.value),
            selector: turn(self.selector),
        }
    }
}

/// A text in the `N` bytes of a struct's member, with NULs behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// Takes the member's bytes.
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The text, up to the first NUL; `None` if it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        text(&self.0)
    }

    /// All bytes of the member.
    pub fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = Misfit;

    fn try_from(text: &str) -> Result<Self, Misfit> {
        if text.contains('\0') {
            return Err(Misfit::InnerNul);
        }
        let mut bytes = [0; N];
        let room = bytes.get_mut(..text.len());
        room.ok_or(Misfit::TooLong(text.len()))?
            .copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => text.fmt(f),
            None => Escaped(&self.0).fmt(f),
        }
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    /// Writes the text; U+FFFD stands for what is not UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.split(|&byte| byte == 0).next().unwrap_or_default();
        f.pad(&String::from_utf8_lossy(text))
    }
}

#[cfg(feature = "serde")]
impl<const N: usize> serde::Serialize for Text<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.as_str();
        serializer.serialize_str(text.ok_or_else(|| serde::ser::Error::custom("not UTF-8"))?)
    }
}

#[cfg(feature = "serde")]
impl<'de, const N: usize> serde::Deserialize<'de> for Text<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: std::borrow::Cow<'de, str> = serde::Deserialize::deserialize(deserializer)?;
        Self::try_from(text.as_ref()).map_err(serde::de::Error::custom)
    }
}

/// The `N` bytes of a struct's member, for members longer than those whose arrays have traits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes<const N: usize>(pub [u8; N]);

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> AsRef<[u8]> for Bytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self).fmt(f)
    }
}

#[cfg(feature = "serde")]
impl<const N: usize> serde::Serialize for Bytes<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&self.0[..], serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, const N: usize> serde::Deserialize<'de> for Bytes<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Vec<u8> = serde::Deserialize::deserialize(deserializer)?;
        let len = bytes.len();
        let array = bytes.try_into();
        array
            .map(Self)
            .map_err(|_| serde::de::Error::invalid_length(len, &format!("{N} bytes").as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fill_their_member_with_nuls() {
        let text = Text::<4>::try_from("ab").unwrap();
        assert_eq!((text.as_bytes(), text.as_str()), (b"ab\0\0", Some("ab")));
        assert_eq!(Text::<4>::try_from("four").unwrap().as_str(), Some("four"));
        assert_eq!(Text::<4>::try_from("fives"), Err(Misfit::TooLong(5)));
        assert_eq!(Text::<4>::try_from("a\0"), Err(Misfit::InnerNul));
        let other = Text::from_bytes([0xff, 0]);
        assert_eq!(
            (other.as_str(), format!("{other:?}")),
            (None, r#"b"\xff\x00""#.into())
        );
        assert_eq!(
            (text.to_string(), other.to_string()),
            ("ab".into(), "\u{fffd}".into())
        );
        assert_eq!(format!("{text:?}"), "\"ab\"");
    }
}
