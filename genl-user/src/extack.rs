//! What the kernel says when it is done, or refuses: errno and extended ACK.
//!
//! Layouts are those of `struct nlmsgerr` and `enum nlmsgerr_attrs`.

use std::borrow::Cow;

use crate::families::nlctrl::PolicyView;
use crate::family::Operation;
use crate::path::{Form, Guide, Named};
use crate::refused::{Refused, Warning};
use crate::value::Value;
use crate::wire::{Attr, Attrs, Defect, Head, Malformed, NLMSG_HDRLEN, align};

const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;
const NLMSGERR_ATTR_COOKIE: u16 = 3;
const NLMSGERR_ATTR_POLICY: u16 = 4;
const NLMSGERR_ATTR_MISS_TYPE: u16 = 5;
const NLMSGERR_ATTR_MISS_NEST: u16 = 6;

/// The end of an exchange: a NLMSG_ERROR, which with errno 0 is an ACK, or a NLMSG_DONE.
#[derive(Debug, Default)]
pub(crate) struct Verdict<'a> {
    /// 0 if all went well, else positive.
    pub(crate) errno: i32,
    /// The kernel's words.
    pub(crate) text: Option<&'a [u8]>,
    /// Where in the request the attribute at fault is, in bytes.
    pub(crate) offset: Option<usize>,
    /// What it tells a program.
    pub(crate) cookie: Option<&'a [u8]>,
    /// What the kernel's policy asks of that attribute.
    pub(crate) policy: Option<Attr<'a>>,
    /// The number of an attribute that should have been there.
    pub(crate) missing: Option<u16>,
    /// Where in the request the nest is that it should have been in; `None` is the message.
    pub(crate) missing_in: Option<usize>,
}

impl<'a> Verdict<'a> {
    /// Reads a message of type NLMSG_ERROR or NLMSG_DONE.
    pub(crate) fn read(head: &Head, message: &'a [u8]) -> Result<Self, Malformed> {
        let payload = &message[NLMSG_HDRLEN..];
        let Some((errno, rest)) = payload.split_first_chunk() else {
            return match i32::from(head.kind) {
                libc::NLMSG_DONE => Ok(Self::default()),
                _ => Err(Malformed {
                    defect: Defect::Leftover(payload.len() as u32),
                    offset: NLMSG_HDRLEN as u32,
                }),
            };
        };
        let errno = i32::from_ne_bytes(*errno).saturating_abs();
        if head.flags & libc::NLM_F_ACK_TLVS as u16 == 0 {
            return Self::of(errno, Attrs::default());
        }
        let repeated = match i32::from(head.kind) {
            libc::NLMSG_DONE => 0,
            _ => repeated_len(head, errno, rest),
        };
        let attrs = rest.get(repeated..).unwrap_or_default();
        Self::of(errno, Attrs::new(attrs, message.len() - attrs.len()))
    }

