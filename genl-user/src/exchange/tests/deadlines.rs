//! Deadlines hold whatever comes meanwhile, and are those of one call.

use super::*;

use crate::flags::Flags;
use crate::transport::now;
use crate::wire::{Head, finish};

/// The number of a request that was another's.
const OTHER: u32 = 0xdead;

/// As a socket to a process that sends without end, though it was asked for nothing of that.
struct Endless {
    socket: Blocking,
    /// It answers the last request, by messages of this kind; else one that was another's.
    answers: Option<u16>,
    seq: Cell<u32>,
    /// Others wait for their turn.
    is_busy: bool,
}

impl Receive for Endless {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket: Blocking::new(socket)?,
            answers: None,
            seq: Cell::new(OTHER),
            is_busy: false,
        })
    }

    fn socket(&self) -> &Socket {
        self.socket.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.socket.socket_mut()
    }

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        if self.answers.is_some() {
            self.seq.set(Head::read(datagram).unwrap().seq);
        }
        self.socket.send(datagram, deadline).await
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        let head = Head {
            len: 0,
            kind: self.answers.unwrap_or(FAMILY_ID),
            flags: 0,
            seq: self.seq.get(),
            port: self.socket().port(),
        };
        let mut message = Vec::new();
        head.begin(0, 0, &mut message);
        finish(&mut message);
        room[..message.len()].copy_from_slice(&message);
        Ok(Some(Received {
            len: message.len(),
            from_kernel: true,
            nsid: None,
        }))
    }

    async fn recv(&self, room: &mut [u8], _: &mut Deadline) -> io::Result<Received> {
        Ok(self.try_recv(room)?.expect("there is always more"))
    }

    fn has_dumps_at_hand(&self) -> bool {
        false
    }

    async fn share(&self) {
        if self.is_busy {
            once().await;
        }
    }
}

const FAMILY_ID: u16 = 16;

fn times_out(call: impl FnOnce(&mut Link<Endless>) -> Result<(), Error> + Send + 'static) {
    assert!(sent_in_vain(call));
}

