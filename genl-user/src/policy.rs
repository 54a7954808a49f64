//! What a spec asks of attributes: the tables behind a request's check, and behind a server's.
//!
//! They say what the kernel half of the same spec checks: each [`Rule`] is a `struct nla_policy`
//! (`include/net/netlink.h`), with what such a struct cannot say beside it.

pub(crate) mod ahead;
pub(crate) mod check;
pub(crate) mod extack;
pub(crate) mod nla;
pub(crate) mod number;
pub(crate) mod tell;
pub(crate) mod validate;

/// What a request has to hold.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which attributes there may be.
    pub policy: &'static Policy,
    /// The numbers of those that have to be there, ascending.
    pub required: &'static [u16],
}

impl Rules {
    /// Of a request without attributes.
    pub const NONE: Self = Self {
        policy: &Policy::NONE,
        required: &[],
    };
}

/// The rules for the attributes of a request, or of a nest.
#[derive(Debug)]
pub struct Policy {
    /// The highest number that an attribute may have.
    pub max: u16,
    /// Number and rule, ascending; attributes of other numbers are refused.
    pub rules: &'static [(u16, Rule)],
    /// The numbers, ascending, of those rules that hold here; `None` if all do.
    pub only: Option<&'static [u16]>,
}

impl Policy {
    /// No attribute is taken.
    pub const NONE: Self = Self::new(0, &[]);

    /// Takes pairs of number and rule, ascending.
    pub const fn new(max: u16, rules: &'static [(u16, Rule)]) -> Self {
        Self {
            max,
            rules,
            only: None,
        }
    }

    /// Takes some of another policy's rules: those of these numbers, ascending.
    pub const fn some_of(policy: &Self, only: &'static [u16]) -> Self {
        Self {
            max: match only.last() {
                Some(max) => *max,
                None => 0,
            },
            rules: policy.rules,
            only: Some(only),
        }
    }

    /// The rule for attributes of this number; `None` if they are refused.
    pub fn rule(&self, number: u16) -> Option<&'static Rule> {
        if self.only.is_some_and(|only| !only.contains(&number)) {
            return None;
        }
        let at = self
            .rules
            .binary_search_by_key(&number, |(number, _)| *number);
        at.ok().map(|at| &self.rules[at].1)
    }

    /// All rules that hold here.
    pub fn all(&self) -> impl Iterator<Item = &'static (u16, Rule)> + use<> {
        let only = self.only;
        let holds = move |number| only.is_none_or(|only| only.contains(&number));
        self.rules.iter().filter(move |(number, _)| holds(*number))
    }
}

/// What is asked of one attribute.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What it holds, and within which limits.
    pub kind: Kind,
    /// It may be there more than once, and all of them count; else the last one does.
    pub many: bool,
    /// How often it may be there, where the spec says (`x-max-count`).
    pub max_count: Option<u32>,
}

