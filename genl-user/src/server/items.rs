//! What a dump is answered with.

use std::fmt;

use super::{Encode, Op, Refusal};

/// Gives the next item, if there is one.
type Next<H, T> = dyn FnMut(&mut H, &mut Op<'_>) -> Result<Option<T>, Refusal> + Send;

/// The items of a dump, which are made as its client reads them.
///
/// Between two of them the handler `H` may serve others. [`Items::of`] takes what there is when the
/// dump begins; [`Items::from_fn`] looks at the handler each time, and can tell by
/// [`Op::consistent_at`] that it was changed meanwhile.
pub struct Items<H, T>(Box<Next<H, T>>);

impl<H, T> Items<H, T> {
    /// All of `items`, whatever becomes of the handler.
    pub fn of<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
    {
        let mut items = items.into_iter();
        Self::from_fn(move |_, _| Ok(items.next()))
    }

    /// What `next` gives, until that is `None` or an error.
    pub fn from_fn<F>(next: F) -> Self
    where
        F: FnMut(&mut H, &mut Op<'_>) -> Result<Option<T>, Refusal> + Send + 'static,
    {
        Self(Box::new(next))
    }
}

impl<H: 'static, T: Encode + 'static> Items<H, T> {
    /// The same, for a table of operations: the items are messages of this command, and the handler
    /// is found by `handler`.
    ///
    /// Generated code calls it.
    pub fn cursor<S: 'static>(mut self, cmd: u8, handler: fn(&mut S) -> &mut H) -> Cursor<S> {
        Cursor(Box::new(move |served, op| {
            match (self.0)(handler(served), op)? {
                Some(item) => op.item(cmd, &item).map(|()| true),
                None => Ok(false),
            }
        }))
    }
}

impl<H, T> fmt::Debug for Items<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

/// Builds the next item; false if there is none.
type Advance<S> = dyn FnMut(&mut S, &mut Op<'_>) -> Result<bool, Refusal> + Send;

/// Where a dump stands, of what `S` serves.
pub struct Cursor<S: ?Sized>(pub(super) Box<Advance<S>>);

impl<S: ?Sized> fmt::Debug for Cursor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").finish_non_exhaustive()
    }
}
