//! A rule as the kernel has it: `struct nla_policy`, made as the kernel half's generator makes it
//! (`schema/src/emit/kernel/rules.rs`).

use super::{Form, Kind, Limit, Order, Policy, Rule};

/// `nla_policy.type`
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    Flag,
    Unsigned(u8),
    Signed(u8),
    /// NLA_BE16 and NLA_BE32, of which userspace is not told.
    Big(u8),
    Uint,
    Sint,
    Binary,
    String,
    NulString,
    Bitfield32(u32),
    Nested(Option<&'static Policy>),
    NestedArray(&'static Policy),
}

// Policies are told from each other by where they are, as in the kernel.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Policy {}

/// `nla_policy.validation_type`
#[derive(Debug, Clone, Copy)]
pub(crate) enum Validation {
    None,
    Mask(u64),
    /// Both ends included; of bytes the length.
    Range {
        min: i128,
        max: i128,
        /// Userspace is told of it.
        told: bool,
    },
    /// A function: all of the limits, one after the other.
    Limits(&'static [Limit]),
    /// A function: the length of a text.
    Length(usize, usize),
}

/// What the kernel's structure has in its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nla {
    pub(crate) kind: Type,
    /// `nla_policy.len`, where it is a length; 0 is any.
    pub(crate) len: usize,
    pub(crate) validation: Validation,
}

impl Nla {
    /// The longest text.
    pub(crate) fn longest(&self) -> usize {
        match self.len {
            0 => u16::MAX.into(),
            len => len,
        }
    }
}

impl Rule {
    pub(crate) fn nla(&self) -> Nla {
        let plain = |kind| Nla {
            kind,
            len: 0,
            validation: Validation::None,
        };
        match self.kind {
            Kind::Flag => plain(Type::Flag),
            Kind::Int(form, limits) => Nla {
                validation: of_limits(form, limits),
                ..plain(of_form(form))
            },
            Kind::Text {
                min,
                max,
                terminated,
            } => text(min, max, terminated),
            Kind::Bytes { min, max } => bytes(min, max),
            Kind::Bitfield32(mask) => plain(Type::Bitfield32(mask)),
            Kind::Nest(policy) => plain(Type::Nested(Some(policy))),
            Kind::Array(policy) => plain(Type::NestedArray(policy)),
            Kind::Values(..) => plain(Type::Nested(None)),
        }
    }
}

fn of_form(form: Form) -> Type {
    match form {
        Form::Unsigned(width @ (2 | 4), Order::Big) => Type::Big(width),
        Form::Unsigned(width, _) => Type::Unsigned(width),
        Form::Signed(width, _) => Type::Signed(width),
        Form::Uint => Type::Uint,
        Form::Sint => Type::Sint,
    }
}

fn of_limits(form: Form, limits: &'static [Limit]) -> Validation {
    let known_order = match form {
        Form::Unsigned(_, Order::Host) | Form::Signed(_, Order::Host) => true,
        Form::Unsigned(2 | 4, Order::Big) => true,
        Form::Unsigned(..) | Form::Signed(..) => false,
        Form::Uint | Form::Sint => true,
    };
    let signed = matches!(form, Form::Signed(..) | Form::Sint);
    match *limits {
        [] => Validation::None,
        [Limit::Mask(mask)] if known_order && !signed && u32::try_from(mask).is_ok() => {
            Validation::Mask(mask)
        }
        [Limit::Range(min, max)] if known_order => Validation::Range {
            min,
            max,
            told: true,
        },
        _ => Validation::Limits(limits),
    }
}

/// What a function tells of an integer with these limits: the last one.
pub(crate) fn told(form: Form, limits: &'static [Limit]) -> Nla {
    let signed = matches!(form, Form::Signed(..) | Form::Sint);
    Nla {
        kind: of_form(form),
        len: 0,
        validation: match limits.last() {
            None => Validation::None,
            Some(Limit::Range(min, max)) => Validation::Range {
                min: *min,
                max: *max,
                told: true,
            },
            Some(Limit::Mask(mask)) if !signed && u32::try_from(*mask).is_ok() => {
                Validation::Mask(*mask)
            }
            Some(_) => Validation::Limits(limits),
        },
    }
}

fn text(min: u16, max: Option<u16>, terminated: bool) -> Nla {
    Nla {
        kind: match terminated {
            true => Type::NulString,
            false => Type::String,
        },
        len: max.unwrap_or(0).into(),
        validation: match (min, max) {
            // The kernel takes a length of 0 for any, so a function has to check it.
            (0, None) | (0, Some(1..)) => Validation::None,
            (min, max) => Validation::Length(min.into(), max.unwrap_or(u16::MAX).into()),
        },
    }
}

fn bytes(min: u16, max: Option<u16>) -> Nla {
    let is_short = |len: u16| i16::try_from(len).is_ok();
    let range = |max: u16, told| Validation::Range {
        min: min.into(),
        max: max.into(),
        told,
    };
    let (len, validation) = match (min, max) {
        (0, None) => (0, Validation::None),
        (0, Some(max)) if max > 0 => (max, Validation::None),
        (_, Some(max)) if is_short(max) => (0, range(max, true)),
        (_, max) => (0, range(max.unwrap_or(u16::MAX), false)),
    };
    Nla {
        kind: Type::Binary,
        len: len.into(),
        validation,
    }
}
