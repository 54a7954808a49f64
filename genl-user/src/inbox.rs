//! The receive buffer, and the messages in it.

use std::io;
use std::ops::Range;

use crate::error::Error;
use crate::socket::Received;
use crate::transport::{Deadline, Transport};
use crate::wire::{Head, align};

/// Room for the largest message that is expected, in bytes.
///
/// A dump comes in pieces as large as the largest buffer that its socket has received into, up to
/// 32 KiB (`netlink_recvmsg`); a single reply may be larger.
const DEFAULT_SIZE: usize = 64 << 10;

/// Room for an ACK behind the reply that it confirms, in bytes: headers, and at most some texts.
const ACK_SIZE: usize = 4 << 10;

/// What the kernel sent and nobody has read yet.
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    /// So long a message has room, wherever it goes.
    room: usize,
    /// What is unread of the last datagram.
    unread: Range<usize>,
    /// Where the last datagram's successor goes.
    fill_from: usize,
    /// Where the last datagram came from, if not from the socket's own namespace.
    nsid: Option<i32>,
}

/// A message in the buffer: good until the next one is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Its nlmsghdr.
    pub(crate) head: Head,
    /// Where it begins.
    start: usize,
}

impl Arrived {
    /// It ends an exchange: an error, an ACK, or the end of a dump.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        matches!(
            i32::from(self.head.kind),
            libc::NLMSG_ERROR | libc::NLMSG_DONE
        )
    }

    /// It is an error or an ACK, behind which nothing comes. A NLMSG_DONE ends a dump, but of other
    /// requests only the replies: the ACK comes behind it.
    #[inline]
    pub(crate) fn is_acknowledgement(&self) -> bool {
        i32::from(self.head.kind) == libc::NLMSG_ERROR
    }
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self::with_room(DEFAULT_SIZE)
    }

    pub(crate) fn with_room(bytes: usize) -> Self {
        Self {
            buffer: vec![0; bytes + ACK_SIZE],
            room: bytes,
            unread: 0..0,
            fill_from: 0,
            nsid: None,
        }
    }

    /// One that has received this.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of(datagram: &[u8]) -> Self {
        Self {
            buffer: datagram.to_vec(),
            room: datagram.len(),
            unread: 0..datagram.len(),
            fill_from: 0,
            nsid: None,
        }
    }

    /// Makes room for a message of so many bytes; never less than before.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.room = self.room.max(bytes);
        let size = bytes.saturating_add(ACK_SIZE).max(self.buffer.len());
        self.buffer.resize(size, 0);
    }

    /// The next message; waits for a datagram if none is left of the last.
    #[cfg(test)]
    pub(crate) async fn next(
        &mut self,
        from: &impl Transport,
        deadline: &mut Deadline,
    ) -> Result<Arrived, Error> {
        loop {
            if let Some(arrived) = self.unread()? {
                return Ok(arrived);
            }
            self.receive(from, deadline).await?;
        }
    }

    /// The next message of the last datagram.
    #[inline]
    pub(crate) fn unread(&mut self) -> Result<Option<Arrived>, Error> {
        if self.unread.is_empty() {
            return Ok(None);
        }
        let start = self.unread.start;
        let head = Head::read(&self.buffer[self.unread.clone()]).map_err(|malformed| {
            // Where the next message begins is not known.
            self.unread = 0..0;
            Error::bad_header(malformed)
        })?;
        self.unread.start = (start + align(head.len)).min(self.unread.end);
        Ok(Some(Arrived { head, start }))
    }

    /// The same if it is wanted, which is told by its header and its bytes; there is no error then.
    #[inline]
    pub(crate) fn unread_if(
        &mut self,
        is_wanted: impl FnOnce(&Head, &[u8]) -> bool,
    ) -> Option<Arrived> {
        let Range { start, end } = self.unread;
        let datagram = self.buffer.get(start..end)?;
        let head = Head::read(datagram).ok()?;
        if !is_wanted(&head, datagram.get(..head.len)?) {
            return None;
        }
        self.unread.start = (start + align(head.len)).min(end);
        Some(Arrived { head, start })
    }

    /// Lets a message be the next one again.
    pub(crate) fn put_back(&mut self, arrived: &Arrived) {
        self.unread.start = arrived.start;
    }

    /// The message's bytes, from its nlmsghdr on.
    #[inline]
    pub(crate) fn bytes(&self, arrived: &Arrived) -> &[u8] {
        &self.buffer[arrived.start..][..arrived.head.len]
    }

    /// The sequence number of the message that was [`Error::Truncated`], as its first bytes have it.
    pub(crate) fn truncated_seq(&self) -> Option<u32> {
        const SEQ: Range<usize> = 8..12;
        let message = self.buffer.get(self.fill_from..)?;
        let seq = message.get(SEQ)?.first_chunk()?;
        Some(u32::from_ne_bytes(*seq))
    }

    /// The id of the network namespace that the last datagram came from, if not the socket's own.
    #[inline]
    pub(crate) fn nsid(&self) -> Option<i32> {
        self.nsid
    }

    /// Lets a message outlive the next datagram, which goes behind it; until [`Self::release`].
    pub(crate) fn keep(&mut self, arrived: &Arrived) {
        self.fill_from = align(arrived.start + arrived.head.len);
    }

    /// Makes room for a datagram behind what is kept, as large a one as if nothing were.
    pub(crate) fn make_room(&mut self) {
        let end = self.fill_from + self.room + ACK_SIZE;
        if self.buffer.len() < end {
            // Ahead, so that not every answer of many lets it grow.
            self.buffer.resize(end + end / 2, 0);
        }
    }

    /// Ends what [`Self::keep`] began, and leaves what is unread: nobody waits for it any more.
    pub(crate) fn release(&mut self) {
        self.unread = 0..0;
        self.fill_from = 0;
    }

    /// Waits for one datagram, and drops it if it is not from the kernel.
    #[inline]
    pub(crate) async fn receive(
        &mut self,
        from: &impl Transport,
        deadline: &mut Deadline,
    ) -> Result<(), Error> {
        let received = from.recv(self.room(), deadline).await;
        self.take(received)
    }

    /// As [`Self::receive`], if a datagram is there: then it is true.
    #[inline]
    pub(crate) fn try_receive(&mut self, from: &impl Transport) -> Result<bool, Error> {
        match from.try_recv(self.room()).transpose() {
            Some(received) => self.take(received).map(|()| true),
            None => Ok(false),
        }
    }

    /// Where the next datagram goes.
    #[inline]
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let end = match self.fill_from {
            0 => self.buffer.len() - ACK_SIZE,
            _ => self.buffer.len(),
        };
        &mut self.buffer[self.fill_from..end]
    }

    #[inline]
    fn take(&mut self, received: io::Result<Received>) -> Result<(), Error> {
        let received = received.map_err(Error::io("receive"))?;
        if !received.from_kernel {
            return Ok(());
        }
        let room = self.room().len();
        if received.len > room {
            return Err(Error::Truncated {
                len: received.len,
                room,
            });
        }
        self.unread = self.fill_from..self.fill_from + received.len;
        self.nsid = received.nsid;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use crate::options::Options;
    use crate::transport::{Blocking, Receive, now, open};
    use crate::wire::finish;

    /// Asks the controller for the family of its own id, 16.
    fn ask(from: &Blocking, seq: u32, flags: libc::c_int) {
        let head = Head {
            len: 0,
            kind: 16,
            flags: (libc::NLM_F_REQUEST | flags) as u16,
            seq,
            port: 0,
        };
        let mut out = Vec::new();
        head.begin(3, 1, &mut out);
        out.extend([6u16.to_ne_bytes(), 1u16.to_ne_bytes()].concat());
        out.extend([16u16.to_ne_bytes(), [0; 2]].concat());
        finish(&mut out);
        from.socket().send(&out).unwrap();
    }

    fn next(inbox: &mut Inbox, from: &Blocking) -> Result<Arrived, Error> {
        now(inbox.next(from, &mut Deadline::Timeout(None)))
    }

    #[test]
    fn what_is_too_long_is_an_error_and_no_piece_of_it_is_read() {
        let from = open::<Blocking>(&Options::new()).unwrap();
        let mut inbox = Inbox::with_room(64);
        ask(&from, 1, 0);
        match next(&mut inbox, &from) {
            Err(Error::Truncated { len, room: 64 }) => assert!(len > 64),
            other => panic!("{other:?}"),
        }
        assert!(inbox.unread().unwrap().is_none());
        inbox.reserve(DEFAULT_SIZE);
        ask(&from, 2, 0);
        assert_eq!(next(&mut inbox, &from).unwrap().head.seq, 2);
    }

    #[test]
    fn a_kept_message_outlives_the_next_datagram() {
        let from = open::<Blocking>(&Options::new()).unwrap();
        let mut inbox = Inbox::new();
        ask(&from, 1, libc::NLM_F_ACK);
        let reply = next(&mut inbox, &from).unwrap();
        let bytes = inbox.bytes(&reply).to_vec();
        inbox.keep(&reply);
        let ack = next(&mut inbox, &from).unwrap();
        assert!(ack.is_end());
        assert_eq!(inbox.bytes(&reply), bytes);

        inbox.release();
        ask(&from, 2, 0);
        next(&mut inbox, &from).unwrap();
        assert_ne!(inbox.bytes(&reply), bytes);
    }

    #[test]
    fn there_is_as_much_room_behind_what_is_kept() {
        const ROOM: usize = 1 << 20;
        let mut inbox = Inbox::new();
        inbox.reserve(ROOM);
        let head = Head {
            len: ROOM / 2,
            kind: 16,
            flags: 0,
            seq: 0,
            port: 0,
        };
        for start in [0, ROOM / 2, ROOM] {
            inbox.keep(&Arrived { head, start });
            inbox.make_room();
            assert!(inbox.room().len() >= ROOM);
        }
    }

    #[test]
    fn a_message_put_back_is_the_next_one() {
        let from = open::<Blocking>(&Options::new()).unwrap();
        let mut inbox = Inbox::new();
        ask(&from, 1, 0);
        let first = next(&mut inbox, &from).unwrap();
        inbox.put_back(&first);
        let again = inbox.unread().unwrap().unwrap();
        assert_eq!(inbox.bytes(&again), inbox.bytes(&first));
        assert!(inbox.unread().unwrap().is_none());
    }

    #[test]
    fn waiting_ends() {
        let from = open::<Blocking>(&Options::new()).unwrap();
        let timeout = Duration::from_millis(20);
        from.socket().set_timeout(Some(timeout)).unwrap();
        assert!(next(&mut Inbox::new(), &from).unwrap_err().is_late());
        assert!(!from.socket().wait(Some(Instant::now() + timeout)).unwrap());
    }

    #[test]
    fn what_comes_meanwhile_does_not_move_the_deadline() {
        const TIMEOUT: Duration = Duration::from_millis(300);
        let from = open::<Blocking>(&Options::new()).unwrap();
        from.socket().set_timeout(Some(TIMEOUT)).unwrap();
        let mut inbox = Inbox::new();
        let mut deadline = Deadline::Timeout(Some(TIMEOUT));
        let (started, ended) = (Instant::now(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) && started.elapsed() < 60 * TIMEOUT {
                    ask(&from, 1, 0);
                    std::thread::sleep(TIMEOUT / 10);
                }
            });
            let mut came = 0;
            let end = loop {
                match now(inbox.next(&from, &mut deadline)) {
                    Ok(_) => came += 1,
                    Err(error) => break error,
                }
            };
            ended.store(true, Ordering::Relaxed);
            assert!(end.is_late(), "{end:?}");
            assert!(came > 1);
            assert!(started.elapsed() < 30 * TIMEOUT, "{:?}", started.elapsed());
        });
    }
}
