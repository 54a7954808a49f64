//! The ids of families, as far as this process has asked for them.
//!
//! An id stays a family's while it is registered, and after that the kernel gives it to no other
//! before all of the thousand others had their turn (`idr_alloc_cyclic`). What is known here may be
//! out of date nevertheless: then the kernel refuses the first request, and the id is asked for anew.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are remembered: families, times namespaces.
const MOST: usize = 256;

static KNOWN: Mutex<Ids> = Mutex::new(Ids(Vec::new()));

/// Forgets what ids families have; clients that are opened from now on ask the kernel.
///
/// There is no need to, unless opening a client is to tell whether the kernel has the family just
/// now: where its id is known, that is told by the first call.
pub fn forget_families() {
    known().0.clear();
}

pub(crate) fn id(netns: u64, family: &str) -> Option<u16> {
    known().get(netns, family)
}

pub(crate) fn remember(netns: u64, family: &'static str, id: u16) {
    known().insert(Known { netns, family, id });
}

pub(crate) fn forget(netns: u64, family: &str) {
    known().remove(netns, family);
}

fn known() -> MutexGuard<'static, Ids> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The oldest first.
struct Ids(Vec<Known>);

struct Known {
    /// The cookie of the network namespace: not every family is in every one.
    netns: u64,
    family: &'static str,
    id: u16,
}

impl Ids {
    fn get(&self, netns: u64, family: &str) -> Option<u16> {
        let mut matching = self.0.iter().filter(|known| known.is(netns, family));
        matching.next().map(|known| known.id)
    }

    fn insert(&mut self, known: Known) {
        self.remove(known.netns, known.family);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(known);
    }

    fn remove(&mut self, netns: u64, family: &str) {
        self.0.retain(|known| !known.is(netns, family));
    }
}

impl Known {
    fn is(&self, netns: u64, family: &str) -> bool {
        self.netns == netns && self.family == family
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Connection;
    use crate::error::Error;
    use crate::family::{Answer, Family, Operation, Unspecified};
    use crate::layout::Layout;
    use crate::transport::Receive;
    use crate::wire::{Encoder, Unfit};

    /// A family that every kernel has, and no other test.
    static ETHTOOL: Family = Family {
        name: "ethtool",
        version: 1,
    };

    static STRINGS: Operation = Operation {
        family: &ETHTOOL,
        name: "strset-get",
        cmd: 1,
        header: 0,
        request: &Layout { fields: &[] },
        answer: Answer::Reply(1),
    };

    struct Nothing;

    impl crate::Request for Nothing {
        fn encode(&self, _: &mut Encoder<'_>) -> Result<(), Unfit> {
            Ok(())
        }
    }

    #[test]
    fn what_is_out_of_date_is_asked_for_anew() {
        let mut first = Connection::open(&ETHTOOL).unwrap();
        let netns = first.transport.socket().netns().unwrap();
        let right = first.family_id();
        assert_eq!(id(netns, "ethtool"), Some(right));

        // No family has so high an id.
        remember(netns, "ethtool", 0xfff0);
        let mut second = Connection::open(&ETHTOOL).unwrap();
        assert_eq!(second.family_id(), 0xfff0);
        let dump = second.dump::<Unspecified>(&STRINGS, &Nothing).unwrap();
        drop(dump);
        assert_eq!(second.family_id(), right);
        assert_eq!(id(netns, "ethtool"), Some(right));

        // And by those who would know at once.
        remember(netns, "ethtool", 0xfff0);
        let options = crate::Options::new().wait_for_family(std::time::Duration::ZERO);
        let third = Connection::open_with(&ETHTOOL, &options).unwrap();
        assert_eq!(third.family_id(), right);

        // Another namespace is another matter.
        assert_eq!(id(netns ^ 1, "ethtool"), None);
        forget(netns, "ethtool");
        assert_eq!(id(netns, "ethtool"), None);
        drop(first.dump::<Unspecified>(&STRINGS, &Nothing).unwrap());

        // Of a pipeline all calls are sent again.
        remember(netns, "ethtool", 0xfff0);
        let mut fourth = Connection::open(&ETHTOOL).unwrap();
        let mut batch = fourth.pipeline();
        let tickets = [(); 3].map(|()| batch.add::<()>(&STRINGS, &Nothing).unwrap());
        let answers = batch.send().unwrap();
        for ticket in tickets {
            let refused = answers.take(ticket).unwrap_err();
            assert_eq!(refused.errno(), Some(libc::EINVAL), "{refused}");
        }
        assert_eq!(fourth.family_id(), right);
    }

    #[test]
    fn a_family_that_is_not_there_is_not_remembered() {
        static ABSENT: Family = Family {
            name: "no-such-fam",
            version: 1,
        };
        let there = Connection::open(&crate::families::nlctrl::FAMILY).unwrap();
        let netns = there.transport.socket().netns().unwrap();
        remember(netns, "no-such-fam", 0xfff0);
        let mut client = Connection::open(&ABSENT).unwrap();
        let error = client.call::<()>(&STRINGS, &Nothing).unwrap_err();
        assert!(matches!(error, Error::UnknownFamily { .. }), "{error}");
        assert_eq!(id(netns, "no-such-fam"), None);
        let error = Connection::open(&ABSENT).unwrap_err();
        assert!(matches!(error, Error::UnknownFamily { .. }), "{error}");
    }

    #[test]
    fn the_oldest_make_room() {
        let mut ids = Ids(Vec::new());
        for netns in 0..=MOST as u64 {
            let family = "crowd";
            ids.insert(Known {
                netns,
                family,
                id: 20,
            });
        }
        assert_eq!(ids.0.len(), MOST);
        assert_eq!(ids.get(0, "crowd"), None);
        assert_eq!(ids.get(MOST as u64, "crowd"), Some(20));
    }
}
