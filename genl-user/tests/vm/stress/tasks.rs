//! Tasks with async clients, on one thread.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use genl_user::Error;
use genl_user::families::kvstore::{
    AsyncClient, AsyncEvents, Del, Event, Get, GetDump, GetReplyOwned, Group, Set,
};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Stress;
use super::blocking::value;
use super::model::Model;
use crate::hostile::random::Random;

/// Runs them until all is over.
pub(super) fn run(stress: &Arc<Stress>, workers: Range<u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let mut tasks = JoinSet::new();
        for worker in workers {
            tasks.spawn(work(Arc::clone(stress), worker));
        }
        while let Some(ended) = tasks.join_next().await {
            ended.expect("no task fails");
        }
    });
}

async fn work(stress: Arc<Stress>, worker: u64) {
    let mut model = Model::new(worker, &stress.calm);
    let mut random = Random::new(stress.seed, worker);
    let mut client = None;
    while stress.goes_on() {
        model.begin(&stress.calm);
        if client.is_none() || random.once_in(30) {
            client = match AsyncClient::open().await {
                Ok(client) => Some(client),
                Err(error) => {
                    model.excuse(&stress.calm, &error);
                    None
                }
            };
        }
        if let Some(client) = &mut client {
            step(&stress, client, &mut model, &mut random).await;
        }
        stress.step_done(worker);
        // The kernel answers at once, so nothing else lets the others go on.
        tokio::task::yield_now().await;
    }
}

async fn step(stress: &Stress, client: &mut AsyncClient, model: &mut Model, random: &mut Random) {
    let calm = &stress.calm;
    let key = model.key(random);
    match random.below(16) {
        0..5 => {
            let value = value(random);
            let outcome = set(client, &key, &value).await;
            model.wrote(calm, &key, Some(&value), outcome.as_ref().copied());
        }
        5..7 => {
            let reply = client.del(&Del { key: &key }).await;
            let outcome = reply.map(|reply| reply.revision());
            model.wrote(calm, &key, None, outcome.as_ref().copied());
        }
        7..11 => {
            let outcome = client.get(&Get { key: &key }).await;
            model.read(calm, &key, outcome.as_ref().map(|entry| entry.value()));
        }
        11..13 => dump(stress, client, model).await,
        13 => give_up(client, model, random, &key).await,
        14 => give_up_a_dump(stress, client, model, random).await,
        _ => listen_in_vain(stress, model, random).await,
    }
}

async fn set(client: &mut AsyncClient, key: &str, value: &[u8]) -> Result<Option<u64>, Error> {
    let set = Set {
        key,
        value: Some(value),
        ..Set::default()
    };
    client.set(&set).await.map(|reply| reply.revision())
}

async fn dump(stress: &Stress, client: &mut AsyncClient, model: &mut Model) {
    let prefix = model.prefix().to_owned();
    let request = GetDump {
        prefix: Some(&prefix),
    };
    let mut dump = match client.get_dump(&request).await {
        Ok(dump) => dump.owned(),
        Err(error) => return model.excuse(&stress.calm, &error),
    };
    let mut entries: Vec<GetReplyOwned> = Vec::new();
    let mut end = Ok(());
    while let Some(entry) = dump.next().await {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => end = Err(error),
        }
        // Another task may write between two items.
        tokio::task::yield_now().await;
    }
    model.dumped(&stress.calm, &entries, end.as_ref().copied());
}

/// Drops the future of a write that was never polled, or was but may not have come to its end.
async fn give_up(client: &mut AsyncClient, model: &mut Model, random: &mut Random, key: &str) {
    let value = value(random);
    model.gave_up_writing(key, Some(&value));
    let set = set(client, key, &value);
    match random.once_in(3) {
        true => drop(set),
        false => drop(timeout(Duration::ZERO, set).await),
    }
}

/// Drops a dump before its end; the next call has to read what is left of it.
async fn give_up_a_dump(
    stress: &Stress,
    client: &mut AsyncClient,
    model: &mut Model,
    random: &mut Random,
) {
    let request = GetDump::default();
    let begun = timeout(Duration::ZERO, client.get_dump(&request)).await;
    let Ok(begun) = begun else { return };
    match begun {
        Ok(mut dump) => {
            for _ in 0..random.below(4) {
                match dump.next().await {
                    Ok(Some(entry)) => assert!(entry.key().is_some()),
                    Ok(None) | Err(Error::DumpInterrupted { .. }) => return,
                    Err(error) => return model.excuse(&stress.calm, &error),
                }
            }
        }
        Err(error) => model.excuse(&stress.calm, &error),
    }
}

/// Waits for events and is called away, again and again, until there is one or the time is over.
async fn listen_in_vain(stress: &Stress, model: &mut Model, random: &mut Random) {
    let mut events = match AsyncEvents::open(&[Group::Changes]).await {
        Ok(events) => events,
        Err(error) => return model.excuse(&stress.calm, &error),
    };
    for _ in 0..random.below(6) {
        match timeout(Duration::from_micros(200), events.next()).await {
            Ok(Ok(Event::SetNtf(entry))) => assert!(entry.key().is_some()),
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => panic!("{error:?}"),
        }
        sleep(Duration::from_micros(100)).await;
    }
}
