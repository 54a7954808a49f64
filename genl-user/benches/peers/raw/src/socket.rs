//! A netlink socket, and nothing between it and the caller.

const HEADERS: usize = 20;

pub(crate) struct Socket {
    fd: libc::c_int,
    seq: u32,
    requests: Vec<u8>,
    buffer: Vec<u8>,
}

/// Where a request goes: a family's id, the request's flags, and the command.
#[derive(Clone, Copy)]
pub(crate) struct To {
    pub(crate) family: u16,
    pub(crate) flags: libc::c_int,
    pub(crate) cmd: u8,
}

/// An attribute to be written: its type, and its value.
pub(crate) type Attr<'a> = (u16, &'a [u8]);

impl Socket {
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
            requests: Vec::new(),
            buffer: vec![0; 64 << 10],
        }
    }

    /// Sends a request, and reads until its reply, and its ACK if it asks for one, are there.
    pub(crate) fn call(&mut self, to: To, attrs: &[Attr<'_>], take: impl FnMut(&[u8])) {
        self.batch(1, to, attrs, take);
    }

    /// The same with so many requests, sent together.
    pub(crate) fn batch(
        &mut self,
        count: u32,
        to: To,
        attrs: &[Attr<'_>],
        take: impl FnMut(&[u8]),
    ) {
        self.requests.clear();
        for _ in 0..count {
            self.write(to, attrs);
        }
        self.send();
        self.answers(count, to.flags, take);
    }

    fn answers(&mut self, count: u32, flags: libc::c_int, mut take: impl FnMut(&[u8])) {
        let acks = flags & libc::NLM_F_ACK != 0;
        let first = self.seq - count;
        let mut left = if acks { 2 * count } else { count };
        while left > 0 {
            for message in self.receive().expect("a reply") {
                assert!(u32_at(message, 8) > first);
                match i32::from(u16_at(message, 4)) {
                    libc::NLMSG_ERROR => assert_eq!(u32_at(message, 16), 0, "an ACK"),
                    _ => take(message),
                }
                left -= 1;
            }
        }
    }

    pub(crate) fn dump(&mut self, to: To, attrs: &[Attr<'_>], mut take: impl FnMut(&[u8])) {
        self.requests.clear();
        self.write(to, attrs);
        self.send();
        let seq = self.seq;
        loop {
            for message in self.receive().expect("a reply") {
                assert_eq!(u32_at(message, 8), seq);
                match i32::from(u16_at(message, 4)) {
                    libc::NLMSG_DONE => return,
                    libc::NLMSG_ERROR => panic!("refused"),
                    _ => take(message),
                }
            }
        }
    }

    /// A family's id, and that of its first group.
    pub(crate) fn resolve(&mut self, name: &str) -> Option<(u16, Option<u32>)> {
        let to = To {
            family: 0x10,
            flags: libc::NLM_F_REQUEST,
            cmd: 3,
        };
        self.requests.clear();
        self.write(to, &[(2, &text(name))]);
        self.send();
        let message = self.receive().expect("an answer").next()?;
        if i32::from(u16_at(message, 4)) == libc::NLMSG_ERROR {
            return None;
        }
        let (mut id, mut group) = (0, None);
        for (kind, value) in Attrs::of(message) {
            match kind {
                1 => id = u16_at(value, 0),
                7 => {
                    let (_, first) = Attrs(value).next()?;
                    group = Attrs(first).find(|(kind, _)| *kind == 2);
                }
                _ => {}
            }
        }
        Some((id, group.map(|(_, value)| u32_at(value, 0))))
    }

    pub(crate) fn join(&mut self, group: u32) {
        let (level, option) = (libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP);
        // SAFETY: `group` is valid for reads of its size.
        let status =
            unsafe { libc::setsockopt(self.fd, level, option, (&raw const group).cast(), 4) };
        assert_eq!(status, 0, "join: {}", std::io::Error::last_os_error());
    }

    /// The messages of a datagram; an error if some were lost.
    pub(crate) fn receive(&mut self) -> std::io::Result<Messages<'_>> {
        // SAFETY: `buffer` is valid for writes of its length.
        let len = unsafe {
            libc::recv(
                self.fd,
                self.buffer.as_mut_ptr().cast(),
                self.buffer.len(),
                0,
            )
        };
        match usize::try_from(len) {
            Ok(len) => Ok(Messages(&self.buffer[..len])),
            Err(_) => Err(std::io::Error::last_os_error()),
        }
    }

    /// Writes a request behind those that are there.
    fn write(&mut self, to: To, attrs: &[Attr<'_>]) {
        self.seq += 1;
        let out = &mut self.requests;
        let start = out.len();
        out.extend([0; 4]);
        out.extend(to.family.to_ne_bytes());
        out.extend((to.flags as u16).to_ne_bytes());
        out.extend(self.seq.to_ne_bytes());
        out.extend([0, 0, 0, 0, to.cmd, 1, 0, 0]);
        attrs.iter().for_each(|attr| put(out, *attr));
        let len = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
    }

    fn send(&self) {
        let bytes = &self.requests;
        // SAFETY: `bytes` is valid for reads of its length.
        let sent = unsafe { libc::send(self.fd, bytes.as_ptr().cast(), bytes.len(), 0) };
        assert_eq!(sent, bytes.len() as isize);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own and not used again.
        unsafe { libc::close(self.fd) };
    }
}

/// The messages of a datagram.
pub(crate) struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let len = u32_at(self.0, 0) as usize;
        let message = &self.0[..len];
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// Attributes by type, without its flags.
pub(crate) struct Attrs<'a>(pub(crate) &'a [u8]);

impl<'a> Attrs<'a> {
    /// Those of a message.
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self(&message[HEADERS..])
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        if self.0.is_empty() {
            return None;
        }
        let len = usize::from(u16_at(self.0, 0));
        let attr = (u16_at(self.0, 2) & 0x3fff, &self.0[4..len]);
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(attr)
    }
}

/// Writes an attribute behind what is there.
pub(crate) fn put(out: &mut Vec<u8>, (kind, value): Attr<'_>) {
    out.extend((4 + value.len() as u16).to_ne_bytes());
    out.extend(kind.to_ne_bytes());
    out.extend(value);
    out.extend(&[0; 3][..value.len().next_multiple_of(4) - value.len()]);
}

/// A text as the kernel wants it, with its NUL.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let bytes = &bytes[at..at + 4];
    u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
