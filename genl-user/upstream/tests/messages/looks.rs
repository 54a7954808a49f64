//! How tools show bytes and numbers.

use std::net::{Ipv4Addr, Ipv6Addr};

use genl_schema::model::DisplayHint;

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], between: &str) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(between)
}

/// Bytes as a hint asks for; they have a length that suits the hint.
pub(crate) fn bytes(bytes: &[u8], hint: Option<DisplayHint>) -> String {
    match hint {
        None => hex(bytes, ""),
        Some(DisplayHint::Hex) => hex(bytes, " "),
        Some(DisplayHint::Mac | DisplayHint::Fddi) => hex(bytes, ":"),
        Some(DisplayHint::Uuid) => {
            let [a, b, c, d, e] =
                [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex(&bytes[part], ""));
            format!("{a}-{b}-{c}-{d}-{e}")
        }
        Some(DisplayHint::Ipv4 | DisplayHint::Ipv6 | DisplayHint::Ipv4OrV6) => {
            let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            v4.unwrap_or_else(|_| {
                let bytes: [u8; 16] = bytes.try_into().expect("an address has 4 or 16 bytes");
                Ipv6Addr::from(bytes).to_string()
            })
        }
    }
}

/// A number as a hint asks for; `None` where it is shown as the number.
pub(crate) fn number(number: i128, hint: Option<DisplayHint>) -> Option<String> {
    match hint? {
        DisplayHint::Hex => Some(format!("{number:#x}")),
        DisplayHint::Ipv4 => Some(Ipv4Addr::from_bits(u32::try_from(number).ok()?).to_string()),
        _ => None,
    }
}
