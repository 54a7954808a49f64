// SPDX-License-Identifier: GPL-2.0

//! Checks of attributes that `struct nla_policy` has no field for.
//!
//! A [`Check`] is a type, so that C can be given a function for it: in a [`Rule`], where the core
//! calls it ([`Rule::checked`]), or from generated code, for what stands where no rule reaches
//! ([`Op::check`]). What is wrong is told as the core tells it (lib/nlattr.c): in words, by place,
//! and by what the attribute is to be like.

use super::{
    attr::{
        Attr,
        Attrs,
        Number, //
    },
    op::Op,
    policy::{
        Policy,
        Range,
        Rule,
        SignedRange, //
    },
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// What is wrong with an attribute.
pub struct Fault {
    errno: Error,
    message: &'static CStr,
}

impl Fault {
    fn new(errno: Error, message: &'static CStr) -> Self {
        Self { errno, message }
    }

    /// As the core says it of a length.
    fn of_length() -> Self {
        Self::new(ERANGE, c"Attribute failed policy validation")
    }

    /// Of this the core has no words.
    fn of_short_text() -> Self {
        Self::new(ERANGE, c"string is too short")
    }
}

/// What is asked of an attribute.
pub trait Check: 'static {
    /// What is asked, as far as the core could ask it: whoever sends something else is told this
    /// (NLMSGERR_ATTR_POLICY). Its type is also that of the attribute.
    const RULE: Rule;

    /// Tells what is wrong, if anything is.
    fn check(attr: Attr<'_>) -> Result<(), Fault>;
}

/// Both are asked, in this order.
impl<A: Check, B: Check> Check for (A, B) {
    // What is asked first says the least.
    const RULE: Rule = B::RULE;

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        A::check(attr)?;
        B::check(attr)
    }
}

/// How an integer stands in an attribute.
pub trait Form: 'static {
    /// Any integer that stands so.
    const RULE: Rule;

    /// The value, without loss; `None` if the attribute is too short for it.
    fn value(attr: Attr<'_>) -> Option<i128>;

    /// An attribute of so many bytes holds just this.
    fn fits(len: usize) -> bool;
}

/// An integer in the machine's byte order.
pub struct Host<T>(PhantomData<T>);
/// An integer in network byte order.
pub struct Big<T>(PhantomData<T>);
/// An integer in little-endian byte order.
pub struct Little<T>(PhantomData<T>);
/// An unsigned integer of 32 or 64 bits (`NLA_UINT`).
pub struct Uint;
/// A signed integer of 32 or 64 bits (`NLA_SINT`).
pub struct Sint;

macro_rules! forms {
    ($($type:ident $rule:ident $big:ident;)*) => {$(
        forms!(Host $type $rule: core::convert::identity);
        forms!(Big $type $big: $type::from_be);
        forms!(Little $type $rule: $type::from_le);
    )*};
    ($form:ident $type:ident $rule:ident: $convert:expr) => {
        impl Form for $form<$type> {
            const RULE: Rule = Rule::$rule();

            #[inline]
            fn value(attr: Attr<'_>) -> Option<i128> {
                $type::read(attr.payload()).map($convert).map(i128::from)
            }

            #[inline]
            fn fits(len: usize) -> bool {
                len == size_of::<$type>()
            }
        }
    };
}

// The core knows two of those in network byte order.
forms! {
    u8 u8 u8;
    u16 u16 be16;
    u32 u32 be32;
    u64 u64 u64;
    i8 s8 s8;
    i16 s16 s16;
    i32 s32 s32;
    i64 s64 s64;
}

impl Form for Uint {
    const RULE: Rule = Rule::uint();

    #[inline]
    fn value(attr: Attr<'_>) -> Option<i128> {
        attr.uint().map(i128::from)
    }

    #[inline]
    fn fits(len: usize) -> bool {
        matches!(len, 4 | 8)
    }
}

impl Form for Sint {
    const RULE: Rule = Rule::sint();

    #[inline]
    fn value(attr: Attr<'_>) -> Option<i128> {
        attr.sint().map(i128::from)
    }

    #[inline]
    fn fits(len: usize) -> bool {
        Uint::fits(len)
    }
}

/// An integer, whatever its value.
pub struct Whole<F>(PhantomData<F>);