/// It times out; whether something may have been sent.
fn sent_in_vain(
    call: impl FnOnce(&mut Link<Endless>) -> Result<(), Error> + Send + 'static,
) -> bool {
    let mut link = Link::<Endless>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = FAMILY_ID;
    link.set_timeout(Some(Duration::from_millis(20))).unwrap();
    let (done, ends) = mpsc::channel();
    // Not in a scope: if it does not end, nobody is to wait for it.
    thread::spawn(move || done.send(call(&mut link)));
    let ended = ends.recv_timeout(Duration::from_secs(10));
    let called = ended.expect("the deadline ends it");
    match called.unwrap_err() {
        Error::TimedOut(late) => {
            assert_eq!((&*late.family, &*late.operation), ("nlctrl", "getfamily"));
            late.sent
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_comes_without_end_does_not_keep_a_call_from_ending() {
    times_out(|link| now(link.ask(&Client::GETFAMILY, &NLCTRL)).map(drop));
    times_out(|link| now(link.ask_all(&Client::GETFAMILY, &NLCTRL)).map(drop));
    times_out(|link| now(link.ask_dump(&Client::GETFAMILY_DUMP, &GetfamilyDump {})));
    times_out(|link| {
        let mut batch = link.pipeline();
        let ticket = batch.add::<GetfamilyReplyOwned>(&Client::GETFAMILY, &NLCTRL);
        let ticket = ticket.unwrap();
        now(link.send_batch(None)).unwrap();
        Answers::of(link).take(ticket).map(drop)
    });
}

#[test]
fn nor_does_a_dump_that_was_given_up_and_has_no_end() {
    let sent = sent_in_vain(|link| {
        link.dumping = Some(OTHER);
        let called = now(link.ask(&Client::GETFAMILY, &NLCTRL)).map(drop);
        assert_eq!(link.dumping, Some(OTHER), "it comes still");
        called
    });
    assert!(!sent);
}

#[test]
fn nor_does_one_that_was_late_and_has_no_end() {
    let sent = sent_in_vain(|link| {
        (link.dumping, link.is_dump_late) = (Some(OTHER), true);
        now(link.ask(&Client::GETFAMILY, &NLCTRL)).map(drop)
    });
    assert!(!sent);
}

#[test]
fn nor_does_what_answers_a_call_but_is_no_reply() {
    // Echoes of what it does, of another command than the reply's, and ends of dumps.
    for kind in [FAMILY_ID, libc::NLMSG_DONE as u16] {
        times_out(move |link| {
            link.transport.answers = Some(kind);
            link.with_flags(Flags::ECHO);
            now(link.ask_all(&Client::GETFAMILY, &NLCTRL)).map(drop)
        });
    }
}

#[test]
fn nor_is_who_drops_it_kept_for_its_end() {
    let sent = sent_in_vain(|link| {
        link.dumping = Some(OTHER);
        drop(Dump::<GetfamilyReplyOwned, _>::new(
            link,
            &Client::GETFAMILY_DUMP,
        ));
        now(link.ask(&Client::GETFAMILY, &NLCTRL)).map(drop)
    });
    assert!(!sent);
}

#[test]
fn others_have_their_turn_while_a_pipeline_reads_what_has_no_end() {
    let mut link = Link::<Endless>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = FAMILY_ID;
    link.transport.is_busy = true;
    let mut batch = link.pipeline();
    let ticket = batch.add::<GetfamilyReplyOwned>(&Client::GETFAMILY, &NLCTRL);
    assert!(ticket.is_ok());
    let later = Deadline::after(Some(Duration::from_secs(20)));
    assert!(poll(100, link.send_batch(Some(later))).is_none());
}

/// Loses the first answer, and counts the datagrams that are sent.
struct Losing {
    socket: Blocking,
    has_lost: Cell<bool>,
    sent: Cell<usize>,
}

impl Receive for Losing {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket: Blocking::new(socket)?,
            has_lost: Cell::default(),
            sent: Cell::default(),
        })
    }

    fn socket(&self) -> &Socket {
        self.socket.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.socket.socket_mut()
    }

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        self.sent.set(self.sent.get() + 1);
        self.socket.send(datagram, deadline).await
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        if !self.has_lost.replace(true) {
            self.socket.try_recv(room)?;
        }
        self.socket.try_recv(room)
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        self.socket.recv(room, deadline).await
    }
}

#[test]
fn no_more_of_a_pipeline_is_sent_once_one_answer_was_waited_for_in_vain() {
    let mut link = Link::<Losing>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = FAMILY_ID;
    let mut batch = link.pipeline();
    // More than have room for their answers together.
    let tickets: Vec<Ticket<GetfamilyReplyOwned>> = (0..1000)
        .map(|_| batch.add(&Client::GETFAMILY, &NLCTRL).unwrap())
        .collect();
    let wait = Deadline::after(Some(Duration::from_millis(500)));
    now(link.send_batch(Some(wait))).unwrap();
    assert_eq!(link.transport.sent.get(), 1);
    let answers = Answers::of(&link);
    let times_out = |at: usize| matches!(answers.take(tickets[at]), Err(Error::TimedOut(_)));
    assert!(times_out(0) && !times_out(1) && times_out(999));
}

/// As the socket of a task that others wait for.
struct Busy(Blocking);

impl Receive for Busy {
    blocks_inside!();

    async fn send(&self, datagram: &[u8], deadline: &mut Deadline) -> io::Result<()> {
        self.0.send(datagram, deadline).await
    }

    async fn recv(&self, room: &mut [u8], deadline: &mut Deadline) -> io::Result<Received> {
        self.0.recv(room, deadline).await
    }

    async fn share(&self) {
        once().await;
    }
}

#[test]
fn the_deadline_of_a_call_that_is_dropped_is_not_that_of_the_next() {
    let mut link = Link::<Busy>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = FAMILY_ID;
    link.within(Duration::ZERO);
    assert!(poll(1, link.ask(&Client::GETFAMILY, &NLCTRL)).is_none());
    assert!(matches!(link.deadline(), Deadline::Timeout(_)));
}
