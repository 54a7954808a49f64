//! What the kernel tells of our policies (CTRL_CMD_GETPOLICY), beside the specs, and beside what it tells of its own
//! families.

use std::collections::{BTreeMap, BTreeSet};

use genl_schema::model::{
    Attr, AttrKind, ByteOrder, Call, DontValidate, Family, KernelPolicy, MessageId, Op, SetId,
};
use serde_json::{Map, Value};

use crate::allowed::{ABSENT, ALLOWED, Kind};
use crate::families::{ours, theirs};

/// `genl spec diff` compares families, operations, groups, and what is asked of each attribute.
#[test]
fn they_are_what_the_specs_say() {
    let mut wrong = Vec::new();
    for family in ours() {
        for [place, spec, kernel] in &family.differences {
            // Ours is registered by another one where the kernel has the family itself.
            if place != "name" || *kernel != family.registered {
                let name = &family.spec.name;
                wrong.push(format!("{name}: {place}: {kernel} instead of {spec}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A spec's policies allow what a request lists, and nothing else: `genl spec diff` is not that strict, as the kernel's
/// families are not.
#[test]
fn they_allow_nothing_else() {
    let mut wrong = Vec::new();
    for family in ours() {
        let spec = &family.spec;
        // Of an operation without a number nothing is told that could be told from what is not numbered.
        for op in spec.ops.iter().filter(|op| op.cmd != 0) {
            for (call, mode) in [(&op.do_, "do"), (&op.dump, "dump")] {
                let Some(call) = call else { continue };
                let is_checked = mode == "do" || !op.dont_validate.contains(&DontValidate::Dump);
                let listed = match is_checked {
                    true => listed(spec, op, call),
                    false => Vec::new(),
                };
                let told = &family.policies[op.name.as_str()][mode];
                let place = format!("{}: {} {mode}", spec.name, op.name);
                compare(&place, spec, &listed, told, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The attributes that an operation's policy is to have: which operations share one is the spec's `kernel-policy`.
fn listed<'f>(spec: &'f Family, op: &Op, call: &Call) -> Vec<&'f Attr> {
    let of_op = |op: &Op| {
        let calls = [&op.do_, &op.dump].into_iter().flatten();
        calls.map(|call| call.request).collect::<Vec<MessageId>>()
    };
    let messages: Vec<MessageId> = match spec.kernel.policy {
        KernelPolicy::Split => vec![call.request],
        KernelPolicy::PerOp => of_op(op),
        KernelPolicy::Global => spec.ops.iter().flat_map(of_op).collect(),
    };
    let messages = messages.into_iter().map(|id| &spec[id]);
    messages
        .flat_map(|message| message.fields.iter().map(|field| spec.attr(message, field)))
        .collect()
}

/// The attributes of a nest.
fn nested(spec: &Family, set: SetId) -> Vec<&Attr> {
    let is_something = |attr: &&Attr| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused);
    spec[set].attrs.iter().filter(is_something).collect()
}

fn compare(place: &str, spec: &Family, listed: &[&Attr], told: &Value, wrong: &mut Vec<String>) {
    // Where there are none, nothing may be told, or that everything is rejected.
    let names = told.as_object().into_iter().flat_map(Map::keys);
    let names: BTreeSet<&str> = names.map(String::as_str).collect();
    // The kernel leaves NLA_BE16 and NLA_BE32 out of what it tells.
    let is_told =
        |attr: &&&Attr| !matches!(&attr.kind, AttrKind::Int(int) if int.order == ByteOrder::Big);
    let expected: BTreeSet<&str> = listed
        .iter()
        .filter(is_told)
        .map(|attr| attr.name.as_str())
        .collect();
    let mut different = names.symmetric_difference(&expected).peekable();
    if different.peek().is_some() {
        let different: Vec<_> = different.copied().collect();
        wrong.push(format!("{place}: {}", different.join(", ")));
    }
    for attr in listed {
        let inner = told.get(attr.name.as_str()).and_then(|it| it.get("policy"));
        if let (Some(set), Some(inner)) = (attr.kind.inside(), inner) {
            let place = format!("{place}.{}", attr.name);
            compare(&place, spec, &nested(spec, set), inner, wrong);
        }
    }
}

#[test]
fn they_are_those_of_the_kernels_own_families() {
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<usize> = (0..ALLOWED.len()).collect();
    for theirs in theirs() {
        let ours = ours()
            .iter()
            .find(|ours| ours.spec.name.as_str() == theirs.name);
        let ours = rules(&ours.expect("it has a spec").policies);
        let theirs_of = rules(&theirs.policies);
        let places: BTreeSet<&String> = ours.keys().chain(theirs_of.keys()).collect();
        for place in places {
            let [one, other] = [&ours, &theirs_of].map(|rules| rules.get(place));
            if one == other {
                continue;
            }
            let kind = match (one, other) {
                (None, _) => Kind::Missing,
                (_, None) => Kind::Extra,
                _ => Kind::Other,
            };
            let allowed = ALLOWED
                .iter()
                .position(|it| it.covers(&theirs.name, kind, place));
            match allowed {
                Some(entry) => drop(unused.remove(&entry)),
                None => wrong.push(format!(
                    "{}: {place}: {} instead of {}",
                    theirs.name,
                    one.map_or("nothing", String::as_str),
                    other.map_or("nothing", String::as_str)
                )),
            }
        }
    }
    let unused = unused.into_iter().map(|at| ALLOWED[at].to_string());
    wrong.extend(unused.map(|entry| format!("there is no such difference: {entry}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn families_that_the_kernel_lacks_are_known() {
    let theirs: BTreeSet<&str> = theirs().iter().map(|it| it.name.as_str()).collect();
    let names = ours().iter().map(|it| it.spec.name.as_str());
    let absent: Vec<&str> = names.filter(|name| !theirs.contains(name)).collect();
    let known: Vec<&str> = ABSENT.iter().map(|(name, _)| *name).collect();
    assert_eq!(absent, known);
}

/// What is asked of each attribute, by its place: `get do: dev.name`.
fn rules(policies: &Value) -> BTreeMap<String, String> {
    let mut rules = BTreeMap::new();
    for (op, modes) in policies.as_object().expect("operations") {
        for (mode, attributes) in modes.as_object().expect("modes") {
            collect(&format!("{op} {mode}: "), attributes, &mut rules);
        }
    }
    rules
}

fn collect(place: &str, attributes: &Value, rules: &mut BTreeMap<String, String>) {
    for (name, asks) in attributes.as_object().expect("attributes") {
        let mut asks = asks.as_object().expect("properties").clone();
        let place = format!("{place}{name}");
        if let Some(inner) = asks.remove("policy") {
            collect(&format!("{place}."), &inner, rules);
        }
        let words = asks.iter().map(|(name, value)| format!("{name} {value}"));
        let words: Vec<String> = words.collect();
        rules.insert(place, words.join(", "));
    }
}
