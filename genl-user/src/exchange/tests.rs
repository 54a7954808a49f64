//! Futures that are dropped wherever they wait; the next calls have to get their own answers. And how
//! a dump begins.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Connection, Link};
use crate::dump::Dump;
use crate::error::Error;
use crate::families::nlctrl::{
    Client, FAMILY, Getfamily, GetfamilyDump, GetfamilyReplyOwned, GetpolicyDump,
};
use crate::inbox::Inbox;
use crate::options::Options;
use crate::pipeline::{Answers, Ticket};
use crate::socket::{Received, Socket};
use crate::sys::tests::{Deaf, alone, with_signals};
use crate::transport::{self, Blocking, Deadline, Receive};

/// What all transports have that are another way to wait around a [`Blocking`].
macro_rules! blocks_inside {
    () => {
        fn new(socket: Socket) -> io::Result<Self> {
            Blocking::new(socket).map(Self)
        }

        fn socket(&self) -> &Socket {
            self.0.socket()
        }

        fn socket_mut(&mut self) -> &mut Socket {
            self.0.socket_mut()
        }
    };
}

mod deadlines;
pub(crate) mod starved;

/// As a socket of a process that takes its time: each datagram has to be waited for, in both ways.
struct Slow(Blocking);

impl Receive for Slow {
    blocks_inside!();

    fn try_send(&self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        once().await;
        self.0.send(datagram, deadline).await
    }

    fn try_recv(&self, _: &mut [u8]) -> io::Result<Option<Received>> {
        Ok(None)
    }

    fn has_dumps_at_hand(&self) -> bool {
        false
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        once().await;
        self.0.recv(room, deadline).await
    }
}

