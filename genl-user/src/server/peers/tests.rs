//! Clients that read late, or not at all; and others beside them.

use super::*;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use crate::error::Error;
use crate::families::{kvstore, nltest};
use crate::family::Request;
use crate::options::Options;
use crate::server::post::{MOST_BYTES, MOST_CLIENTS, PATIENCE};
use crate::server::{Items, Op};
use crate::sys::tests::alone;
use crate::wire::{Encoder, Head, finish};

struct Nothing;

impl kvstore::server::Handler for Nothing {}
impl nltest::server::Handler for Nothing {}

/// A client whose queue has room for one answer, or a few.
fn lazy() -> NlSocket {
    let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    socket
}

/// A request that is answered by an ACK.
fn acknowledged() -> Vec<u8> {
    let head = Head {
        len: 0,
        kind: libc::NLMSG_NOOP as u16,
        flags: (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16,
        seq: 1,
        port: 0,
    };
    head.with_body(&[])
}

/// Sends so many requests that are answered by an ACK.
fn ask(from: &NlSocket, server: &Server, count: usize) {
    let requests = acknowledged().repeat(count);
    sys::send_to(sys::fd(from), &requests, 0, (server.port(), 0)).unwrap();
}

/// How many answers are there, or come within a second.
fn answers(to: &NlSocket, flags: libc::c_int) -> usize {
    let fd = sys::fd(to);
    let came = || match flags {
        libc::MSG_DONTWAIT => true,
        _ => sys::poll(fd, 1000).unwrap(),
    };
    (0..)
        .take_while(|_| came() && sys::receive(fd, &mut [0; 64], flags, None).is_ok())
        .count()
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let lazy: Vec<_> = (0..8).map(|_| lazy()).collect();
    let other = self::lazy();
    let started = Instant::now();
    for client in &lazy {
        ask(client, &server, 20);
        server.serve_once().unwrap();
    }
    ask(&other, &server, 1);
    server.serve_once().unwrap();
    assert_eq!(answers(&other, libc::MSG_DONTWAIT), 1);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

/// Serves for as long as nothing but time ends it.
fn serve_for(server: &mut Server, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        server.serve_timeout(Duration::from_millis(20)).unwrap();
    }
}

#[test]
fn who_reads_late_has_all_answers() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let lazy = lazy();
    ask(&lazy, &server, 20);
    server.serve_once().unwrap();
    assert!(server.is_behind());
    let read = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            thread::sleep(PATIENCE / 4);
            answers(&lazy, 0)
        });
        serve_for(&mut server, PATIENCE);
        reader.join().unwrap()
    });
    assert_eq!(read, 20);
    assert!(!server.is_behind());
}

#[test]
fn who_reads_nothing_for_too_long_loses_what_was_put_aside_and_no_more() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let lazy = lazy();
    ask(&lazy, &server, 20);
    serve_for(&mut server, 2 * PATIENCE);
    assert!(!server.is_behind());
    let read = answers(&lazy, libc::MSG_DONTWAIT);
    assert!((1..20).contains(&read), "{read}");
    // Now that it has room again, it has its answers.
    ask(&lazy, &server, 1);
    server.serve_once().unwrap();
    assert_eq!(answers(&lazy, libc::MSG_DONTWAIT), 1);
}

#[test]
fn what_is_put_aside_does_not_grow_without_end() {
    /// More than an ACK takes.
    const ACK: usize = 64;
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let greedy = lazy();
    for _ in 0..20 {
        ask(&greedy, &server, 10_000);
        server.serve_once().unwrap();
    }
    let aside = server.post.put_aside();
    assert!((1..=MOST_BYTES / 2 + ACK).contains(&aside), "{aside}");

    let lazy: Vec<_> = (0..100).map(|_| lazy()).collect();
    for client in &lazy {
        ask(client, &server, 10_000);
        server.serve_once().unwrap();
    }
    let aside = server.post.put_aside();
    let most = MOST_BYTES + (MOST_CLIENTS + 1) * ACK;
    assert!((1..=most).contains(&aside), "{aside}");
    // Who comes when there are so many has a place nevertheless.
    let late = self::lazy();
    ask(&late, &server, 20);
    server.serve_once().unwrap();
    assert!(server.post.is_behind(late.pid().unwrap()));
}

