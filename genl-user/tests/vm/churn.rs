//! Modules and namespaces that come and go, and stores that change, all of it under traffic.

mod processes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use genl_user::Error;
use genl_user::families::kvstore::{
    self, Clear, Client, Del, Event, Events, Get, GetDump, Group, Set, Stats,
};

use crate::guest::{Reload, in_new_netns, load, unload};
use crate::{keys, number, open, put};

/// The family is not there, or its module is about to go.
fn is_away(error: &Error) -> bool {
    match error {
        Error::UnknownFamily { .. } => true,
        // The client asks for a new id once; the module may have gone again since.
        Error::Refused(refused) if refused.message.is_none() => {
            [libc::ENOENT, libc::EPROTONOSUPPORT].contains(&refused.errno)
        }
        _ => false,
    }
}

#[test]
fn modules_come_and_go_under_load() {
    let _reload = Reload("kvstore");
    let rounds = number("GENL_TEST_ROUNDS", 30);
    in_new_netns(|| {
        let mut workers = processes::start("churn::traffic_for_a_module_that_goes", 4);
        let mut busy = 0u64;
        for round in 1..=rounds {
            wait_for_traffic();
            while let Err(error) = unload("kvstore") {
                assert_eq!(error.raw_os_error(), Some(libc::EWOULDBLOCK), "{error}");
                assert!(
                    workers.iter_mut().all(processes::Worker::is_running),
                    "a process has ended in round {round}"
                );
                busy += 1;
                thread::sleep(Duration::from_millis(1));
            }
            load("kvstore", "").expect("it loads");
            if round % 100 == 0 {
                println!("{round} rounds, refused {busy} times as a dump was open");
            }
        }
        let served: Vec<_> = workers.into_iter().map(processes::Worker::end).collect();
        println!("{rounds} rounds, refused {busy} times; served {served:?}");
        assert!(served.iter().all(|&served| served > 0), "{served:?}");
    });
}

/// Waits until the store, which begins empty, has been written to by others.
fn wait_for_traffic() {
    let mut kv = open();
    let begun = Instant::now();
    while kv.stats(&Stats {}).expect("stats").revision() < Some(TRAFFIC) {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody writes");
        thread::sleep(Duration::from_millis(1));
    }
}

/// So many changes are traffic.
const TRAFFIC: u64 = 60;

/// Sets, reads, subscribes and dumps; some dumps are left open, some die with their socket.
#[test]
#[ignore = "a process of modules_come_and_go_under_load"]
fn traffic_for_a_module_that_goes() {
    let wanted = processes::wanted();
    let own = processes::number();
    let (mut served, mut round) = (0, 0u64);
    while wanted.load(Ordering::Relaxed) {
        round += 1;
        match visit(own, round, wanted, &mut served) {
            Ok(()) => {}
            Err(error) if is_away(&error) => thread::sleep(Duration::from_millis(1)),
            Err(error) => panic!("{error}"),
        }
    }
    processes::tell(served);
}

fn visit(own: u64, round: u64, wanted: &AtomicBool, served: &mut u64) -> Result<(), Error> {
    let mut kv = Client::open()?;
    let events = match round % 2 {
        0 => Some(Events::open(&[Group::Changes])?),
        _ => None,
    };
    for number in 0..200 {
        if !wanted.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{own}-{}", number % 60);
        let value = [own as u8; 700];
        kv.set(&Set {
            key: &key,
            value: Some(&value),
            ..Set::default()
        })?;
        *served += 1;
        match kv.get(&Get { key: &key }) {
            Ok(entry) => assert_eq!(entry.value(), Some(&value[..])),
            // The module has gone since, and come again with an empty store.
            Err(error) if error.errno() == Some(libc::ENOENT) => {}
            Err(error) => return Err(error),
        }
        if number % 20 == 19 {
            let mut dump = kv.get_dump(&GetDump::default())?;
            for _ in 0..3 {
                dump.next()?;
            }
            // Long enough for somebody to try to unload the module.
            thread::sleep(Duration::from_millis(2));
        }
    }
    // Every other time with an event that nobody has read, and always with an open dump.
    kv.get_dump(&GetDump::default())?.next()?;
    drop(kv);
    drop(events);
    Ok(())
}

#[test]
fn namespaces_come_and_go_under_load() {
    let rounds = number("GENL_TEST_ROUNDS", 100);
    in_new_netns(|| {
        put(&mut open(), "stays", b"1");
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (mut outer, over) = (open(), &over);
            scope.spawn(move || {
                // Its namespace is the one that stays.
                while !over.load(Ordering::Relaxed) {
                    put(&mut outer, "changes", b"2");
                }
            });
            for _ in 0..rounds {
                scope.spawn(visit_a_namespace).join().expect("a visit");
            }
            over.store(true, Ordering::Relaxed);
        });
        let mut kv = open();
        assert_eq!(
            kv.get(&Get { key: "stays" }).expect("get").value(),
            Some(&b"1"[..])
        );
        assert_eq!(kv.stats(&Stats {}).expect("stats").entries(), Some(2));
    });
}

