//! What an app or its tests say of a fake kernel, and cannot mean.

use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Stats};
use genl_user::testing::{Kernel, Registration};
use genl_user::{Netns, Options};

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