#[test]
fn a_family_whose_groups_have_no_room_is_refused() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let served = Box::new(kvstore::server::Served(Nothing));
    let refused = server.engine.register(served, 1, &mut server.post);
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let words = "no groups are left for the family \"kvstore\"";
    assert_eq!(error.to_string(), words);
}

#[test]
fn no_time_is_too_long() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let client = lazy();
    ask(&client, &server, 1);
    assert!(server.serve_timeout(Duration::MAX).unwrap());
    assert!(!server.serve_timeout(Duration::ZERO).unwrap());
}

#[test]
fn what_answers_a_client_that_is_gone_answers_no_other() {
    let _alone = alone();
    // Whoever has the process's own number leaves it to the clients, one after the other.
    let first = Server::bind().unwrap();
    let mut server = Server::bind().unwrap();
    drop(first);
    server.register(kvstore::server::Served(Nothing)).unwrap();
    let wanted = server.register(nltest::server::Served(Nothing)).unwrap();
    let options = Options::new().peer(server.port());
    let hasty = options.clone().timeout(Duration::from_millis(10));
    let gone = kvstore::Client::open_with(&hasty).map(drop);
    assert!(matches!(gone, Err(Error::TimedOut)), "{gone:?}");
    thread::scope(|scope| {
        scope.spawn(|| {
            let quiet = Duration::from_secs(1);
            while server.serve_timeout(quiet).unwrap() {}
        });
        let mut client = nltest::Client::open_with(&options).unwrap();
        assert_eq!(client.connection().family_id(), wanted.id);
    });
}

#[test]
fn who_has_the_port_of_a_server_that_is_gone_gets_no_requests_for_its_families() {
    let _alone = alone();
    // One in a thousand times it has the same id nevertheless.
    let served = (0..5).any(|_| {
        let mut server = Server::bind().unwrap();
        server.register(kvstore::server::Served(Nothing)).unwrap();
        let port = server.port();
        let options = Options::new().peer(port);
        let (mut client, mut server) = thread::scope(|scope| {
            let open = scope.spawn(|| kvstore::Client::open_with(&options).unwrap());
            server.serve_once().unwrap();
            (open.join().unwrap(), server)
        });
        drop(server);
        server = Server::bind().unwrap();
        assert_eq!(server.port(), port);
        server.register(nltest::server::Served(Nothing)).unwrap();
        let called = thread::scope(|scope| {
            let call = scope.spawn(|| client.stats(&kvstore::Stats {}).map(drop));
            while server.serve_timeout(Duration::from_millis(100)).unwrap() {}
            call.join().unwrap()
        });
        matches!(called, Err(Error::UnknownFamily { .. }))
    });
    assert!(served);
}

/// Says things one after the other; calls the closure before it says the next one.
struct Speaker<F>(F);

/// So much of what it says goes into one piece of a dump.
const PIECE: u32 = 4;

impl<F: FnMut(u32) + Clone + Send + 'static> nltest::server::Handler for Speaker<F> {
    /// Gives two replies.
    fn hello(
        &mut self,
        _: nltest::server::Hello<'_>,
        op: &mut Op<'_>,
    ) -> Result<nltest::HelloReplyOwned, Refusal> {
        let cmd = nltest::Client::HELLO.answer.cmd().unwrap();
        op.reply(cmd, &nltest::HelloReplyOwned::default())?;
        (self.0)(1);
        Ok(nltest::HelloReplyOwned::default())
    }

    /// Is too long for a datagram.
    fn echo(
        &mut self,
        _: nltest::server::Echo<'_>,
        _: &mut Op<'_>,
    ) -> Result<nltest::EchoReplyOwned, Refusal> {
        Ok(nltest::EchoReplyOwned {
            multi: vec![0; 100_000],
            ..Default::default()
        })
    }

    fn count_dump(
        &mut self,
        request: nltest::server::CountDump<'_>,
        _: &mut Op<'_>,
    ) -> Result<Items<Self, nltest::CountDumpReplyOwned>, Refusal> {
        let mut before = self.0.clone();
        Ok(Items::of((0..request.to()).map(move |number| {
            before(number);
            nltest::CountDumpReplyOwned {
                number: Some(number),
                blob: Some(vec![0; 30_000 / PIECE as usize]),
            }
        })))
    }
}

