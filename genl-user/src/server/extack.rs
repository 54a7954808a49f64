//! Why a request is refused, and what its sender is told of that: the extended ACK.

use std::borrow::Cow;
use std::{fmt, io};

use super::nla::Nla;
use super::tell::tell_rule;
use crate::policy::Rule;
use crate::wire::{Attr, Encoder, Malformed, Unfit};

/// Types of the attributes of a NLMSG_ERROR, `enum nlmsgerr_attrs`.
const MSG: u16 = 1;
const OFFS: u16 = 2;
const COOKIE: u16 = 3;
pub(super) const POLICY: u16 = 4;
const MISS_TYPE: u16 = 5;
const MISS_NEST: u16 = 6;

/// Longest cookie, in bytes (`NETLINK_MAX_COOKIE_LEN`).
const LONGEST_COOKIE: usize = 20;

/// Why a request is refused: an error number, and whatever helps its sender.
///
/// ```
/// use genl_user::server::Refusal;
///
/// let refusal = Refusal::new(libc::ENOENT).because("there is no such entry");
/// assert_eq!(refusal.errno(), libc::ENOENT);
/// ```
#[derive(Debug, Clone)]
pub struct Refusal {
    errno: i32,
    extack: Box<Extack>,
}

impl Refusal {
    /// A refusal with this positive error number: `libc::ENOENT`.
    pub fn new(errno: i32) -> Self {
        Self {
            errno: errno.abs(),
            extack: Box::default(),
        }
    }

    /// The operation is not served: EOPNOTSUPP.
    pub fn unsupported() -> Self {
        Self::new(libc::EOPNOTSUPP)
    }

    /// The error number.
    pub fn errno(&self) -> i32 {
        self.errno
    }

    /// Says why.
    pub fn because(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.extack.say(words);
        self
    }

    /// Says which attribute of the request is at fault, if it is there.
    pub fn at<'a>(mut self, attr: impl Into<Option<Attr<'a>>>) -> Self {
        if let Some(attr) = attr.into() {
            self.extack.offset = Some(attr.offset() as u32);
        }
        self
    }

    /// Tells which number the attribute has that is missing.
    pub fn missing(mut self, number: u16) -> Self {
        self.extack.miss_type = Some(number);
        self
    }

    /// As [`Self::missing`], of an attribute that should have been in `nest`.
    pub fn missing_in(mut self, nest: Attr<'_>, number: u16) -> Self {
        self.extack.miss_nest = Some(nest.offset() as u32);
        self.missing(number)
    }

    /// Tells the rule that the attribute has violated.
    pub fn by(mut self, rule: &'static Rule) -> Self {
        self.extack.rule = Some(rule.nla());
        self
    }

    /// What it adds to what was said already.
    pub(super) fn merge_into(self, extack: &mut Extack) -> i32 {
        let own = *self.extack;
        extack.message = own.message.or(extack.message.take());
        extack.offset = own.offset.or(extack.offset);
        extack.rule = own.rule.or(extack.rule);
        extack.miss_type = own.miss_type.or(extack.miss_type);
        extack.miss_nest = own.miss_nest.or(extack.miss_nest);
        self.errno
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errno = io::Error::from_raw_os_error(self.errno);
        match &self.extack.message {
            Some(message) => write!(f, "{errno}: {message}"),
            None => errno.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

/// A handler's answer cannot be written.
impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        Self::new(libc::EMSGSIZE).because(unfit.misfit.to_string())
    }
}

/// What the rules have let through, but Rust's types cannot hold.
impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        let mut refusal = Self::new(libc::EINVAL).because(malformed.defect.to_string());
        refusal.extack.offset = Some(malformed.offset as u32);
        refusal
    }
}

/// `struct netlink_ext_ack`.
#[derive(Debug, Clone, Default)]
pub(super) struct Extack {
    message: Option<Cow<'static, str>>,
    /// Of the attribute at fault, from the message's begin.
    offset: Option<u32>,
    rule: Option<Nla>,
    miss_type: Option<u16>,
    miss_nest: Option<u32>,
    cookie: Vec<u8>,
}

impl Extack {
    /// `NL_SET_ERR_MSG`
    pub(super) fn say(&mut self, words: impl Into<Cow<'static, str>>) {
        self.message = Some(words.into());
    }

    /// `NL_SET_BAD_ATTR`
    pub(super) fn point_at(&mut self, attr: Attr<'_>) {
        self.offset = Some(attr.offset() as u32);
    }

    /// `NL_SET_ERR_MSG_ATTR`
    pub(super) fn blame(&mut self, attr: Attr<'_>, words: &'static str) {
        self.blame_by(None, attr, words);
    }

    /// `NL_SET_ERR_MSG_ATTR_POL`
    pub(super) fn blame_by(&mut self, rule: Option<Nla>, attr: Attr<'_>, words: &'static str) {
        self.say(words);
        self.point_at(attr);
        self.rule = rule;
    }

    /// As our kernel half blames without a policy: what was told of one stays.
    pub(super) fn blame_unruled(&mut self, attr: Attr<'_>, words: &'static str) {
        self.say(words);
        self.point_at(attr);
    }

    pub(super) fn miss(&mut self, number: u16) {
        self.miss_type = Some(number);
    }

    pub(super) fn give(&mut self, cookie: &[u8]) {
        let len = cookie.len().min(LONGEST_COOKIE);
        self.cookie = cookie[..len].to_vec();
    }

    /// `netlink_ack_tlv_fill()`; of a success there are words and the cookie alone.
    pub(super) fn write(&self, errno: i32, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        if let Some(message) = &self.message {
            // What a C string cannot hold ends it.
            let words = message.split('\0').next().unwrap_or_default();
            out.str(MSG, words)?;
        }
        if !self.cookie.is_empty() {
            out.bytes(COOKIE, &self.cookie)?;
        }
        if errno == 0 {
            return Ok(());
        }
        if let Some(offset) = self.offset {
            out.u32(OFFS, offset);
        }
        if let Some(rule) = &self.rule {
            tell_rule(out, POLICY, rule, |_| None)?;
        }
        if let Some(number) = self.miss_type {
            out.u32(MISS_TYPE, number.into());
        }
        if let Some(offset) = self.miss_nest {
            out.u32(MISS_NEST, offset);
        }
        Ok(())
    }
}
