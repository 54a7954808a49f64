//! What the kernel says at the end of an exchange.

use crate::netlink::{self, NLMSGHDR};

/// What is said, by the comments on `struct nlmsgerr` and `enum nlmsgerr_attrs`.
#[derive(Debug, Default)]
pub struct Told<'a> {
    /// 0 if all went well, else positive.
    pub errno: i32,
    /// One of the attributes is none, or has not its type's length; or an error has no number.
    pub broken: bool,
    /// The words.
    pub text: Option<&'a [u8]>,
    /// Where in the request the attribute at fault is.
    pub offset: Option<u32>,
    /// What is told to a program.
    pub cookie: Option<&'a [u8]>,
    /// It says what may stand there.
    pub policy: bool,
    /// The number of what is missing.
    pub missing: Option<u32>,
}

impl<'a> Told<'a> {
    /// Reads what stands behind the nlmsghdr.
    pub fn by_the_rules(kind: u16, flags: u16, rest: &'a [u8]) -> Self {
        let mut told = Self::default();
        if rest.len() < 4 {
            told.broken = i32::from(kind) == libc::NLMSG_ERROR;
            return told;
        }
        told.errno = (netlink::u32_at(rest, 0) as i32).saturating_abs();
        if flags & libc::NLM_F_ACK_TLVS as u16 == 0 {
            return told;
        }
        let mut start = 4;
        if i32::from(kind) == libc::NLMSG_ERROR {
            // The request's header is repeated, and of an error all of it unless that is said to be capped.
            let capped = flags & libc::NLM_F_CAPPED as u16 != 0;
            start += match told.errno == 0 || capped || rest.len() < 8 {
                true => NLMSGHDR,
                false => netlink::padded(netlink::u32_at(rest, 4) as usize),
            };
        }
        let attrs = netlink::attrs(rest.get(start..).unwrap_or_default(), 0);
        told.broken = attrs.broken_at.is_some();
        for attr in attrs.whole {
            match attr.kind {
                1 => told.text = Some(attr.payload),
                3 => told.cookie = Some(attr.payload),
                4 => told.policy = true,
                2 | 5 | 6 if attr.payload.len() != 4 => told.broken = true,
                2 => told.offset = Some(netlink::u32_at(attr.payload, 0)),
                5 => told.missing = Some(netlink::u32_at(attr.payload, 0)),
                _ => {}
            }
        }
        told
    }
}
