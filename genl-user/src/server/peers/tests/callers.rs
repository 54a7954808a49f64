//! Who calls, and what they may.

use super::*;
use crate::sys::tests::without_rights;
use kvstore::{Clear, Client, GetDump, GetReplyOwned, Stats, StatsReplyOwned};

/// More than are sent in one turn.
const ITEMS: usize = 2 * TURN;

/// Hands on who calls.
struct Asking(mpsc::Sender<Option<Caller>>);

impl kvstore::server::Handler for Asking {
    fn clear(&mut self, op: &mut Op<'_>) -> Result<(), Refusal> {
        self.0.send(op.caller()).unwrap();
        Ok(())
    }

    fn stats(&mut self, op: &mut Op<'_>) -> Result<StatsReplyOwned, Refusal> {
        self.0.send(op.caller()).unwrap();
        Ok(StatsReplyOwned::default())
    }

    /// Tells it of each item; they are so long that each is a piece of its own.
    fn get_dump(
        &mut self,
        _: kvstore::server::GetDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, GetReplyOwned>, Refusal> {
        let mut items = 0..ITEMS;
        Ok(Items::from_fn(move |asking: &mut Self, op| {
            asking.0.send(op.caller()).unwrap();
            let item = GetReplyOwned {
                value: Some(vec![0; 30_000]),
                ..GetReplyOwned::default()
            };
            Ok(items.next().map(|_| item))
        }))
    }
}

/// What /proc has of the calling thread in such a line: the real one is the first.
fn of_this_thread(line: &str) -> u32 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let numbers = status.lines().find_map(|found| found.strip_prefix(line));
    let real = numbers.and_then(|numbers| numbers.split_whitespace().next());
    real.unwrap().parse().unwrap()
}

/// The user and group of the calling thread.
pub(super) fn this() -> Option<Caller> {
    Some(Caller {
        uid: of_this_thread("Uid:"),
        gid: of_this_thread("Gid:"),
    })
}

/// Calls `run` with a client of a server with such admins, and what its handler has to tell.
fn asked(
    is_admin: impl FnMut(Caller) -> bool + Send + 'static,
    run: impl FnOnce(&mut Client, mpsc::Receiver<Option<Caller>>),
) {
    let _alone = alone();
    let (tell, told) = mpsc::channel();
    let mut server = Server::bind().unwrap();
    server.allow_admin(is_admin);
    server
        .register(kvstore::server::Served(Asking(tell)))
        .unwrap();
    let options = Options::new().peer(server.port());
    served(server, || {
        run(&mut Client::open_with(&options).unwrap(), told);
    });
}

#[test]
fn a_handler_knows_who_calls() {
    asked(
        |_| false,
        |kv, told| {
            kv.stats(&Stats {}).unwrap();
            assert_eq!(told.recv().unwrap(), this());
            without_rights(move || {
                kv.stats(&Stats {}).unwrap();
                assert_eq!(told.recv().unwrap(), this());
                let dump = kv.get_dump(&GetDump::default()).unwrap();
                assert_eq!(dump.owned().count(), ITEMS);
                let callers: Vec<_> = told.try_iter().collect();
                assert_eq!(callers, [this(); ITEMS + 1]);
            });
        },
    );
}

#[test]
fn who_is_an_admin_is_the_servers_to_say() {
    let me = this().unwrap();
    let may = |wanted: Caller, mays: bool| {
        asked(
            move |caller| caller == wanted,
            |kv, told| match kv.clear(&Clear {}) {
                Ok(_) => {
                    assert!(mays);
                    assert_eq!(told.recv().unwrap(), Some(me));
                }
                Err(error) => {
                    assert!(!mays);
                    assert_eq!(error.errno(), Some(libc::EPERM));
                    let words = "; it is for those whom that process lets in";
                    assert!(error.to_string().ends_with(words), "{error}");
                    assert!(told.try_recv().is_err());
                }
            },
        );
    };
    may(me, true);
    let uid = me.uid + 1;
    may(Caller { uid, ..me }, false);
    let gid = me.gid + 1;
    may(Caller { gid, ..me }, false);
}

#[test]
fn nobody_is_an_admin_unless_the_server_says_so() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    server.register(kvstore::server::Served(Nothing)).unwrap();
    let options = Options::new().peer(server.port());
    served(server, || {
        let mut kv = Client::open_with(&options).unwrap();
        let errno = |refused: Result<_, Error>| refused.map(drop).unwrap_err().errno();
        assert_eq!(errno(kv.clear(&Clear {})), Some(libc::EPERM));
    });
}

#[cfg(feature = "testing")]
#[test]
fn a_fake_kernels_callers_are_of_no_user_but_the_one_that_is_said() {
    let (tell, told) = mpsc::channel();
    let kernel = crate::testing::Kernel::new();
    let served = kernel.register(kvstore::server::Served(Asking(tell)));
    served.unwrap();
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).unwrap();
    kv.stats(&Stats {}).unwrap();
    assert_eq!(told.recv().unwrap(), None);
    let caller = Caller { uid: 1, gid: 2 };
    kernel.set_caller(caller);
    kv.stats(&Stats {}).unwrap();
    assert_eq!(told.recv().unwrap(), Some(caller));
}
