//! Netlink by hand: requests whose bytes are made beforehand, answers as they come.

use std::ops::Range;

const SOL_NETLINK: libc::c_int = 270;
const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const CTRL_ATTR_MCAST_GROUPS: u16 = 7;
const CTRL_ATTR_MCAST_GRP_ID: u16 = 2;

/// Of a netlink message and generic netlink's own.
pub(crate) const HEADERS: usize = 20;
pub(crate) const ACK: u16 = libc::NLM_F_ACK as u16;
pub(crate) const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// A family, as the kernel numbered it.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    pub(crate) id: u16,
    /// Its only group.
    pub(crate) group: u32,
}

impl Family {
    /// Asks the kernel for it.
    pub(crate) fn find(name: &str) -> Self {
        let mut socket = Socket::open();
        let attrs = attr(CTRL_ATTR_FAMILY_NAME, &text(name));
        let mut request = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, &attrs);
        let reply = socket.call(&mut request);
        assert_eq!(
            kind(reply),
            GENL_ID_CTRL,
            "the module of {name} is not loaded"
        );
        let attrs = &reply[HEADERS..];
        let id = find(attrs, CTRL_ATTR_FAMILY_ID).expect("an id");
        let groups = find(attrs, CTRL_ATTR_MCAST_GROUPS).expect("a group");
        let (_, first) = Attrs(&attrs[groups]).next().expect("a group");
        let group = find(first, CTRL_ATTR_MCAST_GRP_ID).expect("a number");
        Self {
            id: u16_at(&attrs[id], 0),
            group: u32_at(&first[group], 0),
        }
    }

    /// A request of this family.
    pub(crate) fn request(self, cmd: u8, flags: u16, attrs: &[u8]) -> Vec<u8> {
        request(self.id, cmd, flags, attrs)
    }
}

/// A netlink socket, and nothing between it and the caller.
pub(crate) struct Socket {
    fd: libc::c_int,
    seq: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens it. Extended ACKs come with it, without a copy of the request.
    pub(crate) fn open() -> Self {
        // SAFETY: the call takes numbers only.
        let fd = unsafe {
            libc::socket(
                libc::AF_NETLINK,
                libc::SOCK_RAW | libc::SOCK_CLOEXEC,
                libc::NETLINK_GENERIC,
            )
        };
        assert!(fd >= 0, "socket: {}", std::io::Error::last_os_error());
        let socket = Self {
            fd,
            seq: 0,
            buffer: vec![0; 64 << 10],
        };
        socket.set(libc::NETLINK_EXT_ACK, 1);
        socket.set(libc::NETLINK_CAP_ACK, 1);
        socket
    }

    /// Opens one that hears the family's group.
    pub(crate) fn listener(family: Family) -> Self {
        let socket = Self::open();
        // To a port of the kernel's choice; who has none yet is passed over.
        // SAFETY: all zero is an address, but for its family.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        let len = size_of_val(&address) as libc::socklen_t;
        // SAFETY: `address` is valid for reads of its size.
        let outcome = unsafe { libc::bind(socket.fd, (&raw const address).cast(), len) };
        assert_eq!(outcome, 0, "bind: {}", std::io::Error::last_os_error());
        socket.set(libc::NETLINK_ADD_MEMBERSHIP, family.group);
        socket
    }

    fn set(&self, option: libc::c_int, value: u32) {
        let len = size_of_val(&value) as libc::socklen_t;
        // SAFETY: `value` is valid for reads of its size.
        let outcome = unsafe {
            libc::setsockopt(self.fd, SOL_NETLINK, option, (&raw const value).cast(), len)
        };
        assert_eq!(
            outcome,
            0,
            "setsockopt: {}",
            std::io::Error::last_os_error()
        );
    }

    /// Sends a request that is answered by one datagram, and receives that.
    pub(crate) fn call(&mut self, request: &mut [u8]) -> &[u8] {
        self.send(request);
        self.receive(0).expect("an answer")
    }

    /// Sends a request, numbered anew.
    pub(crate) fn send(&mut self, request: &mut [u8]) {
        self.seq += 1;
        request[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        // SAFETY: `request` is valid for reads of its length.
        let sent = unsafe { libc::send(self.fd, request.as_ptr().cast(), request.len(), 0) };
        assert_eq!(sent, request.len() as isize);
    }

    /// Receives a datagram; none if there is none and `flags` say not to wait.
    pub(crate) fn receive(&mut self, flags: libc::c_int) -> Option<&[u8]> {
        let (to, len) = (self.buffer.as_mut_ptr().cast(), self.buffer.len());
        // SAFETY: `to` is valid for writes of `len` bytes.
        let len = unsafe { libc::recv(self.fd, to, len, flags) };
        Some(&self.buffer[..usize::try_from(len).ok()?])
    }

    /// Throws away what has come.
    pub(crate) fn drain(&mut self) -> usize {
        let mut count = 0;
        while self.receive(libc::MSG_DONTWAIT).is_some() {
            count += 1;
        }
        count
    }

    /// Sends a dump request and receives all of it; tells how many messages there were before its end.
    pub(crate) fn dump(&mut self, request: &mut [u8]) -> usize {
        self.send(request);
        let mut count = 0;
        loop {
            for message in Messages(self.receive(0).expect("a chunk")) {
                match i32::from(kind(message)) {
                    libc::NLMSG_DONE => return count,
                    libc::NLMSG_ERROR => panic!("the dump was refused: {message:?}"),
                    _ => count += 1,
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own and not used again.
        unsafe { libc::close(self.fd) };
    }
}

/// The messages of a datagram.
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let len = u32_at(self.0.get(..4)?, 0) as usize;
        let (message, _) = self.0.split_at(len);
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// Attributes, each with its type and payload.
struct Attrs<'a>(&'a [u8]);

impl<'a> Iterator for Attrs<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let len = usize::from(u16_at(self.0.get(..4)?, 0));
        let item = (u16_at(self.0, 2) & 0x3fff, &self.0[4..len]);
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(item)
    }
}

/// Where the payload of the first attribute of type `id` is.
pub(crate) fn find(attrs: &[u8], id: u16) -> Option<Range<usize>> {
    let (_, payload) = Attrs(attrs).find(|(kind, _)| *kind == id)?;
    let start = payload.as_ptr() as usize - attrs.as_ptr() as usize;
    Some(start..start + payload.len())
}

fn request(family: u16, cmd: u8, flags: u16, attrs: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(((HEADERS + attrs.len()) as u32).to_ne_bytes());
    message.extend(family.to_ne_bytes());
    message.extend((libc::NLM_F_REQUEST as u16 | flags).to_ne_bytes());
    message.extend([0; 8]);
    message.extend([cmd, 1, 0, 0]);
    message.extend(attrs);
    message
}

/// An attribute, padded.
pub(crate) fn attr(id: u16, payload: &[u8]) -> Vec<u8> {
    let mut attr = ((4 + payload.len()) as u16).to_ne_bytes().to_vec();
    attr.extend(id.to_ne_bytes());
    attr.extend(payload);
    attr.resize(attr.len().next_multiple_of(4), 0);
    attr
}

/// A text and its NUL.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

/// The type of a message.
pub(crate) fn kind(message: &[u8]) -> u16 {
    u16_at(message, 4)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