/// Sends a request of this number for a dump of so many pieces.
fn ask_dump<S>(
    from: &NlSocket,
    server: &Server,
    family: &Registered<S>,
    (seq, pieces): (u32, u32),
) {
    let operation = &nltest::Client::COUNT_DUMP;
    let head = Head {
        len: 0,
        kind: family.id,
        flags: (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16,
        seq,
        port: from.pid().unwrap(),
    };
    let mut request = Vec::new();
    head.begin(operation.cmd, nltest::FAMILY.version, &mut request);
    let wanted = nltest::CountDump {
        to: pieces * PIECE,
        ..Default::default()
    };
    wanted.encode(&mut Encoder::new(&mut request)).unwrap();
    finish(&mut request);
    sys::send_to(sys::fd(from), &request, 0, (server.port(), 0)).unwrap();
}

/// Reads the pieces of dumps that come within a second of each other, each so late: the number of
/// each one's items, and whether it ends the dump of that request.
fn pieces(to: &NlSocket, seq: u32, late: Duration) -> (usize, bool) {
    let fd = sys::fd(to);
    let mut room = vec![0; 64 << 10];
    let (mut items, mut ended) = (0, false);
    while !ended && sys::poll(fd, 1000).unwrap() {
        thread::sleep(late);
        let len = sys::receive(fd, &mut room, libc::MSG_DONTWAIT, None).unwrap();
        let mut rest = &room[..len];
        while let Ok(head) = Head::read(rest) {
            let is_end = i32::from(head.kind) == libc::NLMSG_DONE;
            match head.seq == seq {
                true if is_end => ended = true,
                true => items += 1,
                false => {}
            }
            rest = &rest[head.len.next_multiple_of(4).min(rest.len())..];
        }
    }
    (items, ended)
}

/// Runs the closure while the server serves.
fn served<T>(mut server: Server, run: impl FnOnce() -> T) -> T {
    thread::scope(|scope| {
        // It ends with this, which is dropped even if a test fails.
        let (_going, goes) = mpsc::channel::<()>();
        scope.spawn(move || {
            while goes.try_recv() == Err(mpsc::TryRecvError::Empty) {
                server.serve_timeout(Duration::from_millis(10)).unwrap();
            }
        });
        run()
    })
}

/// A client of a server that speaks so, and does so while the closure runs.
fn spoken_to<T>(
    before: impl FnMut(u32) + Clone + Send + 'static,
    run: impl FnOnce(&mut nltest::Client) -> T,
) -> T {
    let mut server = Server::bind().unwrap();
    server
        .register(nltest::server::Served(Speaker(before)))
        .unwrap();
    let options = Options::new().peer(server.port());
    served(server, || {
        run(&mut nltest::Client::open_with(&options).unwrap())
    })
}

#[test]
fn an_answer_is_sent_before_the_next_is_built() {
    let _alone = alone();
    let (heard, told) = mpsc::channel();
    let told = Arc::new(Mutex::new(told));
    let before = move |_| {
        let told = told.lock().unwrap();
        // If it never comes, the second reply does, and the test fails.
        let _ = told.recv_timeout(Duration::from_secs(2));
    };
    let replies = spoken_to(before, |client| {
        let request = nltest::Hello { text: "hello" };
        let started = Instant::now();
        let replies = client
            .connection()
            .call_all::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &request);
        let mut replies = replies.unwrap();
        replies.next().unwrap().unwrap();
        assert!(started.elapsed() < Duration::from_secs(1));
        heard.send(()).unwrap();
        1 + replies.owned().count()
    });
    assert_eq!(replies, 2);
}

#[test]
fn an_answer_that_is_too_long_to_be_sent_is_refused() {
    let _alone = alone();
    let told = spoken_to(
        |_| (),
        |client| client.echo(&nltest::Echo::default()).map(drop),
    );
    let refused = told.unwrap_err();
    assert_eq!(refused.errno(), Some(libc::EMSGSIZE), "{refused}");
}

/// Gives a reply of 80,000 bytes.
struct Verbose;

impl nltest::server::Handler for Verbose {
    fn echo(
        &mut self,
        _: nltest::server::Echo<'_>,
        _: &mut Op<'_>,
    ) -> Result<nltest::EchoReplyOwned, Refusal> {
        Ok(nltest::EchoReplyOwned {
            multi: vec![0; 10_000],
            ..Default::default()
        })
    }
}

