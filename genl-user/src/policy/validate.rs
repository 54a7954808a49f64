//! Checks of attributes as the kernel makes them (`lib/nlattr.c`): the same ones in the same order,
//! with the same errors.

use super::extack::Extack;
use super::nla::{Nla, Type, Validation, told};
use super::number;
use super::{Form, Kind, Limit, Policy, Rule};
use crate::wire::{Attr, Attrs, NLA_HDRLEN};

/// `MAX_POLICY_RECURSION_DEPTH`
pub(crate) const MAX_DEPTH: u8 = 10;

/// An error number; what else there is to tell is in the extended ACK.
pub(crate) type Checked = Result<(), i32>;

/// `enum netlink_validation`
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// NL_VALIDATE_STRICT
    Strict,
    /// NL_VALIDATE_LIBERAL
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "it is for servers to say of an operation")
    )]
    Liberal,
}

pub(crate) const FAILED: &str = "Attribute failed policy validation";
pub(crate) const BINARY_SIZE: &str = "binary attribute size out of range";
pub(crate) const INVALID_LENGTH: &str = "invalid attribute length";
const OUT_OF_RANGE: &str = "integer out of range";
const RESERVED_BIT: &str = "reserved bit set";

/// What is being checked, and where what is wrong with it is told.
pub(crate) struct Validator<'e> {
    pub(crate) strictness: Strictness,
    pub(crate) extack: &'e mut Extack,
}

