//! Clients that believe the processes of one user alone.

use super::callers::this;
use super::*;
use crate::events::{Heard, Listener};
use crate::sys::tests::without_rights;
use kvstore::server::Event;
use kvstore::{Client, DelNtfOwned, Group, Stats};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The user that the calling thread is.
fn user() -> u32 {
    this().unwrap().uid
}

/// Calls `run` with how to open a client of a server that believes the user whose it is, and one that
/// believes the next user.
fn believing(run: impl FnOnce(&Options, &Options)) {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    server.register(kvstore::server::Served(Nothing)).unwrap();
    let options = Options::new().peer(server.port());
    let believe = |user| options.clone().peer_user(user);
    served(server, || run(&believe(user()), &believe(user() + 1)));
}

/// It is told whose process has the port, and at once.
fn assert_told<T>(result: Result<T, Error>, (user, wanted): (u32, u32)) {
    let error = result.map(drop).unwrap_err();
    let words = format!(" is user {user}'s, not user {wanted}'s");
    assert!(error.to_string().ends_with(&words), "{error}");
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn the_user_that_is_meant_is_believed() {
    believing(|right, _| {
        let mut kv = Client::open_with(right).unwrap();
        let refused = kv.stats(&Stats {}).unwrap_err();
        assert_eq!(refused.errno(), Some(libc::EOPNOTSUPP));
        let mut listener = Listener::open_with(right).unwrap();
        listener.join::<Group>(&[]).unwrap();
    });
}

#[test]
fn another_user_is_found_out_before_anything_is_told() {
    believing(|_, wrong| {
        let told = (user(), user() + 1);
        assert_told(Client::open_with(wrong), told);
        let patient = wrong.clone().wait_for_family(Duration::from_secs(20));
        assert_told(Client::open_with(&patient), told);
        let mut listener = Listener::open_with(wrong).unwrap();
        assert_told(listener.join::<Group>(&[]), told);
    });
}

#[test]
fn a_pipeline_tells_the_wrong_user_no_more_than_the_first_piece() {
    const CALLS: usize = 1000;
    let _alone = alone();
    let (me, other) = (user(), without_rights(user));
    if me == other {
        // Nobody here may be two users.
        return;
    }
    let mut server = Server::bind().unwrap();
    server.register(kvstore::server::Served(Nothing)).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // It is asked once for each datagram.
    server.allow_admin(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        false
    });
    let options = Options::new().peer(server.port()).peer_user(me);
    let stopper = server.stopper();
    thread::scope(|scope| {
        let serving = scope.spawn(move || server.serve().map(|()| server));
        let opened = Client::open_with(&options);
        stopper.stop();
        let mut server = serving.join().unwrap().unwrap();
        let mut kv = opened.unwrap();
        asked.store(0, Ordering::SeqCst);
        let serving = scope.spawn(move || {
            without_rights(|| {
                server.serve().unwrap();
                while server.serve_timeout(Duration::ZERO).unwrap() {}
            });
        });
        let mut batch = kv.pipeline();
        let tickets: Vec<_> = (0..CALLS).map(|_| batch.stats(&Stats {})).collect();
        let answers = batch.send();
        stopper.stop();
        serving.join().unwrap();
        let answers = answers.unwrap();
        for ticket in tickets {
            assert_told(answers.take(ticket.unwrap()), (other, me));
        }
    });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn who_gets_the_port_later_is_not_believed() {
    let _alone = alone();
    let (me, other) = (user(), without_rights(user));
    if me == other {
        // Nobody here may be two users.
        return;
    }
    let mut server = Server::bind().unwrap();
    let family = server.register(kvstore::server::Served(Nothing)).unwrap();
    let options = Options::new().peer(server.port()).peer_user(me);
    let stopper = server.stopper();
    thread::scope(|scope| {
        let serving = scope.spawn(move || server.serve().map(|()| server));
        let opened = Client::open_with(&options);
        let listener = Listener::open_with(&options).and_then(|mut listener| {
            listener.join(&[Group::Changes])?;
            Ok(listener)
        });
        stopper.stop();
        let mut server = serving.join().unwrap().unwrap();
        let (mut kv, mut listener) = (opened.unwrap(), listener.unwrap());

        let mut tell = || {
            let gone = DelNtfOwned::default();
            server.tell(&family, &Event::DelNtf(&gone)).unwrap();
        };
        tell();
        assert!(matches!(listener.next(), Ok(Heard::Message(_))));
        without_rights(&mut tell);
        assert_told(listener.next(), (other, me));
        tell();
        assert!(matches!(listener.next(), Ok(Heard::Message(_))));

        let serving = scope.spawn(move || without_rights(|| server.serve()));
        let called = kv.stats(&Stats {}).map(drop);
        let mut batch = kv.pipeline();
        let ticket = batch.stats(&Stats {});
        let batched = batch
            .send()
            .and_then(|answers| answers.take(ticket?).map(drop));
        stopper.stop();
        serving.join().unwrap().unwrap();
        assert_told(called, (other, me));
        assert_told(batched, (other, me));
    });
}
