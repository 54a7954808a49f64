//! What goes over the wire: nlmsghdr, genlmsghdr and nlattr.
//!
//! Reading borrows from the receive buffer and trusts no byte of it; writing goes to a buffer that
//! is used again for each request. Layouts are those of `include/uapi/linux/netlink.h` and
//! `include/uapi/linux/genetlink.h`.

mod array;
mod attr;
mod attrs;
mod encode;
mod fields;
mod fixed;
mod level;
mod list;
mod malformed;
mod message;
mod names;
mod shown;
mod text;
mod texts;

pub use array::Array;
pub use attr::Attr;
pub use attrs::{Attrs, FromAttrs};
pub use encode::{Encoder, Misfit, Unfit};
pub use fields::{Fields, FieldsMut, Struct, narrow};
pub use fixed::{Bitfield32, Bytes, Text};
pub use list::{Lazy, List, Map};
pub use malformed::{Defect, Malformed};
pub use message::{FromPayload, Payload};
pub(crate) use message::{Head, finish, generic, set_kind, set_seq};
pub use names::{Enum, NoSuchName, show_flags};
pub use shown::{Escaped, Hex, HexNumber, Ip, Ipv4Number, Mac, Uuid, each};
pub use texts::{TextList, Texts};

/// Size of a nlmsghdr, in bytes.
pub(crate) const NLMSG_HDRLEN: usize = 16;
/// Size of a genlmsghdr, in bytes.
pub(crate) const GENL_HDRLEN: usize = 4;
/// Size of a nlattr, in bytes.
pub(crate) const NLA_HDRLEN: usize = 4;
/// Where the attributes of a generic netlink message begin, in bytes from its nlmsghdr.
pub(crate) const ATTRS_OFFSET: usize = NLMSG_HDRLEN + GENL_HDRLEN;

/// Rounds up to the 4 bytes at which messages and attributes are aligned.
pub(crate) const fn align(len: usize) -> usize {
    // Of what is in memory nothing ends so near the end of the address space that it overflows.
    (len + 3) & !3
}
