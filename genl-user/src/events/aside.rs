//! What comes while a listener waits for an answer of the controller.

use std::collections::VecDeque;

use crate::wire::Head;

/// A message that is not in the receive buffer any more.
pub(super) struct Aside {
    pub(super) head: Head,
    pub(super) nsid: Option<i32>,
    pub(super) message: Vec<u8>,
}

impl Aside {
    /// How many bytes it takes.
    fn cost(&self) -> usize {
        size_of::<Self>() + self.message.len()
    }
}

/// Messages that were put aside: a queue as long as a socket's, and with what is too much for it as
/// with that of the kernel's (`netlink_overrun()`).
#[derive(Default)]
pub(super) struct Shelf {
    messages: VecDeque<Aside>,
    used: usize,
    /// One was lost, and so is whatever comes before the shelf is empty.
    is_congested: bool,
}

impl Shelf {
    /// Puts a message behind the others, where several together may take so many bytes; false if it
    /// is lost.
    pub(super) fn put(&mut self, aside: Aside, most: usize) -> bool {
        // An empty one takes a message however long it is, as a socket's does (`netlink_attachskb()`).
        self.is_congested |= !self.messages.is_empty() && self.used + aside.cost() > most;
        if !self.is_congested {
            self.used += aside.cost();
            self.messages.push_back(aside);
        }
        !self.is_congested
    }

    /// Takes the oldest one.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Aside> {
        let aside = self.messages.pop_front()?;
        self.used -= aside.cost();
        self.is_congested &= !self.messages.is_empty();
        Some(aside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aside(len: usize) -> Aside {
        let head = Head {
            len,
            kind: 16,
            flags: 0,
            seq: 0,
            port: 0,
        };
        Aside {
            head,
            nsid: None,
            message: vec![0; len],
        }
    }

    #[test]
    fn what_is_too_much_is_lost_until_it_is_empty() {
        let mut shelf = Shelf::default();
        let most = 2 * aside(100).cost();
        let put: Vec<_> = [100, 100, 100, 0]
            .map(|len| shelf.put(aside(len), most))
            .into();
        assert_eq!(put, [true, true, false, false]);
        assert!(shelf.take().is_some());
        assert!(!shelf.put(aside(0), most));
        assert!(shelf.take().is_some());
        assert!(shelf.put(aside(100), most));
    }

    #[test]
    fn what_is_longer_than_all_of_it_fills_it_and_no_more() {
        let mut shelf = Shelf::default();
        assert!(shelf.put(aside(100), 1));
        assert!(!shelf.put(aside(0), 1));
        assert!(shelf.take().is_some() && shelf.take().is_none());
        assert!(shelf.put(aside(0), 1000));
    }
}
