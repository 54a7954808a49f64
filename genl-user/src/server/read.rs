//! How generated views of requests read their attributes.
//!
//! The views keep the attributes and read them as they are asked. All of them are read once before,
//! so that this cannot fail.

use crate::wire::{Attr, Attrs, Defect, List, Malformed, Payload, TextList, Texts};

/// What can be read from a request: the generated views.
pub trait Parse<'a>: Sized {
    /// Takes a request, and reads all of its attributes once.
    ///
    /// # Errors
    ///
    /// If one holds what its type cannot.
    fn parse(payload: Payload<'a>) -> Result<Self, Malformed>;
}

/// How one value is read from its attribute.
type Read<'a, T> = fn(Attr<'a>) -> Result<T, Malformed>;

/// Reads the attribute that counts, of those of a number, if there is one.
///
/// # Errors
///
/// If `read` has one.
pub fn check<'a, T>(attrs: Attrs<'a>, number: u16, read: Read<'a, T>) -> Result<(), Malformed> {
    attrs
        .all(number)
        .last()
        .map_or(Ok(()), |attr| read(attr).map(drop))
}

/// Reads all attributes of a number.
///
/// # Errors
///
/// The first that `read` has.
pub fn check_all<'a, T>(attrs: Attrs<'a>, number: u16, read: Read<'a, T>) -> Result<(), Malformed> {
    attrs.all(number).try_for_each(|attr| read(attr).map(drop))
}

/// The value of the attribute that counts, of those of a number.
pub fn last<'a, T>(attrs: Attrs<'a>, number: u16, read: Read<'a, T>) -> Option<T> {
    attrs.all(number).last().and_then(|attr| read(attr).ok())
}

/// As [`last`], of an attribute that has to be there.
///
/// # Errors
///
/// That of `read`, or [`Defect::Missing`].
pub fn required<'a, T>(attrs: Attrs<'a>, number: u16, read: Read<'a, T>) -> Result<T, Malformed> {
    match attrs.all(number).last() {
        Some(attr) => read(attr),
        None => Err(Malformed {
            defect: Defect::Missing(number),
            offset: 0,
        }),
    }
}

/// The texts in the attributes of a number.
pub fn texts<'a>(attrs: Attrs<'a>, number: u16) -> Texts<'a> {
    let mut list = TextList::default();
    // There is no error: all of them were read when the request was.
    attrs.all(number).for_each(|attr| {
        let _ = list.add(attrs, attr);
    });
    list.texts()
}

/// The values in the array that counts, of those of a number.
pub fn array<'a, T>(attrs: Attrs<'a>, number: u16, read: Read<'a, T>) -> List<'a, T> {
    let array = attrs.all(number).last();
    let list = array.and_then(|attr| List::array(attr, read).ok());
    list.unwrap_or_else(|| List::empty(read))
}
