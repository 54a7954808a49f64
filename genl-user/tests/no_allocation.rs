//! In steady state a request allocates nothing. Alone in its file, as it counts the process's
//! allocations: the test harness has other threads.

mod counting;

use genl_user::families::nlctrl::{Client, Getfamily, GetfamilyDump};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn main() {
    let mut client = Client::open().expect("nlctrl is always there");
    let request = Getfamily {
        family_name: Some("nlctrl"),
        ..Getfamily::default()
    };
    // The first one may let buffers grow.
    describe(&mut client, &request);

    let allocations = counting::count(|| (0..1000).for_each(|_| describe(&mut client, &request)));
    assert_eq!(allocations, 0, "allocations of 1000 requests");

    let allocations = counting::count(|| (0..100).for_each(|_| dump(&mut client)));
    assert_eq!(allocations, 0, "allocations of 100 dumps");

    let allocations = counting::count(|| drop(Box::new(client.connection().port())));
    assert_eq!(
        allocations, 1,
        "allocations of a box, to see that they are counted"
    );
}

fn describe(client: &mut Client, request: &Getfamily<'_>) {
    let family = client.getfamily(request).expect("nlctrl knows itself");
    assert_eq!(family.family_name(), Some("nlctrl"));
    assert_eq!(family.ops().filter(|op| op.id().is_some()).count(), 2);
}

fn dump(client: &mut Client) {
    let mut families = client.getfamily_dump(&GetfamilyDump {}).expect("a dump");
    let mut count = 0;
    while let Some(family) = families.next().expect("a family") {
        assert!(family.family_id().is_some());
        count += 1;
    }
    assert!(count > 0);
}
