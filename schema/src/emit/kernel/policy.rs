//! What the core checks of a request before a handler sees it.

use super::requests::wire_name;
use super::text::Text;
use super::{attr_path, nested_sets};
use crate::model::{Attr, AttrKind, AttrSet, Direction, Family, Int, Len, Message};

/// The rules for nests, which operations share.
pub(super) fn render(text: &mut Text, family: &Family) {
    for set in nested_sets(family, Direction::Request) {
        let attrs: Vec<_> = set.attrs.iter().collect();
        text.gap();
        text.line(format!("/// What a nest of `{}` may hold.", set.name));
        render_rules(text, family, set, &attrs, &nest_rules(set));
    }
}

/// The value of an operation's `POLICY`.
pub(super) fn render_policy(text: &mut Text, family: &Family, message: &Message) {
    if message.fields.is_empty() {
        text.line("const POLICY: genl::Policy = genl::Policy::NONE;");
        return;
    }
    let set = &family[message.set];
    let attrs: Vec<_> = message
        .fields
        .iter()
        .map(|field| family.attr(message, field))
        .collect();
    text.open("const POLICY: genl::Policy =");
    render_rules(text, family, set, &attrs, "RULES");
    text.line("RULES.policy()");
    text.close(";");
}

fn nest_rules(set: &AttrSet) -> String {
    format!("{}_NEST", set.name.shouty())
}

fn render_rules(text: &mut Text, family: &Family, set: &AttrSet, attrs: &[&Attr], name: &str) {
    let known: Vec<(String, String)> = attrs
        .iter()
        .filter_map(|attr| Some((attr_path(set, attr), rule(family, attr)?)))
        .collect();
    let max = attrs.iter().map(|attr| attr.id).max().unwrap_or(0);
    text.open_list(&format!(
        "static {name}: genl::Rules<{}> = genl::Rules::new(&[",
        max + 1
    ));
    for (at, (path, rule)) in known.iter().enumerate() {
        // The comment keeps rustfmt from joining the lines.
        let tail = if at + 1 == known.len() { ", //" } else { "," };
        text.call("", &[path, rule], tail);
    }
    text.close_list("]);");
}

/// The rule for an attribute; those that have none are refused.
fn rule(family: &Family, attr: &Attr) -> Option<String> {
    let rule = match &attr.kind {
        AttrKind::Flag => "flag()".to_owned(),
        AttrKind::Int(int) => format!("{}(){}", wire_name(int), limits(family, int)),
        AttrKind::String(string) => format!("string(){}", lengths(string.len)),
        AttrKind::Binary(binary) => format!("binary(){}", binary_lengths(binary.len)),
        AttrKind::Nest(set) => format!("nest({}.policy())", nest_rules(&family[*set])),
        _ => return None,
    };
    Some(format!("genl::Rule::{rule}"))
}

fn lengths(len: Len) -> String {
    let max = len.max.map(|max| format!(".max_len({max})"));
    let min = (len.min > 0).then(|| format!(".min_len::<{}>()", len.min));
    max.into_iter().chain(min).collect()
}

fn binary_lengths(len: Len) -> String {
    match len {
        Len { min: 0, max: None } => String::new(),
        Len {
            min: 0,
            max: Some(max),
        } if max > 0 => format!(".max_len({max})"),
        Len {
            min,
            max: Some(max),
        } if i16::try_from(max).is_ok() => format!(".len_range({min}, {max})"),
        Len { min, max } => {
            let max = max.unwrap_or(u16::MAX);
            format!(".len_in_range(&genl::Range::new({min}, {max}))")
        }
    }
}

/// What of its type's values an integer may have.
fn limits(family: &Family, int: &Int) -> String {
    if let Some(names) = int.names
        && !names.as_flags
        && !int.kind.signed()
        && family[names.id].is_sparse()
    {
        return format!(".listed::<{}>()", family[names.id].name.pascal());
    }
    if let Some(mask) = int.mask {
        return format!(".mask({mask:#x})");
    }
    let Some((min, max)) = int.range else {
        return String::new();
    };
    let limits = int.kind.limits();
    if (min, max) == limits {
        return String::new();
    }
    // The core reads an open end into the union's signed 16 bits; no number there is beyond them.
    if i16::try_from(min).is_ok() && i16::try_from(max).is_ok() {
        return format!(".range({min}, {max})");
    }
    match int.kind.signed() {
        true => format!(".in_signed_range(&genl::SignedRange::new({min}, {max}))"),
        false => format!(".in_range(&genl::Range::new({min}, {max}))"),
    }
}
