//! What stood in an attribute that was refused.

use std::fmt;

use crate::families::nlctrl::AttrType;
use crate::path::{Form, Order};
use crate::wire::Attr;

/// So many bytes of a value are shown.
const SHOWN: usize = 24;

/// What stood in an attribute that was refused: what the limits are about.
///
/// ```
/// use genl_user::Value;
///
/// assert_eq!(Value::Number(-3).to_string(), "-3");
/// assert_eq!(Value::Text("eth0".into()).to_string(), "\"eth0\" (4 bytes)");
/// assert_eq!(Value::Bytes(vec![0, 0xff]).to_string(), "00 ff (2 bytes)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// An integer.
    Number(i128),
    /// Bits, and which of them are meant.
    Bitfield32 {
        /// The bits.
        value: u32,
        /// Which are meant.
        selector: u32,
    },
    /// A text, up to its NUL; what is not UTF-8 has become U+FFFD.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What stands in `attr`, which holds this.
    pub(crate) fn of(attr: Attr<'_>, form: Form) -> Self {
        let bytes = attr.payload();
        let value = match form {
            Form::Int { signed, order } => number(bytes, signed, order).map(Self::Number),
            Form::Bitfield32 => attr.bitfield32().ok().map(|bits| Self::Bitfield32 {
                value: bits.value,
                selector: bits.selector,
            }),
            Form::Text => {
                let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
                Some(Self::Text(String::from_utf8_lossy(text).into_owned()))
            }
            Form::Bytes => None,
        };
        value.unwrap_or_else(|| Self::Bytes(bytes.to_vec()))
    }
}

impl Form {
    /// What the kernel says that an attribute holds.
    pub(crate) fn told(kind: AttrType) -> Option<Self> {
        let order = Order::Host;
        match kind {
            AttrType::U8 | AttrType::U16 | AttrType::U32 | AttrType::U64 | AttrType::Uint => {
                let signed = false;
                Some(Self::Int { signed, order })
            }
            AttrType::S8 | AttrType::S16 | AttrType::S32 | AttrType::S64 | AttrType::Sint => {
                let signed = true;
                Some(Self::Int { signed, order })
            }
            AttrType::Bitfield32 => Some(Self::Bitfield32),
            AttrType::String | AttrType::NulString => Some(Self::Text),
            AttrType::Binary => Some(Self::Bytes),
            _ => None,
        }
    }
}

/// The integer that these bytes are; `None` if no integer has so many.
fn number(bytes: &[u8], signed: bool, order: Order) -> Option<i128> {
    let len = bytes.len();
    if !matches!(len, 1 | 2 | 4 | 8) {
        return None;
    }
    let little = match order {
        Order::Host => cfg!(target_endian = "little"),
        Order::Big => false,
        Order::Little => true,
    };
    let fold = |number, byte: &u8| number << 8 | i128::from(*byte);
    let number = match little {
        true => bytes.iter().rev().fold(0, fold),
        false => bytes.iter().fold(0, fold),
    };
    // What has the topmost bit is less than none.
    let negative = signed && number >> (8 * len - 1) == 1;
    Some(number - if negative { 1 << (8 * len) } else { 0 })
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Bitfield32 { value, selector } => write!(f, "{value:#x} of {selector:#x}"),
            Self::Text(text) => {
                match text.char_indices().nth(SHOWN) {
                    Some((end, _)) => write!(f, "{:?}…", &text[..end])?,
                    None => write!(f, "{text:?}")?,
                }
                write!(f, " ({})", length(text.len()))
            }
            Self::Bytes(bytes) => {
                for byte in bytes.iter().take(SHOWN) {
                    write!(f, "{byte:02x} ")?;
                }
                if bytes.len() > SHOWN {
                    f.write_str("… ")?;
                }
                write!(f, "({})", length(bytes.len()))
            }
        }
    }
}

/// A number of bytes in words.
pub(crate) fn length(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".into(),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_in_their_order() {
        for (bytes, signed, order, value) in [
            (&[1, 2][..], false, Order::Big, Some(0x0102)),
            (&[1, 2], false, Order::Little, Some(0x0201)),
            (&[0xff, 0xfe], true, Order::Big, Some(-2)),
            (&[0xff, 0xfe], false, Order::Big, Some(0xfffe)),
            (&[0x80], true, Order::Host, Some(-128)),
            (&[0xff; 8], true, Order::Host, Some(-1)),
            (&[0xff; 8], false, Order::Host, Some(u64::MAX.into())),
            (&[0; 3], false, Order::Host, None),
            (&[], false, Order::Host, None),
        ] {
            assert_eq!(number(bytes, signed, order), value, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = Value::Text("ä".repeat(30));
        assert_eq!(
            long.to_string(),
            format!("\"{}\"… (60 bytes)", "ä".repeat(24))
        );
        let shown = Value::Bytes(vec![0xab; 4097]).to_string();
        assert!(shown.ends_with("ab … (4097 bytes)"), "{shown}");
        assert_eq!(Value::Bytes(vec![]).to_string(), "(0 bytes)");
        assert_eq!(Value::Text("\n".into()).to_string(), r#""\n" (1 byte)"#);
    }
}