/// Waits once.
async fn once() {
    let mut asked = false;
    poll_fn(|_| match std::mem::replace(&mut asked, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Polls it so often at most; `None` if it was dropped before its end.
fn poll<T>(times: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(result) = work.as_mut().poll(&mut context) {
            return Some(result);
        }
    }
    None
}

fn finish<T>(work: impl Future<Output = T>) -> T {
    poll(1000, work).expect("it ends")
}

fn open() -> Link<Slow> {
    finish(Link::establish(&FAMILY, &Options::new())).unwrap()
}

const NLCTRL: Getfamily<'_> = Getfamily {
    family_id: Some(16),
    family_name: None,
};

/// An answer that belongs to another call would not be the reply to this one, or its refusal.
fn works(link: &mut Link<Slow>) {
    let reply = finish(link.ask(&Client::GETFAMILY, &NLCTRL)).unwrap();
    let view = link.reply::<GetfamilyReplyOwned>(&Client::GETFAMILY, reply.as_ref());
    assert_eq!(view.unwrap().family_name(), Some("nlctrl"));

    let absent = Getfamily {
        family_id: Some(0xffff),
        ..NLCTRL
    };
    let refused = finish(link.ask(&Client::GETFAMILY, &absent)).unwrap_err();
    assert_eq!(refused.errno(), Some(libc::ENOENT));

    finish(link.ask_dump(&Client::GETFAMILY_DUMP, &GetfamilyDump {})).unwrap();
    let dump = Dump::<GetfamilyReplyOwned, Slow>::new(link, &Client::GETFAMILY_DUMP);
    let families = finish(dump.collect_consistent(3)).unwrap();
    let named = |name| move |it: &&GetfamilyReplyOwned| it.family_name.as_deref() == Some(name);
    assert_eq!(families.iter().filter(named("nlctrl")).count(), 1);
}

/// Drops what `work` makes after one poll, two, … until it ends; returns how often it was dropped.
fn drop_everywhere(mut work: impl AsyncFnMut(&mut Link<Slow>)) -> usize {
    let mut link = open();
    for times in 1.. {
        if poll(times, work(&mut link)).is_some() {
            return times - 1;
        }
        works(&mut link);
    }
    unreachable!("it ends")
}

#[test]
fn a_call_may_be_dropped_wherever_it_waits() {
    let dropped = drop_everywhere(async |link| {
        link.ask(&Client::GETFAMILY, &NLCTRL).await.unwrap();
    });
    assert_eq!(dropped, 2);
}

#[test]
fn opening_may_be_dropped() {
    // Whatever other tests know of the family.
    let options = Options::new().wait_for_family(Duration::ZERO);
    for times in 0..2 {
        assert!(poll(times, Link::<Slow>::establish(&FAMILY, &options)).is_none());
    }
}

#[test]
fn replies_may_be_dropped_wherever_they_wait() {
    let dropped = drop_everywhere(async |link| {
        assert!(link.ask_all(&Client::GETFAMILY, &NLCTRL).await.unwrap());
        let mut deadline = link.deadline();
        let operation = &Client::GETFAMILY;
        while let Some(_reply) = link.next_reply(operation, &mut deadline).await.unwrap() {}
    });
    assert_eq!(dropped, 3);
}

#[test]
fn a_dump_may_be_dropped_wherever_it_waits() {
    // A dump of more than one datagram.
    let dropped = drop_everywhere(async |link| {
        let request = GetpolicyDump {
            family_id: Some(16),
            ..GetpolicyDump::default()
        };
        let operation = &Client::GETPOLICY_DUMP;
        link.ask_dump(operation, &request).await.unwrap();
        let mut dump = Dump::<GetfamilyReplyOwned, Slow>::new(link, operation);
        while dump.arrived().await.unwrap().is_some() {}
    });
    assert!(dropped >= 1, "{dropped}");
}

#[test]
fn a_dropped_wait_for_an_item_loses_none() {
    let mut link = open();
    finish(link.ask_dump(&Client::GETFAMILY_DUMP, &GetfamilyDump {})).unwrap();
    let mut dump = Dump::<GetfamilyReplyOwned, Slow>::new(&mut link, &Client::GETFAMILY_DUMP);
    let mut patient = 0;
    loop {
        // Given up once before each try.
        if let Some(item) = poll(1, dump.arrived()) {
            match item.unwrap() {
                Some(_) => patient += 1,
                None => break,
            }
        } else if finish(dump.arrived()).unwrap().is_some() {
            patient += 1;
        } else {
            break;
        }
    }
    drop(dump);
    finish(link.ask_dump(&Client::GETFAMILY_DUMP, &GetfamilyDump {})).unwrap();
    let dump = Dump::<GetfamilyReplyOwned, Slow>::new(&mut link, &Client::GETFAMILY_DUMP);
    assert_eq!(patient, finish(dump.collect_consistent(0)).unwrap().len());
}

#[test]
fn a_pipeline_may_be_dropped_wherever_it_waits() {
    let dropped = drop_everywhere(async |link| {
        let mut batch = link.pipeline();
        let tickets: Vec<Ticket<GetfamilyReplyOwned>> = (0..40)
            .map(|_| batch.add(&Client::GETFAMILY, &NLCTRL).unwrap())
            .collect();
        link.send_batch(None).await.unwrap();
        let answers = Answers::of(link);
        for ticket in tickets {
            assert_eq!(answers.take(ticket).unwrap().family_id(), Some(16));
        }
    });
    assert_eq!(dropped, 41);
}

/// An id that no family has: the kernel gives out none that is as high.
const STALE: u16 = 0xfff0;

#[test]
fn what_was_there_before_the_id_was_asked_for_anew_is_there_if_that_is_dropped() {
    let mut link = open();
    link.reserve(1 << 20);
    let room = link.inbox.room().len();
    let mut works_with = async |pipeline: bool, times| {
        link.id = STALE;
        let asked = match pipeline {
            true => {
                let mut batch = link.pipeline();
                let ticket = batch.add::<GetfamilyReplyOwned>(&Client::GETFAMILY, &NLCTRL);
                let _ = ticket.unwrap();
                poll(times, link.send_batch(None)).is_some()
            }
            false => poll(times, link.ask(&Client::GETFAMILY, &NLCTRL)).is_some(),
        };
        link.inbox.release();
        assert!(link.inbox.room().len() >= room, "after {times} polls");
        assert_ne!(link.request.capacity(), 0, "after {times} polls");
        asked
    };
    for pipeline in [true, false] {
        let dropped = (1..).take_while(|&times| !finish(works_with(pipeline, times)));
        // In each of three exchanges once while it is sent, and once before it is answered; and what
        // answers those that were dropped comes before that.
        assert!(dropped.count() >= 6);
    }
    link.id = 16;
    works(&mut link);
}

/// Does something else with what is sent or received by itself, counted from 0.
struct Faulty {
    socket: Blocking,
    /// This request is lost.
    loses: usize,
    /// In place of this answer the kernel says that it had to drop some.
    overruns: usize,
    sent: Cell<usize>,
    received: Cell<usize>,
    /// Nothing was left in the queue.
    drained: Cell<bool>,
}

impl Receive for Faulty {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket: Blocking::new(socket)?,
            loses: usize::MAX,
            overruns: usize::MAX,
            sent: Cell::default(),
            received: Cell::default(),
            drained: Cell::default(),
        })
    }

    fn socket(&self) -> &Socket {
        self.socket.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.socket.socket_mut()
    }

    fn try_send(&self, datagram: &[u8]) -> io::Result<()> {
        match self.sent.replace(self.sent.get() + 1) == self.loses {
            true => Ok(()),
            false => self.socket.try_send(datagram),
        }
    }

    async fn send(&self, datagram: &[u8], _: &mut Deadline) -> io::Result<()> {
        self.try_send(datagram)
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        let received = self.socket.try_recv(room)?;
        self.drained.set(received.is_none());
        match received {
            Some(_) if self.received.replace(self.received.get() + 1) == self.overruns => {
                Err(io::Error::from_raw_os_error(libc::ENOBUFS))
            }
            received => Ok(received),
        }
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        match self.try_recv(room)? {
            Some(received) => Ok(received),
            None => self.socket.recv(room, deadline).await,
        }
    }
}

