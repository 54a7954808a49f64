//! What a task does is in no other task's way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use genl_user::Options;
use genl_user::families::nltest;
use genl_user::families::nltest::server::{CountDump, Handler};
use genl_user::server::{Items, Op, Refusal};
use genl_user::testing::Kernel;

/// Each item of a dump comes by itself.
const ITEM: usize = 30_000;

/// A dump's items are built as they are asked for; this counts them.
struct Lazy(Arc<AtomicU32>);

impl Handler for Lazy {
    fn count_dump(
        &mut self,
        request: CountDump<'_>,
        _op: &mut Op<'_>,
    ) -> Result<Items<Self, nltest::CountDumpReplyOwned>, Refusal> {
        let built = Arc::clone(&self.0);
        Ok(Items::of((0..request.to()).map(move |number| {
            built.fetch_add(1, Ordering::Relaxed);
            nltest::CountDumpReplyOwned {
                number: Some(number),
                blob: Some(vec![0; ITEM]),
            }
        })))
    }
}

#[tokio::test]
async fn a_long_dump_that_is_given_up_takes_no_time_from_other_tasks() {
    let (kernel, built) = (Kernel::new(), Arc::<AtomicU32>::default());
    let lazy = nltest::server::Served(Lazy(Arc::clone(&built)));
    kernel.register(lazy).expect("it is the first");
    let options = Options::new().kernel(&kernel);
    let client = nltest::AsyncClient::open_with(&options).await;
    let mut client = client.expect("it is there");
    let request = nltest::CountDump {
        to: 100,
        ..Default::default()
    };
    let mut dump = client.count_dump(&request).await.expect("a dump");
    assert!(dump.next().await.expect("an item").is_some());
    drop(dump);
    let at_once = built.swap(0, Ordering::Relaxed);
    assert!(at_once < 20, "{at_once}");
    // The rest is read before the next one.
    let dump = client.count_dump(&request).await.expect("a dump");
    assert_eq!(dump.consistent(0).await.expect("all items").len(), 100);
    assert_eq!(at_once + built.load(Ordering::Relaxed), 200);
}
