// SPDX-License-Identifier: GPL-2.0

//! Policies: what the core checks of a request before a handler sees it.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use super::check::{
    self,
    Check, //
};
use kernel::{
    bindings,
    prelude::*, //
};

/// What is asked of one attribute; a `struct nla_policy`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Rule(bindings::nla_policy);

// SAFETY: A rule is never written to once it is built, and all that it points to is immutable and
// 'static.
unsafe impl Sync for Rule {}
// SAFETY: As above.
unsafe impl Send for Rule {}

/// The values of an unsigned integer, both ends included.
#[repr(transparent)]
pub struct Range(bindings::netlink_range_validation);

impl Range {
    /// The values from `min` to `max`.
    pub const fn new(min: u64, max: u64) -> Self {
        Self(bindings::netlink_range_validation { min, max })
    }
}

/// The values of a signed integer, both ends included.
#[repr(transparent)]
pub struct SignedRange(bindings::netlink_range_validation_signed);

impl SignedRange {
    /// The values from `min` to `max`.
    pub const fn new(min: i64, max: i64) -> Self {
        Self(bindings::netlink_range_validation_signed { min, max })
    }
}

macro_rules! plain_rules {
    ($($(#[$doc:meta])* $name:ident = $nla:ident;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub const fn $name() -> Self {
            Self::of_type(bindings::$nla as u8)
        }
    )*};
}

// The core reads the fields of `struct nla_policy` by its type, some as pointers: of a nest, `len`
// is the size of the policy that the union points to. So each method below asks for a type whose
// fields mean what it writes. They are for constants, so none is to be compiled by itself.
impl Rule {
    /// The attribute is refused.
    const REFUSED: Self = Self::of_type(bindings::NLA_UNSPEC as u8);

    #[inline]
    const fn of_type(type_: u8) -> Self {
        Self(bindings::nla_policy {
            type_,
            ..pin_init::zeroed()
        })
    }

    plain_rules! {
        /// An unsigned integer of 8 bits.
        u8 = NLA_U8;
        /// An unsigned integer of 16 bits.
        u16 = NLA_U16;
        /// An unsigned integer of 32 bits.
        u32 = NLA_U32;
        /// An unsigned integer of 64 bits.
        u64 = NLA_U64;
        /// A signed integer of 8 bits.
        s8 = NLA_S8;
        /// A signed integer of 16 bits.
        s16 = NLA_S16;
        /// A signed integer of 32 bits.
        s32 = NLA_S32;
        /// A signed integer of 64 bits.
        s64 = NLA_S64;
        /// An unsigned integer of 32 or 64 bits.
        uint = NLA_UINT;
        /// A signed integer of 32 or 64 bits.
        sint = NLA_SINT;
        /// An unsigned integer of 16 bits in network byte order.
        be16 = NLA_BE16;
        /// An unsigned integer of 32 bits in network byte order.
        be32 = NLA_BE32;
        /// Nothing; there or not.
        flag = NLA_FLAG;
        /// Bytes, as many as fit.
        binary = NLA_BINARY;
        /// A text of any length that ends in NUL.
        string = NLA_NUL_STRING;
        /// A text of any length that need not end in NUL.
        text = NLA_STRING;
        /// Attributes whose types mean nothing to the core, so that generated code checks them.
        nest_of_values = NLA_NESTED;
    }

    /// Attributes of another set.
    ///
    /// Fails to compile for [`Policy::NONE`]: of a nest without rules the core checks nothing.
    #[inline]
    pub const fn nest(policy: Policy) -> Self {
        Self::nested(bindings::NLA_NESTED, policy)
    }

    /// Nests of another set within a nest, whatever their types.
    ///
    /// Fails to compile for [`Policy::NONE`], as [`Self::nest`] does.
    #[inline]
    pub const fn nest_array(policy: Policy) -> Self {
        Self::nested(bindings::NLA_NESTED_ARRAY, policy)
    }

    #[inline]
    const fn nested(type_: c_uint, policy: Policy) -> Self {
        assert!(!policy.rules.is_null());
        Self(bindings::nla_policy {
            type_: type_ as u8,
            len: policy.max,
            __bindgen_anon_1: bindings::nla_policy__bindgen_ty_1 {
                nested_policy: policy.rules.cast(),
            },
            ..pin_init::zeroed()
        })
    }

