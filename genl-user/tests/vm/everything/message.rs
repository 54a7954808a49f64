//! A request's attributes before they are bytes.

const NESTED: u16 = libc::NLA_F_NESTED as u16;

/// An attribute.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// `nla_type`, with its flags.
    pub(super) kind: u16,
    pub(super) body: Body,
}

/// What stands in an attribute.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    Nest(Vec<Node>),
}

impl Node {
    /// An attribute as the kernel wants it: a nest is called one.
    pub(super) fn new(id: u16, body: Body) -> Self {
        let kind = match body {
            Body::Bytes(_) => id,
            Body::Nest(_) => id | NESTED,
        };
        Self { kind, body }
    }

    /// `nla_type` without flags.
    pub(super) fn id(&self) -> u16 {
        self.kind & !(NESTED | libc::NLA_F_NET_BYTEORDER as u16)
    }

    /// The same attribute, called a nest if it was not, and not if it was.
    pub(super) fn with_other_flag(self) -> Self {
        Self {
            kind: self.kind ^ NESTED,
            ..self
        }
    }
}

/// The bytes of a request behind the generic netlink header.
pub(super) fn payload(header: &[u8], nodes: &[Node]) -> Vec<u8> {
    let mut out = header.to_vec();
    out.resize(out.len().next_multiple_of(4), 0);
    write(nodes, &mut out);
    out
}

fn write(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        let start = out.len();
        out.extend([0; 4]);
        match &node.body {
            Body::Bytes(bytes) => out.extend(bytes),
            Body::Nest(inside) => write(inside, out),
        }
        let len = u16::try_from(out.len() - start).expect("it fits an attribute");
        out[start..start + 2].copy_from_slice(&len.to_ne_bytes());
        out[start + 2..start + 4].copy_from_slice(&node.kind.to_ne_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    }
}
