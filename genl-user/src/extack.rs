//! What the kernel says when it is done, or refuses: errno and extended ACK.
//!
//! Layouts are those of `struct nlmsgerr` and `enum nlmsgerr_attrs`.

use crate::error::Refused;
use crate::families::nlctrl::PolicyView;
use crate::family::Operation;
use crate::wire::{Attr, Attrs, Head, Malformed, NLMSG_HDRLEN, align};

const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;
const NLMSGERR_ATTR_POLICY: u16 = 4;
const NLMSGERR_ATTR_MISS_TYPE: u16 = 5;
const NLMSGERR_ATTR_MISS_NEST: u16 = 6;

/// The end of an exchange: a NLMSG_ERROR, which with errno 0 is an ACK, or a NLMSG_DONE.
#[derive(Debug, Default)]
pub(crate) struct Verdict<'a> {
    /// 0 if all went well, else positive.
    pub(crate) errno: i32,
    text: Option<&'a [u8]>,
    offset: Option<usize>,
    policy: Option<Attr<'a>>,
    missing: Option<u16>,
    missing_in: Option<usize>,
}

impl<'a> Verdict<'a> {
    /// Reads a message of type NLMSG_ERROR or NLMSG_DONE.
    pub(crate) fn read(head: &Head, message: &'a [u8]) -> Result<Self, Malformed> {
        let payload = &message[NLMSG_HDRLEN..];
        let Some((errno, rest)) = payload.split_first_chunk() else {
            return Ok(Self::default());
        };
        let mut verdict = Self {
            errno: i32::from_ne_bytes(*errno).saturating_abs(),
            ..Self::default()
        };
        if head.flags & libc::NLM_F_ACK_TLVS as u16 == 0 {
            return Ok(verdict);
        }
        let repeated = match i32::from(head.kind) {
            libc::NLMSG_DONE => 0,
            _ => repeated_len(head, verdict.errno, rest),
        };
        let attrs = rest.get(repeated..).unwrap_or_default();
        for attr in Attrs::new(attrs, message.len() - attrs.len()) {
            let attr = attr?;
            match attr.kind() {
                NLMSGERR_ATTR_MSG => verdict.text = Some(attr.bytes()?),
                NLMSGERR_ATTR_OFFS => verdict.offset = Some(attr.u32()? as usize),
                NLMSGERR_ATTR_POLICY => verdict.policy = Some(attr),
                NLMSGERR_ATTR_MISS_TYPE => verdict.missing = u16::try_from(attr.u32()?).ok(),
                NLMSGERR_ATTR_MISS_NEST => verdict.missing_in = Some(attr.u32()? as usize),
                _ => {}
            }
        }
        Ok(verdict)
    }

    /// The error that this is, of an operation whose request was `request`.
    pub(crate) fn refused(&self, operation: &Operation, request: &[u8]) -> Refused {
        let named = |path| format!("{}.{path}", operation.name);
        let layout = operation.request;
        Refused {
            family: operation.family.name,
            operation: operation.name,
            errno: self.errno,
            message: self.text.map(text),
            attribute: self
                .offset
                .and_then(|offset| layout.path(request, offset))
                .map(named),
            missing: self
                .missing
                .and_then(|kind| layout.path_of_missing(request, self.missing_in, kind))
                .map(named),
            policy: self
                .policy
                .and_then(|attr| attr.nest::<PolicyView>().ok())
                .map(|policy| policy.to_owned()),
        }
    }
}

/// How much of the request is repeated before the attributes, in bytes: of an error all of it,
/// unless the socket has asked for its header only.
fn repeated_len(head: &Head, errno: i32, rest: &[u8]) -> usize {
    if errno == 0 || head.flags & libc::NLM_F_CAPPED as u16 != 0 {
        return NLMSG_HDRLEN;
    }
    rest.first_chunk()
        .map_or(NLMSG_HDRLEN, |len| align(u32::from_ne_bytes(*len) as usize))
}

/// A text of the kernel, which may quote what a user said.
fn text(bytes: &[u8]) -> String {
    let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    String::from_utf8_lossy(text).into_owned()
}
