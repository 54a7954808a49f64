//! The least that a program can do by hand: the bytes of the request are made once, no ACK is
//! asked for, the buffer is used again, and of the reply only what is needed is looked at.

const HEADERS: usize = 20;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
const GETFAMILY: u8 = 3;
const GENL_ID_CTRL: u16 = 0x10;

/// A netlink socket, and nothing between it and the caller.
pub(crate) struct Socket {
    fd: libc::c_int,
    seq: u32,
    do_request: Vec<u8>,
    dump_request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens it.
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
        Self {
            fd,
            seq: 0,
            do_request: request(libc::NLM_F_REQUEST, b"nlctrl\0"),
            dump_request: request(libc::NLM_F_REQUEST | libc::NLM_F_DUMP, b""),
            buffer: vec![0; 64 << 10],
        }
    }

    /// The id of "nlctrl".
    pub(crate) fn getfamily(&mut self) -> u16 {
        self.seq += 1;
        self.do_request[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        send(self.fd, &self.do_request);
        let len = recv(self.fd, &mut self.buffer);
        let message = &self.buffer[..len];
        assert_eq!(u32_at(message, 0) as usize, len);
        assert_eq!(u16_at(message, 4), GENL_ID_CTRL);
        assert_eq!(u32_at(message, 8), self.seq);
        family_id(message)
    }

    /// The ids of all families, added up.
    pub(crate) fn dump(&mut self) -> u64 {
        self.seq += 1;
        self.dump_request[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        send(self.fd, &self.dump_request);
        let mut ids = 0;
        loop {
            let len = recv(self.fd, &mut self.buffer);
            let mut rest = &self.buffer[..len];
            while !rest.is_empty() {
                let len = u32_at(rest, 0) as usize;
                assert_eq!(u32_at(rest, 8), self.seq);
                match u16_at(rest, 4) {
                    GENL_ID_CTRL => ids += u64::from(family_id(&rest[..len])),
                    kind => {
                        assert_eq!(i32::from(kind), libc::NLMSG_DONE);
                        return ids;
                    }
                }
                rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
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

fn request(flags: libc::c_int, name: &[u8]) -> Vec<u8> {
    let mut message = vec![0; 4];
    message.extend(GENL_ID_CTRL.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend([0; 8]);
    message.extend([GETFAMILY, 1, 0, 0]);
    if !name.is_empty() {
        message.extend((4 + name.len() as u16).to_ne_bytes());
        message.extend(FAMILY_NAME.to_ne_bytes());
        message.extend(name);
        message.resize(message.len().next_multiple_of(4), 0);
    }
    let len = message.len() as u32;
    message[..4].copy_from_slice(&len.to_ne_bytes());
    message
}

fn family_id(message: &[u8]) -> u16 {
    let mut at = HEADERS;
    while u16_at(message, at + 2) != FAMILY_ID {
        at += usize::from(u16_at(message, at)).next_multiple_of(4);
    }
    u16_at(message, at + 4)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn send(fd: libc::c_int, message: &[u8]) {
    // SAFETY: `message` is valid for reads of its length.
    let sent = unsafe { libc::send(fd, message.as_ptr().cast(), message.len(), 0) };
    assert_eq!(sent, message.len() as isize);
}

fn recv(fd: libc::c_int, buffer: &mut [u8]) -> usize {
    // SAFETY: `buffer` is valid for writes of its length.
    let len = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(len).expect("a datagram")
}
