//! Why a handler refuses a request, and what the sender is told of that.

use std::borrow::Cow;
use std::{fmt, io};

use crate::policy::Rule;
use crate::policy::extack::Extack;
use crate::wire::{Attr, Malformed, Misfit, Unfit};

/// Longest cookie, in bytes (`NETLINK_MAX_COOKIE_LEN`).
const LONGEST_COOKIE: usize = 20;

impl Extack {
    /// What a handler gives to a program.
    pub(super) fn give(&mut self, cookie: &[u8]) {
        let len = cookie.len().min(LONGEST_COOKIE);
        self.cookie = cookie[..len].to_vec();
    }
}

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

    /// Tells which attribute is missing: its number is in the generated module `server::attr`.
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
        let errno = match unfit.misfit {
            Misfit::TooLong(_) => libc::EMSGSIZE,
            _ => libc::EINVAL,
        };
        Self::new(errno).because(unfit.misfit.to_string())
    }
}

/// What the rules have let through, but Rust's types cannot hold.
impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        let mut refusal = Self::new(libc::EINVAL).because(malformed.defect.to_string());
        refusal.extack.offset = Some(malformed.offset);
        refusal
    }
}
