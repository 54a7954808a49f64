//! Many values in one place of a message, and nests, read as they are asked for.
//!
//! All of it is checked when the message is read, so going through it cannot fail.

use std::fmt;
use std::iter::FusedIterator;

use super::{Attr, Attrs, Malformed};

/// How one value is read from its attribute.
type Read<'a, T> = fn(Attr<'a>) -> Result<T, Malformed>;

/// Values in a row: an iterator over them, which can be copied, and outlives the view that it is from.
///
/// So `list.count()` says how many there are, `list.nth(1)` is the second, and
/// `list.collect::<Vec<_>>()` is for all else.
pub struct List<'a, T> {
    attrs: Attrs<'a>,
    only: Option<u16>,
    read: Read<'a, T>,
}

impl<'a, T> List<'a, T> {
    /// A list without values.
    #[inline]
    pub fn empty(read: Read<'a, T>) -> Self {
        Self {
            attrs: Attrs::default(),
            only: None,
            read,
        }
    }

    /// The values of the attribute `kind`, which may stand among `attrs` any number of times.
    ///
    /// What `read` refuses is left out: whoever makes the list has read each of them before.
    #[inline]
    pub fn repeated(attrs: Attrs<'a>, kind: u16, read: Read<'a, T>) -> Self {
        Self {
            attrs: attrs.checked(),
            only: Some(kind),
            read,
        }
    }

    /// Reads an array: a nest with one value in each of its members, whatever their numbers.
    ///
    /// # Errors
    ///
    /// [`Defect`](super::Defect)s of the nest, or of the first value that cannot be read.
    pub fn array(array: Attr<'a>, read: Read<'a, T>) -> Result<Self, Malformed> {
        if !array.is_checked() {
            array.refusal_of_members(read)?;
        }
        Ok(Self {
            attrs: array.nested().checked(),
            ..Self::empty(read)
        })
    }

    /// Takes an array's values instead of those that there are, as [`Self::array`] does; `can_be_read`
    /// says so of a value without making it.
    ///
    /// # Errors
    ///
    /// Those of [`Self::array`].
    #[inline]
    pub fn fill(
        &mut self,
        array: Attr<'a>,
        can_be_read: impl Fn(Attr<'a>) -> bool,
    ) -> Result<(), Malformed> {
        if !array.is_checked() && !array.has_members(can_be_read) {
            array.refusal_of_members(self.read)?;
        }
        self.attrs = array.nested().checked();
        Ok(())
    }

    /// Takes the next of the attributes that hold a value each, and stand `among` others;
    /// `can_be_read` says so of a value without making it.
    ///
    /// # Errors
    ///
    /// Why the value cannot be read.
    #[inline]
    pub fn add(
        &mut self,
        among: Attrs<'a>,
        attr: Attr<'a>,
        can_be_read: impl Fn(Attr<'a>) -> bool,
    ) -> Result<(), Malformed> {
        if !attr.is_checked() && !can_be_read(attr) {
            attr.refusal(self.read)?;
        }
        if self.only.is_none() {
            self.attrs = among.from(attr).checked();
            self.only = Some(attr.kind());
        }
        Ok(())
    }

    /// The same, read by `read`: where the compiler sees what that is, it need not be called by its
    /// address for each value.
    #[inline]
    pub fn by(self, read: Read<'a, T>) -> Self {
        Self { read, ..self }
    }

    /// There are no values (left).
    pub fn is_empty(&self) -> bool {
        self.clone().next().is_none()
    }
}

impl<T> Iterator for List<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let (only, read) = (self.only, self.read);
        self.attrs
            .by_ref()
            .map_while(Result::ok)
            .filter(|attr| only.is_none_or(|only| attr.kind() == only))
            .find_map(|attr| read(attr).ok())
    }
}

/// Values by number: nests in which the numbers of the members are what they stand for; and an
/// iterator over number and value.
///
/// Where the kernel spreads such values over several attributes, with one entry each, the map has
/// all of them; a number may come more than once then.
pub struct Map<'a, T> {
    /// The nests to come, of this number.
    nests: Attrs<'a>,
    only: Option<u16>,
    /// What is left of the nest at hand.
    members: Attrs<'a>,
    read: Read<'a, T>,
}

impl<'a, T> Map<'a, T> {
    /// A map without values.
    #[inline]
    pub fn empty(read: Read<'a, T>) -> Self {
        Self {
            nests: Attrs::default(),
            only: None,
            members: Attrs::default(),
            read,
        }
    }

    /// The values in the nests `kind`, which may stand among `attrs` any number of times.
    ///
    /// What `read` refuses is left out: whoever makes the map has read each nest before.
    pub fn repeated(attrs: Attrs<'a>, kind: u16, read: Read<'a, T>) -> Self {
        Self {
            nests: attrs.checked(),
            only: Some(kind),
            ..Self::empty(read)
        }
    }

    /// Reads a single nest.
    ///
    /// # Errors
    ///
    /// [`Defect`](super::Defect)s of the nest, or of the first value that cannot be read.
    pub fn read(nest: Attr<'a>, read: Read<'a, T>) -> Result<Self, Malformed> {
        if !nest.is_checked() {
            nest.refusal_of_members(read)?;
        }
        Ok(Self {
            members: nest.nested().checked(),
            ..Self::empty(read)
        })
    }

