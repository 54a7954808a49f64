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

/// Reads a piece of a dump that is there: how many items of that request it has, and whether it ends it.
fn piece(to: &NlSocket, seq: u32) -> (usize, bool) {
    let mut room = vec![0; 64 << 10];
    let len = sys::receive(sys::fd(to), &mut room, libc::MSG_DONTWAIT, None).unwrap();
    let (mut items, mut ended) = (0, false);
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
    (items, ended)
}

/// Reads the pieces of dumps, each so late, until that request's has ended: how many items it had.
pub(super) fn items(to: &NlSocket, seq: u32, late: Duration) -> u32 {
    let mut all = 0;
    loop {
        assert!(comes(to), "after {all} items");
        thread::sleep(late);
        let (items, ended) = piece(to, seq);
        all += items as u32;
        if ended {
            return all;
        }
    }
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
    let (mut server, family) = speaker();
    let (slow, other) = (lazy(), lazy());
    // All of it takes longer, but nothing of it does.
    let late = Duration::from_millis(400);
    server.post.patience = 5 * late;
    ask_dump(&slow, &server, &family, (2, PIECES));
    let port = server.port();
    let (read, answered) = served(server, || {
        thread::scope(|scope| {
            let reader = scope.spawn(|| items(&slow, 2, late));
            let mut answered = 0;
            while !reader.is_finished() {
                sys::send_to(sys::fd(&other), &acknowledged(), 0, (port, 0)).unwrap();
                wait_for_answers(&other, 1);
                answered += 1;
                thread::sleep(Duration::from_millis(1));
            }
            (reader.join().unwrap(), answered)
        })
    });
    assert_eq!(read, PIECES * PIECE);
    // Who was kept waiting for each piece would have about as many answers.
    assert!(answered > 3 * PIECES, "{answered}");
}

#[test]
fn of_two_who_read_alike_one_is_not_much_later() {
    const PIECES: u32 = 300;
    let _alone = alone();
    let (server, family) = speaker();
    let readers = [lazy(), lazy()];
    for reader in &readers {
        ask_dump(reader, &server, &family, (2, PIECES));
    }
    // By turns, and not by the clock: two threads of a busy machine do not read alike.
    let read = served(server, || {
        let mut read = [0; 2];
        let end = Instant::now() + LONG;
        for turn in (0..2).cycle().take_while(|_| Instant::now() < end) {
            if !sys::poll(sys::fd(&readers[turn]), 1).unwrap() {
                continue;
            }
            let (items, ended) = piece(&readers[turn], 2);
            read[turn] += items as u32;
            if ended {
                break;
            }
        }
        read
    });
    let [later, first] = [read[0].min(read[1]), read[0].max(read[1])];
    assert_eq!(first, PIECES * PIECE);
    assert!(later > PIECES * PIECE * 3 / 4, "{later}");
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
            sys::send_to(sys::fd(&other), &acknowledged(), 0, (port, 0)).unwrap();
            wait_for_answers(&other, 1);
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
        let reader = scope.spawn(|| items(&reader, 2, Duration::ZERO));
        // For what has come, and then as long as it is told to.
        server.serve_timeout(Duration::ZERO).unwrap();
        while server.is_behind() {
            thread::sleep(Duration::from_millis(1));
            server.serve_timeout(Duration::ZERO).unwrap();
        }
        reader.join().unwrap()
    });
    assert_eq!(read, PIECES * PIECE);
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
        if started.elapsed() < LONG {
            let _ = sys::send_to(fd, &acknowledged(), libc::MSG_DONTWAIT, (port, 0));
        }
    };
    let served = nltest::server::Served(Speaker(before));
    let family = server.register(served).unwrap();
    ask_dump(&reader, &server, &family, (2, u32::MAX / PIECE));
    server.serve_timeout(Duration::from_millis(10)).unwrap();
    assert!(started.elapsed() < LONG / 2);
}

#[test]
fn who_has_the_port_of_one_that_has_given_up_has_its_own_dump() {
    let _alone = alone();
    let (server, family) = speaker();
    let reborn = lazy();
    ask_dump(&reborn, &server, &family, (2, 1_000_000));
    ask_dump(&reborn, &server, &family, (3, 5));
    let read = served(server, || items(&reborn, 3, Duration::ZERO));
    assert_eq!(read, 5 * PIECE);
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
    server.post.patience = SHORT;
    let lazy = lazy();
    ask(&lazy, &server, 20);
    server.serve_once().unwrap();
    ask_dump(&lazy, &server, &family, (2, 5));
    server.serve_once().unwrap();
    serve_to_the_end(&mut server);
    // It reads again, too late.
    assert!(answers(&lazy) < 20);
    while server.serve_timeout(SHORT).unwrap() {}
    assert_eq!(answers(&lazy), 0);
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
        let reader = scope.spawn(|| items(&well, 3, Duration::ZERO));
        let end = Instant::now() + LONG;
        while !reader.is_finished() || (deaths == 0 && Instant::now() < end) {
            let served = panic::catch_unwind(AssertUnwindSafe(|| {
                server.serve_timeout(Duration::from_millis(10)).unwrap()
            }));
            deaths += usize::from(served.is_err());
            while sys::poll(sys::fd(&ill), 0).unwrap() {
                assert!(!piece(&ill, 2).1, "it has no end");
            }
        }
        reader.join().unwrap()
    });
    assert_eq!(read, 2 * PIECE);
    assert_eq!(deaths, 1);
    assert!(server.dumps.is_empty());
}
