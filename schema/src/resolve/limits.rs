//! Which values and lengths an attribute may have.

use super::definitions::{Definition, Definitions};
use crate::decode::Key;
use crate::diag::{Code, Diagnostic, Span};
use crate::model::{EnumId, EnumUse, IntKind, Len};
use crate::spec::{Checks, Number};

/// The longest attribute: `nla_len` has 16 bits and counts its header of 4 bytes too.
pub(super) const LONGEST: i128 = 0xffff - 4;

/// The values that an integer may have.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    pub(super) range: Option<(i128, i128)>,
    pub(super) mask: Option<u64>,
}

/// The lengths of a string, its NUL not counted.
pub(super) fn string(
    checks: &Key<Checks>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<Len> {
    lengths(checks, LONGEST - 1, definitions, faults)
}

/// The lengths of a binary attribute.
pub(super) fn binary(
    checks: &Key<Checks>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<Len> {
    lengths(checks, LONGEST, definitions, faults)
}

fn lengths(
    checks: &Key<Checks>,
    longest: i128,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<Len> {
    let Some(checks) = checks.get() else {
        return Some(Len { min: 0, max: None });
    };
    let mut length = |key: &Key<Number>| {
        let value = number(key, definitions, faults)?;
        let span = key.span().unwrap_or_default();
        if !(0..=longest).contains(&value) {
            let message = format!("no attribute can be {value} bytes long");
            faults.push(
                Diagnostic::new(Code::OutOfRange, span, message)
                    .help(format!("at most {longest} bytes fit")),
            );
            return None;
        }
        Some((u16::try_from(value).ok()?, span))
    };
    let min = length(&checks.min_len);
    let max = length(&checks.max_len);
    let exact = length(&checks.exact_len);
    match (exact, min, max) {
        (Some((_, span)), Some((_, other)), _) | (Some((_, span)), _, Some((_, other))) => {
            faults.push(
                Diagnostic::new(
                    Code::Contradiction,
                    span,
                    "`exact-len` leaves no other length",
                )
                .related(other, "this limit does not go with it")
                .help("keep one of them"),
            );
        }
        (None, Some((min, span)), Some((max, other))) if min > max => {
            faults.push(empty_range(
                "min-len",
                min.into(),
                span,
                "max-len",
                max.into(),
                other,
            ));
        }
        _ => {}
    }
    let value = |limit: Option<(u16, Span)>| limit.map(|(value, _)| value);
    Some(match value(exact) {
        Some(exact) => Len {
            min: exact,
            max: Some(exact),
        },
        None => Len {
            min: value(min).unwrap_or(0),
            max: value(max),
        },
    })
}

/// The values of an integer: what the checks say, else what the enum has.
pub(super) fn int(
    kind: IntKind,
    names: Option<(EnumUse, Span)>,
    checks: &Key<Checks>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<Allowed> {
    let mut allowed = names.map_or_else(Allowed::default, |(names, span)| {
        by_enum(kind, names, span, definitions, faults)
    });
    let Some(checks) = checks.get() else {
        return Some(allowed);
    };
    if let Some((name, span)) = checks.flags_mask.here() {
        let id = definitions.find_enum(name, span, faults)?;
        let names = EnumUse { id, as_flags: true };
        allowed.mask = by_enum(kind, names, span, definitions, faults).mask;
    }
    let (least, greatest) = kind.limits();
    let mut limit = |key: &Key<Number>| {
        let value = number(key, definitions, faults)?;
        let span = key.span().unwrap_or_default();
        if value < least || value > greatest {
            let message = format!("{value} is not among the values of the attribute's type");
            faults.push(
                Diagnostic::new(Code::OutOfRange, span, message)
                    .help(format!("they go from {least} to {greatest}")),
            );
            return None;
        }
        Some((value, span))
    };
    let min = limit(&checks.min);
    let max = limit(&checks.max);
    if let (Some((min, span)), Some((max, other))) = (min, max)
        && min > max
    {
        faults.push(empty_range("min", min, span, "max", max, other));
    }
    if min.is_some() || max.is_some() {
        let (low, high) = allowed.range.unwrap_or((least, greatest));
        let range = (min.map_or(low, |min| min.0), max.map_or(high, |max| max.0));
        allowed.range = Some(range);
    }
    Some(allowed)
}

/// How often an attribute may be there.
pub(super) fn count(
    key: &Key<Number>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<u32> {
    let value = number(key, definitions, faults)?;
    let count = u32::try_from(value).ok().filter(|count| *count > 0);
    if count.is_none() {
        let span = key.span().unwrap_or_default();
        let message = format!("an attribute cannot be there {value} times at most");
        faults.push(
            Diagnostic::new(Code::OutOfRange, span, message)
                .help(format!("the limit is from 1 to {}", u32::MAX)),
        );
    }
    count
}

/// The bits of a bitfield32: those that its flags name.
pub(super) fn bits(
    names: EnumId,
    span: Span,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<u32> {
    let names = EnumUse {
        id: names,
        as_flags: true,
    };
    let mask = by_enum(IntKind::U32, names, span, definitions, faults).mask?;
    u32::try_from(mask).ok()
}

/// What the entries of an enum allow.
fn by_enum(
    kind: IntKind,
    names: EnumUse,
    span: Span,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Allowed {
    let definition = &definitions.enums[names.id.get()];
    let (least, greatest) = kind.limits();
    let values = || definition.entries.iter().map(|entry| entry.value);
    let (Some(low), Some(high)) = (values().min(), values().max()) else {
        return Allowed::default();
    };
    let widest = match names.as_flags {
        true if !(0..64).contains(&high) => i128::MAX,
        true => 1_i128 << high,
        false => high,
    };
    if widest > greatest || (!names.as_flags && low < least) || (names.as_flags && low < 0) {
        let name = &definition.name;
        let message = format!("not every value of `{name}` fits the attribute's type");
        let mut fault = Diagnostic::new(Code::OutOfRange, span, message)
            .help("give the attribute a wider type");
        if let Some(place) = definitions.enum_place(names.id) {
            let value = if names.as_flags {
                "has bit"
            } else {
                "has the value"
            };
            let farthest = if low < least { low } else { high };
            fault = fault.related(place, format!("it {value} {farthest}"));
        }
        faults.push(fault);
        return Allowed::default();
    }
    match names.as_flags {
        true => Allowed {
            range: None,
            mask: Some(definition.mask()),
        },
        false => Allowed {
            range: Some((low, high)),
            mask: None,
        },
    }
}

fn empty_range(low: &str, min: i128, span: Span, high: &str, max: i128, other: Span) -> Diagnostic {
    let message = format!("nothing is at least {min} and at most {max}");
    Diagnostic::new(Code::Contradiction, span, message)
        .label(format!("`{low}`"))
        .related(other, format!("`{high}`"))
}

/// What a number is: itself, a constant, `CONST - 1`, or a limit of a type such as `u16-max`.
pub(super) fn number(
    key: &Key<Number>,
    definitions: &Definitions,
    faults: &mut Vec<Diagnostic>,
) -> Option<i128> {
    let (number, span) = key.here()?;
    let words = match number {
        Number::Int(value) if *value < 0 => {
            faults.push(
                Diagnostic::new(Code::BadNumber, span, "a limit in YNL is never negative")
                    .help("name one that is: a constant of `definitions`, or the least of a type, like `s32-min`"),
            );
            return None;
        }
        Number::Int(value) => return Some(*value),
        Number::Words(words) => words.trim(),
    };
    if let Some(limit) = type_limit(words) {
        return Some(limit);
    }
    let (name, less) = match words.strip_suffix(" - 1") {
        Some(name) => (name.trim_end(), 1),
        None => (words, 0),
    };
    match definitions.find(name, span, faults)? {
        Definition::Const(Some(value)) => Some(value - less),
        Definition::Broken => None,
        other @ (Definition::Const(None) | Definition::Enum(_) | Definition::Struct(_)) => {
            let message = format!("`{name}` is not a constant with a number");
            faults.push(
                definitions
                    .other_kind(name, other, span, Code::BadNumber, message)
                    .help("a limit is a number, a constant, `CONSTANT - 1` or like `u16-max`"),
            );
            None
        }
    }
}

/// `u8-min`, `s64-max` and their like.
fn type_limit(words: &str) -> Option<i128> {
    let (type_, end) = words.split_once('-')?;
    let kind = match type_ {
        "u8" => IntKind::U8,
        "u16" => IntKind::U16,
        "u32" => IntKind::U32,
        "u64" => IntKind::U64,
        "s8" => IntKind::S8,
        "s16" => IntKind::S16,
        "s32" => IntKind::S32,
        "s64" => IntKind::S64,
        _ => return None,
    };
    let (least, greatest) = kind.limits();
    match end {
        "min" => Some(least),
        "max" => Some(greatest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::type_limit;

    #[test]
    fn limits_of_types_have_names() {
        assert_eq!(type_limit("u8-max"), Some(255));
        assert_eq!(type_limit("s16-min"), Some(-32768));
        assert_eq!(type_limit("u64-max"), Some(0xffff_ffff_ffff_ffff));
        assert_eq!(type_limit("u7-max"), None);
        assert_eq!(type_limit("u8-top"), None);
    }
}
