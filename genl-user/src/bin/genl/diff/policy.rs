//! What a spec says of a request's attributes, beside what the kernel's policies ask of them.

use std::collections::BTreeSet;

use genl_user::Limits;
use genl_user::dynamic::genl_schema::model::{Attr, AttrKind, ByteOrder, Call, Family, SetId};
use genl_user::families::nlctrl::{AttrType, PolicyOwned};

use super::Differences;
use crate::asked::as_policy;
use crate::policies::Policies;

/// Compares the requests of all operations that both have.
pub(super) fn compare(differences: &mut Differences, spec: &Family, policies: &Policies) {
    let mut comparison = Comparison {
        differences,
        spec,
        policies,
        seen: BTreeSet::new(),
    };
    for op in &spec.ops {
        let Some(theirs) = policies.operations.get(&op.cmd.into()) else {
            continue;
        };
        for (mode, call, policy) in [("do", &op.do_, theirs.do_), ("dump", &op.dump, theirs.dump)] {
            if let (Some(call), Some(policy)) = (call, policy.and_then(|it| it.try_into().ok())) {
                let place = format!("{} {mode}", op.name);
                comparison.request(&place, call, policy);
            }
        }
    }
}

struct Comparison<'a> {
    differences: &'a mut Differences,
    spec: &'a Family,
    policies: &'a Policies,
    /// Nests that were compared: they stand in many requests, and within themselves.
    seen: BTreeSet<(u16, SetId)>,
}

impl Comparison<'_> {
    /// A request: what the spec lists must be allowed. What else the kernel allows is told where
    /// the spec does not know it at all; operations often share a policy.
    fn request(&mut self, place: &str, call: &Call, policy: u16) {
        let message = &self.spec[call.request];
        let listed = message
            .fields
            .iter()
            .map(|field| self.spec.attr(message, field));
        let listed: Vec<_> = listed.collect();
        self.attributes(place, message.set, &listed, policy);
    }

    /// A nest: all of its set may stand there.
    fn nest(&mut self, place: &str, set: SetId, policy: u16) {
        if self.seen.insert((policy, set)) {
            // What the kernel only sends is in the sets too, so what it lacks is no difference.
            self.attributes(place, set, &[], policy);
        }
    }

    fn attributes(&mut self, place: &str, set: SetId, listed: &[&Attr], policy: u16) {
        let theirs = self.policies.attributes.get(&policy);
        for attr in listed {
            let there = theirs.is_some_and(|theirs| theirs.contains_key(&attr.id));
            if !there && !is_never_told(attr) {
                let place = format!("{place}: {}", attr.name);
                self.differences
                    .add(place, expected(attr), "not in its policy");
            }
        }
        for (&number, asks) in theirs.into_iter().flatten() {
            let known = self.spec[set].attrs.iter().find(|attr| attr.id == number);
            match known {
                Some(attr) => self.attribute(&format!("{place}: {}", attr.name), attr, asks),
                None => {
                    let place = format!("{place}: attribute {number}");
                    self.differences
                        .add(place, "no such attribute", Limits(asks));
                }
            }
        }
    }

    fn attribute(&mut self, place: &str, attr: &Attr, asks: &PolicyOwned) {
        let ours = expected(attr);
        let theirs = Limits(asks).to_string();
        if !agrees(attr, asks) {
            self.differences.add(place, ours, theirs);
        }
        let inner = asks.policy_idx.and_then(|it| it.try_into().ok());
        if let Some((set, policy)) = attr.kind.inside().zip(inner) {
            self.nest(place, set, policy);
        }
    }
}

/// What the spec says of an attribute, in the words of [`Limits`].
fn expected(attr: &Attr) -> String {
    let policy = as_policy(&attr.kind);
    match policy.type_ {
        Some(_) => Limits(&policy).to_string(),
        None => "unused".into(),
    }
}

