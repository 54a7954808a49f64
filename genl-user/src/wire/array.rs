//! Integers one behind the other in one attribute, read as they are iterated over.

use std::fmt;

use super::Fields;

/// A C array, and an iterator over its elements.
pub struct Array<'a, T> {
    bytes: &'a [u8],
    width: usize,
    read: fn(Fields<'a>) -> T,
}

impl<'a, T> Array<'a, T> {
    /// Takes the bytes of elements of `width` bytes each.
    pub(super) fn new(bytes: &'a [u8], width: usize, read: fn(Fields<'a>) -> T) -> Self {
        Self { bytes, width, read }
    }

    /// There are no elements (left).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Iterator for Array<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (element, rest) = self.bytes.split_at_checked(self.width)?;
        self.bytes = rest;
        Some((self.read)(Fields::new(element)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.bytes.len() / self.width;
        (len, Some(len))
    }
}

impl<T> ExactSizeIterator for Array<'_, T> {}

// Written out, because `derive` would ask the same of `T`.
impl<T> Clone for Array<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Array<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for Array<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for Array<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(*self)
    }
}
