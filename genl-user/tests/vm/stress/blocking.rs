//! A thread with blocking clients.

use std::time::{Duration, Instant};

use genl_user::Error;
use genl_user::families::kvstore::{
    Client, Del, Event, Events, Get, GetDump, GetReplyOwned, Group, MAX_VALUE_LEN, Set, Stats,
};

use super::Stress;
use super::model::Model;
use crate::hostile::random::Random;

/// How long an event may take that was sent before the write was answered.
const SOON: Duration = Duration::from_secs(20);

/// Does whatever comes to its mind.
pub(super) fn run(stress: &Stress, worker: u64) {
    let mut model = Model::new(worker, &stress.calm);
    let mut random = Random::new(stress.seed, worker);
    let mut client = None;
    while stress.goes_on() {
        model.begin(&stress.calm);
        if client.is_none() || random.once_in(30) {
            client = match Client::open() {
                Ok(client) => Some(client),
                Err(error) => {
                    model.excuse(&stress.calm, &error);
                    None
                }
            };
        }
        if let Some(client) = &mut client {
            step(stress, client, &mut model, &mut random);
        }
        stress.step_done(worker);
    }
}

fn step(stress: &Stress, client: &mut Client, model: &mut Model, random: &mut Random) {
    let calm = &stress.calm;
    let key = model.key(random);
    match random.below(20) {
        0..6 => {
            let value = value(random);
            let outcome = set(client, &key, &value);
            model.wrote(calm, &key, Some(&value), outcome.as_ref().copied());
        }
        6..8 => {
            let outcome = client.del(&Del { key: &key }).map(|reply| reply.revision());
            model.wrote(calm, &key, None, outcome.as_ref().copied());
        }
        8..12 => {
            let outcome = client.get(&Get { key: &key });
            model.read(calm, &key, outcome.as_ref().map(|entry| entry.value()));
        }
        12..14 => dump(stress, client, model),
        14 => drop_a_dump(stress, client, model, random),
        15 => be_refused(stress, client, model, &key),
        16 => lose_patience(stress, client, model, random),
        17 => listen(stress, client, model, random),
        _ => {
            if let Err(error) = client.stats(&Stats {}) {
                model.excuse(calm, &error);
            }
        }
    }
}

/// Anything that fits, and says which one it is.
pub(super) fn value(random: &mut Random) -> Vec<u8> {
    let len = 8 + random.below(600);
    random.bytes(len)
}

fn set(client: &mut Client, key: &str, value: &[u8]) -> Result<Option<u64>, Error> {
    let set = Set {
        key,
        value: Some(value),
        ..Set::default()
    };
    client.set(&set).map(|reply| reply.revision())
}

fn dump(stress: &Stress, client: &mut Client, model: &mut Model) {
    let prefix = model.prefix().to_owned();
    let dump = match client.get_dump(&GetDump {
        prefix: Some(&prefix),
    }) {
        Ok(dump) => dump,
        Err(error) => return model.excuse(&stress.calm, &error),
    };
    let mut entries: Vec<GetReplyOwned> = Vec::new();
    let mut end = Ok(());
    for entry in dump.owned() {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => end = Err(error),
        }
    }
    model.dumped(&stress.calm, &entries, end.as_ref().copied());
}

/// Reads some of all entries, and no more.
fn drop_a_dump(stress: &Stress, client: &mut Client, model: &Model, random: &mut Random) {
    match client.get_dump(&GetDump::default()) {
        Ok(mut dump) => {
            for _ in 0..random.below(4) {
                match dump.next() {
                    Ok(Some(entry)) => assert!(entry.key().is_some()),
                    Ok(None) | Err(Error::DumpInterrupted { .. }) => return,
                    Err(error) => return model.excuse(&stress.calm, &error),
                }
            }
        }
        Err(error) => model.excuse(&stress.calm, &error),
    }
}

fn be_refused(stress: &Stress, client: &mut Client, model: &Model, key: &str) {
    let value = vec![0; MAX_VALUE_LEN as usize + 1];
    match set(client, key, &value) {
        Err(Error::Refused(refused)) if refused.errno == libc::ERANGE => {
            assert_eq!(refused.attribute.as_deref(), Some("set.value"));
        }
        Err(error) => model.excuse(&stress.calm, &error),
        Ok(_) => panic!("a value of {} bytes was taken", value.len()),
    }
}

/// Waits for an answer hardly at all; the next call gets its own answer nevertheless.
fn lose_patience(stress: &Stress, client: &mut Client, model: &mut Model, random: &mut Random) {
    let connection = client.connection();
    connection
        .set_timeout(Some(Duration::from_micros(1)))
        .expect("a timeout");
    let key = model.key(random);
    let value = value(random);
    match set(client, &key, &value) {
        Err(Error::TimedOut(_)) => model.gave_up_writing(&key, Some(&value)),
        outcome => model.wrote(&stress.calm, &key, Some(&value), outcome.as_ref().copied()),
    }
    let connection = client.connection();
    connection
        .set_timeout(Some(genl_user::DEFAULT_TIMEOUT))
        .expect("a timeout");
}

/// What is written while somebody listens is heard, all of it, in its order.
fn listen(stress: &Stress, client: &mut Client, model: &mut Model, random: &mut Random) {
    let calm = &stress.calm;
    let mut events = match Events::open(&[Group::Changes]) {
        Ok(events) => events,
        Err(error) => return model.excuse(calm, &error),
    };
    let spell = model.begin(calm);
    let mut expected = Vec::new();
    for _ in 0..1 + random.below(4) {
        let key = model.key(random);
        let value = value(random);
        let outcome = set(client, &key, &value);
        model.wrote(calm, &key, Some(&value), outcome.as_ref().copied());
        expected.push((key, value));
    }
    let begun = Instant::now();
    let mut heard = expected.iter();
    let mut next = heard.next();
    while let Some((key, value)) = next {
        match events.next_timeout(SOON.saturating_sub(begun.elapsed())) {
            Ok(Some(Event::SetNtf(entry))) => {
                let own = entry
                    .key()
                    .is_some_and(|key| key.starts_with(model.prefix()));
                if own {
                    assert_eq!(
                        (entry.key(), entry.value()),
                        (Some(&**key), Some(&value[..]))
                    );
                    next = heard.next();
                }
            }
            Ok(Some(Event::Overrun)) => return,
            Ok(Some(_)) => {}
            // A family that has come anew is another one to who listens to the old one.
            Ok(None) => return assert!(!calm.lasts(spell), "the change of {key} was not heard of"),
            Err(error) => panic!("{error:?}"),
        }
    }
}