    /// A value and which of its bits are meant, none of them others than those of `mask`.
    ///
    /// Fails to compile if there are none: the core then refuses the attribute.
    #[inline]
    pub const fn bitfield32(mask: u32) -> Self {
        assert!(mask != 0);
        let mut rule = Self::of_type(bindings::NLA_BITFIELD32 as u8);
        rule.0.__bindgen_anon_1.bitfield32_valid = mask;
        rule
    }

    /// At most `len` bytes, of a string without its NUL.
    #[inline]
    pub const fn max_len(mut self, len: u16) -> Self {
        assert!(self.has_length());
        // The core takes 0 for "any length".
        assert!(len > 0);
        self.0.len = len;
        self
    }

    /// From `min` to `max` bytes of binary; for strings there is [`check::Text`].
    #[inline]
    pub const fn len_range(self, min: u16, max: u16) -> Self {
        assert!(self.is_binary());
        // The union's range is of signed numbers.
        assert!(max <= i16::MAX as u16);
        self.between(min as i16, max as i16)
    }

    /// `min` bytes of binary and more; for strings there is [`check::Text`].
    #[inline]
    pub const fn len_from(self, min: u16) -> Self {
        assert!(self.is_binary());
        assert!(min <= i16::MAX as u16);
        self.at_least(min as i16)
    }

    /// As [`Self::len_range`], for limits beyond what it takes.
    #[inline]
    pub const fn len_in_range(self, range: &'static Range) -> Self {
        assert!(self.is_binary());
        self.between_those_of(range)
    }

    /// A value from `min` to `max`, both included; of an integer.
    #[inline]
    pub const fn range(self, min: i16, max: i16) -> Self {
        assert!(self.is_signed() || (self.is_unsigned() && min >= 0));
        self.between(min, max)
    }

    /// A value of at least `min`; of an integer.
    #[inline]
    pub const fn min(self, min: i16) -> Self {
        assert!(self.is_signed() || (self.is_unsigned() && min >= 0));
        self.at_least(min)
    }

    /// A value of at most `max`; of an integer.
    #[inline]
    pub const fn max(self, max: i16) -> Self {
        assert!(self.is_signed() || (self.is_unsigned() && max >= 0));
        self.validated(bindings::nla_policy_validation_NLA_VALIDATE_MAX)
            .with_ends(0, max)
    }

    #[inline]
    const fn at_least(self, min: i16) -> Self {
        self.validated(bindings::nla_policy_validation_NLA_VALIDATE_MIN)
            .with_ends(min, 0)
    }

    #[inline]
    const fn between(self, min: i16, max: i16) -> Self {
        assert!(min <= max);
        self.validated(bindings::nla_policy_validation_NLA_VALIDATE_RANGE)
            .with_ends(min, max)
    }

    #[inline]
    const fn with_ends(mut self, min: i16, max: i16) -> Self {
        self.0.__bindgen_anon_1.__bindgen_anon_1 =
            bindings::nla_policy__bindgen_ty_1__bindgen_ty_1 { min, max };
        self
    }

    /// Says how the union is to be read; each rule has one use for it.
    #[inline]
    const fn validated(mut self, how: c_uint) -> Self {
        assert!(self.0.validation_type == 0);
        self.0.validation_type = how as u8;
        self
    }

    /// A value in `range`, for limits beyond what [`Self::range`] takes; of an unsigned integer.
    #[inline]
    pub const fn in_range(self, range: &'static Range) -> Self {
        assert!(self.is_unsigned());
        self.between_those_of(range)
    }

    #[inline]
    const fn between_those_of(self, range: &'static Range) -> Self {
        let mut rule = self.validated(bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR);
        rule.0.__bindgen_anon_1.range = &raw const range.0;
        rule
    }

    /// A value in `range`, for limits beyond what [`Self::range`] takes; of a signed integer.
    #[inline]
    pub const fn in_signed_range(self, range: &'static SignedRange) -> Self {
        assert!(self.is_signed());
        let mut rule = self.validated(bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR);
        rule.0.__bindgen_anon_1.range_signed = &raw const range.0;
        rule
    }

