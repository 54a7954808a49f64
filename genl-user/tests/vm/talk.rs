//! A bare socket: requests of nltest with any flags, and every single message that comes back.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use genl_user::families::{nlctrl, nltest};
use genl_user::wire::{Attrs, Encoder};
use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

const NLMSG_HDRLEN: usize = 16;
const GENL_HDRLEN: usize = 4;

/// How long an answer may take.
const SOON: Duration = Duration::from_secs(20);

/// Longer than any message here.
const ROOM: usize = 2 << 20;

/// What an extended ACK can have (`NLMSGERR_ATTR_*`).
pub(crate) const MSG: u16 = 1;
pub(crate) const OFFS: u16 = 2;
pub(crate) const COOKIE: u16 = 3;
pub(crate) const POLICY: u16 = 4;

/// A socket in the namespace of the thread that opened it.
pub(crate) struct Talk {
    socket: NlSocket,
    family: u16,
    seq: u32,
    buffer: Vec<u8>,
    /// What one datagram had, the last first.
    unread: Vec<Said>,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) seq: u32,
    pub(crate) portid: u32,
    /// What follows the netlink header.
    body: Vec<u8>,
}

impl Talk {
    pub(crate) fn open() -> Self {
        Self::try_open().expect("nltest is loaded")
    }

    /// The same, while nltest may not be loaded.
    pub(crate) fn try_open() -> Option<Self> {
        let mut client = nltest::Client::open().ok()?;
        let socket = NlSocket::connect(NlFamily::Generic, None, Groups::empty()).expect("a socket");
        socket.enable_ext_ack(true).expect("extended ACKs");
        Some(Self {
            socket,
            family: client.connection().family_id(),
            seq: 0,
            buffer: vec![0; ROOM],
            unread: Vec::new(),
        })
    }

    /// Listens to nltest's group.
    pub(crate) fn join_chat(&self) {
        let mut ctrl = nlctrl::Client::open().expect("nlctrl");
        let family = ctrl
            .getfamily(&nlctrl::Getfamily {
                family_name: Some("nltest"),
                ..Default::default()
            })
            .expect("nltest is loaded")
            .to_owned();
        let group = family.mcast_groups[0].id.expect("a group has a number");
        self.socket
            .add_mcast_membership(Groups::new_groups(&[group]))
            .expect("the group can be joined");
    }

    /// Holds no more than a message or two, and has senders of events fail that it has no room for.
    pub(crate) fn hinder(&self) {
        for (level, option) in [
            (libc::SOL_SOCKET, libc::SO_RCVBUF),
            (libc::SOL_NETLINK, libc::NETLINK_BROADCAST_ERROR),
        ] {
            let one: libc::c_int = 1;
            // SAFETY: the value is a number that outlives the call, of the size that is told.
            let done = unsafe {
                libc::setsockopt(
                    self.socket.as_raw_fd(),
                    level,
                    option,
                    (&raw const one).cast(),
                    size_of_val(&one) as libc::socklen_t,
                )
            };
            assert_eq!(done, 0, "setsockopt: {}", io::Error::last_os_error());
        }
    }

