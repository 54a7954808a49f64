//! Values of attributes that have been checked only in part.

use super::{Form, Order};
use crate::wire::Attr;

/// The integer that the attribute begins with, without loss; `None` if it is too short.
pub(crate) fn read(form: Form, attr: Attr<'_>) -> Option<i128> {
    let bytes = attr.payload();
    let variable = match bytes.len() {
        4 => 4,
        _ => 8,
    };
    match form {
        Form::Unsigned(width, order) => unsigned(bytes, width, order).map(i128::from),
        Form::Signed(width, order) => signed(bytes, width, order),
        Form::Uint => unsigned(bytes, variable, Order::Host).map(i128::from),
        Form::Sint => signed(bytes, variable, Order::Host),
    }
}

/// An attribute of so many bytes holds just an integer of this form.
pub(crate) fn fits(form: Form, len: usize) -> bool {
    match form {
        Form::Unsigned(width, _) | Form::Signed(width, _) => len == usize::from(width),
        Form::Uint | Form::Sint => matches!(len, 4 | 8),
    }
}

/// Length of a text, up to the first NUL or the end.
pub(crate) fn text_len(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len())
}

fn unsigned(bytes: &[u8], width: u8, order: Order) -> Option<u64> {
    let bytes = bytes.get(..width.into())?;
    let big = match order {
        Order::Host => cfg!(target_endian = "big"),
        Order::Big => true,
        Order::Little => false,
    };
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(match big {
        true => bytes.iter().fold(0, add),
        false => bytes.iter().rev().fold(0, add),
    })
}

fn signed(bytes: &[u8], width: u8, order: Order) -> Option<i128> {
    let unused = 64 - 8 * u32::from(width);
    let value = unsigned(bytes, width, order)?;
    Some(i128::from((value << unused) as i64 >> unused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Attrs;

    fn number(form: Form, payload: &[u8]) -> Option<i128> {
        let len = (4 + payload.len()) as u16;
        let bytes = [&len.to_ne_bytes()[..], &[1, 0], payload].concat();
        read(form, Attrs::new(&bytes, 0).next().unwrap().unwrap())
    }

    #[test]
    fn numbers_are_read_in_their_order_and_with_their_sign() {
        for (form, payload, value) in [
            (Form::Unsigned(2, Order::Big), &[1, 2][..], 0x102),
            (Form::Unsigned(2, Order::Little), &[1, 2], 0x201),
            (Form::Signed(1, Order::Host), &[0xff], -1),
            (Form::Signed(4, Order::Big), &[0xff, 0xff, 0xff, 0xfe], -2),
            (Form::Uint, &3u32.to_ne_bytes(), 3),
            (Form::Uint, &u64::MAX.to_ne_bytes(), u64::MAX.into()),
            (Form::Sint, &(-3i32).to_ne_bytes(), -3),
            // What stands behind it is no matter to who takes it for shorter.
            (Form::Unsigned(1, Order::Host), &[7, 9, 9], 7),
        ] {
            assert_eq!(number(form, payload), Some(value), "{form:?}");
        }
        assert_eq!(number(Form::Unsigned(4, Order::Host), &[1, 2, 3]), None);
    }
}