/// Makes a namespace and leaves it full of entries, with an open dump and unread events; another
/// thread is still writing to it when its last process has left.
fn visit_a_namespace() {
    crate::guest::enter_new_netns();
    let events = Events::open(&[Group::Changes]).expect("events");
    let (mut kv, mut writer) = (open(), open());
    let writing = thread::spawn(move || {
        for number in 0..30 {
            put(&mut writer, &format!("w{number}"), &[7; 2000]);
        }
    });
    for number in 0..30 {
        put(&mut kv, &format!("v{number}"), &[7; 2000]);
    }
    let mut dump = kv.get_dump(&GetDump::default()).expect("a dump");
    dump.next().expect("an entry").expect("an entry");
    drop(dump);
    drop(kv);
    drop(events);
    // It keeps the namespace alive, by its socket, until it has ended.
    drop(writing);
}

#[test]
fn a_clear_keeps_nobody_waiting() {
    // Who writes may come too late, on a machine that has much to do; but not time after time.
    const PATIENCE: Duration = Duration::from_secs(180);
    let end = Instant::now() + PATIENCE;
    while !in_new_netns(written_during_a_clear) {
        assert!(
            Instant::now() < end,
            "who writes waits for the clear to end"
        );
    }
}

/// Clears a full store while somebody writes to it; whether the writing was done before the clearing was.
fn written_during_a_clear() -> bool {
    const ENTRIES: u64 = 3_000;
    let (mut kv, mut clearer) = (open(), open());
    for number in 0..ENTRIES {
        put(&mut kv, &format!("{number:04}"), b"");
    }
    let written = thread::scope(|scope| {
        let clearing = scope.spawn(move || clearer.clear(&Clear {}).expect("clear"));
        while kv.stats(&Stats {}).expect("stats").revision() == Some(ENTRIES) {}
        // Before where it stands, and behind the last entry.
        let written = ["0", "9999"].map(|key| put(&mut kv, key, b"new"));
        clearing.join().expect("a clear");
        written
    });
    assert_eq!(keys(&mut kv, None), ["0", "9999"]);
    let revision = kv.stats(&Stats {}).expect("stats").revision();
    assert_eq!(revision, Some(2 * ENTRIES + 2));
    written[0] < 2 * ENTRIES
}

/// What each process of the next test does, in rounds.
fn writes() -> u64 {
    10 * number("GENL_TEST_ROUNDS", 30)
}

#[test]
fn processes_that_write_at_once_lose_nothing() {
    in_new_netns(|| {
        let mut changes = Events::open(&[Group::Changes]).expect("events");
        changes.set_queue_size(64 << 20).expect("a long queue");
        let workers = processes::start("churn::one_of_many_writers", 8);
        let told: Vec<_> = workers.into_iter().map(processes::Worker::result).collect();
        let made: u64 = told.iter().sum();

        let mut kv = open();
        assert_eq!(
            kv.stats(&Stats {}).expect("stats").revision(),
            Some(made),
            "{told:?}"
        );
        // The events say the same, in the order in which the store has changed.
        for expected in 1..=made {
            let revision = match changes.next_timeout(Duration::ZERO).expect("an event") {
                Some(Event::SetNtf(entry)) => entry.revision(),
                Some(Event::DelNtf(entry)) => entry.revision(),
                other => panic!("{other:?} instead of revision {expected}"),
            };
            assert_eq!(revision, Some(expected));
        }
        let left: Vec<_> = kv
            .get_dump(&GetDump::default())
            .expect("a dump")
            .owned()
            .map(|entry| entry.expect("an entry"))
            .collect();
        assert_eq!(
            kv.stats(&Stats {}).expect("stats").entries(),
            u32::try_from(left.len()).ok()
        );
        for worker in 0..8 {
            let own = left.iter().filter(|entry| is_own(entry, worker));
            let values: Vec<_> = own
                .map(|entry| entry.value.clone().unwrap_or_default())
                .collect();
            assert_eq!(
                values,
                [writes().to_string().into_bytes()],
                "of process {worker}"
            );
        }
    });
}

fn is_own(entry: &kvstore::GetReplyOwned, worker: u64) -> bool {
    entry.key.as_deref() == Some(&format!("own-{worker}"))
}

/// Writes keys that all share and one of its own; tells how many changes it has made.
#[test]
#[ignore = "a process of processes_that_write_at_once_lose_nothing"]
fn one_of_many_writers() {
    let own = format!("own-{}", processes::number());
    let mut kv = open();
    let mut made = 0;
    for round in 1..=writes() {
        let shared = (round % 10).to_string();
        put(&mut kv, &shared, own.as_bytes());
        put(&mut kv, &own, round.to_string().as_bytes());
        made += 2;
        match kv.get(&Get { key: &shared }) {
            Ok(entry) => assert!(
                entry
                    .value()
                    .is_some_and(|value| value.starts_with(b"own-"))
            ),
            Err(error) => assert_eq!(error.errno(), Some(libc::ENOENT), "{error}"),
        }
        match kv.del(&Del { key: &shared }) {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.errno(), Some(libc::ENOENT), "{error}"),
        }
        if round % 25 == 0 {
            for entry in kv.get_dump(&GetDump::default()).expect("a dump").owned() {
                match entry {
                    Ok(entry) => assert!(entry.key.is_some()),
                    // The others write meanwhile.
                    Err(Error::DumpInterrupted { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    processes::tell(made);
}
