//! The app against a fake kernel: no module, no right, and errors when they are asked for.

use example_house::thermo::server::Served;
use example_house::thermo::{Client, Event, Events, Group};
use example_house::{House, warm};
use genl_user::Options;
use genl_user::testing::Kernel;

/// A kernel that has the family.
fn kernel() -> Kernel {
    let kernel = Kernel::new();
    kernel.register(Served(House::default())).unwrap();
    kernel
}

#[test]
fn a_room_gets_warmer() {
    let options = Options::new().kernel(&kernel());
    let mut client = Client::open_with(&options).unwrap();
    let mut changes = Events::open_with(&options, &[Group::Changes]).unwrap();
    assert_eq!(warm(&mut client, "kitchen", 200).unwrap(), 200);
    assert_eq!(warm(&mut client, "kitchen", 5).unwrap(), 205);
    for target in [200, 205] {
        match changes.next().unwrap() {
            Event::Changed(room) => assert_eq!(room.target(), Some(target)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_spec_forbids_is_refused() {
    let mut client = Client::open_with(&Options::new().kernel(&kernel())).unwrap();
    let error = warm(&mut client, "kitchen", 401).unwrap_err();
    assert_eq!(
        error.to_string(),
        "thermo refused set: Numerical result out of range: integer out of range; \
         at set.target, which is 401 and takes s32, -100 to 400",
    );
}

#[test]
fn a_failure_is_told() {
    let kernel = kernel();
    let mut client = Client::open_with(&Options::new().kernel(&kernel)).unwrap();
    kernel.fail_next(&Client::SET, libc::ENOMEM);
    let error = warm(&mut client, "kitchen", 5).unwrap_err();
    assert_eq!(error.errno(), Some(libc::ENOMEM));
}
