//! Dumps, to clients that read at once, late, or not at all.

use super::*;
use std::panic::{self, AssertUnwindSafe};

/// Sends a request of this number for a dump of so many pieces.
pub(super) fn ask_dump<S>(
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
pub(super) fn pieces(to: &NlSocket, seq: u32, late: Duration) -> (usize, bool) {
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

/// A server that speaks, and its family.
pub(super) fn speaker() -> (Server, Registered<impl Serve>) {
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