impl Validator<'_> {
    /// `__nla_validate()`
    pub(crate) fn attrs(&mut self, attrs: Attrs<'_>, policy: &'static Policy) -> Checked {
        self.at_depth(attrs, policy, 0)
    }

    fn is_strict(&self) -> bool {
        self.strictness == Strictness::Strict
    }

    /// `__nla_validate_parse()`
    fn at_depth(&mut self, attrs: Attrs<'_>, policy: &'static Policy, depth: u8) -> Checked {
        if depth >= MAX_DEPTH {
            self.extack.say("allowed policy recursion depth exceeded");
            return Err(libc::EINVAL);
        }
        for attr in attrs {
            let Ok(attr) = attr else {
                self.extack.say("bytes leftover after parsing attributes");
                return self.only_if_strict(libc::EINVAL);
            };
            if attr.kind() == 0 || attr.kind() > policy.max {
                if self.is_strict() {
                    self.extack.blame(attr, "Unknown attribute type");
                    return Err(libc::EINVAL);
                }
                continue;
            }
            match policy.rule(attr.kind()) {
                Some(rule) => self.attr(attr, rule, depth)?,
                None if self.is_strict() => {
                    self.extack.blame(attr, "Unsupported attribute");
                    return Err(libc::EINVAL);
                }
                None => {}
            }
        }
        Ok(())
    }

    fn only_if_strict(&self, errno: i32) -> Checked {
        match self.is_strict() {
            true => Err(errno),
            false => Ok(()),
        }
    }

    /// `validate_nla()`
    fn attr(&mut self, attr: Attr<'_>, rule: &'static Rule, depth: u8) -> Checked {
        let nla = rule.nla();
        let len = attr.payload().len();
        if self.is_strict() {
            self.width_and_flag(attr, nla)?;
        }
        match nla.kind {
            Type::Flag if len > 0 => return self.fail(attr, nla, libc::ERANGE),
            Type::Uint | Type::Sint if !matches!(len, 4 | 8) => {
                return self.invalid_length(attr, nla);
            }
            Type::Bitfield32(_) if len != 8 => return self.fail(attr, nla, libc::ERANGE),
            Type::Bitfield32(mask) if !is_bitfield32(attr, mask) => {
                return self.fail(attr, nla, libc::EINVAL);
            }
            Type::NulString | Type::String => self.text(attr, nla, nla.longest())?,
            Type::Binary if nla.len > 0 && len > nla.len => {
                return self.fail(attr, nla, libc::ERANGE);
            }
            // An empty nest is one.
            Type::Nested(_) | Type::NestedArray(_) if len == 0 => {}
            Type::Nested(_) | Type::NestedArray(_) if len < NLA_HDRLEN => {
                return self.fail(attr, nla, libc::ERANGE);
            }
            Type::Nested(Some(policy)) => self.at_depth(attr.nested(), policy, depth + 1)?,
            Type::NestedArray(policy) => self.array(attr.nested(), policy, depth)?,
            Type::Unsigned(width) | Type::Signed(width) | Type::Big(width)
                if len < usize::from(width) =>
            {
                return self.fail(attr, nla, libc::ERANGE);
            }
            _ => {}
        }
        self.further(attr, rule, nla)
    }

    /// What is asked of the header and the length, of strict requests alone.
    fn width_and_flag(&mut self, attr: Attr<'_>, nla: Nla) -> Checked {
        if let Type::Unsigned(width) | Type::Signed(width) | Type::Big(width) = nla.kind
            && attr.payload().len() != usize::from(width)
        {
            return self.invalid_length(attr, nla);
        }
        let is_nest = matches!(nla.kind, Type::Nested(_) | Type::NestedArray(_));
        let words = match (is_nest, attr.is_nest()) {
            (true, false) => "NLA_F_NESTED is missing",
            (false, true) => "NLA_F_NESTED not expected",
            _ => return Ok(()),
        };
        self.extack.blame_by(Some(nla), attr, words);
        Err(libc::EINVAL)
    }

    /// `nla_validate_array()`
    fn array(&mut self, entries: Attrs<'_>, policy: &'static Policy, depth: u8) -> Checked {
        // Bytes behind the last entry are no matter here.
        for entry in entries.map_while(Result::ok) {
            match entry.payload().len() {
                0 => {}
                len if len < NLA_HDRLEN => {
                    // The kernel tells the policy's first rule, which is for type 0: none.
                    self.extack.blame(entry, "Array element too short");
                    return Err(libc::ERANGE);
                }
                _ => self.at_depth(entry.nested(), policy, depth + 1)?,
            }
        }
        Ok(())
    }

    fn further(&mut self, attr: Attr<'_>, rule: &'static Rule, nla: Nla) -> Checked {
        match (nla.validation, rule.kind) {
            (Validation::None, _) => Ok(()),
            (Validation::Mask(mask), Kind::Int(form, _)) => {
                if number::read(form, attr).is_none_or(|value| value as u64 & !mask != 0) {
                    self.extack.blame(attr, RESERVED_BIT);
                    return Err(libc::EINVAL);
                }
                Ok(())
            }
            (Validation::Range { min, max, .. }, kind) => {
                let (value, words) = match kind {
                    Kind::Int(form, _) => (number::read(form, attr), OUT_OF_RANGE),
                    _ => (Some(attr.payload().len() as i128), BINARY_SIZE),
                };
                if value.is_none_or(|value| !(min..=max).contains(&value)) {
                    self.extack.blame_by(Some(nla), attr, words);
                    return Err(libc::ERANGE);
                }
                Ok(())
            }
            (Validation::Limits(limits), Kind::Int(form, _)) => self.limits(attr, form, limits),
            (Validation::Length(min, max), _) => self.text_len(attr, nla, min, max),
            (Validation::Mask(_) | Validation::Limits(_), _) => Ok(()),
        }
    }

    /// Limits that a function checks, in our kernel half: `genl-kmod/genl/check.rs`.
    pub(crate) fn limits(
        &mut self,
        attr: Attr<'_>,
        form: Form,
        limits: &'static [Limit],
    ) -> Checked {
        let value = number::read(form, attr);
        for limit in limits {
            let holds = value.is_some_and(|value| match *limit {
                Limit::Mask(mask) => value as u64 & !mask == 0,
                Limit::Range(min, max) => (min..=max).contains(&value),
                Limit::Listed(listed) => listed.iter().any(|one| *one as u64 == value as u64),
            });
            let (errno, words) = match limit {
                _ if holds => continue,
                Limit::Mask(_) => (libc::EINVAL, RESERVED_BIT),
                Limit::Range(..) => (libc::ERANGE, OUT_OF_RANGE),
                Limit::Listed(_) => (libc::EINVAL, "invalid enum value"),
            };
            self.extack.blame_by(Some(told(form, limits)), attr, words);
            return Err(errno);
        }
        Ok(())
    }

    /// A text, as a function checks it.
    pub(crate) fn text_len(&mut self, attr: Attr<'_>, nla: Nla, min: usize, max: usize) -> Checked {
        self.text(attr, nla, max)?;
        if number::text_len(attr.payload()) < min {
            self.extack.blame_by(Some(nla), attr, "string is too short");
            return Err(libc::ERANGE);
        }
        Ok(())
    }

    /// A text of any length up to `longest`.
    fn text(&mut self, attr: Attr<'_>, nla: Nla, longest: usize) -> Checked {
        match nla.kind {
            Type::NulString if !is_terminated(attr, longest) => self.fail(attr, nla, libc::EINVAL),
            _ if !is_text(attr, longest) => self.fail(attr, nla, libc::ERANGE),
            _ => Ok(()),
        }
    }

    fn invalid_length(&mut self, attr: Attr<'_>, nla: Nla) -> Checked {
        self.extack.blame_by(Some(nla), attr, INVALID_LENGTH);
        Err(libc::EINVAL)
    }

    fn fail(&mut self, attr: Attr<'_>, nla: Nla, errno: i32) -> Checked {
        self.extack.blame_by(Some(nla), attr, FAILED);
        Err(errno)
    }
}

/// `validate_nla_bitfield32()`
fn is_bitfield32(attr: Attr<'_>, mask: u32) -> bool {
    attr.bitfield32().is_ok_and(|bits| {
        mask != 0
            && bits.selector & !mask == 0
            && bits.value & !mask == 0
            && bits.value & !bits.selector == 0
    })
}

/// There is a NUL where the longest text would have it, or before.
fn is_terminated(attr: Attr<'_>, longest: usize) -> bool {
    let text = attr.payload();
    text[..text.len().min(longest + 1)].contains(&0)
}

/// It is not empty, and no longer than `longest` without a NUL at its end.
fn is_text(attr: Attr<'_>, longest: usize) -> bool {
    match attr.payload() {
        [] => false,
        [text @ .., 0] => text.len() <= longest,
        text => text.len() <= longest,
    }
}