    /// Sends a request; returns its sequence number.
    pub(crate) fn ask(&mut self, cmd: u8, flags: i32, attrs: impl Fn(&mut Encoder<'_>)) -> u32 {
        self.seq += 1;
        let mut body = Vec::new();
        attrs(&mut Encoder::new(&mut body));
        let flags = (libc::NLM_F_REQUEST | flags) as u16;
        let len = (NLMSG_HDRLEN + GENL_HDRLEN + body.len()) as u32;
        let mut datagram = Vec::new();
        datagram.extend(len.to_ne_bytes());
        datagram.extend(self.family.to_ne_bytes());
        datagram.extend(flags.to_ne_bytes());
        datagram.extend(self.seq.to_ne_bytes());
        datagram.extend([0; 4]);
        datagram.extend([cmd, 1, 0, 0]);
        datagram.extend(body);
        let sent = self.socket.send(&datagram, Msg::empty()).expect("sent");
        assert_eq!(sent, datagram.len());
        self.seq
    }

    /// The next message, whatever it is.
    pub(crate) fn next(&mut self) -> Said {
        self.next_within(SOON).expect("an answer comes soon")
    }

    /// The next message, if one comes in time.
    pub(crate) fn next_within(&mut self, time: Duration) -> Option<Said> {
        if self.unread.is_empty() && !self.wait(time) {
            return None;
        }
        Some(self.try_next().expect("nothing was lost"))
    }

    /// The next message; an error if some were lost.
    pub(crate) fn try_next(&mut self) -> io::Result<Said> {
        if self.unread.is_empty() {
            let (len, _) = self.socket.recv(&mut self.buffer, Msg::empty())?;
            self.unread = split(&self.buffer[..len]);
            self.unread.reverse();
        }
        Ok(self.unread.pop().expect("a datagram has a message"))
    }

    fn wait(&self, time: Duration) -> bool {
        let mut poll = libc::pollfd {
            fd: self.socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: there is one structure, which outlives the call.
        match unsafe { libc::poll(&mut poll, 1, time.as_millis() as libc::c_int) } {
            -1 => panic!("poll: {}", io::Error::last_os_error()),
            ready => ready > 0,
        }
    }
}

fn split(mut datagram: &[u8]) -> Vec<Said> {
    let mut messages = Vec::new();
    while !datagram.is_empty() {
        let word = |at: usize| {
            let bytes = datagram[at..].first_chunk();
            u32::from_ne_bytes(*bytes.expect("a whole header"))
        };
        let len = word(0) as usize;
        messages.push(Said {
            kind: word(4) as u16,
            flags: (word(4) >> 16) as u16,
            seq: word(8),
            portid: word(12),
            body: datagram[NLMSG_HDRLEN..len].to_vec(),
        });
        datagram = &datagram[len.next_multiple_of(4).min(datagram.len())..];
    }
    messages
}

impl Said {
    /// The positive error number of an error, an ACK (0) or a dump's end.
    pub(crate) fn errno(&self) -> Option<i32> {
        match i32::from(self.kind) {
            libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                let errno = self.body.first_chunk().expect("an error has a number");
                Some(-i32::from_ne_bytes(*errno))
            }
            _ => None,
        }
    }

    /// The attributes of a message of the family.
    pub(crate) fn attrs(&self) -> Attrs<'_> {
        assert_eq!(self.errno(), None, "{self:?}");
        Attrs::new(&self.body[GENL_HDRLEN..], NLMSG_HDRLEN + GENL_HDRLEN)
    }

    /// What an extended ACK has of this kind.
    pub(crate) fn ack(&self, kind: u16) -> Option<Vec<u8>> {
        if i32::from(self.flags) & libc::NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let start = match self.errno() {
            _ if i32::from(self.kind) == libc::NLMSG_DONE => 4,
            // A failure repeats the request, a success its header only.
            Some(0) => 4 + NLMSG_HDRLEN,
            _ => {
                let len = self.body[4..].first_chunk().expect("a repeated header");
                4 + (u32::from_ne_bytes(*len) as usize).next_multiple_of(4)
            }
        };
        let mut attrs = Attrs::new(&self.body[start..], start);
        let found = attrs.find_map(|attr| {
            let attr = attr.expect("the kernel sends whole attributes");
            (attr.kind() == kind).then_some(attr)
        });
        Some(found?.bytes().expect("bytes").to_vec())
    }

    /// The words of an extended ACK.
    pub(crate) fn words(&self) -> Option<String> {
        let mut bytes = self.ack(MSG)?;
        assert_eq!(bytes.pop(), Some(0), "a text ends in NUL");
        Some(String::from_utf8(bytes).expect("the words are UTF-8"))
    }
}
