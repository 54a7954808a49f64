//! How a family uses its enums: as values, as sets of bits, and of which width.

use crate::model::{AttrKind, Enum, EnumId, EnumUse, Family, Holds, IntKind, MemberKind};

/// The integers of Rust that an enum can stand on, with their limits, the narrowest first.
const INTEGERS: [(&str, i128, i128); 9] = [
    ("u8", 0, u8::MAX as i128),
    ("i8", i8::MIN as i128, i8::MAX as i128),
    ("u16", 0, u16::MAX as i128),
    ("i16", i16::MIN as i128, i16::MAX as i128),
    ("u32", 0, u32::MAX as i128),
    ("i32", i32::MIN as i128, i32::MAX as i128),
    ("u64", 0, u64::MAX as i128),
    ("i64", i64::MIN as i128, i64::MAX as i128),
    ("i128", i128::MIN, i128::MAX),
];

/// How a family uses one of its enums.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Uses {
    value: Option<Limits>,
    flags: Option<Limits>,
}

/// The numbers that have to be told apart, both ends included.
#[derive(Debug, Clone, Copy)]
struct Limits(i128, i128);

impl Limits {
    fn with(limits: Option<Self>, (low, high): (i128, i128)) -> Self {
        let Self(least, most) = limits.unwrap_or(Self(low, high));
        Self(least.min(low), most.max(high))
    }

    fn integer(self) -> &'static str {
        let fits = |(_, low, high): &&(&str, i128, i128)| *low <= self.0 && self.1 <= *high;
        INTEGERS.iter().find(fits).map_or("i128", |(name, ..)| name)
    }
}

impl Uses {
    /// Of every enum of the family, in the family's order.
    pub(super) fn of(family: &Family) -> Vec<Self> {
        let mut all = vec![Self::default(); family.enums.len()];
        for attr in family.sets.iter().flat_map(|set| &set.attrs) {
            if let Some((names, kind)) = named(&attr.kind) {
                all[names.id.get()].add(names.as_flags, kind);
            }
        }
        for member in family.structs.iter().flat_map(|of| &of.members) {
            if let MemberKind::Int {
                kind,
                names: Some(names),
                ..
            } = member.kind
            {
                all[names.id.get()].add(names.as_flags, kind);
            }
        }
        for (uses, what) in all.iter_mut().zip(&family.enums) {
            uses.hold_entries_of(what);
        }
        all
    }

    /// The integer below a value; `None` if nothing has such a value.
    pub(super) fn value(&self) -> Option<&'static str> {
        self.value.map(Limits::integer)
    }

    /// The integer below a set of bits; `None` if nothing has such a set.
    pub(super) fn flags(&self) -> Option<&'static str> {
        self.flags.map(Limits::integer)
    }

    fn add(&mut self, as_flags: bool, kind: IntKind) {
        let limits = match as_flags {
            true => &mut self.flags,
            false => &mut self.value,
        };
        *limits = Some(Limits::with(*limits, kind.limits()));
    }

    fn hold_entries_of(&mut self, what: &Enum) {
        // What nothing uses is there for the users' own purposes.
        if self.value.is_none() && self.flags.is_none() {
            self.add(what.flags, IntKind::U32);
        }
        if let Some(limits) = &mut self.value {
            for entry in &what.entries {
                *limits = Limits::with(Some(*limits), (entry.value, entry.value));
            }
        }
        if let Some(limits) = &mut self.flags {
            // The highest bit of a signed integer is as good as any other.
            let Limits(least, most) = *limits;
            let mask = i128::from(what.mask());
            if mask > most - least {
                *limits = Limits::with(Some(*limits), (0, mask));
            }
        }
    }
}

/// The enum that names the integers of an attribute, and of which kind they are.
fn named(kind: &AttrKind) -> Option<(EnumUse, IntKind)> {
    match kind {
        AttrKind::Int(int) => Some((int.names?, int.kind)),
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Array(int) => Some((int.names?, int.kind)),
            Holds::Bytes | Holds::Struct(_) => None,
        },
        AttrKind::Bitfield32(bits) => Some((bits_of(bits.names?), IntKind::U32)),
        AttrKind::IndexedArray(element) | AttrKind::TypeValue(_, element) => named(element),
        AttrKind::Pad
        | AttrKind::Unused
        | AttrKind::Flag
        | AttrKind::String(_)
        | AttrKind::Nest(_) => None,
    }
}

/// The names of a bitfield's bits.
pub(super) fn bits_of(id: EnumId) -> EnumUse {
    EnumUse { id, as_flags: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(kinds: &[IntKind]) -> &'static str {
        let mut uses = Uses::default();
        for kind in kinds {
            uses.add(false, *kind);
        }
        uses.value().expect("it is used")
    }

    #[test]
    fn an_enum_stands_on_what_holds_all_its_uses() {
        assert_eq!(integer(&[IntKind::U8]), "u8");
        assert_eq!(integer(&[IntKind::U8, IntKind::U32]), "u32");
        assert_eq!(integer(&[IntKind::U32, IntKind::S32]), "i64");
        assert_eq!(integer(&[IntKind::U64, IntKind::S8]), "i128");
    }
}
