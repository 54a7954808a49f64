//! What of its type's values an integer attribute may have, for tables of rules.

use crate::model::{EnumId, Family, Int};

/// One of the limits, all of which hold.
pub(super) enum Limit {
    /// No other bits than these.
    Mask(u64),
    /// The values from one to the other, both included.
    Range(i128, i128),
    /// The values of the enum, which no range describes.
    Listed(EnumId),
}

/// The limits of an integer, in the order in which they are checked.
pub(super) fn limits_of(family: &Family, int: &Int) -> Vec<Limit> {
    let mut limits = Vec::new();
    limits.extend(int.mask.map(Limit::Mask));
    let mut range = int.range.filter(|range| *range != int.kind.limits());
    let listed = int.names.filter(|names| !names.as_flags);
    if let Some(names) = listed
        && family[names.id].is_sparse()
    {
        limits.push(Limit::Listed(names.id));
        let values = || family[names.id].entries.iter().map(|entry| entry.value);
        range = range.filter(|range| Some(*range) != values().min().zip(values().max()));
    }
    limits.extend(range.map(|(min, max)| Limit::Range(min, max)));
    limits
}
