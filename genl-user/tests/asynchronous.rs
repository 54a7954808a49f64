//! Async clients, in both kinds of runtimes of tokio's, against the controller.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use genl_user::families::nlctrl::{AsyncClient, Getfamily, GetfamilyDump, GetfamilyReplyOwned};
use genl_user::{Error, Options};

fn by_name(name: &str) -> Getfamily<'_> {
    Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    }
}

async fn describes_itself(client: &mut AsyncClient) {
    let family = client.getfamily(&by_name("nlctrl")).await.unwrap();
    assert_eq!(family.family_name(), Some("nlctrl"));
    assert_eq!(family.family_id(), Some(16));
}

#[tokio::test]
async fn a_call_is_answered_or_refused() {
    let mut client = AsyncClient::open().await.unwrap();
    describes_itself(&mut client).await;
    let error = client.getfamily(&by_name("no-such")).await.unwrap_err();
    assert_eq!(error.errno(), Some(libc::ENOENT));
    describes_itself(&mut client).await;
}

#[tokio::test]
async fn a_dump_is_read_in_three_ways() {
    let mut client = AsyncClient::open().await.unwrap();
    let mut names = Vec::new();
    let mut dump = client.getfamily_dump(&GetfamilyDump {}).await.unwrap();
    while let Some(family) = dump.next().await.unwrap() {
        names.push(family.family_name().unwrap().to_owned());
    }
    drop(dump);
    assert!(names.contains(&"nlctrl".to_owned()));

    let dump = client.getfamily_dump(&GetfamilyDump {}).await.unwrap();
    let mut copies = dump.owned();
    let mut count = 0;
    while let Some(family) = copies.next().await {
        family.unwrap();
        count += 1;
    }
    drop(copies);
    assert_eq!(count, names.len());

    let dump = client.getfamily_dump(&GetfamilyDump {}).await.unwrap();
    assert_eq!(dump.consistent(3).await.unwrap().len(), names.len());
}

#[tokio::test]
async fn an_abandoned_dump_is_not_in_the_way() {
    let mut client = AsyncClient::open().await.unwrap();
    for _ in 0..3 {
        let mut dump = client.getfamily_dump(&GetfamilyDump {}).await.unwrap();
        assert!(dump.next().await.unwrap().is_some());
    }
    describes_itself(&mut client).await;
}

#[tokio::test]
async fn replies_come_one_after_the_other() {
    use genl_user::families::nlctrl::Client;
    let mut client = AsyncClient::open().await.unwrap();
    let connection = client.connection();
    let request = by_name("nlctrl");
    let replies = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request);
    let mut replies = replies.await.unwrap();
    let family = replies.next().await.unwrap().unwrap();
    assert_eq!(family.family_id(), Some(16));
    assert!(replies.next().await.unwrap().is_none());
}

/// The future of a call can move between the threads of a runtime.
#[test]
fn tasks_of_several_threads_have_clients() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let tasks = (0..8).map(|_| {
            tokio::spawn(async {
                let mut client = AsyncClient::open().await.unwrap();
                for _ in 0..50 {
                    describes_itself(&mut client).await;
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

#[tokio::test]
async fn a_family_that_is_not_there_is_named() {
    static ABSENT: genl_user::Family = genl_user::Family {
        name: "no-such-family",
        version: 1,
    };
    let options = Options::new().timeout(Duration::from_secs(1));
    let error = genl_user::AsyncConnection::open_with(&ABSENT, &options)
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::UnknownFamily { name, .. } if name == "no-such-family"));
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_pool_lends_clients_to_tasks() {
    let pool = genl_user::Pool::new(AsyncClient::open);
    let ports = {
        let mut one = pool.get_async().await.unwrap();
        let mut two = pool.get_async().await.unwrap();
        describes_itself(&mut one).await;
        describes_itself(&mut two).await;
        [one.connection().port(), two.connection().port()]
    };
    assert_ne!(ports[0], ports[1]);
    let mut again = pool.get_async().await.unwrap();
    assert!(ports.contains(&again.connection().port()));
}

/// Another task of the same thread, and how many turns it has had.
fn neighbour() -> Arc<AtomicUsize> {
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    turns
}

#[tokio::test]
async fn who_calls_on_and_on_lets_others_have_their_turn() {
    let mut client = AsyncClient::open().await.unwrap();
    let turns = neighbour();
    // All of it is answered at once, so nothing has to be waited for.
    for _ in 0..1000 {
        describes_itself(&mut client).await;
    }
    let calls = turns.swap(0, Ordering::Relaxed);
    for _ in 0..1000 {
        let mut dump = client.getfamily_dump(&GetfamilyDump {}).await.unwrap();
        while dump.next().await.unwrap().is_some() {}
    }
    let dumps = turns.swap(0, Ordering::Relaxed);
    for _ in 0..1000 {
        let mut batch = client.pipeline();
        let ticket = batch.getfamily(&by_name("nlctrl")).unwrap();
        batch.send().await.unwrap().take(ticket).unwrap();
    }
    let batches = turns.load(Ordering::Relaxed);
    assert!(
        calls > 1 && dumps > 1 && batches > 1,
        "{calls} {dumps} {batches}"
    );
}