#[test]
fn who_asks_for_much_at_once_has_all_of_it() {
    const CALLS: usize = 60;
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let family = server.register(nltest::server::Served(Verbose)).unwrap();
    let client = lazy();
    let head = Head {
        len: 0,
        kind: family.id,
        flags: libc::NLM_F_REQUEST as u16,
        seq: 1,
        port: client.pid().unwrap(),
    };
    let mut request = Vec::new();
    let cmd = nltest::Client::ECHO.cmd;
    head.begin(cmd, nltest::FAMILY.version, &mut request);
    finish(&mut request);
    let requests = request.repeat(CALLS);
    sys::send_to(sys::fd(&client), &requests, 0, (server.port(), 0)).unwrap();
    let read = served(server, || {
        // All of them are served before it reads.
        thread::sleep(PATIENCE / 4);
        let fd = sys::fd(&client);
        let mut room = vec![0; 100_000];
        let is_reply = |_: &usize| {
            assert!(sys::poll(fd, 1000).unwrap());
            sys::receive(fd, &mut room, 0, None).unwrap();
            Head::read(&room).unwrap().kind == family.id
        };
        (0..CALLS).filter(is_reply).count()
    });
    assert_eq!(read, CALLS);
}

/// A server that speaks, and its family.
fn speaker() -> (Server, Registered<impl Serve>) {
    let mut server = Server::bind().unwrap();
    let served = nltest::server::Served(Speaker(|_| ()));
    let family = server.register(served).unwrap();
    (server, family)
}

#[test]
fn a_slow_reader_of_a_dump_has_all_of_it_and_keeps_nobody_waiting() {
    const PIECES: u32 = 8;
    let _alone = alone();
    let (server, family) = speaker();
    let (slow, other) = (lazy(), lazy());
    ask_dump(&slow, &server, &family, (2, PIECES));
    let ask = |server: u32| {
        let (head, to) = (acknowledged(), (server, 0));
        sys::send_to(sys::fd(&other), &head, 0, to).unwrap();
    };
    let port = server.port();
    let (read, longest) = served(server, || {
        thread::scope(|scope| {
            let reader = scope.spawn(|| pieces(&slow, 2, PATIENCE / 3));
            let mut longest = Duration::ZERO;
            while !reader.is_finished() {
                let started = Instant::now();
                ask(port);
                assert!(sys::poll(sys::fd(&other), 2000).unwrap());
                longest = longest.max(started.elapsed());
                assert_eq!(answers(&other, libc::MSG_DONTWAIT), 1);
                thread::sleep(Duration::from_millis(1));
            }
            (reader.join().unwrap(), longest)
        })
    });
    assert_eq!(read, ((PIECES * PIECE) as usize, true));
    assert!(longest < PATIENCE / 5, "{longest:?}");
}

#[test]
fn of_two_who_read_alike_one_is_not_much_later() {
    let _alone = alone();
    let (server, family) = speaker();
    let readers = [lazy(), lazy()];
    for reader in &readers {
        ask_dump(reader, &server, &family, (2, 300));
    }
    let took = served(server, || {
        thread::scope(|scope| {
            let times = readers.each_ref().map(|reader| {
                scope.spawn(|| {
                    let started = Instant::now();
                    let read = pieces(reader, 2, Duration::from_micros(200));
                    assert_eq!(read, ((300 * PIECE) as usize, true));
                    started.elapsed()
                })
            });
            times.map(|time| time.join().unwrap())
        })
    });
    let [one, other] = took;
    assert!(one.max(other) * 3 < one.min(other) * 4, "{took:?}");
}

#[test]
fn a_long_dump_keeps_nobody_waiting_for_its_end() {
    let _alone = alone();
    let (server, family) = speaker();
    let (reader, other) = (lazy(), lazy());
    // It would take minutes.
    ask_dump(&reader, &server, &family, (2, 1_000_000));
    let port = server.port();
    served(server, || {
        thread::scope(|scope| {
            let (_going, goes) = mpsc::channel::<()>();
            scope.spawn(move || {
                let mut room = vec![0; 64 << 10];
                while goes.try_recv() == Err(mpsc::TryRecvError::Empty) {
                    let _ = sys::receive(sys::fd(&reader), &mut room, libc::MSG_DONTWAIT, None);
                }
            });
            let started = Instant::now();
            sys::send_to(sys::fd(&other), &acknowledged(), 0, (port, 0)).unwrap();
            assert!(sys::poll(sys::fd(&other), 5000).unwrap());
            assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        });
    });
}

