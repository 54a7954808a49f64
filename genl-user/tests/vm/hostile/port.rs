//! A socket that sends whatever it is given, and takes all that comes back.

use std::io;
use std::os::fd::AsRawFd;

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

use super::draft::{HEADERS, NLMSG_HDRLEN};

/// How many bytes may queue up: nothing that one datagram brings about may be lost.
const QUEUE: libc::c_int = 64 << 20;

/// More than the kernel sends at once.
const ROOM: usize = 2 << 20;

/// A dump of so many bytes may have no end.
const MUCH: usize = 256 << 10;

/// Of protocol NETLINK_GENERIC, in the namespace of the thread that opened it.
pub(crate) struct Port {
    socket: NlSocket,
    buffer: Vec<u8>,
    groups: Vec<u32>,
    capped: bool,
    reopened: bool,
}

/// A message that came from the kernel.
pub(crate) struct Answer {
    /// `nlmsg_type`
    pub(crate) kind: u16,
    /// `nlmsg_flags`
    pub(crate) flags: u16,
    pub(crate) seq: u32,
    /// All of it, headers too.
    pub(crate) bytes: Vec<u8>,
}

impl Port {
    /// Opens a port that is in these groups; `capped` keeps requests from being repeated in errors.
    pub(crate) fn open(groups: &[u32], capped: bool) -> Self {
        let socket = NlSocket::connect(NlFamily::Generic, None, Groups::empty()).expect("a socket");
        socket.enable_ext_ack(true).expect("extended ACKs");
        let this = Self {
            socket,
            buffer: vec![0; ROOM],
            groups: groups.to_vec(),
            capped,
            reopened: false,
        };
        this.set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, QUEUE);
        this.set(libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, 1 << 20);
        this.set(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, capped.into());
        if !groups.is_empty() {
            this.socket
                .add_mcast_membership(Groups::new_groups(groups))
                .expect("the groups can be joined");
        }
        this
    }

    fn set(&self, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
        // SAFETY: `value` is valid for reads of its size, which is passed.
        let done = unsafe {
            libc::setsockopt(
                self.socket.as_raw_fd(),
                level,
                option,
                (&raw const value).cast(),
                size_of_val(&value) as libc::socklen_t,
            )
        };
        assert_eq!(done, 0, "setsockopt: {}", io::Error::last_os_error());
    }

    /// Sends a datagram; when this returns, the kernel has served all of it but the rest of dumps.
    pub(crate) fn send(&self, datagram: &[u8]) {
        self.try_send(datagram).expect("it is sent");
    }

    /// The same, where memory may be short.
    pub(crate) fn try_send(&self, datagram: &[u8]) -> io::Result<()> {
        let sent = self.socket.send(datagram, Msg::empty())?;
        assert_eq!(sent, datagram.len());
        Ok(())
    }

    /// Takes all that is there, and of a dump all that there is; see [`Self::drain_lossy`].
    pub(crate) fn drain(&mut self) -> Vec<Answer> {
        let (answers, lost) = self.drain_lossy();
        if let Some(error) = lost {
            panic!("an answer was lost: {error}");
        }
        answers
    }

    /// The same, and why something did not come, if so.
    ///
    /// A dump may be endless. Of one that seems so the rest is left to the kernel, which has to end
    /// it with the socket; this port goes on with another one.
    pub(crate) fn drain_lossy(&mut self) -> (Vec<Answer>, Option<io::Error>) {
        let (mut answers, mut lost) = (Vec::new(), None);
        let mut dumped = 0;
        while dumped < MUCH {
            let flags = Msg::DONTWAIT | Msg::TRUNC;
            match self.socket.recv(&mut self.buffer, flags) {
                Ok((len, _)) => {
                    let before = answers.len();
                    split(&self.buffer[..len], &mut answers);
                    let new = &answers[before..];
                    let items = new.iter().filter(|answer| answer.is_item());
                    dumped += items.map(|item| item.bytes.len()).sum::<usize>();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return (answers, lost),
                Err(error) => lost = Some(error),
            }
        }
        let other = Self::open(&self.groups, self.capped);
        self.socket = other.socket;
        self.reopened = true;
        (answers, lost)
    }

    /// Whether a dump has been left since this was last asked.
    pub(crate) fn has_left_a_dump(&mut self) -> bool {
        std::mem::take(&mut self.reopened)
    }
}

fn split(mut datagram: &[u8], answers: &mut Vec<Answer>) {
    while !datagram.is_empty() {
        let header = datagram
            .first_chunk::<NLMSG_HDRLEN>()
            .expect("the kernel sends whole headers");
        let word = |at: usize| u32::from_ne_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
        let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        let len = word(0) as usize;
        assert!(
            (NLMSG_HDRLEN..=datagram.len()).contains(&len),
            "the kernel sent a message of {len} bytes in {}",
            datagram.len()
        );
        answers.push(Answer {
            kind: half(4),
            flags: half(6),
            seq: word(8),
            bytes: datagram[..len].to_vec(),
        });
        datagram = &datagram[len.next_multiple_of(4).min(datagram.len())..];
    }
}

impl Answer {
    /// The positive error number of a NLMSG_ERROR or NLMSG_DONE; 0 is an ACK.
    pub(crate) fn errno(&self) -> Option<i32> {
        match i32::from(self.kind) {
            libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                let errno = self.bytes[NLMSG_HDRLEN..].first_chunk();
                Some(-i32::from_ne_bytes(*errno.expect("an error has a number")))
            }
            _ => None,
        }
    }

    /// It is one of a dump's messages.
    fn is_item(&self) -> bool {
        self.flags & libc::NLM_F_MULTI as u16 != 0
    }

    /// `genlmsghdr.cmd`, and what stands behind that header.
    pub(crate) fn generic(&self) -> (u8, &[u8]) {
        (self.bytes[NLMSG_HDRLEN], &self.bytes[HEADERS..])
    }

    /// The offset in the request that an extended ACK names.
    pub(crate) fn offset(&self) -> Option<usize> {
        const OFFS: u16 = 2;
        if self.flags & libc::NLM_F_ACK_TLVS as u16 == 0 {
            return None;
        }
        let repeated = match (i32::from(self.kind), self.errno()) {
            (libc::NLMSG_DONE, _) => 0,
            (_, Some(errno)) if errno != 0 && self.flags & libc::NLM_F_CAPPED as u16 == 0 => {
                let len = self.bytes[NLMSG_HDRLEN + 4..].first_chunk();
                u32::from_ne_bytes(*len.expect("a repeated header")) as usize
            }
            _ => NLMSG_HDRLEN,
        };
        let start = NLMSG_HDRLEN + 4 + repeated.next_multiple_of(4);
        let mut attrs = genl_user::wire::Attrs::new(&self.bytes[start..], start);
        let found = attrs.find_map(|attr| {
            let attr = attr.expect("an extended ACK is well-formed");
            (attr.kind() == OFFS).then(|| attr.u32().expect("an offset"))
        });
        found.map(|offset| offset as usize)
    }
}
