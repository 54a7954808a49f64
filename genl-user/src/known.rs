//! The ids of families, as far as this process has asked for them.
//!
//! An id stays a family's while it is registered, and after that the kernel gives it to no other
//! before all of the thousand others had their turn (`idr_alloc_cyclic`). What is known here may be
//! out of date nevertheless: then the kernel refuses the first request, and the id is asked for anew.
//! Where somebody in the process listens to anything, the controller is heard too, and tells of
//! families that come and go. Groups are not remembered: who joins one asks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are remembered: families, times namespaces.
const MOST: usize = 256;

static KNOWN: Mutex<Ids> = Mutex::new(Ids(Vec::new()));

/// Whose families they are: not every family is in every network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The network namespace of this cookie.
    Netns(u64),
    /// The fake kernel of this number.
    #[cfg(feature = "testing")]
    Fake(u64),
}

impl Place {
    /// Families come and go for both at once.
    fn shares_kernel_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Netns(_), Self::Netns(_)) => true,
            #[cfg(feature = "testing")]
            (Self::Fake(one), Self::Fake(other)) => one == other,
            #[cfg(feature = "testing")]
            _ => false,
        }
    }
}

/// Forgets what ids families have; clients that are opened from now on ask the kernel.
///
/// There is no need to, unless opening a client is to tell whether the kernel has the family just
/// now: where its id is known, that is told by the first call.
pub fn forget_families() {
    known().0.clear();
}

pub(crate) fn id(place: Place, family: &str) -> Option<u16> {
    known().get(place, family)
}

pub(crate) fn remember(place: Place, family: &'static str, id: u16) {
    let id = Some(id);
    known().insert(Known { place, family, id });
}

pub(crate) fn forget(place: Place, family: &str) {
    known().remove(place, family);
}

/// The controller at this place tells that a family is there.
pub(crate) fn came(place: Place, family: &str, id: u16) {
    for known in known().at_once(place, family) {
        known.id = Some(id);
    }
}

/// The controller at this place tells that a family is gone. It may be back already, by another id.
pub(crate) fn went(place: Place, family: &str, id: u16) {
    for known in known().at_once(place, family) {
        known.id.take_if(|known| *known == id);
    }
}

fn known() -> MutexGuard<'static, Ids> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The oldest first.
struct Ids(Vec<Known>);

struct Known {
    place: Place,
    family: &'static str,
    /// `None` while it is gone, as the controller has told.
    id: Option<u16>,
}

impl Ids {
    fn get(&self, place: Place, family: &str) -> Option<u16> {
        let mut known = self.0.iter();
        known.find(|known| known.is(place, family))?.id
    }

    /// What is known of a family, wherever it comes and goes as it does there.
    fn at_once(&mut self, place: Place, family: &str) -> impl Iterator<Item = &mut Known> {
        let known = self.0.iter_mut();
        known.filter(move |known| known.family == family && known.place.shares_kernel_with(place))
    }

    fn insert(&mut self, known: Known) {
        self.remove(known.place, known.family);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(known);
    }

    fn remove(&mut self, place: Place, family: &str) {
        self.0.retain(|known| !known.is(place, family));
    }
}

impl Known {
    fn is(&self, place: Place, family: &str) -> bool {
        self.place == place && self.family == family
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
        is_dump: false,
        header: 0,
        request: &Layout { fields: &[] },
        answer: Answer::Reply(1),
        capability: None,
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
        let netns = first.transport.socket().place().unwrap();
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
        let another = match netns {
            Place::Netns(cookie) => Place::Netns(cookie ^ 1),
            #[cfg(feature = "testing")]
            Place::Fake(_) => panic!("{netns:?}"),
        };
        assert_eq!(id(another, "ethtool"), None);
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
        let netns = there.transport.socket().place().unwrap();
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
        for cookie in 0..=MOST as u64 {
            let (place, family, id) = (Place::Netns(cookie), "crowd", Some(20));
            ids.insert(Known { place, family, id });
        }
        assert_eq!(ids.0.len(), MOST);
        assert_eq!(ids.get(Place::Netns(0), "crowd"), None);
        assert_eq!(ids.get(Place::Netns(MOST as u64), "crowd"), Some(20));
    }

    #[test]
    fn what_the_controller_tells_is_known_in_all_namespaces() {
        // So high are no cookies.
        let [here, there] = [u64::MAX, u64::MAX - 1].map(Place::Netns);
        remember(here, "told", 20);
        remember(there, "told", 20);
        remember(there, "other", 19);
        went(here, "told", 20);
        assert_eq!((id(here, "told"), id(there, "told")), (None, None));
        came(here, "told", 21);
        assert_eq!((id(here, "told"), id(there, "told")), (Some(21), Some(21)));
        // This was read late.
        went(there, "told", 20);
        assert_eq!((id(here, "told"), id(there, "told")), (Some(21), Some(21)));
        assert_eq!(id(there, "other"), Some(19));
        // Nobody has asked for it here.
        came(here, "other", 22);
        assert_eq!((id(here, "other"), id(there, "other")), (None, Some(22)));
        for (place, family) in [(here, "told"), (there, "told"), (there, "other")] {
            forget(place, family);
        }
    }
}
