//! Servers that are stopped, whatever they do meanwhile.

use super::dumps::{ask_dump, items, speaker};
use super::*;
use crate::server::Stopper;
use kvstore::{Client, Stats, StatsReplyOwned};

/// Lets a server do something, and tells when that has ended.
fn begun<T: Send + 'static>(
    mut server: Server,
    run: impl FnOnce(&mut Server) -> io::Result<T> + Send + 'static,
) -> mpsc::Receiver<(Server, T)> {
    let (done, ends) = mpsc::channel();
    // Not in a scope: if it does not end, nobody is to wait for it.
    thread::spawn(move || {
        let given = run(&mut server).unwrap();
        done.send((server, given)).unwrap();
    });
    ends
}

/// Stops a server a moment after it has begun to do something, which is to end then.
fn stopped<T: Send + 'static>(
    server: Server,
    run: impl FnOnce(&mut Server) -> io::Result<T> + Send + 'static,
) -> (Server, T) {
    let stopper = server.stopper();
    let ends = begun(server, run);
    thread::sleep(Duration::from_millis(100));
    assert!(ends.try_recv().is_err(), "it waits");
    stopper.stop();
    ends.recv_timeout(LONG).unwrap()
}

/// Nothing is there that a server has not taken notice of.
fn is_at_rest(server: &mut Server) -> bool {
    let (started, wait) = (Instant::now(), Duration::from_millis(50));
    !server.serve_timeout(wait).unwrap() && started.elapsed() >= wait
}

#[test]
fn whatever_waits_ends() {
    let _alone = alone();
    let server = Server::bind().unwrap();
    let (server, ()) = stopped(server, Server::serve);
    let (server, ()) = stopped(server, Server::serve_once);
    let (server, came) = stopped(server, |server| server.serve_timeout(Duration::MAX));
    assert!(came);
    let (mut server, came) = stopped(server, |server| server.serve_timeout(LONG));
    assert!(came);
    assert!(is_at_rest(&mut server));
}

#[test]
fn one_that_is_stopped_beforehand_ends_at_once_and_serves_after_that() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let client = lazy();
    let stopper = server.stopper();
    let calls: [fn(&mut Server) -> io::Result<()>; 3] =
        [Server::serve, Server::serve_once, |server| {
            server.serve_timeout(LONG).map(drop)
        }];
    for call in calls {
        ask(&client, &server, 1);
        stopper.stop();
        stopper.clone().stop();
        call(&mut server).unwrap();
        assert_eq!(answers(&client), 0);
        server.serve_once().unwrap();
        assert_eq!(answers(&client), 1);
        assert!(is_at_rest(&mut server));
    }
}

#[test]
fn only_serve_takes_a_stop_from_the_next_serve() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let client = lazy();
    for _ in 0..2 {
        ask(&client, &server, 1);
        server.stopper().stop();
        while server.serve_timeout(Duration::ZERO).unwrap() {}
        assert_eq!(answers(&client), 1);
        assert!(server.is_stopped());
        let ends = begun(server, Server::serve);
        (server, ()) = ends.recv_timeout(LONG).unwrap();
        assert!(!server.is_stopped());
    }
    (server, ()) = stopped(server, Server::serve);
    assert!(!server.is_stopped());
    let (server, ()) = stopped(server, |server| {
        while !server.is_stopped() {
            server.serve_once()?;
        }
        Ok(())
    });
    assert!(server.is_stopped());
}

#[test]
fn what_has_come_before_it_is_stopped_is_served_by_who_ends_in_peace() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let client = lazy();
    for _ in 0..20 {
        ask(&client, &server, 1);
    }
    server.stopper().stop();
    server.serve().unwrap();
    let ends = begun(server, |server| {
        let (moment, end) = (Duration::from_millis(10), Instant::now() + LONG);
        while (server.serve_timeout(moment)? || server.is_behind()) && Instant::now() < end {}
        Ok(())
    });
    wait_for_answers(&client, 20);
    let (server, ()) = ends.recv_timeout(LONG).unwrap();
    assert!(!server.is_behind());
}