    /// Reads the attributes of an extended ACK.
    pub(crate) fn of(errno: i32, attrs: Attrs<'a>) -> Result<Self, Malformed> {
        let mut verdict = Self {
            errno,
            ..Self::default()
        };
        for attr in attrs {
            let attr = attr?;
            match attr.kind() {
                NLMSGERR_ATTR_MSG => verdict.text = Some(attr.bytes()?),
                NLMSGERR_ATTR_OFFS => verdict.offset = Some(attr.u32()? as usize),
                NLMSGERR_ATTR_COOKIE => verdict.cookie = Some(attr.bytes()?),
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
        let mut refused = self.refused_by(
            operation.family.name.into(),
            operation.name.into(),
            operation.attrs(request),
            operation.capability,
        );
        let paths = [&mut refused.attribute, &mut refused.missing];
        for path in paths.into_iter().flatten() {
            *path = format!("{}.{path}", operation.name);
        }
        refused
    }

    /// The error that this is, of a request with these attributes to an operation that takes this
    /// capability.
    pub(crate) fn refused_by<'n>(
        &self,
        family: Cow<'static, str>,
        operation: Cow<'static, str>,
        attrs: Named<'_, impl Guide<'n>>,
        capability: Option<&'static str>,
    ) -> Refused {
        // The core, which looks at capabilities, has no words for it; a handler's say what it is.
        let lacks_it = self.errno == libc::EPERM && self.text.is_none();
        let found = self.offset.and_then(|offset| attrs.find(offset));
        let policy = self
            .policy
            .and_then(|attr| attr.nest::<PolicyView>().ok())
            .map(|policy| policy.to_owned());
        let value = found.as_ref().and_then(|found| {
            let told = || Form::told(policy.as_ref()?.type_?);
            Some(Value::of(found.attr, found.form.or_else(told)?))
        });
        Refused {
            family,
            operation,
            errno: self.errno,
            message: self.text.map(text),
            attribute: found.map(|found| found.path),
            value,
            missing: self
                .missing
                .and_then(|kind| attrs.path_of_missing(self.missing_in, kind)),
            policy,
            cookie: self.cookie.map(<[u8]>::to_vec),
            capability: capability.filter(|_| lacks_it),
            peer: None,
            is_sent: true,
        }
    }

    /// What the kernel minds though it carried the request out.
    pub(crate) fn warning(
        &self,
        family: impl Into<Cow<'static, str>>,
        operation: impl Into<Cow<'static, str>>,
    ) -> Option<Warning> {
        Some(Warning {
            family: family.into(),
            operation: operation.into(),
            message: self.text.map(text)?,
            cookie: self.cookie.map(<[u8]>::to_vec),
        })
    }
}

/// How much of the request is repeated before the attributes, in bytes: of an error all of it,
/// unless the socket has asked for its header only.
fn repeated_len(head: &Head, errno: i32, rest: &[u8]) -> usize {
    if errno == 0 || head.flags & libc::NLM_F_CAPPED as u16 != 0 {
        return NLMSG_HDRLEN;
    }
    // A length that is more than all there is says nothing, and is not rounded up: to where addresses
    // have 32 bits that may be too much.
    let len = rest
        .first_chunk()
        .map(|len| u32::from_ne_bytes(*len) as usize);
    len.map_or(NLMSG_HDRLEN, |len| align(len.min(rest.len())))
}

/// A text of the kernel, which may quote what a user said.
pub(crate) fn text(bytes: &[u8]) -> String {
    let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::kvstore::{Client, EntryFlags, Meta, Set};
    use crate::family::Request;
    use crate::wire::{ATTRS_OFFSET, Encoder, finish};

    const ERROR: u16 = libc::NLMSG_ERROR as u16;
    const DONE: u16 = libc::NLMSG_DONE as u16;
    const CAPPED: u16 = libc::NLM_F_CAPPED as u16;
    const TLVS: u16 = libc::NLM_F_ACK_TLVS as u16;

    /// A request whose nest has two labels; the second one's header is 64 bytes into it.
    fn request() -> Vec<u8> {
        let mut out = vec![0; ATTRS_OFFSET];
        let set = Set {
            key: "host",
            value: Some(b"example"),
            flags: Some(EntryFlags::STICKY),
            meta: Some(Meta {
                label: &["one", "two"],
                ..Meta::default()
            }),
        };
        set.encode(&mut Encoder::new(&mut out)).unwrap();
        finish(&mut out);
        out
    }

    fn message(
        kind: u16,
        flags: u16,
        errno: i32,
        repeated: &[u8],
        tlvs: impl FnOnce(&mut Encoder<'_>),
    ) -> (Head, Vec<u8>) {
        let mut head = Head {
            len: 0,
            kind,
            flags,
            seq: 1,
            port: 1,
        };
        let mut out = vec![0; NLMSG_HDRLEN];
        out.extend(errno.to_ne_bytes());
        out.extend(repeated);
        tlvs(&mut Encoder::new(&mut out));
        head.len = out.len();
        (head, out)
    }

    fn refused(head: &Head, message: &[u8]) -> Refused {
        let verdict = Verdict::read(head, message).unwrap();
        verdict.refused(&Client::SET, &request())
    }

    #[test]
    fn all_is_told_of_a_capped_error() {
        let request = request();
        let (head, message) = message(
            ERROR,
            CAPPED | TLVS,
            -libc::EINVAL,
            &request[..NLMSG_HDRLEN],
            |out| {
                out.str(NLMSGERR_ATTR_MSG, "no such label").unwrap();
                out.u32(NLMSGERR_ATTR_OFFS, 64);
                out.bytes(NLMSGERR_ATTR_COOKIE, &[1, 2]).unwrap();
                out.nest(NLMSGERR_ATTR_POLICY, |out| {
                    out.u32(7, 64);
                    Ok(())
                })
                .unwrap();
            },
        );
        let refused = refused(&head, &message);
        assert_eq!(refused.errno, libc::EINVAL);
        assert_eq!(refused.message.as_deref(), Some("no such label"));
        assert_eq!(refused.attribute.as_deref(), Some("set.meta.label[1]"));
        assert_eq!(refused.value, Some(Value::Text("two".into())));
        assert_eq!(refused.cookie.as_deref(), Some(&[1, 2][..]));
        assert_eq!(refused.policy.as_ref().unwrap().max_length, Some(64));
        assert_eq!(
            refused.to_string(),
            "kvstore refused set: Invalid argument: no such label; at set.meta.label[1], \
             which is \"two\" (3 bytes) and takes at most 64 bytes"
        );
    }

    #[test]
    fn a_number_is_told_beside_its_limits() {
        let request = request();
        let repeated = &request[..NLMSG_HDRLEN];
        let flags = CAPPED | TLVS;
        // Where the flags are.
        let offset = ATTRS_OFFSET as u32 + 12 + 12;
        let (head, message) = message(ERROR, flags, -libc::ERANGE, repeated, |out| {
            out.u32(NLMSGERR_ATTR_OFFS, offset);
            out.nest(NLMSGERR_ATTR_POLICY, |out| {
                out.u32(1, 4);
                out.u64(4, 3);
                out.u64(5, u32::MAX.into());
                Ok(())
            })
            .unwrap();
        });
        assert_eq!(
            refused(&head, &message).to_string(),
            "kvstore refused set: Numerical result out of range; \
             at set.flags, which is 2 and takes u32, at least 3"
        );
    }

    #[test]
    fn a_warning_has_words() {
        let request = request();
        let (head, bytes) = message(ERROR, CAPPED | TLVS, 0, &request[..NLMSG_HDRLEN], |out| {
            out.str(NLMSGERR_ATTR_MSG, "no need for it").unwrap();
        });
        let verdict = Verdict::read(&head, &bytes).unwrap();
        let warning = verdict.warning("kvstore", "set").unwrap();
        assert_eq!(
            warning.to_string(),
            "kvstore carried out set, but: no need for it"
        );
        assert!(Verdict::default().warning("kvstore", "set").is_none());
    }

    #[test]
    fn a_capability_is_named_where_the_core_missed_it() {
        let request = request();
        let repeated = &request[..NLMSG_HDRLEN];
        let (head, bare) = message(ERROR, CAPPED, -libc::EPERM, repeated, |_| {});
        assert_eq!(
            refused(&head, &bare).to_string(),
            "kvstore refused set: Operation not permitted; it takes CAP_NET_ADMIN"
        );
        let verdict = Verdict::read(&head, &bare).unwrap();
        assert_eq!(verdict.refused(&Client::GET, &request).capability, None);

        // The end of a dump has it in the place of an ACK.
        let (head, done) = message(DONE, 0, -libc::EPERM, &[], |_| {});
        assert_eq!(refused(&head, &done).capability, Some("CAP_NET_ADMIN"));

        let words = |out: &mut Encoder<'_>| out.str(NLMSGERR_ATTR_MSG, "read-only").unwrap();
        let (head, worded) = message(ERROR, CAPPED | TLVS, -libc::EPERM, repeated, words);
        assert_eq!(refused(&head, &worded).capability, None);
        let (head, other) = message(ERROR, CAPPED, -libc::EACCES, repeated, |_| {});
        assert_eq!(refused(&head, &other).capability, None);
    }

    #[test]
    fn a_repeated_request_is_stepped_over() {
        let request = request();
        let (head, message) = message(ERROR, TLVS, -libc::EPERM, &request, |out| {
            out.str(NLMSGERR_ATTR_MSG, "never").unwrap();
        });
        let refused = refused(&head, &message);
        assert_eq!(refused.message.as_deref(), Some("never"));
        assert!(!refused.hints_at_stale_id());
    }

    #[test]
    fn what_is_missing_is_named() {
        let request = request();
        let nested = |out: &mut Encoder<'_>| {
            out.u32(NLMSGERR_ATTR_MISS_TYPE, 2);
            out.u32(NLMSGERR_ATTR_MISS_NEST, 52);
        };
        let top = |out: &mut Encoder<'_>| out.u32(NLMSGERR_ATTR_MISS_TYPE, 1);
        let repeated = &request[..NLMSG_HDRLEN];
        let flags = CAPPED | TLVS;
        let (head, bytes) = message(ERROR, flags, -libc::EINVAL, repeated, top);
        assert_eq!(refused(&head, &bytes).missing.as_deref(), Some("set.key"));
        let (head, bytes) = message(ERROR, flags, -libc::EINVAL, repeated, nested);
        let missing = refused(&head, &bytes).missing;
        assert_eq!(missing.as_deref(), Some("set.meta.hits"));
    }

    #[test]
    fn the_end_of_a_dump_has_its_error_and_words() {
        let (head, bytes) = message(DONE, TLVS, -libc::ENOSPC, &[], |out| {
            out.str(NLMSGERR_ATTR_MSG, "too many").unwrap();
        });
        let refused = refused(&head, &bytes);
        assert_eq!(refused.errno, libc::ENOSPC);
        assert_eq!(refused.message.as_deref(), Some("too many"));

        let (head, bytes) = message(DONE, 0, 0, &[], |_| {});
        assert_eq!(Verdict::read(&head, &bytes).unwrap().errno, 0);
    }

    #[test]
    fn a_bare_errno_may_come_from_a_stale_id() {
        let request = request();
        for (errno, stale) in [
            (libc::ENOENT, true),
            (libc::EOPNOTSUPP, true),
            (libc::EPERM, false),
        ] {
            let repeated = &request[..NLMSG_HDRLEN];
            let (head, bytes) = message(ERROR, CAPPED, -errno, repeated, |_| {});
            assert_eq!(refused(&head, &bytes).hints_at_stale_id(), stale);
        }
    }

    #[test]
    fn an_error_without_its_number_is_not_a_success() {
        let (head, bytes) = message(ERROR, CAPPED, -libc::EPERM, &[], |_| {});
        for len in NLMSG_HDRLEN..NLMSG_HDRLEN + 4 {
            assert!(Verdict::read(&head, &bytes[..len]).is_err());
        }
    }

    #[test]
    fn pieces_and_nonsense_are_no_panic() {
        let request = request();
        let flags = CAPPED | TLVS;
        let repeated = &request[..NLMSG_HDRLEN];
        let (head, whole) = message(ERROR, flags, -libc::EINVAL, repeated, |out| {
            out.u32(NLMSGERR_ATTR_OFFS, u32::MAX);
            out.u32(NLMSGERR_ATTR_MISS_TYPE, u32::MAX);
            out.u32(NLMSGERR_ATTR_MISS_NEST, 3);
        });
        let refused = refused(&head, &whole);
        assert_eq!((refused.attribute, refused.missing), (None, None));
        for len in NLMSG_HDRLEN..whole.len() {
            for flags in [0, CAPPED, TLVS, flags] {
                let head = Head { flags, ..head };
                // An error or not: here it only must come back.
                drop(Verdict::read(&head, &whole[..len]));
            }
        }
    }
}
