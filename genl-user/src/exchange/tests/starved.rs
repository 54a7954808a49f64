//! Dumps that the kernel has no memory to go on with: they run on nevertheless, and so would be in the
//! next one's way.

use std::collections::VecDeque;

use super::*;

use crate::family::{Operation, Request};
use crate::transport::now;
use crate::wire::{Head, finish};

const FAMILY_ID: u16 = 16;

/// What the kernel does with dumps and NOOPs, where it has no memory at times: as
/// `__netlink_dump_start()`, `netlink_dump()` and `netlink_recvmsg()`.
struct Starved {
    socket: Blocking,
    queue: RefCell<VecDeque<Vec<u8>>>,
    /// The number of the dump that is running, and how many of its items are left.
    running: Cell<Option<(u32, usize)>>,
    /// So many pieces find memory, and then so many do not.
    lacks: Cell<(usize, usize)>,
    /// The next receive fails for want of memory (`sk_err`).
    fails: Cell<bool>,
}

const ITEMS: usize = 3;

impl Starved {
    fn push(&self, kind: u16, seq: u32, error: i32) {
        let head = Head {
            len: 0,
            kind,
            flags: 0,
            seq,
            port: self.socket().port(),
        };
        let mut message = Vec::new();
        // Of an item, the controller's NEWFAMILY.
        head.begin(1, 0, &mut message);
        if kind < FAMILY_ID {
            message[16..].copy_from_slice(&(-error).to_ne_bytes());
            message.extend([0; 16]);
        }
        finish(&mut message);
        self.queue.borrow_mut().push_back(message);
    }

    /// Queues the next piece of the dump; false if there is no memory.
    fn go_on(&self) -> bool {
        let Some((seq, left)) = self.running.get() else {
            return true;
        };
        match self.lacks.get() {
            (0, 0) => {}
            (0, lacks) => {
                self.lacks.set((0, lacks - 1));
                return false;
            }
            (finds, lacks) => self.lacks.set((finds - 1, lacks)),
        }
        match left.checked_sub(1) {
            Some(left) => {
                self.push(FAMILY_ID, seq, 0);
                self.running.set(Some((seq, left)));
            }
            None => {
                self.push(libc::NLMSG_DONE as u16, seq, 0);
                self.running.set(None);
            }
        }
        true
    }
}

