//! Strings and bytes in requests that may be of any length.

use super::Lints;
use super::reach::Reach;
use crate::diag::{Code, Diagnostic};
use crate::model::{AttrKind, AttrSet, Direction, Holds};

/// Warns of what the kernel would take at any length: up to 64 KiB, for each attribute.
pub(super) fn check(lints: &mut Lints<'_>) {
    let family = lints.family;
    let requests = family.messages.iter();
    let requests = requests.filter(|message| message.direction == Direction::Request);
    let sent = Reach::of(family, requests);
    for (id, set) in family.sets() {
        for (at, attr) in set.attrs.iter().enumerate() {
            if sent.has(id, at)
                && let Some(what) = unbounded(&attr.kind)
            {
                warn(lints, set, attr.name.as_str(), what);
            }
        }
    }
}

fn warn(lints: &mut Lints<'_>, set: &AttrSet, name: &str, what: &str) {
    // A subset's attribute has its limit where the whole set has it.
    let whole = set.subset_of.map(|whole| &lints.family[whole]);
    let own = lints.attr(set, name);
    let origin = whole.and_then(|whole| lints.attr(whole, name)).or(own);
    let (Some(own), Some(origin)) = (own, origin) else {
        return;
    };
    let span = origin.name.span().unwrap_or_default();
    let message = format!("`{name}` is {what} of any length, and requests can have it");
    let warning = Diagnostic::new(Code::UnboundedLength, span, message)
        .help("say how many bytes are enough: `checks: { max-len: 64 }`");
    let mut allow = vec![&own.x_allow, &origin.x_allow];
    for set in [Some(set), whole].into_iter().flatten() {
        allow.extend(lints.set(set).map(|set| &set.x_allow));
    }
    lints.warn(warning, &allow);
}

/// What may be of any length, in an attribute of this kind.
fn unbounded(kind: &AttrKind) -> Option<&'static str> {
    match kind {
        AttrKind::String(text) if text.len.max.is_none() => Some("a string"),
        AttrKind::Binary(binary) if binary.len.max.is_none() => match binary.holds {
            Holds::Bytes => Some("a binary"),
            Holds::Array(_) => Some("an array"),
            // It has the length of the struct.
            Holds::Struct(_) => None,
        },
        AttrKind::IndexedArray(element) => unbounded(element),
        _ => None,
    }
}