fn agrees(attr: &Attr, asks: &PolicyOwned) -> bool {
    let ours = as_policy(&attr.kind);
    let (Some(one), Some(other)) = (ours.type_, asks.type_) else {
        return false;
    };
    // Arrays of scalars have no policy type of their own: the kernel takes a nest, or bytes.
    if matches!(&attr.kind, AttrKind::IndexedArray(element) if element.inside().is_none()) {
        return matches!(
            other,
            AttrType::Nested | AttrType::NestedArray | AttrType::Binary
        );
    }
    // NLA_MSECS, a u64 in the message, is told as NLA_UINT is.
    let same_type = one == other || (one, other) == (AttrType::U64, AttrType::Uint);
    // Of NLA_POLICY_MAX_LEN nothing is told, so of a binary without a length nothing is known.
    let is_told = |asks: &PolicyOwned| asks.min_length.is_some() || asks.max_length.is_some();
    if other == AttrType::Binary && !is_told(asks) {
        return same_type;
    }
    let ours = PolicyOwned {
        // Of what is checked by a function, and of a least length alone, the kernel tells nothing.
        min_length: ours.min_length.filter(|_| asks.min_length.is_some()),
        ..match is_checked_unseen(asks) {
            true => PolicyOwned {
                type_: ours.type_,
                ..PolicyOwned::default()
            },
            false => ours,
        }
    };
    same_type && Limits(&ours).limits() == Limits(asks).limits()
}

/// The kernel leaves it out of what it tells of its policies: NLA_BE16 and NLA_BE32.
fn is_never_told(attr: &Attr) -> bool {
    matches!(&attr.kind, AttrKind::Int(int) if int.order == ByteOrder::Big)
}

/// An integer of which neither range nor mask is told.
fn is_checked_unseen(asks: &PolicyOwned) -> bool {
    let is_integer = matches!(
        asks.type_,
        Some(
            AttrType::U8
                | AttrType::U16
                | AttrType::U32
                | AttrType::U64
                | AttrType::Uint
                | AttrType::S8
                | AttrType::S16
                | AttrType::S32
                | AttrType::S64
                | AttrType::Sint
        )
    );
    let told = asks.max_value_u.is_some() || asks.max_value_s.is_some() || asks.mask.is_some();
    is_integer && !told
}

#[cfg(test)]
mod tests {
    use genl_user::dynamic::genl_schema;

    use super::*;

    const SPEC: &str = "\
name: sample
doc: A sample.
protocol: genetlink
attribute-sets:
  -
    name: main
    attributes:
      -
        name: data
        type: binary
        checks:
          max-len: 16
      -
        name: time
        type: u64
operations:
  list:
    -
      name: get
      doc: Get.
      attribute-set: main
      do:
        request:
          attributes: [data, time]
";

    fn agrees_with(name: &str, asks: PolicyOwned) -> bool {
        let family = genl_schema::compile("sample.yaml", SPEC).unwrap();
        let mut attrs = family.sets.iter().flat_map(|set| &set.attrs);
        agrees(attrs.find(|it| it.name.as_str() == name).unwrap(), &asks)
    }

    #[test]
    fn lengths_of_bytes_that_are_not_told_are_no_difference() {
        let told = |max_length| PolicyOwned {
            type_: Some(AttrType::Binary),
            max_length,
            ..PolicyOwned::default()
        };
        assert!(agrees_with("data", told(None)));
        assert!(agrees_with("data", told(Some(16))));
        assert!(!agrees_with("data", told(Some(17))));
    }

    #[test]
    fn milliseconds_are_told_as_a_number_without_a_width() {
        let told = |kind, most| PolicyOwned {
            type_: Some(kind),
            min_value_u: Some(0),
            max_value_u: Some(most),
            ..PolicyOwned::default()
        };
        assert!(agrees_with("time", told(AttrType::Uint, u64::MAX)));
        assert!(!agrees_with("time", told(AttrType::Uint, 9)));
        assert!(!agrees_with("time", told(AttrType::U32, u32::MAX.into())));
    }
}
