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
    /// Puts a message behind the others, where all together may take so many bytes; false if it is
    /// lost.
    pub(super) fn put(&mut self, aside: Aside, most: usize) -> bool {
        self.is_congested |= self.used + aside.cost() > most;
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
