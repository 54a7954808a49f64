//! What is asked of one attribute: the rule for it in a policy, or a check by generated code.
//!
//! The rules are what YNL's own generator makes for C (tools/net/ynl/pyynl/ynl_gen_c.py), told to
//! the core so that it tells them on (`CTRL_CMD_GETPOLICY`). Where no field of a rule says what the
//! spec does, the rule has a function.

use super::checks::is_in_reach;
use super::policy::of_nest;
use crate::emit::limits::{Limit, limits_of};
use crate::model::{Attr, AttrKind, ByteOrder, Family, Int, IntKind, Len, Text};

/// The longest text, as no attribute is longer.
const LONGEST: u16 = u16::MAX;

/// The rule for an attribute; those that have none are refused.
pub(super) fn rule(family: &Family, attr: &Attr) -> Option<String> {
    let rule = match &attr.kind {
        AttrKind::Pad | AttrKind::Unused => return None,
        AttrKind::Flag => "flag()".to_owned(),
        AttrKind::Int(int) => integer(family, int),
        AttrKind::String(string) => text(*string),
        AttrKind::Binary(binary) => format!("binary(){}", binary_lengths(binary.len)),
        AttrKind::Bitfield32(bits) => format!("bitfield32({:#x})", bits.mask.unwrap_or(u32::MAX)),
        AttrKind::Nest(set) => format!("nest({})", of_nest(&family[*set])),
        AttrKind::IndexedArray(inner) | AttrKind::TypeValue(_, inner) => match **inner {
            AttrKind::Nest(set) if is_in_reach(&attr.kind) => {
                format!("nest_array({})", of_nest(&family[set]))
            }
            _ => "nest_of_values()".to_owned(),
        },
    };
    Some(format!("genl::Rule::{rule}"))
}

/// The runtime's name for an integer's form on the wire, as far as the core knows it: `u32`,
/// `be16`, `sint`.
fn wire_name(int: &Int) -> &'static str {
    match (int.order, int.kind) {
        (ByteOrder::Big, IntKind::U16) => "be16",
        (ByteOrder::Big, IntKind::U32) => "be32",
        _ => int.kind.name(),
    }
}

fn text(string: Text) -> String {
    match string.len {
        Len { min: 0, max: None } => plain_text(string).to_owned(),
        // The core takes 0 for "any length".
        Len {
            min: 0,
            max: Some(max),
        } if max > 0 => format!("{}.max_len({max})", plain_text(string)),
        _ => checked(&check_of_text(string)),
    }
}

fn plain_text(string: Text) -> &'static str {
    match string.unterminated_ok {
        true => "text()",
        false => "string()",
    }
}

fn checked(check: &str) -> String {
    format!("checked::<{check}>()")
}

/// The core tells userspace of `max_len` and `len_range`, but not of `NLA_POLICY_MAX_LEN`.
fn binary_lengths(len: Len) -> String {
    let signed = |len: u16| i16::try_from(len).is_ok();
    match (len.min, len.max) {
        (0, None) => String::new(),
        (0, Some(max)) if max > 0 => format!(".max_len({max})"),
        (min, None) if signed(min) => format!(".len_from({min})"),
        (min, Some(max)) if signed(max) => format!(".len_range({min}, {max})"),
        (min, max) => {
            let max = max.unwrap_or(u16::MAX);
            format!(".len_in_range(&genl::Range::new({min}, {max}))")
        }
    }
}

fn integer(family: &Family, int: &Int) -> String {
    let plain = format!("{}()", wire_name(int));
    let limits = limits_of(family, int);
    let known_order = match int.order {
        ByteOrder::Host => true,
        ByteOrder::Big => matches!(int.kind, IntKind::U16 | IntKind::U32),
        ByteOrder::Little => false,
    };
    let signed = int.kind.signed();
    match &*limits {
        [] => plain,
        [Limit::Mask(mask)] if known_order && !signed && u32::try_from(*mask).is_ok() => {
            format!("{plain}.mask({mask:#x})")
        }
        [Limit::Range(min, max)] if known_order => plain + &range(int, *min, *max),
        _ => checked(&both(checks(family, int, &limits))),
    }
}

fn range(int: &Int, min: i128, max: i128) -> String {
    let (least, greatest) = int.kind.limits();
    let short = |end: i128| i16::try_from(end).is_ok();
    if min == least && short(max) {
        return format!(".max({max})");
    }
    if max == greatest && short(min) {
        return format!(".min({min})");
    }
    if short(min) && short(max) {
        return format!(".range({min}, {max})");
    }
    match int.kind.signed() {
        true => format!(".in_signed_range(&genl::SignedRange::new({min}, {max}))"),
        false => format!(".in_range(&genl::Range::new({min}, {max}))"),
    }
}

/// The runtime's check of what stands where no rule reaches; `None` where any bytes will do.
pub(super) fn check_of(family: &Family, kind: &AttrKind) -> Option<String> {
    Some(match kind {
        AttrKind::Int(int) => {
            let whole = format!("genl::check::Whole<{}>", form(int));
            let limits = checks(family, int, &limits_of(family, int));
            both([whole].into_iter().chain(limits).collect())
        }
        AttrKind::String(text) => check_of_text(*text),
        AttrKind::Binary(binary) => match binary.len {
            Len { min: 0, max: None } => return None,
            Len { min, max } => {
                let max = max.unwrap_or(LONGEST);
                format!("genl::check::Bytes<{min}, {max}>")
            }
        },
        _ => return None,
    })
}

fn check_of_text(text: Text) -> String {
    let check = match text.unterminated_ok {
        true => "FreeText",
        false => "Text",
    };
    let max = text.len.max.unwrap_or(LONGEST);
    format!("genl::check::{check}<{}, {max}>", text.len.min)
}

fn checks(family: &Family, int: &Int, limits: &[Limit]) -> Vec<String> {
    let form = form(int);
    let check = |limit: &Limit| match limit {
        Limit::Mask(mask) => format!("Mask<{form}, {mask:#x}>"),
        Limit::Range(min, max) => format!("Within<{form}, {}, {}>", braced(*min), braced(*max)),
        Limit::Listed(id) => format!("OneOf<{form}, {}>", family[*id].name.pascal()),
    };
    let checks = limits.iter().map(check);
    checks
        .map(|check| format!("genl::check::{check}"))
        .collect()
}

/// A number as an argument of a type.
fn braced(number: i128) -> String {
    match number < 0 {
        true => format!("{{ {number} }}"),
        false => number.to_string(),
    }
}

/// All of `checks`, one behind the other.
fn both(checks: Vec<String>) -> String {
    let joined = checks
        .into_iter()
        .rev()
        .reduce(|rest, first| format!("({first}, {rest})"));
    joined.unwrap_or_default()
}

/// The runtime's type for how an integer stands in an attribute.
fn form(int: &Int) -> String {
    let order = match int.order {
        ByteOrder::Host => "Host",
        ByteOrder::Big => "Big",
        ByteOrder::Little => "Little",
    };
    match int.kind {
        IntKind::Uint => "genl::check::Uint".to_owned(),
        IntKind::Sint => "genl::check::Sint".to_owned(),
        kind => format!("genl::check::{order}<{}>", kind.rust()),
    }
}
