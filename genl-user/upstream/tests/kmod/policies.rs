//! What the kernel tells of our policies (CTRL_CMD_GETPOLICY), beside the specs, and beside what it tells of its own
//! families.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::families::{ours, theirs};

#[test]
fn they_are_what_the_specs_say() {
    let mut wrong = Vec::new();
    for family in ours() {
        for [place, spec, kernel] in &family.differences {
            if place == "name" && *kernel == family.registered {
                continue;
            }
            wrong.push(format!("{}: {place}: {spec} / {kernel}", family.spec.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn they_are_those_of_the_kernels_own_families() {
    let mut wrong = Vec::new();
    for theirs in theirs() {
        let ours = ours()
            .iter()
            .find(|ours| ours.spec.name.as_str() == theirs.name);
        let ours = rules(&ours.expect("it has a spec").policies);
        let theirs_ = rules(&theirs.policies);
        let places: BTreeSet<&String> = ours.keys().chain(theirs_.keys()).collect();
        for place in places {
            let (one, other) = (ours.get(place), theirs_.get(place));
            if one != other {
                wrong.push(format!("{}: {place}: {one:?} / {other:?}", theirs.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        let words: Vec<_> = asks
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        rules.insert(place, words.join(", "));
    }
}