impl<F: Form> Check for Whole<F> {
    const RULE: Rule = F::RULE;

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        match F::fits(attr.payload().len()) {
            true => Ok(()),
            false => Err(Fault::new(EINVAL, c"invalid attribute length")),
        }
    }
}

/// A value from `MIN` to `MAX`, both included.
pub struct Within<F, const MIN: i128, const MAX: i128>(PhantomData<F>);

impl<F: Form, const MIN: i128, const MAX: i128> Check for Within<F, MIN, MAX> {
    const RULE: Rule = match F::RULE.is_signed() {
        true => F::RULE.in_signed_range(const { &SignedRange::new(MIN as i64, MAX as i64) }),
        false => F::RULE.in_range(const { &Range::new(MIN as u64, MAX as u64) }),
    };

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        match F::value(attr).is_some_and(|value| (MIN..=MAX).contains(&value)) {
            true => Ok(()),
            false => Err(Fault::new(ERANGE, c"integer out of range")),
        }
    }
}

/// No other bits than those of `MASK`.
pub struct Mask<F, const MASK: u64>(PhantomData<F>);

impl<F: Form, const MASK: u64> Check for Mask<F, MASK> {
    const RULE: Rule = match !F::RULE.is_signed() && MASK <= u32::MAX as u64 {
        true => F::RULE.mask(MASK as u32),
        false => F::RULE.with_function::<Self>(),
    };

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        // A negative value has its sign's bits set.
        match F::value(attr).is_some_and(|value| value as u64 & !MASK == 0) {
            true => Ok(()),
            false => Err(Fault::new(EINVAL, c"reserved bit set")),
        }
    }
}

/// A list of values that no range describes.
pub trait Listed: 'static {
    /// Whether `value` is on the list; a negative one is meant by its bits.
    fn is_listed(value: u64) -> bool;
}

/// A value that `L` lists.
pub struct OneOf<F, L>(PhantomData<(F, L)>);

impl<F: Form, L: Listed> Check for OneOf<F, L> {
    const RULE: Rule = F::RULE.with_function::<Self>();

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        match F::value(attr).is_some_and(|value| L::is_listed(value as u64)) {
            true => Ok(()),
            false => Err(Fault::new(EINVAL, c"invalid enum value")),
        }
    }
}

/// A text that ends in NUL, of `MIN` to `MAX` bytes without it.
pub struct Text<const MIN: usize, const MAX: usize>;

impl<const MIN: usize, const MAX: usize> Check for Text<MIN, MAX> {
    const RULE: Rule = at_most(Rule::string(), MAX);

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        let text = attr.string().map(CStr::to_bytes_with_nul);
        match text {
            Some([text @ .., _nul]) if text.len() <= MAX => text_within(attr, text, MIN, MAX),
            // No NUL is where the longest text has it, or before.
            _ => Err(Fault::new(EINVAL, c"Attribute failed policy validation")),
        }
    }
}

/// A text that need not end in NUL, of `MIN` to `MAX` bytes without it.
pub struct FreeText<const MIN: usize, const MAX: usize>;

impl<const MIN: usize, const MAX: usize> Check for FreeText<MIN, MAX> {
    const RULE: Rule = at_most(Rule::text(), MAX);

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        // The core takes one that is quite empty for no text.
        if attr.payload().is_empty() {
            return Err(Fault::of_length());
        }
        text_within(attr, attr.text(), MIN, MAX)
    }
}

/// `MIN` to `MAX` bytes.
pub struct Bytes<const MIN: usize, const MAX: usize>;

impl<const MIN: usize, const MAX: usize> Check for Bytes<MIN, MAX> {
    const RULE: Rule = match (MIN, MAX) {
        (0, _) => at_most(Rule::binary(), MAX),
        // The core says nothing of longer ones.
        (_, MAX_RANGE..) => Rule::binary(),
        _ => Rule::binary().len_range(MIN as u16, MAX as u16),
    };

    fn check(attr: Attr<'_>) -> Result<(), Fault> {
        match (MIN..=MAX).contains(&attr.payload().len()) {
            true => Ok(()),
            false if MIN == 0 => Err(Fault::of_length()),
            false => Err(Fault::new(ERANGE, c"binary attribute size out of range")),
        }
    }
}

/// What a rule's range of lengths does not reach: it has signed numbers.
const MAX_RANGE: usize = i16::MAX as usize + 1;

