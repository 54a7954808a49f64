//! What is told of a request beside the error number: the extended ACK.

use std::borrow::Cow;

use super::nla::Nla;
use super::tell::tell_rule;
use crate::wire::{Attr, Encoder, Unfit};

/// Types of the attributes of a NLMSG_ERROR, `enum nlmsgerr_attrs`.
const MSG: u16 = 1;
const OFFS: u16 = 2;
const COOKIE: u16 = 3;
pub(crate) const POLICY: u16 = 4;
const MISS_TYPE: u16 = 5;
const MISS_NEST: u16 = 6;

/// `struct netlink_ext_ack`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extack {
    pub(crate) message: Option<Cow<'static, str>>,
    /// Of the attribute at fault, from the message's begin.
    pub(crate) offset: Option<u32>,
    pub(crate) rule: Option<Nla>,
    pub(crate) miss_type: Option<u16>,
    pub(crate) miss_nest: Option<u32>,
    pub(crate) cookie: Vec<u8>,
}

impl Extack {
    /// `NL_SET_ERR_MSG`
    pub(crate) fn say(&mut self, words: impl Into<Cow<'static, str>>) {
        self.message = Some(words.into());
    }

    /// `NL_SET_BAD_ATTR`
    pub(crate) fn point_at(&mut self, attr: Attr<'_>) {
        self.offset = Some(attr.offset() as u32);
    }

    /// `NL_SET_ERR_MSG_ATTR`
    pub(crate) fn blame(&mut self, attr: Attr<'_>, words: &'static str) {
        self.blame_by(None, attr, words);
    }

    /// `NL_SET_ERR_MSG_ATTR_POL`
    pub(crate) fn blame_by(&mut self, rule: Option<Nla>, attr: Attr<'_>, words: &'static str) {
        self.say(words);
        self.point_at(attr);
        self.rule = rule;
    }

    /// As our kernel half blames without a policy: what was told of one stays.
    pub(crate) fn blame_unruled(&mut self, attr: Attr<'_>, words: &'static str) {
        self.say(words);
        self.point_at(attr);
    }

    pub(crate) fn miss(&mut self, number: u16) {
        self.miss_type = Some(number);
    }

    /// `netlink_ack_tlv_fill()`; of a success there are words and the cookie alone.
    pub(crate) fn write(&self, errno: i32, out: &mut Encoder<'_>) -> Result<(), Unfit> {
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
