//! Values in the looks that a spec's `display-hint` asks for, and back.
//!
//! The looks are those of Python's `ipaddress` and `uuid` and of YNL's own tools.

use std::net::{Ipv4Addr, Ipv6Addr};

use genl_schema::model::DisplayHint;

use crate::wire::{Hex, Ip, Mac, Uuid};

/// Bytes as text; bytes that the hint does not suit are shown as hexadecimal digits.
pub(super) fn show_bytes(bytes: &[u8], hint: Option<DisplayHint>) -> String {
    match hint {
        Some(DisplayHint::Mac | DisplayHint::Fddi) => Mac(bytes).to_string(),
        Some(DisplayHint::Hex) => Hex(bytes).to_string(),
        Some(DisplayHint::Ipv4 | DisplayHint::Ipv6 | DisplayHint::Ipv4OrV6) => {
            Ip(bytes).to_string()
        }
        Some(DisplayHint::Uuid) => Uuid(bytes).to_string(),
        None => hex(bytes),
    }
}

/// Bytes from text; the error is what the text should be.
pub(super) fn read_bytes(text: &str, hint: Option<DisplayHint>) -> Result<Vec<u8>, &'static str> {
    let digits = |text: &str, skip: &[char]| unhex(&text.replace(skip, ""));
    match hint {
        Some(DisplayHint::Mac | DisplayHint::Fddi) => {
            digits(text, &[':', '-']).ok_or("a hardware address such as 02:00:00:00:00:01")
        }
        Some(DisplayHint::Ipv4) => address(text, "an IPv4 address"),
        Some(DisplayHint::Ipv6) => address(text, "an IPv6 address"),
        Some(DisplayHint::Ipv4OrV6) => address(text, "an IPv4 or IPv6 address"),
        Some(DisplayHint::Uuid) => digits(text, &['-'])
            .filter(|bytes| bytes.len() == 16)
            .ok_or("a UUID such as 12345678-1234-1234-1234-123456789abc"),
        Some(DisplayHint::Hex) | None => digits(text, &[' ', ':'])
            .ok_or("bytes as hexadecimal digits, two for each, such as 00ff"),
    }
}

/// An integer as text, where the hint asks for that.
pub(super) fn show_int(value: i128, hint: Option<DisplayHint>) -> Option<String> {
    match hint? {
        DisplayHint::Hex if value < 0 => Some(format!("-{:#x}", value.unsigned_abs())),
        DisplayHint::Hex => Some(format!("{value:#x}")),
        DisplayHint::Ipv4 | DisplayHint::Ipv6 | DisplayHint::Ipv4OrV6 => {
            let bits = u32::try_from(value).ok()?;
            Some(Ipv4Addr::from_bits(bits).to_string())
        }
        DisplayHint::Mac | DisplayHint::Fddi | DisplayHint::Uuid => None,
    }
}

/// An integer from text that is no plain number.
pub(super) fn read_int(text: &str, hint: Option<DisplayHint>) -> Option<i128> {
    match hint? {
        DisplayHint::Hex => i128::from_str_radix(text, 16).ok(),
        DisplayHint::Ipv4 | DisplayHint::Ipv6 | DisplayHint::Ipv4OrV6 => {
            text.parse::<Ipv4Addr>().ok().map(|it| it.to_bits().into())
        }
        DisplayHint::Mac | DisplayHint::Fddi | DisplayHint::Uuid => None,
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    text
}

/// Bytes from hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    match pairs.remainder() {
        [] => Some(pairs.map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()),
        _ => None,
    }
}

fn address(text: &str, expected: &'static str) -> Result<Vec<u8>, &'static str> {
    let v4 = || text.parse::<Ipv4Addr>().map(|it| it.octets().to_vec());
    let v6 = || text.parse::<Ipv6Addr>().map(|it| it.octets().to_vec());
    // As YNL's tools do it, the text decides: the kernel says whether it wants the other one. In a
    // struct they take nothing but digits.
    let digits = || unhex(text).filter(|bytes| matches!(bytes.len(), 4 | 16));
    v4().or_else(|_| v6()).ok().or_else(digits).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_their_looks() {
        for (hint, bytes, text) in [
            (None, &[0, 0xff][..], "00ff"),
            (Some(DisplayHint::Hex), &[0, 0xff], "00 ff"),
            (
                Some(DisplayHint::Mac),
                &[2, 0, 0, 0, 0, 1],
                "02:00:00:00:00:01",
            ),
            (Some(DisplayHint::Ipv4), &[192, 0, 2, 1], "192.0.2.1"),
            (
                Some(DisplayHint::Ipv4OrV6),
                &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                "2001:db8::1",
            ),
            (
                Some(DisplayHint::Uuid),
                &[0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab],
                "12340000-0000-0000-0000-0000000000ab",
            ),
        ] {
            assert_eq!(show_bytes(bytes, hint), text);
            assert_eq!(read_bytes(text, hint).as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn addresses_may_be_digits() {
        let read = |text| read_bytes(text, Some(DisplayHint::Ipv4OrV6));
        assert_eq!(read("7f000001"), Ok(vec![127, 0, 0, 1]));
        assert_eq!(read("00000000000000000000000000000000"), Ok(vec![0; 16]));
        assert!(read("7f0000").is_err());
    }

    #[test]
    fn what_does_not_suit_its_hint_is_hexadecimal_digits() {
        assert_eq!(show_bytes(&[1, 2, 3], Some(DisplayHint::Ipv4)), "010203");
        assert_eq!(show_bytes(&[1, 2], Some(DisplayHint::Uuid)), "0102");
        assert_eq!(show_bytes(&[], Some(DisplayHint::Mac)), "");
    }

    #[test]
    fn nonsense_is_told_what_is_wanted() {
        let refused = |text, hint| read_bytes(text, hint).unwrap_err();
        assert!(refused("abc", None).contains("hexadecimal"));
        assert!(refused("äö", None).contains("hexadecimal"));
        assert!(refused("1.2.3", Some(DisplayHint::Ipv4)).contains("IPv4"));
        assert!(refused("1234", Some(DisplayHint::Uuid)).contains("UUID"));
        assert!(refused("02:0", Some(DisplayHint::Mac)).contains("02:00:00"));
    }

    #[test]
    fn integers_come_back_from_their_looks() {
        for (hint, value, text) in [
            (DisplayHint::Hex, 255, "0xff"),
            (DisplayHint::Ipv4, 0x7f00_0001, "127.0.0.1"),
        ] {
            assert_eq!(show_int(value, Some(hint)).as_deref(), Some(text));
        }
        assert_eq!(read_int("ff", Some(DisplayHint::Hex)), Some(255));
        assert_eq!(
            read_int("127.0.0.1", Some(DisplayHint::Ipv4)),
            Some(0x7f00_0001)
        );
        assert_eq!(show_int(1 << 40, Some(DisplayHint::Ipv4)), None);
        assert_eq!(read_int("ff", None), None);
    }
}