#[test]
fn who_polls_the_descriptor_is_woken_each_time() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let client = lazy();
    let is_readable = |server: &Server| sys::poll(server.as_fd(), 0).unwrap();
    for _ in 0..3 {
        assert!(!is_readable(&server));
        server.stopper().stop();
        assert!(is_readable(&server));
        ask(&client, &server, 1);
        // Who hears of changes alone has to ask until nothing is there.
        while server.serve_timeout(Duration::ZERO).unwrap() {}
        assert_eq!(answers(&client), 1);
    }
}

/// Sends requests until the server has no room for more; gives how many it had room for.
fn fill(server: &Server) -> usize {
    let client = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
    let (request, to) = (acknowledged(), (server.port(), 0));
    let send = |_: &usize| sys::send_to(sys::fd(&client), &request, libc::MSG_DONTWAIT, to).is_ok();
    (0..).take_while(send).count()
}

#[test]
fn one_whose_queue_is_full_stops() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let full = fill(&server);
    server.stopper().stop();
    server.serve().unwrap();
    let served = || server.serve_timeout(Duration::ZERO).unwrap();
    assert_eq!(
        std::iter::repeat_with(served)
            .take_while(|came| *came)
            .count(),
        full
    );
    // Though it could not be woken before.
    stopped(server, Server::serve);
}

#[test]
fn who_stops_it_again_and_again_takes_no_room_from_its_clients() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let empty = fill(&server);
    while server.serve_timeout(Duration::ZERO).unwrap() {}
    for _ in 0..2 * empty {
        server.stopper().stop();
        server.serve().unwrap();
    }
    assert!(fill(&server) + 2 > empty);
}

#[test]
fn no_other_process_stops_it() {
    let _alone = alone();
    let server = Server::bind().unwrap();
    let (other, port) = (lazy(), server.port());
    let (server, ()) = stopped(server, move |server| {
        let nothing = Head {
            len: 0,
            kind: libc::NLMSG_NOOP as u16,
            flags: 0,
            seq: 0,
            port,
        };
        let sent = sys::send_to(sys::fd(&other), &nothing.with_body(&[]), 0, (port, 0));
        sent.and_then(|()| server.serve())
    });
    drop(server);
}

#[test]
fn what_outlives_a_server_does_nothing_to_who_has_its_port() {
    let _alone = alone();
    let server = Server::bind().unwrap();
    let (port, stopper) = (server.port(), server.stopper());
    drop(server);
    let mut next = Server::bind().unwrap();
    assert_eq!(next.port(), port);
    stopper.stop();
    assert!(!sys::poll(next.as_fd(), 0).unwrap());
    assert!(is_at_rest(&mut next));
}

/// Stops its own server.
struct Quitting(Stopper);

impl kvstore::server::Handler for Quitting {
    fn stats(&mut self, _: &mut Op<'_>) -> Result<StatsReplyOwned, Refusal> {
        self.0.stop();
        Ok(StatsReplyOwned::default())
    }
}

#[test]
fn what_a_handler_is_asked_as_it_stops_its_server_is_answered() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let quitting = Quitting(server.stopper());
    server.register(kvstore::server::Served(quitting)).unwrap();
    let options = Options::new().peer(server.port());
    let ends = begun(server, Server::serve);
    let mut kv = Client::open_with(&options).unwrap();
    kv.stats(&Stats {}).unwrap();
    let (mut server, ()) = ends.recv_timeout(LONG).unwrap();
    assert!(is_at_rest(&mut server));
}

#[test]
fn a_dump_that_has_not_ended_and_what_was_put_aside_go_on_when_it_serves_again() {
    const PIECES: u32 = 8;
    let _alone = alone();
    let (mut server, family) = speaker();
    let (dumping, behind) = (lazy(), lazy());
    ask_dump(&dumping, &server, &family, (2, PIECES));
    ask(&behind, &server, 20);
    for _ in 0..2 {
        server.serve_once().unwrap();
    }
    server.stopper().stop();
    server.serve().unwrap();
    assert!(server.is_behind());
    let dumped = served(server, || {
        let dumped = items(&dumping, 2, Duration::ZERO);
        wait_for_answers(&behind, 20);
        dumped
    });
    assert_eq!(dumped, PIECES * PIECE);
}
