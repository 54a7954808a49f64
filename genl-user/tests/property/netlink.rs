//! Netlink by its rules alone: what `include/uapi/linux/netlink.h` says of messages and attributes.
//!
//! Nothing of the crate's own codec is used here, so that the two can be held against each other.

/// Length of `struct nlmsghdr`, in bytes.
pub const NLMSGHDR: usize = 16;
/// Length of `struct genlmsghdr`, in bytes.
pub const GENLMSGHDR: usize = 4;
/// Length of `struct nlattr`, in bytes.
pub const NLATTR: usize = 4;

/// A run of things one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<T> {
    /// Those that are whole.
    pub whole: Vec<T>,
    /// Where in the message, or the datagram, something stands that cannot be one; the rest is lost.
    pub broken_at: Option<usize>,
}

/// A message, headers and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// `nlmsg_type`.
    pub kind: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`.
    pub seq: u32,
    /// `nlmsg_pid`.
    pub port: u32,
    /// All of it, `nlmsg_len` bytes.
    pub bytes: &'a [u8],
}

/// An attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attr<'a> {
    /// `nla_type & NLA_TYPE_MASK`.
    pub kind: u16,
    /// Where its header is, in bytes from the message's begin.
    pub at: usize,
    /// What stands behind its header.
    pub payload: &'a [u8],
}

/// The messages of a datagram: NLMSG_OK and NLMSG_NEXT.
pub fn messages(datagram: &[u8]) -> Run<Message<'_>> {
    let mut whole = Vec::new();
    let mut at = 0;
    while at < datagram.len() {
        let left = datagram.len() - at;
        let len = match left >= NLMSGHDR {
            true => u32_at(datagram, at) as usize,
            false => 0,
        };
        if len < NLMSGHDR || len > left {
            return Run {
                whole,
                broken_at: Some(at),
            };
        }
        whole.push(Message {
            kind: u16_at(datagram, at + 4),
            flags: u16_at(datagram, at + 6),
            seq: u32_at(datagram, at + 8),
            port: u32_at(datagram, at + 12),
            bytes: &datagram[at..at + len],
        });
        at += padded(len);
    }
    Run {
        whole,
        broken_at: None,
    }
}

/// The attributes that fill `bytes`, which begin `at` bytes into their message: `nla_ok` and
/// `nla_next`. As in the kernel's strict parsing, nothing may be left over.
pub fn attrs(bytes: &[u8], at: usize) -> Run<Attr<'_>> {
    let mut whole = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let left = bytes.len() - start;
        let len = match left >= NLATTR {
            true => usize::from(u16_at(bytes, start)),
            false => 0,
        };
        if len < NLATTR || len > left {
            return Run {
                whole,
                broken_at: Some(at + start),
            };
        }
        whole.push(Attr {
            // NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of the number.
            kind: u16_at(bytes, start + 2) & 0x3fff,
            at: at + start,
            payload: &bytes[start + NLATTR..start + len],
        });
        start += padded(len);
    }
    Run {
        whole,
        broken_at: None,
    }
}

/// NLMSG_ALIGN and NLA_ALIGN.
pub fn padded(len: usize) -> usize {
    (len + 3) & !3
}

/// The number in two bytes; they are there.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// The number in four bytes; they are there.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
