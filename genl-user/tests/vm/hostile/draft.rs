//! A message before it is bytes: easy to spoil.

/// What stands before the attributes, in bytes: a nlmsghdr and a genlmsghdr.
pub(super) const HEADERS: usize = NLMSG_HDRLEN + 4;

pub(super) const NLMSG_HDRLEN: usize = 16;

pub(super) const NESTED: u16 = libc::NLA_F_NESTED as u16;

/// A message; what its length fields say follows from the rest, unless it is told to lie.
#[derive(Clone, Default)]
pub(super) struct Draft {
    /// `nlmsg_type`
    pub(super) kind: u16,
    /// `nlmsg_flags`
    pub(super) flags: u16,
    pub(super) cmd: u8,
    pub(super) version: u8,
    pub(super) reserved: u16,
    /// The family's own header.
    pub(super) header: Vec<u8>,
    pub(super) attrs: Vec<Node>,
    /// Bytes that are no attribute.
    pub(super) tail: Vec<u8>,
    /// What `nlmsg_len` says.
    pub(super) lie: Option<u32>,
}

/// An attribute.
#[derive(Clone)]
pub(super) struct Node {
    /// `nla_type`, with its flags.
    pub(super) kind: u16,
    pub(super) body: Body,
    /// What `nla_len` says.
    pub(super) lie: Option<u16>,
}

#[derive(Clone)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    Nest(Vec<Node>),
}

impl Draft {
    /// Writes the message, without padding behind it. Its sequence number is 0.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; 4]);
        out.extend(self.kind.to_ne_bytes());
        out.extend(self.flags.to_ne_bytes());
        out.extend([0; 8]);
        out.extend([self.cmd, self.version]);
        out.extend(self.reserved.to_ne_bytes());
        out.extend(&self.header);
        out.resize((out.len() - start).next_multiple_of(4) + start, 0);
        write(&self.attrs, out, start);
        out.extend(&self.tail);
        let len = self.lie.unwrap_or((out.len() - start) as u32);
        out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
    }
}

fn write(nodes: &[Node], out: &mut Vec<u8>, message: usize) {
    for node in nodes {
        let start = out.len();
        out.extend([0; 4]);
        match &node.body {
            Body::Bytes(bytes) => out.extend(bytes),
            Body::Nest(inside) => write(inside, out, message),
        }
        // More than 16 bits can say is cut off, as careless senders do.
        let len = node.lie.unwrap_or((out.len() - start) as u16);
        out[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        out[start + 2..start + 4].copy_from_slice(&node.kind.to_ne_bytes());
        out.resize((out.len() - message).next_multiple_of(4) + message, 0);
    }
}

impl Node {
    pub(super) fn bytes(kind: u16, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            body: Body::Bytes(bytes),
            lie: None,
        }
    }

    pub(super) fn nest(kind: u16, inside: Vec<Self>) -> Self {
        Self {
            kind: kind | NESTED,
            body: Body::Nest(inside),
            lie: None,
        }
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        4 + match &self.body {
            Body::Bytes(bytes) => bytes.len(),
            Body::Nest(inside) => inside.iter().map(Self::size).sum(),
        }
    }
}