/// What an attribute holds, and within which limits.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Nothing; there or not.
    Flag,
    /// An integer, all of whose limits hold.
    Int(Form, &'static [Limit]),
    /// A text.
    Text {
        /// Least bytes, the NUL not counted.
        min: u16,
        /// Most bytes, the NUL not counted, where the spec says.
        max: Option<u16>,
        /// A NUL has to stand behind it (NLA_NUL_STRING).
        terminated: bool,
    },
    /// Bytes.
    Bytes {
        /// Least bytes.
        min: u16,
        /// Most bytes, where the spec says.
        max: Option<u16>,
    },
    /// Bits and which of them are meant, none of them others than those of the mask.
    Bitfield32(u32),
    /// Attributes of another set.
    Nest(&'static Policy),
    /// Nests of another set within a nest, whatever their numbers.
    Array(&'static Policy),
    /// Nests within nests whose numbers are values: so many levels, the last of them holding
    /// attributes of this rule.
    Values(u8, &'static Rule),
}

/// How an integer stands in an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Unsigned, of so many bytes.
    Unsigned(u8, Order),
    /// Signed, of so many bytes.
    Signed(u8, Order),
    /// Unsigned, of 4 or 8 bytes (NLA_UINT).
    Uint,
    /// Signed, of 4 or 8 bytes (NLA_SINT).
    Sint,
}

/// The order in which an integer's bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The machine's own.
    Host,
    /// Network byte order.
    Big,
    /// The other one.
    Little,
}

/// Which values an integer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// None with other bits than these.
    Mask(u64),
    /// These alone.
    Listed(&'static [i128]),
    /// Those from one to the other, both included.
    Range(i128, i128),
}

macro_rules! integers {
    ($($name:ident = $form:expr;)*) => {$(
        #[doc = concat!("An integer as `", stringify!($form), "` has it.")]
        pub const fn $name(limits: &'static [Limit]) -> Self {
            Self::new(Kind::Int($form, limits))
        }
    )*};
}

impl Rule {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            many: false,
            max_count: None,
        }
    }

    integers! {
        u8 = Form::Unsigned(1, Order::Host);
        u16 = Form::Unsigned(2, Order::Host);
        u32 = Form::Unsigned(4, Order::Host);
        u64 = Form::Unsigned(8, Order::Host);
        s8 = Form::Signed(1, Order::Host);
        s16 = Form::Signed(2, Order::Host);
        s32 = Form::Signed(4, Order::Host);
        s64 = Form::Signed(8, Order::Host);
        u16_be = Form::Unsigned(2, Order::Big);
        u32_be = Form::Unsigned(4, Order::Big);
        u64_be = Form::Unsigned(8, Order::Big);
        s16_be = Form::Signed(2, Order::Big);
        s32_be = Form::Signed(4, Order::Big);
        s64_be = Form::Signed(8, Order::Big);
        u16_le = Form::Unsigned(2, Order::Little);
        u32_le = Form::Unsigned(4, Order::Little);
        u64_le = Form::Unsigned(8, Order::Little);
        s16_le = Form::Signed(2, Order::Little);
        s32_le = Form::Signed(4, Order::Little);
        s64_le = Form::Signed(8, Order::Little);
        uint = Form::Uint;
        sint = Form::Sint;
    }

    /// Nothing; there or not.
    pub const fn flag() -> Self {
        Self::new(Kind::Flag)
    }

    /// A text with a NUL behind it, of so many bytes without that.
    pub const fn string(min: u16, max: Option<u16>) -> Self {
        Self::new(Kind::Text {
            min,
            max,
            terminated: true,
        })
    }

    /// A text that need not have a NUL behind it.
    pub const fn text(min: u16, max: Option<u16>) -> Self {
        Self::new(Kind::Text {
            min,
            max,
            terminated: false,
        })
    }

    /// Bytes, so many.
    pub const fn bytes(min: u16, max: Option<u16>) -> Self {
        Self::new(Kind::Bytes { min, max })
    }

    /// Bits and which of them are meant.
    pub const fn bitfield32(mask: u32) -> Self {
        Self::new(Kind::Bitfield32(mask))
    }

    /// Attributes of another set.
    pub const fn nest(policy: &'static Policy) -> Self {
        Self::new(Kind::Nest(policy))
    }

    /// Nests of another set within a nest.
    pub const fn array(policy: &'static Policy) -> Self {
        Self::new(Kind::Array(policy))
    }

    /// So many levels of nests, and in the last of them attributes of this rule.
    pub const fn values(levels: u8, element: &'static Self) -> Self {
        Self::new(Kind::Values(levels, element))
    }

    /// It may be there more than once.
    pub const fn many(mut self) -> Self {
        self.many = true;
        self
    }

    /// At most so many of them.
    pub const fn at_most(mut self, count: u32) -> Self {
        self.max_count = Some(count);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ALL: Policy = Policy::new(
        9,
        &[
            (1, Rule::flag()),
            (4, Rule::u8(&[]).at_most(3)),
            (7, Rule::nest(&ALL)),
        ],
    );
    static SOME: Policy = Policy::some_of(&ALL, &[1, 4]);

    #[test]
    fn rules_are_found_by_number() {
        assert!(matches!(ALL.rule(1).unwrap().kind, Kind::Flag));
        assert_eq!(ALL.rule(4).unwrap().max_count, Some(3));
        assert!(ALL.rule(0).is_none() && ALL.rule(2).is_none() && ALL.rule(9).is_none());
    }

    #[test]
    fn some_of_the_rules_are_no_more_than_these() {
        assert_eq!((ALL.max, SOME.max), (9, 4));
        assert!(SOME.rule(4).is_some() && SOME.rule(7).is_none());
        assert_eq!(Policy::NONE.max, 0);
        assert!(Policy::NONE.rule(1).is_none());
    }
}
