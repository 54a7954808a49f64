//! Many values in one place of a message, read as they are iterated over.
//!
//! Both kinds are checked whole when their message is read, so going through them cannot fail.

use std::fmt;

use super::{Attr, Attrs, Malformed};

/// How one value is read from its attribute.
type Read<'a, T> = fn(Attr<'a>) -> Result<T, Malformed>;

/// Values in a row, and an iterator over them.
pub struct List<'a, T> {
    attrs: Attrs<'a>,
    only: Option<u16>,
    read: Read<'a, T>,
}

impl<'a, T> List<'a, T> {
    /// The values of the attribute `kind`, which may stand among `attrs` any number of times.
    ///
    /// What `read` refuses is left out: whoever makes the list has read each of them before.
    pub fn repeated(attrs: Attrs<'a>, kind: u16, read: Read<'a, T>) -> Self {
        Self {
            attrs,
            only: Some(kind),
            read,
        }
    }

    /// Reads one of the values, to see that it can be read.
    pub fn check(&self, attr: Attr<'a>) -> Result<(), Malformed> {
        (self.read)(attr).map(drop)
    }

    /// A list without values.
    pub fn empty(read: Read<'a, T>) -> Self {
        Self {
            attrs: Attrs::default(),
            only: None,
            read,
        }
    }

    /// Reads an array: a nest with one value in each of its members, whatever their numbers.
    pub fn array(attr: Attr<'a>, read: Read<'a, T>) -> Result<Self, Malformed> {
        let attrs = attr.nested();
        for member in attrs {
            read(member?)?;
        }
        Ok(Self {
            attrs,
            only: None,
            read,
        })
    }

    /// There are no values (left).
    pub fn is_empty(&self) -> bool {
        self.clone().next().is_none()
    }
}

impl<T> Iterator for List<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (only, read) = (self.only, self.read);
        self.attrs
            .by_ref()
            .map_while(Result::ok)
            .filter(|attr| only.is_none_or(|only| attr.kind() == only))
            .find_map(|attr| read(attr).ok())
    }
}

/// Values by number: a nest in which the numbers of the members are what they stand for; and an
/// iterator over number and value.
pub struct Map<'a, T> {
    attrs: Attrs<'a>,
    read: Read<'a, T>,
}

impl<'a, T> Map<'a, T> {
    /// Reads the nest.
    pub fn read(attr: Attr<'a>, read: Read<'a, T>) -> Result<Self, Malformed> {
        let attrs = attr.nested();
        for member in attrs {
            read(member?)?;
        }
        Ok(Self { attrs, read })
    }

    /// A map without values.
    pub fn empty(read: Read<'a, T>) -> Self {
        Self {
            attrs: Attrs::default(),
            read,
        }
    }

    /// The first value that stands by `number`.
    pub fn get(&self, number: u16) -> Option<T> {
        self.clone()
            .find_map(|(key, value)| (key == number).then_some(value))
    }

    /// There are no values (left).
    pub fn is_empty(&self) -> bool {
        self.clone().next().is_none()
    }
}

impl<T> Iterator for Map<'_, T> {
    type Item = (u16, T);

    fn next(&mut self) -> Option<(u16, T)> {
        let read = self.read;
        self.attrs
            .by_ref()
            .map_while(Result::ok)
            .find_map(|attr| Some((attr.kind(), read(attr).ok()?)))
    }
}

// Written out, because `derive` would ask the same of `T`.
impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> Clone for Map<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Map<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Map<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(*self).finish()
    }
}