impl Receive for Starved {
    fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            socket: Blocking::new(socket)?,
            queue: RefCell::default(),
            running: Cell::default(),
            lacks: Cell::default(),
            fails: Cell::default(),
        })
    }

    fn socket(&self) -> &Socket {
        self.socket.socket()
    }

    fn socket_mut(&mut self) -> &mut Socket {
        self.socket.socket_mut()
    }

    fn try_send(&self, datagram: &[u8]) -> io::Result<()> {
        let head = Head::read(datagram).unwrap();
        let error = if head.kind != FAMILY_ID {
            0
        } else if self.running.get().is_some() {
            libc::EBUSY
        } else {
            self.running.set(Some((head.seq, ITEMS)));
            if self.go_on() {
                return Ok(());
            }
            libc::ENOBUFS
        };
        self.push(libc::NLMSG_ERROR as u16, head.seq, error);
        Ok(())
    }

    async fn send(&self, datagram: &[u8], _: &mut Deadline) -> io::Result<()> {
        self.try_send(datagram)
    }

    fn try_recv(&self, room: &mut [u8]) -> io::Result<Option<Received>> {
        if self.fails.take() {
            return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
        }
        let Some(message) = self.queue.borrow_mut().pop_front() else {
            return Ok(None);
        };
        room[..message.len()].copy_from_slice(&message);
        self.fails.set(!self.go_on());
        Ok(Some(Received {
            len: message.len(),
            from_kernel: true,
            nsid: None,
        }))
    }

    async fn recv(&self, room: &mut [u8], _: &mut Deadline) -> io::Result<Received> {
        let received = self.try_recv(room)?;
        received.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

/// Reads so many items of a dump, and drops it.
fn dump<T: Receive>(
    link: &mut Link<T>,
    operation: &'static Operation,
    request: &impl Request,
    most: usize,
) -> Result<usize, Error> {
    now(link.ask_dump(operation, request))?;
    let mut dump = Dump::<GetfamilyReplyOwned, T>::new(link, operation);
    let mut items = 0;
    while items < most && now(dump.arrived())?.is_some() {
        items += 1;
    }
    Ok(items)
}

#[test]
fn a_dump_that_finds_no_memory_is_in_no_other_dumps_way() {
    for (finds, lacks, most) in (0..=ITEMS)
        .flat_map(|finds| [1, 2, 3].map(|lacks| (finds, lacks)))
        .flat_map(|(finds, lacks)| [0, 1, usize::MAX].map(|most| (finds, lacks, most)))
    {
        let mut link = Link::<Starved>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
        link.id = FAMILY_ID;
        link.transport.lacks.set((finds, lacks));
        let dump_items = |link: &mut Link<Starved>, most| {
            dump(link, &Client::GETFAMILY_DUMP, &GetfamilyDump {}, most)
        };
        let first = dump_items(&mut link, most);
        // Memory may lack again, but that is all.
        let mut next = dump_items(&mut link, usize::MAX);
        for _ in 1..lacks {
            let again = matches!(&next, Err(error) if error.errno() == Some(libc::ENOBUFS));
            if again {
                next = dump_items(&mut link, usize::MAX);
            }
        }
        let case = (finds, lacks, most);
        assert_eq!(next.ok(), Some(ITEMS), "{case:?}, after {first:?}");
        assert!(link.dumping.is_none(), "{case:?}");
    }
}

/// Dumps so many items of the policies of a family that has many.
fn dump_policies(link: &mut Link<Blocking>) -> Result<usize, Error> {
    let request = GetpolicyDump {
        family_name: Some("ethtool"),
        ..GetpolicyDump::default()
    };
    dump(link, &Client::GETPOLICY_DUMP, &request, usize::MAX)
}

/// Lets the queue of a socket that receives 4 KiB at once, and so gets dumps in pieces as long, be so full
/// that the next dump's first piece has no room; what says so has.
pub(crate) fn crowd(socket: &Blocking) {
    let fill = |socket: &Blocking, count| {
        // For a request that nobody has made.
        let late = crate::exchange::noop(OTHER, socket.socket().port());
        for _ in 0..count {
            socket.try_send(&late).unwrap();
        }
    };
    const TWO_PIECES: usize = 10_000;
    let full: Blocking = transport::open(&Options::new()).unwrap();
    full.socket().set_queue_size(TWO_PIECES).unwrap();
    fill(&full, 1000);
    let mut room = [0; 64];
    let overrun = full.try_recv(&mut room).map(drop).unwrap_err();
    assert_eq!(overrun.raw_os_error(), Some(libc::ENOBUFS));
    let most = std::iter::from_fn(|| full.try_recv(&mut room).unwrap()).count();
    socket.socket().set_queue_size(TWO_PIECES).unwrap();
    fill(socket, most * 7 / 10);
}

/// The number of a request that was another's.
const OTHER: u32 = 0xdead;

#[test]
fn the_kernel_does_so() {
    let mut link = Link::<Blocking>::over(transport::open(&Options::new()).unwrap(), &FAMILY);
    link.id = FAMILY_ID;
    link.inbox = Inbox::with_room(4096);
    let all = dump_policies(&mut link).unwrap();
    crowd(&link.transport);
    let refused = dump_policies(&mut link).unwrap_err();
    assert!(refused.refused().is_some(), "{refused:?}");
    assert_eq!(refused.errno(), Some(libc::ENOBUFS), "{refused}");
    assert_eq!(dump_policies(&mut link).unwrap(), all);
}
