//! In steady state a request allocates nothing, whether it is sent alone or with others, by a thread
//! that blocks or in a task. Alone in its file, as it counts the process's
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

    batch(&mut client, &request);
    let allocations = counting::count(|| (0..100).for_each(|_| batch(&mut client, &request)));
    assert_eq!(allocations, 0, "allocations of 100 pipelines");

    #[cfg(feature = "tokio")]
    in_a_task();

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

/// How many calls are sent together: more than are in flight at once.
const BATCH: usize = 200;

fn batch(client: &mut Client, request: &Getfamily<'_>) {
    let mut batch = client.pipeline();
    let tickets = [(); BATCH].map(|()| batch.getfamily(request).expect("it fits"));
    let answers = batch.send().expect("answers");
    for ticket in tickets {
        let family = answers.take(ticket).expect("nlctrl knows itself");
        assert_eq!(family.family_id(), Some(16));
    }
}

#[cfg(feature = "tokio")]
fn in_a_task() {
    use genl_user::families::nlctrl::AsyncClient;

    async fn describe(client: &mut AsyncClient, request: &Getfamily<'_>) {
        let family = client.getfamily(request).await;
        let family = family.expect("nlctrl knows itself");
        assert_eq!(family.family_name(), Some("nlctrl"));
    }

    async fn dump(client: &mut AsyncClient) {
        let families = client.getfamily_dump(&GetfamilyDump {}).await;
        let mut families = families.expect("a dump");
        let mut count = 0;
        while let Some(family) = families.next().await.expect("a family") {
            assert!(family.family_id().is_some());
            count += 1;
        }
        assert!(count > 0);
    }

    async fn batch(client: &mut AsyncClient, request: &Getfamily<'_>) {
        let mut batch = client.pipeline();
        let tickets = [(); BATCH].map(|()| batch.getfamily(request).expect("it fits"));
        let answers = batch.send().await.expect("answers");
        for ticket in tickets {
            let family = answers.take(ticket).expect("nlctrl knows itself");
            assert_eq!(family.family_id(), Some(16));
        }
    }

    let request = Getfamily {
        family_id: Some(16),
        ..Getfamily::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut client = AsyncClient::open().await.expect("nlctrl");
        // Once before it counts.
        for counted in [false, true] {
            let before = counting::made();
            for _ in 0..100 {
                describe(&mut client, &request).await;
                dump(&mut client).await;
                batch(&mut client, &request).await;
            }
            let made = counting::made() - before;
            assert!(!counted || made == 0, "{made} allocations in a task");
        }
    });
}
