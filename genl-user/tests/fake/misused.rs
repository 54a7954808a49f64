//! What an app or its tests say of a fake kernel, and cannot mean.

use genl_user::families::kvstore::server::{Event as Told, Served};
use genl_user::families::kvstore::{self, Client, DelNtfOwned, GetDump, Stats};
use genl_user::families::nltest;
use genl_user::server::{Items, Op, Refusal};
use genl_user::testing::{Kernel, Registration};
use genl_user::{Netns, Options};

use crate::put;
use crate::served::Store;

fn kernel() -> (Kernel, Registration<Served<Store>>) {
    let kernel = Kernel::new();
    let family = kernel.register(Served(Store::default()));
    (kernel, family.expect("it is the first"))
}

#[test]
#[should_panic(expected = "which would wait for itself")]
fn who_serves_asks_nothing_of_it() {
    let (kernel, family) = kernel();
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).expect("it is registered");
    family.with(move |_| kv.stats(&Stats {}).map(drop));
}

#[test]
#[should_panic(expected = "which would wait for itself")]
fn nor_by_way_of_another_one() {
    let (kernel, family) = kernel();
    let (other, others) = self::kernel();
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).expect("it is registered");
    family.with(|_| others.with(|_| kv.stats(&Stats {}).map(drop)));
    drop(other);
}

#[test]
#[should_panic(expected = "which would wait for itself")]
fn nor_for_more_of_a_dump() {
    let (kernel, family) = kernel();
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).expect("it is registered");
    for number in 0..100 {
        put(&mut kv, &format!("key-{number}"), &[0; 1000]);
    }
    let request = GetDump::default();
    let mut dump = kv.get_dump(&request).expect("it begins");
    family.with(move |_| while dump.next().is_ok_and(|item| item.is_some()) {});
}

/// Has a client of the kernel that it serves, and does not use it.
struct Having {
    _kv: Client,
}

impl kvstore::server::Handler for Having {}

#[test]
fn a_client_that_is_dropped_by_its_kernel_is_gone() {
    let kernel = Kernel::new();
    let store = kernel.register(Served(Store::default()));
    let store = store.expect("it is the first");
    let options = Options::new().kernel(&kernel);
    let open = || Client::open_with(&options).expect("it is registered");
    let having = || Served(Having { _kv: open() });
    // By one that is refused, one that is unregistered, and one that a handler lets go.
    let mut kv = open();
    let port = kv.connection().port();
    let gone = |port| {
        let told = store.tell_to(port, &Told::DelNtf(&DelNtfOwned::default()));
        told.is_err_and(|refused| refused.errno() == libc::ECONNREFUSED)
    };
    let refused = kernel.register(having()).map(drop).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(gone(port + 1) && !gone(port));
    store.with(move |_| drop(kv));
    assert!(gone(port));
    let other = having();
    kernel.unregister("kvstore");
    kernel.register(other).expect("it is gone");
    assert!(kernel.unregister("kvstore"));
}

/// Gives its client to the first dump, which has no end.
struct Lending(Option<Client>);

impl nltest::server::Handler for Lending {
    fn count_dump(
        &mut self,
        _: nltest::server::CountDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, nltest::CountDumpReplyOwned>, Refusal> {
        let lent = self.0.take();
        Ok(Items::from_fn(move |_, _| {
            let number = lent.is_some().into();
            Ok(Some(nltest::CountDumpReplyOwned {
                number: Some(number),
                blob: Some(vec![0; 20_000]),
            }))
        }))
    }
}

#[test]
fn so_is_one_that_a_dump_has_whose_own_client_is_dropped_so() {
    let (kernel, family) = kernel();
    let options = Options::new().kernel(&kernel);
    let mut kv = Client::open_with(&options).expect("it is registered");
    let port = kv.connection().port();
    let lending = nltest::server::Served(Lending(Some(kv)));
    kernel.register(lending).expect("it is not there");
    let mut client = nltest::Client::open_with(&options).expect("it is registered");
    let mut dump = client
        .count_dump(&nltest::CountDump::default())
        .expect("it begins");
    let item = dump.next().expect("an item").expect("there are many");
    assert_eq!(item.number(), Some(1));
    drop(dump);
    family.with(move |_| drop(client));
    // The dump goes at the next opportunity, and its client at the one after that.
    assert_eq!(kernel.faults_left().len(), 0);
    let told = family.tell_to(port, &Told::DelNtf(&DelNtfOwned::default()));
    assert!(told.is_err_and(|refused| refused.errno() == libc::ECONNREFUSED));
}

#[test]
fn another_one_is_asked_while_one_serves() {
    let (_, family) = kernel();
    let (other, _) = kernel();
    let options = Options::new().kernel(&other);
    let asked = family.with(|_| Client::open_with(&options)?.stats(&Stats {}).map(drop));
    asked.expect("it is registered").expect("the totals");
}

#[test]
fn it_has_no_namespace_that_could_be_entered() {
    let (kernel, _) = kernel();
    let options = Options::new()
        .netns(Netns::named("no-such-name"))
        .kernel(&kernel);
    Client::open_with(&options).expect("it is registered");
}