fn faulty() -> Link<Faulty> {
    let mut link = Link::<Faulty>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = STALE;
    link
}

#[test]
fn that_a_call_was_refused_is_told_though_nobody_says_whose_the_id_is() {
    let mut link = faulty();
    link.transport.loses = 1;
    link.within(Duration::from_millis(20));
    let refused = finish(link.ask(&Client::GETFAMILY, &NLCTRL)).unwrap_err();
    assert_eq!(refused.errno(), Some(libc::ENOENT), "{refused}");
}

#[test]
fn an_overrun_is_recovered_from_wherever_it_is_seen() {
    let nlctrl = GetfamilyDump {};
    for overruns in 0..3 {
        let mut link = faulty();
        link.transport.overruns = overruns;
        let called = finish(link.ask(&Client::GETFAMILY, &NLCTRL)).map(drop);
        assert!(
            called.is_err() && link.transport.drained.get(),
            "{overruns}"
        );
        let mut link = faulty();
        link.transport.overruns = overruns;
        let called = finish(link.ask_all(&Client::GETFAMILY, &NLCTRL)).map(drop);
        assert!(
            called.is_err() && link.transport.drained.get(),
            "{overruns}"
        );
        let mut link = faulty();
        link.transport.overruns = overruns;
        let called = finish(link.ask_dump(&Client::GETFAMILY_DUMP, &nlctrl));
        assert!(
            called.is_err() && link.transport.drained.get(),
            "{overruns}"
        );
    }
}

/// Notes how long it is what it receives.
struct Noting(Blocking, RefCell<Vec<usize>>);

impl Receive for Noting {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self(Blocking::new(socket)?, RefCell::default()))
    }

    fn socket(&self) -> &Socket {
        self.0.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.0.socket_mut()
    }

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        self.0.send(datagram, deadline).await
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        let received = self.0.try_recv(room);
        if let Ok(Some(received)) = &received {
            self.1.borrow_mut().push(received.len);
        }
        received
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        let received = self.0.recv(room, deadline).await?;
        self.1.borrow_mut().push(received.len);
        Ok(received)
    }
}

#[test]
fn a_dump_begins_with_a_large_piece_on_a_socket_that_has_received_nothing_too() {
    // 16 KiB are ethtool's policies, and the longest that a socket begins with by itself is a page.
    let pieces = |options: &Options| {
        let mut link = finish(Link::<Noting>::establish(&FAMILY, options)).unwrap();
        let first_use = link.is_new;
        link.transport.1.take();
        let request = GetpolicyDump {
            family_name: Some("ethtool"),
            ..GetpolicyDump::default()
        };
        let operation = &Client::GETPOLICY_DUMP;
        finish(link.ask_dump(operation, &request)).unwrap();
        let mut dump = Dump::<GetfamilyReplyOwned, Noting>::new(&mut link, operation);
        while finish(dump.arrived()).unwrap().is_some() {}
        drop(dump);
        (first_use, link.transport.1.take())
    };
    let (first_use, expected) = pieces(&Options::new().wait_for_family(Duration::ZERO));
    assert!(!first_use, "it has asked for the family's id");
    assert!(expected[0] > 4096, "{expected:?}");
    let (first_use, came) = pieces(&Options::new());
    assert!(first_use, "its id is known");
    // The first is not of the dump.
    assert_eq!(came[1..], expected);
}

