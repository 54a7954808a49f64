//! kvstore as a user of the crate writes it by hand, since its generator is not published: on the crate's own traits and
//! parsers, and with getters that work as the generated ones do.

use std::ffi::CStr;

use netlink_bindings::builtin::BuiltinNfgenmsg;
use netlink_bindings::traits::{NetlinkRequest, Protocol};
use netlink_bindings::utils::{IterableChunks, parse_u32, parse_u64, push_header};

const GET: u8 = 1;
const SET: u8 = 2;
const NLM_F_DUMP: u16 = 0x300;

/// A request that is answered with entries, or with parts of one.
pub(crate) struct Request {
    payload: Vec<u8>,
    flags: u16,
}

fn request(cmd: u8, flags: u16) -> Request {
    let mut header = BuiltinNfgenmsg::new();
    header.cmd = cmd;
    header.version = 1;
    let mut payload = Vec::new();
    payload.extend(header.as_slice());
    Request { payload, flags }
}

impl Request {
    fn push(mut self, kind: u16, parts: [&[u8]; 2]) -> Self {
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        push_header(&mut self.payload, kind, len as u16);
        parts.iter().for_each(|part| self.payload.extend(*part));
        self
    }
}

pub(crate) fn get(key: &str) -> Request {
    request(GET, 0).push(1, [key.as_bytes(), b"\0"])
}

pub(crate) fn set(key: &str, value: &[u8]) -> Request {
    get_like(key).push(2, [value, b""])
}

fn get_like(key: &str) -> Request {
    request(SET, 0).push(1, [key.as_bytes(), b"\0"])
}

pub(crate) fn list() -> Request {
    request(GET, NLM_F_DUMP)
}

impl NetlinkRequest for Request {
    fn protocol(&self) -> Protocol {
        Protocol::Generic(b"kvstore")
    }

    fn flags(&self) -> u16 {
        self.flags
    }

    fn payload(&self) -> &[u8] {
        &self.payload
    }

    type ReplyType<'buf> = Entry<'buf>;

    fn decode_reply(buf: &[u8]) -> Entry<'_> {
        entry(buf)
    }
}

/// The entry of a message, from its genlmsghdr on.
pub(crate) fn entry(message: &[u8]) -> Entry<'_> {
    Entry(&message[BuiltinNfgenmsg::len()..])
}

#[derive(Clone, Copy)]
pub(crate) struct Entry<'a>(&'a [u8]);

fn find(attrs: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut attrs = IterableChunks::new(attrs);
    attrs
        .find(|(header, _)| header.r#type == wanted)
        .map(|(_, value)| value)
}

impl<'a> Entry<'a> {
    pub(crate) fn get_key(self) -> Option<&'a CStr> {
        CStr::from_bytes_with_nul(find(self.0, 1)?).ok()
    }

    pub(crate) fn get_value(self) -> Option<&'a [u8]> {
        find(self.0, 2)
    }

    pub(crate) fn get_revision(self) -> Option<u64> {
        parse_u64(find(self.0, 3)?)
    }

    pub(crate) fn get_flags(self) -> Option<u32> {
        parse_u32(find(self.0, 4)?)
    }

    pub(crate) fn get_meta(self) -> Option<Meta<'a>> {
        find(self.0, 5).map(Meta)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Meta<'a>(&'a [u8]);

impl<'a> Meta<'a> {
    pub(crate) fn get_created_ns(self) -> Option<u64> {
        parse_u64(find(self.0, 1)?)
    }

    pub(crate) fn get_hits(self) -> Option<u64> {
        let value = find(self.0, 2)?;
        parse_u64(value).or_else(|| parse_u32(value).map(u64::from))
    }

    pub(crate) fn get_labels(self) -> impl Iterator<Item = &'a CStr> {
        let labels = IterableChunks::new(self.0).filter(|(header, _)| header.r#type == 3);
        labels.flat_map(|(_, value)| CStr::from_bytes_with_nul(value))
    }
}
