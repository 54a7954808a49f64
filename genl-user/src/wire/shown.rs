//! Values in the looks that people know them by.

use std::borrow::Borrow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

macro_rules! looks {
    ($($(#[$doc:meta])* $name:ident = $show:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<T>(pub T);

        impl<T: AsRef<[u8]>> fmt::Display for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $show(self.0.as_ref(), f)
            }
        }

        impl<T: AsRef<[u8]>> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $show(self.0.as_ref(), f)
            }
        }
    )*};
}

looks! {
    /// Bytes as a hardware address.
    ///
    /// ```
    /// assert_eq!(genl_user::wire::Mac([2, 0, 0, 0, 0, 1]).to_string(), "02:00:00:00:00:01");
    /// ```
    Mac = show_mac;
    /// Bytes as an IPv4 address if they are 4, as an IPv6 address if they are 16, else as digits.
    ///
    /// ```
    /// assert_eq!(genl_user::wire::Ip([192, 0, 2, 1]).to_string(), "192.0.2.1");
    /// ```
    Ip = show_ip;
    /// Bytes as a UUID if they are 16, else as digits.
    ///
    /// ```
    /// let uuid = genl_user::wire::Uuid([0xab; 16]);
    /// assert_eq!(uuid.to_string(), "abababab-abab-abab-abab-abababababab");
    /// ```
    Uuid = show_uuid;
    /// Bytes as hexadecimal digits.
    ///
    /// ```
    /// assert_eq!(genl_user::wire::Hex([0, 0xff]).to_string(), "00 ff");
    /// ```
    Hex = show_hex;
    /// Bytes as a literal of Rust.
    ///
    /// ```
    /// assert_eq!(genl_user::wire::Escaped(b"host\xff").to_string(), r#"b"host\xff""#);
    /// ```
    Escaped = show_escaped;
}

/// A number in hexadecimal digits.
///
/// ```
/// assert_eq!(format!("{:?}", genl_user::wire::HexNumber(255)), "0xff");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HexNumber<T>(pub T);

impl<T: fmt::LowerHex> fmt::Debug for HexNumber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A number whose bits are an IPv4 address.
///
/// ```
/// assert_eq!(format!("{:?}", genl_user::wire::Ipv4Number(0x7f00_0001)), "127.0.0.1");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ipv4Number<T>(pub T);

impl<T: Borrow<u32>> fmt::Debug for Ipv4Number<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Ipv4Addr::from_bits(*self.0.borrow()), f)
    }
}

/// A list of values, for `Debug`, each as `look` has it.
///
/// ```
/// use genl_user::wire::{Escaped, each};
///
/// assert_eq!(format!("{:?}", each(&["a", "b"], Escaped)), r#"[b"a", b"b"]"#);
/// ```
pub fn each<I: IntoIterator + Clone, T: fmt::Debug>(
    items: I,
    look: impl Fn(I::Item) -> T,
) -> impl fmt::Debug {
    Each { items, look }
}

struct Each<I, F> {
    items: I,
    look: F,
}

impl<I: IntoIterator + Clone, T: fmt::Debug, F: Fn(I::Item) -> T> fmt::Debug for Each<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.items.clone().into_iter();
        f.debug_list().entries(items.map(&self.look)).finish()
    }
}

fn show_mac(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    digits(bytes, ":", f)
}

fn show_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    digits(bytes, " ", f)
}

fn show_ip(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let address: Option<IpAddr> = match bytes.len() {
        4 => bytes.first_chunk().map(|bytes: &[u8; 4]| (*bytes).into()),
        16 => bytes.first_chunk().map(|bytes: &[u8; 16]| (*bytes).into()),
        _ => None,
    };
    match address {
        Some(address) => fmt::Display::fmt(&address, f),
        None => digits(bytes, "", f),
    }
}

fn show_uuid(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if bytes.len() != 16 {
        return digits(bytes, "", f);
    }
    for (at, part) in [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().enumerate() {
        if at > 0 {
            f.write_str("-")?;
        }
        digits(&bytes[part], "", f)?;
    }
    Ok(())
}

fn show_escaped(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "b\"{}\"", bytes.escape_ascii())
}

fn digits(bytes: &[u8], between: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_suit_its_looks_is_digits() {
        assert_eq!(Ip([1, 2, 3]).to_string(), "010203");
        assert_eq!(Uuid([1, 2]).to_string(), "0102");
        assert_eq!(Mac([0u8; 0]).to_string(), "");
        let mut six = [0; 16];
        (six[0], six[15]) = (0xfe, 1);
        assert_eq!(Ip(six).to_string(), "fe00::1");
    }

    #[test]
    fn lists_show_their_items() {
        let macs = [[1, 2], [3, 4]];
        assert_eq!(format!("{:?}", each(&macs, Mac)), "[01:02, 03:04]");
    }
}