#[test]
fn a_dump_whose_end_did_not_fit_holds_up_no_call() {
    let mut client = Connection::open(&FAMILY).unwrap();
    client.inbox = Inbox::with_room(64);
    let dump = client.dump::<GetfamilyReplyOwned>(&Client::GETFAMILY_DUMP, &GetfamilyDump {});
    let dump = dump.map(drop);
    assert!(matches!(dump, Err(Error::Truncated { .. })), "{dump:?}");
    client.reserve(64 << 10);
    // What is left of it is as good as nothing, and nothing more comes.
    let started = Instant::now();
    let families = client.dump::<GetfamilyReplyOwned>(&Client::GETFAMILY_DUMP, &GetfamilyDump {});
    assert!(!families.unwrap().consistent(3).unwrap().is_empty());
    assert!(started.elapsed() < crate::DEFAULT_TIMEOUT / 2);
}

#[test]
fn what_is_left_of_a_call_and_makes_no_sense_is_no_matter_of_the_next() {
    let mut link = open();
    let leave = |link: &mut Link<Slow>| {
        link.inbox = Inbox::of(&[1; 16]);
        link.reserve(64 << 10);
    };
    leave(&mut link);
    assert!(finish(link.ask_all(&Client::GETFAMILY, &NLCTRL)).unwrap());
    link.is_new = true;
    leave(&mut link);
    finish(link.ask_dump(&Client::GETFAMILY_DUMP, &GetfamilyDump {})).unwrap();
}

/// A connection to a process that has no room and does not read.
fn unheard(deaf: &Deaf) -> Connection {
    let options = Options::new().peer(deaf.port());
    Link::over(transport::open(&options).unwrap(), &FAMILY)
}

#[test]
fn a_deadline_is_also_about_who_has_no_room_for_the_request() {
    let _alone = alone();
    let deaf = Deaf::new();
    let mut link = unheard(&deaf);
    let told = format!(
        "nlctrl at port {} could not be sent getfamily within 60ms",
        deaf.port()
    );
    let (done, ends) = mpsc::channel();
    // Not in a scope: if it does not end, nobody is to wait for it.
    thread::spawn(move || {
        let wait = Duration::from_millis(60);
        let started = Instant::now();
        // A signal neither ends the wait nor lengthens it.
        let called = with_signals(wait / 6, || {
            let called = link.within(wait).order(&Client::GETFAMILY, &NLCTRL);
            (called, started.elapsed())
        });
        let begun = link
            .within(wait)
            .dump::<()>(&Client::GETFAMILY_DUMP, &NLCTRL);
        let begun = begun.map(drop);
        let mut batch = link.within(wait).pipeline();
        let ticket = batch.add::<GetfamilyReplyOwned>(&Client::GETFAMILY, &NLCTRL);
        let batched = batch.send().unwrap().take(ticket.unwrap()).map(drop);
        // Nobody waits for it any more, if it is so late.
        let _ = done.send((called, [begun, batched]));
    });
    let ended = ends.recv_timeout(Duration::from_secs(10));
    let ((called, took), others) = ended.expect("the deadline ends it");
    assert_eq!(called.unwrap_err().to_string(), told);
    assert!(took >= Duration::from_millis(50), "{took:?}");
    for other in others {
        assert_eq!(other.unwrap_err().to_string(), told);
    }
}

#[test]
fn a_request_is_sent_once_there_is_room_for_it() {
    let _alone = alone();
    let deaf = Deaf::new();
    let mut link = unheard(&deaf);
    let read = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            deaf.read_all()
        });
        let wait = Duration::from_secs(2);
        let called = link.within(wait).order(&Client::GETFAMILY, &NLCTRL);
        assert!(
            matches!(&called, Err(Error::TimedOut(late)) if late.sent),
            "{called:?}"
        );
        reader.join().unwrap()
    });
    assert_eq!(read + deaf.read_all(), deaf.full + 1);
}
