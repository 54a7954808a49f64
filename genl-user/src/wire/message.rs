//! The headers of a message.

use super::{
    ATTRS_OFFSET, Attrs, Defect, Fields, FromAttrs, Malformed, NLMSG_HDRLEN, Struct, align,
};

/// A nlmsghdr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// `nlmsg_len`: of the whole message, in bytes.
    pub(crate) len: usize,
    /// `nlmsg_type`: a family's id, or a number below 16 for netlink itself.
    pub(crate) kind: u16,
    /// `nlmsg_flags`.
    pub(crate) flags: u16,
    /// `nlmsg_seq`: in an answer that of the request.
    pub(crate) seq: u32,
    /// `nlmsg_pid`: in an answer the port that asked; 0 in what nobody asked for.
    pub(crate) port: u32,
}

impl Head {
    /// Reads the header that a datagram's bytes begin with; all of its message is there.
    #[inline]
    pub(crate) fn read(datagram: &[u8]) -> Result<Self, Malformed> {
        let malformed = |defect| Malformed { defect, offset: 0 };
        let Some(bytes) = datagram.first_chunk::<NLMSG_HDRLEN>() else {
            return Err(malformed(Defect::Leftover(datagram.len() as u32)));
        };
        let fields = Fields::new(bytes);
        let head = Self {
            len: fields.u32(0) as usize,
            kind: fields.u16(4),
            flags: fields.u16(6),
            seq: fields.u32(8),
            port: fields.u32(12),
        };
        match (NLMSG_HDRLEN..=datagram.len()).contains(&head.len) {
            true => Ok(head),
            false => Err(malformed(Defect::Length(head.len as u32))),
        }
    }

    /// Begins a request in `out`, genlmsghdr included; [`finish`] sets its length.
    #[inline]
    pub(crate) fn begin(self, cmd: u8, version: u8, out: &mut Vec<u8>) {
        let mut bytes = [0; ATTRS_OFFSET];
        bytes[4..6].copy_from_slice(&self.kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&self.flags.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        bytes[12..16].copy_from_slice(&self.port.to_ne_bytes());
        bytes[16..18].copy_from_slice(&[cmd, version]);
        out.clear();
        out.extend_from_slice(&bytes);
    }
}

#[cfg(feature = "server")]
impl Head {
    /// The message that has this header, whatever length it says, and these bytes behind it.
    pub(crate) fn with_body(self, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(ATTRS_OFFSET + body.len());
        self.begin(0, 0, &mut out);
        out.truncate(NLMSG_HDRLEN);
        out.extend(body);
        finish(&mut out);
        out
    }
}

/// Sets the length of the message that `out` holds, once all of it is there.
pub(crate) fn finish(out: &mut [u8]) {
    // No longer message can be sent: the socket refuses far shorter ones.
    let len = u32::try_from(out.len()).unwrap_or(u32::MAX);
    out[..4].copy_from_slice(&len.to_ne_bytes());
}

/// Gives the message that `out` holds another sequence number.
pub(crate) fn set_seq(out: &mut [u8], seq: u32) {
    out[8..12].copy_from_slice(&seq.to_ne_bytes());
}

/// Sends the message that `out` holds to another family.
pub(crate) fn set_kind(out: &mut [u8], kind: u16) {
    out[4..6].copy_from_slice(&kind.to_ne_bytes());
}

/// What stands behind a message's genlmsghdr: the family's own header if it has one, and attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Payload<'a> {
    /// Takes bytes that begin `offset` bytes into their message.
    #[inline]
    pub fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// All of its bytes.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The attributes, where no header stands before them.
    #[inline]
    pub fn attrs(self) -> Attrs<'a> {
        Attrs::new(self.bytes, self.offset)
    }

    /// The header, and the attributes behind it.
    #[inline]
    pub fn split<H: Struct>(self) -> (H, Attrs<'a>) {
        let (header, attrs) = self.split_at(H::SIZE);
        (H::read(Fields::new(header)), attrs)
    }

    /// A header of so many bytes, fewer if the message ends there, and the attributes behind it.
    #[inline]
    pub fn split_at(self, size: usize) -> (&'a [u8], Attrs<'a>) {
        let size = size.min(self.bytes.len());
        let attrs = align(size).min(self.bytes.len());
        let rest = Attrs::new(&self.bytes[attrs..], self.offset + attrs);
        (&self.bytes[..size], rest)
    }
}

/// What can be read from a message's payload; the generated views can.
pub trait FromPayload<'a>: Sized {
    /// Reads the header, if the message has one, and the attributes.
    ///
    /// # Errors
    ///
    /// What is wrong with the first attribute that cannot be read.
    fn from_payload(payload: Payload<'a>) -> Result<Self, Malformed>;
}

impl<'a, T: FromAttrs<'a>> FromPayload<'a> for T {
    // Whether there is a call is left to `from_attrs`.
    #[inline(always)]
    fn from_payload(payload: Payload<'a>) -> Result<Self, Malformed> {
        T::from_attrs(payload.attrs())
    }
}

/// Reads the genlmsghdr of a message: the command, and what stands behind it.
#[inline]
pub(crate) fn generic(message: &[u8]) -> Result<(u8, Payload<'_>), Malformed> {
    match (message.get(NLMSG_HDRLEN), message.get(ATTRS_OFFSET..)) {
        (Some(&cmd), Some(bytes)) => Ok((cmd, Payload::new(bytes, ATTRS_OFFSET))),
        _ => Err(Malformed {
            defect: Defect::Leftover(message.len().saturating_sub(NLMSG_HDRLEN) as u32),
            offset: NLMSG_HDRLEN as u32,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> (Head, Vec<u8>) {
        let head = Head {
            len: 24,
            kind: 16,
            flags: 5,
            seq: 7,
            port: 9,
        };
        let mut out = Vec::new();
        head.begin(3, 2, &mut out);
        out.extend([4u16.to_ne_bytes(), 1u16.to_ne_bytes()].concat());
        finish(&mut out);
        (head, out)
    }

    #[test]
    fn headers_come_back() {
        let (head, mut out) = message();
        assert_eq!(Head::read(&out), Ok(head));
        let (cmd, payload) = generic(&out).unwrap();
        assert_eq!(cmd, 3);
        let attr = payload.attrs().next().unwrap().unwrap();
        assert_eq!((attr.kind(), attr.offset()), (1, 20));
        set_seq(&mut out, 8);
        assert_eq!(Head::read(&out), Ok(Head { seq: 8, ..head }));
    }

    #[test]
    fn pieces_are_refused() {
        let (_, out) = message();
        for len in 0..16 {
            let malformed = Head::read(&out[..len]).unwrap_err();
            assert_eq!(malformed.defect, Defect::Leftover(len as u32));
        }
        for len in 16..24 {
            let malformed = Head::read(&out[..len]).unwrap_err();
            assert_eq!(malformed.defect, Defect::Length(24));
        }
        for len in 0..20 {
            assert!(generic(&out[..len]).is_err());
        }
    }

    #[test]
    fn lengths_below_the_header_are_refused() {
        let (_, mut out) = message();
        for len in 0..16u32 {
            out[..4].copy_from_slice(&len.to_ne_bytes());
            assert!(Head::read(&out).is_err());
        }
    }
}
