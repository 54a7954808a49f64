// SPDX-License-Identifier: GPL-2.0

//! Policies: what the core checks of a request before a handler sees it.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use super::attr::Attr;
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

/// A list of values, for a rule that no range describes.
pub trait Listed {
    /// Whether `value` is on the list.
    fn is_listed(value: u64) -> bool;
}

macro_rules! plain_rules {
    ($($(#[$doc:meta])* $name:ident = $nla:ident;)*) => {$(
        $(#[$doc])*
        pub const fn $name() -> Self {
            Self::of_type(bindings::$nla as u8)
        }
    )*};
}

// The core reads the fields of `struct nla_policy` by its type, some as pointers: of a nest, `len`
// is the size of the policy that the union points to. So each method below asks for a type whose
// fields mean what it writes.
impl Rule {
    /// The attribute is refused.
    const REFUSED: Self = Self::of_type(bindings::NLA_UNSPEC as u8);

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
    }

    /// Attributes of another set.
    ///
    /// Fails to compile for [`Policy::NONE`]: of a nest without rules the core checks nothing.
    pub const fn nest(policy: Policy) -> Self {
        assert!(!policy.rules.is_null());
        Self(bindings::nla_policy {
            type_: bindings::NLA_NESTED as u8,
            len: policy.max,
            __bindgen_anon_1: bindings::nla_policy__bindgen_ty_1 {
                nested_policy: policy.rules.cast(),
            },
            ..pin_init::zeroed()
        })
    }

    /// At most `len` bytes, of a string without its NUL.
    pub const fn max_len(mut self, len: u16) -> Self {
        assert!(self.has_length());
        // The core takes 0 for "any length".
        assert!(len > 0);
        self.0.len = len;
        self
    }

    /// From `min` to `max` bytes of binary; use [`Self::min_len`] for strings.
    pub const fn len_range(self, min: u16, max: u16) -> Self {
        assert!(self.is_binary());
        // The union's range is of signed numbers.
        assert!(max <= i16::MAX as u16);
        self.between(min as i16, max as i16)
    }

    /// As [`Self::len_range`], for limits beyond what it takes.
    pub const fn len_in_range(self, range: &'static Range) -> Self {
        assert!(self.is_binary());
        self.between_those_of(range)
    }

    /// A string of at least `LEN` bytes without its NUL, or as many bytes of binary.
    ///
    /// `struct nla_policy` has no field for it, so a function checks it.
    pub const fn min_len<const LEN: usize>(self) -> Self {
        assert!(self.has_length());
        self.checked_by(min_len::<LEN>)
    }

    /// A value from `min` to `max`, both included; of an integer.
    pub const fn range(self, min: i16, max: i16) -> Self {
        assert!(self.is_signed() || (self.is_unsigned() && min >= 0));
        self.between(min, max)
    }

    const fn between(mut self, min: i16, max: i16) -> Self {
        assert!(min <= max);
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE as u8;
        self.0.__bindgen_anon_1.__bindgen_anon_1 =
            bindings::nla_policy__bindgen_ty_1__bindgen_ty_1 { min, max };
        self
    }

    /// A value in `range`, for limits beyond what [`Self::range`] takes; of an unsigned integer.
    pub const fn in_range(self, range: &'static Range) -> Self {
        assert!(self.is_unsigned());
        self.between_those_of(range)
    }

    const fn between_those_of(mut self, range: &'static Range) -> Self {
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR as u8;
        self.0.__bindgen_anon_1.range = &raw const range.0;
        self
    }

    /// A value in `range`, for limits beyond what [`Self::range`] takes; of a signed integer.
    pub const fn in_signed_range(mut self, range: &'static SignedRange) -> Self {
        assert!(self.is_signed());
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR as u8;
        self.0.__bindgen_anon_1.range_signed = &raw const range.0;
        self
    }

    /// No other bits than those of `mask`; of an unsigned integer.
    pub const fn mask(mut self, mask: u32) -> Self {
        assert!(self.is_unsigned());
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_MASK as u8;
        self.0.__bindgen_anon_1.mask = mask;
        self
    }

    /// A value that `L` lists; of an unsigned integer in the machine's byte order.
    pub const fn listed<L: Listed>(self) -> Self {
        assert!(self.is_unsigned() && !self.is_big_endian());
        self.checked_by(listed::<L>)
    }

    const fn is_signed(&self) -> bool {
        matches!(
            self.0.type_ as c_uint,
            bindings::NLA_S8
                | bindings::NLA_S16
                | bindings::NLA_S32
                | bindings::NLA_S64
                | bindings::NLA_SINT
        )
    }

    const fn is_unsigned(&self) -> bool {
        self.is_big_endian()
            || matches!(
                self.0.type_ as c_uint,
                bindings::NLA_U8
                    | bindings::NLA_U16
                    | bindings::NLA_U32
                    | bindings::NLA_U64
                    | bindings::NLA_UINT
            )
    }

    const fn is_big_endian(&self) -> bool {
        matches!(
            self.0.type_ as c_uint,
            bindings::NLA_BE16 | bindings::NLA_BE32
        )
    }

    const fn is_binary(&self) -> bool {
        self.0.type_ == bindings::NLA_BINARY as u8
    }

    /// It is of a string, or of bytes.
    const fn has_length(&self) -> bool {
        self.is_binary() || self.0.type_ == bindings::NLA_NUL_STRING as u8
    }

    const fn checked_by(mut self, check: Check) -> Self {
        self.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_FUNCTION as u8;
        self.0.__bindgen_anon_1.validate = Some(check);
        self
    }
}

/// A check of one attribute, beyond what the fields of a rule can say.
type Check = unsafe extern "C" fn(
    attr: *const bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int;

/// Refuses what is shorter than `LEN`.
///
/// # Safety
///
/// As `validate_nla()` calls it: `nla` is an attribute within the request, and `extack` null or the
/// request's extended ACK.
unsafe extern "C" fn min_len<const LEN: usize>(
    nla: *const bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: `validate_nla()` calls this with an attribute within the request and the extended ACK
    // of the request, if it has one.
    unsafe {
        let attr = Attr::from_raw(nla);
        let len = attr
            .string()
            .map_or(attr.payload().len(), |text| text.count_bytes());
        if len >= LEN {
            return 0;
        }
        refuse(nla, extack, c"attribute is too short");
    }
    ERANGE.to_errno()
}

/// Refuses what `L` does not list.
///
/// # Safety
///
/// As for [`min_len`].
unsafe extern "C" fn listed<L: Listed>(
    nla: *const bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: As for `min_len`.
    unsafe {
        if Attr::from_raw(nla).unsigned().is_some_and(L::is_listed) {
            return 0;
        }
        refuse(nla, extack, c"value is not one of those that are defined");
    }
    EINVAL.to_errno()
}

/// Names the culprit to who sent the request.
///
/// # Safety
///
/// `nla` is in the request that `extack`, if not null, belongs to.
unsafe fn refuse(
    nla: *const bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
    message: &'static CStr,
) {
    if !extack.is_null() {
        // SAFETY: The caller vouches for it.
        unsafe {
            (*extack)._msg = message.as_char_ptr();
            (*extack).bad_attr = nla;
        }
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