    /// Takes the next of the nests, which stand `among` others; `can_be_read` says so of a value
    /// without making it.
    ///
    /// # Errors
    ///
    /// Those of [`Self::read`].
    #[inline]
    pub fn add(
        &mut self,
        among: Attrs<'a>,
        nest: Attr<'a>,
        can_be_read: impl Fn(Attr<'a>) -> bool,
    ) -> Result<(), Malformed> {
        if !nest.is_checked() && !nest.has_members(can_be_read) {
            nest.refusal_of_members(self.read)?;
        }
        if self.only.is_none() {
            self.nests = among.from(nest).checked();
            self.only = Some(nest.kind());
        }
        Ok(())
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
        let (only, read) = (self.only, self.read);
        loop {
            let mut members = self.members.by_ref().map_while(Result::ok);
            let found = members.find_map(|attr| Some((attr.kind(), read(attr).ok()?)));
            if found.is_some() {
                return found;
            }
            let mut nests = self.nests.by_ref().map_while(Result::ok);
            self.members = nests.find(|attr| Some(attr.kind()) == only)?.nested();
        }
    }
}

/// A nest that is read when it is asked for: in a set that nests itself a view cannot hold it.
pub struct Lazy<'a, T> {
    attr: Attr<'a>,
    read: Read<'a, T>,
}

impl<'a, T> Lazy<'a, T> {
    /// Takes the nest; `can_be_read` says so without making its value.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub fn new(
        attr: Attr<'a>,
        can_be_read: impl Fn(Attr<'a>) -> bool,
        read: Read<'a, T>,
    ) -> Result<Self, Malformed> {
        if !attr.is_checked() && !can_be_read(attr) {
            attr.refusal(read)?;
        }
        Ok(Self {
            attr: attr.checked(),
            read,
        })
    }

    /// Reads the nest; `None` only if it could not be read before.
    pub fn get(self) -> Option<T> {
        (self.read)(self.attr).ok()
    }
}

impl<T> FusedIterator for List<'_, T> {}

impl<T> FusedIterator for Map<'_, T> {}

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

impl<T> Clone for Lazy<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lazy<'_, T> {}

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

impl<T: fmt::Debug> fmt::Debug for Lazy<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for List<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(*self)
    }
}

/// As the pairs that the owned types have.
#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for Map<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(*self)
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> serde::Serialize for Lazy<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nest = self.get();
        nest.ok_or_else(|| serde::ser::Error::custom("a nest that cannot be read"))?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{Defect, Encoder};
    use super::*;

    thread_local! {
        static READ: Cell<usize> = const { Cell::new(0) };
    }

    fn number(attr: Attr<'_>) -> Result<u32, Malformed> {
        READ.set(READ.get() + 1);
        attr.u32()
    }

    fn numbers(attr: Attr<'_>) -> Result<List<'_, u32>, Malformed> {
        List::array(attr, number)
    }

    #[test]
    fn what_was_read_once_is_not_checked_again() {
        let mut out = Vec::new();
        let rows: [&[u32]; 2] = [&[1, 2, 3], &[4]];
        let written = Encoder::new(&mut out).indexed(1, &rows, |out, row, numbers| {
            out.indexed(row, numbers, |out, at, number| {
                out.u32(at, *number);
                Ok(())
            })
        });
        written.unwrap();
        let table = Attrs::new(&out, 0).next().unwrap().unwrap();
        let read = List::array(table, numbers).unwrap();
        assert_eq!(READ.replace(0), 4);
        assert!(read.map(|row| row.sum::<u32>()).eq([6, 4]));
        assert_eq!(READ.replace(0), 4);

        // Nor at all, where somebody says that it can be read.
        let mut list = List::empty(numbers);
        let can_be_read = |row: Attr<'_>| row.has_members(|attr| attr.has_width(4));
        list.fill(table, can_be_read).unwrap();
        assert_eq!(READ.replace(0), 0);
        assert!(list.map(|row| row.sum::<u32>()).eq([6, 4]));
        assert_eq!(READ.replace(0), 4);

        // Who says that it cannot need not be right.
        list.fill(table, |_| false).unwrap();
        assert_eq!(READ.replace(0), 4);
        assert!(list.map(|row| row.sum::<u32>()).eq([6, 4]));
    }

    #[test]
    fn what_is_wrong_is_told_by_who_reads() {
        let mut out = Vec::new();
        Encoder::new(&mut out).u8(7, 1);
        Encoder::new(&mut out).u32(7, 2);
        let among = Attrs::new(&out, 20);
        let [one, two] = [0, 1].map(|at| among.clone().nth(at).unwrap().unwrap());
        let mut list = List::empty(number);
        let refused = list.add(among, one, |attr| attr.has_width(4)).unwrap_err();
        assert_eq!((refused.defect, refused.offset), (Defect::width(4, 1), 20));
        assert!(list.is_empty());
        list.add(among, two, |attr| attr.has_width(4)).unwrap();
        assert!(list.eq([2]));
    }
}