/// No attribute is so long.
const ANY_LEN: usize = u16::MAX as usize;

/// `rule` with a limit of its length, if the core can have it: it takes 0 for "any length".
#[inline]
const fn at_most(rule: Rule, max: usize) -> Rule {
    match max {
        0 | ANY_LEN.. => rule,
        _ => rule.max_len(max as u16),
    }
}

/// Of the longest text counts all but a NUL at the end, as in `validate_nla()`; of the shortest what
/// stands before the first NUL, which is `text`.
#[inline]
fn text_within(attr: Attr<'_>, text: &[u8], min: usize, max: usize) -> Result<(), Fault> {
    let all = match attr.payload() {
        [all @ .., 0] => all,
        all => all,
    };
    if all.len() > max {
        Err(Fault::of_length())
    } else if text.len() < min {
        Err(Fault::of_short_text())
    } else {
        Ok(())
    }
}

/// `C` as the core calls it for a rule: `nla_policy.validate`.
///
/// # Safety
///
/// As `validate_nla()` calls it: `nla` is an attribute within the request, and `extack` null or the
/// request's extended ACK.
pub(super) unsafe extern "C" fn validate<C: Check>(
    nla: *const bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The caller vouches for the attribute, which `nla_for_each_attr()` found to be whole.
    let Err(fault) = C::check(unsafe { Attr::from_raw(nla) }) else {
        return 0;
    };
    if !extack.is_null() {
        // SAFETY: It is the request's, and the attribute is in the request.
        unsafe {
            (*extack)._msg = fault.message.as_char_ptr();
            (*extack).bad_attr = nla;
            (*extack).policy = const { &C::RULE }.as_raw();
        }
    }
    fault.errno.to_errno()
}

/// How deep nests are followed, as `MAX_POLICY_RECURSION_DEPTH` (lib/nlattr.c).
const MAX_DEPTH: u8 = 10;

/// For generated code: what is in the request, but out of the policy's reach.
impl<'r> Op<'r> {
    /// Checks `attr` by `C`.
    pub fn check<C: Check>(&self, attr: Attr<'r>) -> Result {
        C::check(attr).map_err(|fault| {
            self.report(|extack| extack.policy = const { &C::RULE }.as_raw());
            self.bad_attr(attr, fault.errno, fault.message)
        })
    }

    /// Checks that there are no more than `max` of `attrs`.
    pub fn at_most(&self, max: usize, mut attrs: impl Iterator<Item = Attr<'r>>) -> Result {
        match attrs.nth(max) {
            Some(surplus) => Err(self.bad_attr(surplus, ERANGE, c"attribute is there too often")),
            None => Ok(()),
        }
    }

    /// Checks that `attr` is made up of attributes, and gives them.
    pub fn whole(&self, attr: Attr<'r>) -> Result<Attrs<'r>> {
        match attr.attrs().has_leftover() {
            false => Ok(attr.attrs()),
            true => Err(self.error(EINVAL, c"bytes leftover after parsing attributes")),
        }
    }

    /// Checks the attributes in `nest` by `policy`, as the core does where a policy has the nest.
    pub fn validate(&self, nest: Attr<'r>, policy: Policy) -> Result {
        let payload = nest.payload();
        // SAFETY: The payload is valid for its length, the policy for its own, and the extended ACK
        // is the request's or null.
        to_result(unsafe {
            bindings::__nla_validate(
                payload.as_ptr().cast(),
                payload.len() as c_int,
                c_int::from(policy.max()),
                policy.as_ptr(),
                bindings::netlink_validation_NL_VALIDATE_TRAILING
                    | bindings::netlink_validation_NL_VALIDATE_MAXTYPE
                    | bindings::netlink_validation_NL_VALIDATE_UNSPEC
                    | bindings::netlink_validation_NL_VALIDATE_STRICT_ATTRS
                    | bindings::netlink_validation_NL_VALIDATE_NESTED,
                (*self.info.as_ptr()).extack,
            )
        })
    }

    /// The depth of what is nested in a nest of `depth`; an error if that is too deep.
    pub fn descend(&self, depth: u8) -> Result<u8> {
        match depth < MAX_DEPTH {
            true => Ok(depth + 1),
            false => Err(self.error(EINVAL, c"allowed policy recursion depth exceeded")),
        }
    }
}
