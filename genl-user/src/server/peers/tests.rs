//! Clients that read late, or not at all; and others beside them.

use super::*;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use crate::error::Error;
use crate::families::{kvstore, nltest};
use crate::family::Request;
use crate::options::Options;
use crate::server::post::{MOST_BYTES, MOST_CLIENTS};
use crate::server::{Items, Op};
use crate::sys::tests::alone;
use crate::wire::{Encoder, Head, finish};

mod callers;
mod dumps;
mod stops;
mod users;

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

/// How many answers are there.
fn answers(to: &NlSocket) -> usize {
    let mut room = [0; 64];
    let receive =
        |_: &usize| sys::receive(sys::fd(to), &mut room, libc::MSG_DONTWAIT, None).is_ok();
    (0..).take_while(receive).count()
}

/// Waits for so many answers; panics if one does not come.
fn wait_for_answers(to: &NlSocket, count: usize) {
    for at in 0..count {
        assert!(comes(to), "answer {at}");
        sys::receive(sys::fd(to), &mut [0; 64], 0, None).unwrap();
    }
}

/// Longer than anything takes that happens, on a machine with much else to do.
const LONG: Duration = Duration::from_secs(20);

/// Something comes.
fn comes(to: &NlSocket) -> bool {
    sys::poll(sys::fd(to), LONG.as_millis() as libc::c_int).unwrap()
}

/// So that who reads nothing is soon given up.
const SHORT: Duration = Duration::from_millis(100);

/// Serves until everybody has read what there was, or was given up.
fn serve_to_the_end(server: &mut Server) {
    while server.is_behind() {
        server.serve_timeout(Duration::from_millis(20)).unwrap();
    }
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
    assert_eq!(answers(&other), 1);
    assert!(started.elapsed() < LONG / 4, "{:?}", started.elapsed());
}

#[test]
fn who_reads_late_has_all_answers() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let lazy = lazy();
    ask(&lazy, &server, 20);
    server.serve_once().unwrap();
    assert!(server.is_behind());
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            wait_for_answers(&lazy, 20);
        });
        serve_to_the_end(&mut server);
    });
}

#[test]
fn who_reads_nothing_for_too_long_loses_what_was_put_aside_and_no_more() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    server.post.patience = SHORT;
    let lazy = lazy();
    ask(&lazy, &server, 20);
    server.serve_once().unwrap();
    serve_to_the_end(&mut server);
    let read = answers(&lazy);
    assert!((1..20).contains(&read), "{read}");
    // Now that it has room again, it has its answers.
    ask(&lazy, &server, 1);
    server.serve_once().unwrap();
    assert_eq!(answers(&lazy), 1);
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
    assert!(matches!(gone, Err(Error::TimedOut(_))), "{gone:?}");
    served(server, || {
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
        let called = served(server, || client.stats(&kvstore::Stats {}).map(drop));
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
        let _ = told.recv_timeout(LONG);
    };
    let replies = spoken_to(before, |client| {
        let request = nltest::Hello { text: "hello" };
        let started = Instant::now();
        let replies = client
            .connection()
            .call_all::<nltest::HelloReplyOwned>(&nltest::Client::HELLO, &request);
        let mut replies = replies.unwrap();
        replies.next().unwrap().unwrap();
        assert!(started.elapsed() < LONG / 2);
        heard.send(()).unwrap();
        1 + replies.owned().count()
    });
    assert_eq!(replies, 2);
}

/// Answers with a key that no text can be.
struct Cutting;

impl kvstore::server::Handler for Cutting {
    fn get(
        &mut self,
        _: kvstore::server::Get<'_>,
        _: &mut Op<'_>,
    ) -> Result<kvstore::GetReplyOwned, Refusal> {
        Ok(kvstore::GetReplyOwned {
            key: Some("a\0b".to_owned()),
            ..Default::default()
        })
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_refused_for_what_it_is() {
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    server.register(kvstore::server::Served(Cutting)).unwrap();
    let options = Options::new().peer(server.port());
    let error = served(server, || {
        let mut kv = kvstore::Client::open_with(&options).unwrap();
        kv.get(&kvstore::Get { key: "a" }).map(drop).unwrap_err()
    });
    assert_eq!(error.errno(), Some(libc::EINVAL));
    let words = "Invalid argument: the answer cannot be written: a text must not contain NUL";
    assert!(error.to_string().ends_with(words), "{error}");
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
        thread::sleep(SHORT);
        let fd = sys::fd(&client);
        let mut room = vec![0; 100_000];
        let is_reply = |_: &usize| {
            assert!(comes(&client));
            sys::receive(fd, &mut room, 0, None).unwrap();
            Head::read(&room).unwrap().kind == family.id
        };
        (0..CALLS).filter(is_reply).count()
    });
    assert_eq!(read, CALLS);
}

#[test]
fn an_event_that_is_too_long_is_refused() {
    struct Long(usize);
    impl crate::server::Encode for Long {
        fn encode(&self, out: &mut Encoder<'_>) -> Result<(), crate::wire::Unfit> {
            (0..self.0).try_for_each(|_| out.bytes(1, &[0; 60_000]))
        }
    }
    impl Event for Long {
        fn cmd(&self) -> u8 {
            1
        }
        fn group(&self) -> Option<u8> {
            Some(0)
        }
    }
    let _alone = alone();
    let mut server = Server::bind().unwrap();
    let family = server.register(kvstore::server::Served(Nothing)).unwrap();
    server.tell(&family, &Long(1)).unwrap();
    let refused = server.tell(&family, &Long(10)).unwrap_err();
    assert_eq!(refused.errno(), libc::EMSGSIZE);
}
