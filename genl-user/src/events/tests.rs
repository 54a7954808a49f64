//! What comes without end keeps nobody waiting.

use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use super::follow::{Snapshot, Step};
use super::listener::Listening;
use super::{Follow, ListeningTo};
use crate::error::Error;
use crate::families::nlctrl::Group;
use crate::options::Options;
use crate::socket::{Received, Socket};
use crate::transport::{Blocking, Deadline, Receive, now};
use crate::wire::{Head, finish};

/// As a socket into whose groups somebody sends without end: the kernel, or `BY_OTHERS` anybody else.
struct Endless<const BY_OTHERS: bool> {
    socket: Blocking,
    /// Others wait for their turn.
    is_busy: bool,
}

impl<const BY_OTHERS: bool> Receive for Endless<BY_OTHERS> {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket: Blocking::new(socket)?,
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
        self.socket.send(datagram, deadline).await
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        let head = Head {
            len: 0,
            kind: FAMILY_ID,
            flags: 0,
            seq: 0,
            port: 0,
        };
        let mut message = Vec::new();
        head.begin(0, 0, &mut message);
        finish(&mut message);
        room[..message.len()].copy_from_slice(&message);
        Ok(Some(Received {
            len: message.len(),
            from_kernel: !BY_OTHERS,
            nsid: None,
        }))
    }

    async fn recv(&self, room: &mut [u8], _: &mut Deadline) -> io::Result<Received> {
        Ok(self.try_recv(room)?.expect("there is always more"))
    }

    async fn share(&self) {
        let mut asked = !self.is_busy;
        poll_fn(|_| match mem::replace(&mut asked, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// Of no family that is listened to.
const FAMILY_ID: u16 = 0xfff0;
const SOON: Duration = Duration::from_millis(20);

fn open<const BY_OTHERS: bool>() -> Listening<Endless<BY_OTHERS>> {
    Listening::new(&Options::new().timeout(SOON)).unwrap()
}

/// What it gives, if it ends.
fn ended<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, ends) = mpsc::channel();
    // Not in a scope: if it does not end, nobody is to wait for it.
    thread::spawn(move || done.send(run()));
    let ended = ends.recv_timeout(Duration::from_secs(10));
    ended.expect("the deadline ends it")
}

#[test]
fn what_is_for_nobody_does_not_keep_a_listener_from_its_deadline() {
    let came = ended(|| {
        let mut listener = open::<true>();
        now(listener.wait(Deadline::after(Some(SOON)))).map(|next| next.is_some())
    });
    assert!(matches!(came, Ok(false)), "{came:?}");
}

#[test]
fn nor_from_its_families_when_some_of_it_was_lost() {
    let came = ended(|| {
        let mut listener = open::<true>();
        listener.unsure = true;
        now(listener.wait(Deadline::after(Some(SOON)))).map(|next| next.is_some())
    });
    assert!(matches!(came, Ok(false)), "{came:?}");
}

#[test]
fn who_joins_a_group_is_not_kept_by_what_comes_from_others() {
    for joined in [
        ended(|| now(open::<true>().join_groups(&[Group::Notify]))),
        ended(|| now(open::<false>().join_groups(&[Group::Notify]))),
    ] {
        assert!(matches!(joined, Err(Error::TimedOut(_))), "{joined:?}");
    }
}

#[test]
fn nor_does_a_dump_wait_for_the_last_event() {
    let came = ended(|| {
        let events = ListeningTo::<Group, _> {
            listener: open::<false>(),
            groups: PhantomData,
        };
        let mut follow = Follow::new(events, ());
        let dump = async || Ok(Snapshot::new(()));
        let step = now(follow.news.wait(Deadline::Never, dump));
        step.map(|step| matches!(step, Some(Step::Snapshot(()))))
    });
    assert!(matches!(came, Ok(true)), "{came:?}");
}

/// Whether it lets others have their turn again and again.
fn shares(work: impl Future) -> bool {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    (0..100).all(|_| work.as_mut().poll(&mut context).is_pending())
}

fn busy<const BY_OTHERS: bool>() -> Listening<Endless<BY_OTHERS>> {
    let mut listener = open();
    listener.transport.is_busy = true;
    listener
}

#[test]
fn who_waits_when_some_was_lost_lets_others_have_their_turn() {
    assert!(ended(|| {
        let mut listener = busy::<true>();
        listener.unsure = true;
        shares(listener.wait(Deadline::Never))
    }));
}

#[test]
fn who_joins_a_group_lets_others_have_their_turn() {
    assert!(ended(|| {
        let mut listener = busy::<true>();
        listener.timeout = None;
        shares(listener.join_groups(&[Group::Notify]))
    }));
}