    /// No other bits than those of `mask`; of an unsigned integer.
    #[inline]
    pub const fn mask(self, mask: u32) -> Self {
        assert!(self.is_unsigned());
        let mut rule = self.validated(bindings::nla_policy_validation_NLA_VALIDATE_MASK);
        rule.0.__bindgen_anon_1.mask = mask;
        rule
    }

    /// What `C` asks, of an integer, a text or bytes, where no rule has a field for it.
    #[inline]
    pub const fn checked<C: Check>() -> Self {
        C::RULE.with_function::<C>()
    }

    /// This rule, with its limits looked at by `C`.
    #[inline]
    pub(super) const fn with_function<C: Check>(mut self) -> Self {
        assert!(self.is_signed() || self.is_unsigned() || self.has_length());
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_FUNCTION as u8;
        self.0.__bindgen_anon_1.validate = Some(check::validate::<C>);
        self
    }

    #[inline]
    pub(super) const fn as_raw(&'static self) -> *const bindings::nla_policy {
        &raw const self.0
    }

    #[inline]
    pub(super) const fn is_signed(&self) -> bool {
        matches!(
            self.0.type_ as c_uint,
            bindings::NLA_S8
                | bindings::NLA_S16
                | bindings::NLA_S32
                | bindings::NLA_S64
                | bindings::NLA_SINT
        )
    }

    #[inline]
    const fn is_unsigned(&self) -> bool {
        matches!(
            self.0.type_ as c_uint,
            bindings::NLA_U8
                | bindings::NLA_U16
                | bindings::NLA_U32
                | bindings::NLA_U64
                | bindings::NLA_UINT
                | bindings::NLA_BE16
                | bindings::NLA_BE32
        )
    }

    #[inline]
    const fn is_binary(&self) -> bool {
        self.0.type_ == bindings::NLA_BINARY as u8
    }

    #[inline]
    const fn is_text(&self) -> bool {
        matches!(
            self.0.type_ as c_uint,
            bindings::NLA_NUL_STRING | bindings::NLA_STRING
        )
    }

    #[inline]
    const fn has_length(&self) -> bool {
        self.is_binary() || self.is_text()
    }
}

/// The rules for the attribute types below `N`; those that are not given are refused.
#[repr(transparent)]
pub struct Rules<const N: usize>([Rule; N]);

impl<const N: usize> Rules<N> {
    /// Takes pairs of attribute type and rule.
    ///
    /// Fails to compile if a type is 0, which the core never accepts, is `N` or above, or is given
    /// twice.
    pub const fn new(given: &[(u16, Rule)]) -> Self {
        assert!(N > 0 && N <= 1 << 14);
        let mut rules = [Rule::REFUSED; N];
        let mut at = 0;
        while at < given.len() {
            let (id, rule) = given[at];
            assert!(id != 0);
            assert!(rules[id as usize].0.type_ == Rule::REFUSED.0.type_);
            rules[id as usize] = rule;
            at += 1;
        }
        Self(rules)
    }

    /// These rules, as operations and nests refer to them.
    pub const fn policy(&'static self) -> Policy {
        Policy {
            rules: self.0.as_ptr(),
            max: (N - 1) as u16,
        }
    }
}

/// The rules for the attributes of a request, or of a nest.
///
/// # Invariants
///
/// `rules` is null, or points to `max + 1` immutable rules that live forever.
#[derive(Clone, Copy)]
pub struct Policy {
    rules: *const Rule,
    max: u16,
}

impl Policy {
    /// No attribute is accepted.
    pub const NONE: Self = Self {
        rules: core::ptr::null(),
        max: 0,
    };

    /// `genl_split_ops.policy`; where it is null, the core refuses all attributes.
    pub(super) const fn as_ptr(self) -> *const bindings::nla_policy {
        self.rules.cast()
    }

    /// What is asked of attributes of type `id`; null if they are not accepted.
    pub(super) fn rule(self, id: u16) -> *const bindings::nla_policy {
        match !self.rules.is_null() && id <= self.max {
            // SAFETY: By the type invariant there are `max + 1` rules.
            true => unsafe { self.as_ptr().add(usize::from(id)) },
            false => core::ptr::null(),
        }
    }

    /// The highest attribute type that is accepted; 0 if none is.
    pub(super) const fn max(self) -> u16 {
        self.max
    }
}
