//! What comes without end keeps nobody waiting.

use std::io;
use std::marker::PhantomData;
use std::sync::mpsc;
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
struct Endless<const BY_OTHERS: bool>(Blocking);

impl<const BY_OTHERS: bool> Receive for Endless<BY_OTHERS> {
    fn new(socket: Socket) -> io::Result<Self> {
        Blocking::new(socket).map(Self)
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
        assert!(matches!(joined, Err(Error::TimedOut)), "{joined:?}");
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