/// A client whose queue has room for more pieces than one dump sends in a turn.
fn roomy() -> NlSocket {
    let socket = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
    socket.set_recv_buffer_size(16 << 15).unwrap();
    socket
}

#[test]
fn who_polls_learns_that_a_dump_goes_on() {
    const PIECES: u32 = 100;
    let _alone = alone();
    let (mut server, family) = speaker();
    let reader = roomy();
    ask_dump(&reader, &server, &family, (2, PIECES));
    let read = thread::scope(|scope| {
        let reader = scope.spawn(|| pieces(&reader, 2, Duration::ZERO));
        // For what has come, and then as long as it is told to.
        server.serve_timeout(Duration::ZERO).unwrap();
        while server.is_behind() {
            thread::sleep(Duration::from_millis(1));
            server.serve_timeout(Duration::ZERO).unwrap();
        }
        reader.join().unwrap()
    });
    assert_eq!(read, ((PIECES * PIECE) as usize, true));
}

#[test]
fn time_ends_though_there_is_always_more_to_do() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let reader = Arc::new(roomy());
    let (reads, port, started) = (reader.clone(), server.port(), Instant::now());
    // The client reads each piece as soon as it is sent, and asks for more.
    let before = move |_| {
        let fd = sys::fd(&reads);
        while sys::receive(fd, &mut [0; 64], libc::MSG_DONTWAIT, None).is_ok() {}
        if started.elapsed() < Duration::from_secs(2) {
            let _ = sys::send_to(fd, &acknowledged(), libc::MSG_DONTWAIT, (port, 0));
        }
    };
    let served = nltest::server::Served(Speaker(before));
    let family = server.register(served).unwrap();
    ask_dump(&reader, &server, &family, (2, u32::MAX / PIECE));
    server.serve_timeout(Duration::from_millis(10)).unwrap();
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn who_has_the_port_of_one_that_has_given_up_has_its_own_dump() {
    let _alone = alone();
    let (server, family) = speaker();
    let reborn = lazy();
    ask_dump(&reborn, &server, &family, (2, 1_000_000));
    ask_dump(&reborn, &server, &family, (3, 5));
    let read = served(server, || pieces(&reborn, 3, Duration::ZERO));
    assert_eq!(read, (5 * PIECE as usize, true));
}

#[test]
fn who_asks_for_one_dump_after_the_other_has_one() {
    let _alone = alone();
    let (mut server, family) = speaker();
    let lazy = lazy();
    ask(&lazy, &server, 20);
    for seq in 2..12 {
        ask_dump(&lazy, &server, &family, (seq, 5));
        server.serve_once().unwrap();
    }
    assert!(server.post.is_behind(lazy.pid().unwrap()));
    assert_eq!(server.dumps.len(), 1);
}

#[test]
fn no_dump_goes_on_behind_a_piece_that_is_lost() {
    let _alone = alone();
    let (mut server, family) = speaker();
    let lazy = lazy();
    ask(&lazy, &server, 20);
    server.serve_once().unwrap();
    ask_dump(&lazy, &server, &family, (2, 5));
    serve_for(&mut server, 2 * PATIENCE);
    // It reads again, too late.
    assert!(answers(&lazy, libc::MSG_DONTWAIT) < 20);
    serve_for(&mut server, PATIENCE / 5);
    assert_eq!(pieces(&lazy, 2, Duration::ZERO), (0, false));
}

#[test]
fn a_handler_that_panics_ends_its_own_call_alone() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let dies = |number| assert_ne!(number, 2 * PIECE, "as a handler's bug does");
    let family = server
        .register(nltest::server::Served(Speaker(dies)))
        .unwrap();
    let [ill, well] = [lazy(), lazy()];
    ask_dump(&ill, &server, &family, (2, 5));
    ask_dump(&well, &server, &family, (3, 2));
    let mut deaths = 0;
    let read = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let well = pieces(&well, 3, Duration::ZERO);
            (pieces(&ill, 2, Duration::ZERO).1, well)
        });
        while !reader.is_finished() {
            let served = panic::catch_unwind(AssertUnwindSafe(|| {
                server.serve_timeout(Duration::from_millis(10)).unwrap()
            }));
            deaths += usize::from(served.is_err());
        }
        reader.join().unwrap()
    });
    assert_eq!(read, (false, (2 * PIECE as usize, true)));
    assert_eq!(deaths, 1);
    assert!(server.dumps.is_empty());
}
