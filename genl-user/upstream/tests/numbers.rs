//! The numbers, names, types and limits that we resolve from each upstream spec are those that the
//! kernel tree's own pyynl and its C code generator resolve.
//!
//! Both sides become a flat list of facts, such as `attribute/dpll/clock-id/id` = 5. The lists have
//! to be equal, but for what [`exceptions`] names.

#[path = "pyynl/facts.rs"]
mod facts;
mod pyynl;

use std::collections::BTreeSet;

use facts::Facts;
use pyynl::Spec;
use serde_json::{Value, json};

/// A fact that we take another way than pyynl, and are right to.
struct Exception {
    spec: &'static str,
    /// The fact's key.
    fact: &'static str,
    ours: Option<Value>,
    theirs: Option<Value>,
}

/// Each of them has to occur.
fn exceptions() -> Vec<Exception> {
    let mut exceptions = Vec::new();
    let mut differ = |spec, fact, ours: Value, theirs: Value| {
        // JSON's null stands for a fact that is not said.
        let [ours, theirs] =
            [ours, theirs].map(|value| Some(value).filter(|value| !value.is_null()));
        exceptions.push(Exception {
            spec,
            fact,
            ours,
            theirs,
        });
    };

    // A pad is never a value of a message, even where the spec lists it as one.
    for fact in [
        "operation/get-perf-domains/do/reply/attributes",
        "operation/get-perf-domains/dump/reply/attributes",
    ] {
        let ours = json!(["cpus", "flags", "perf-domain-id"]);
        let theirs = json!(["cpus", "flags", "pad", "perf-domain-id"]);
        differ("dev-energymodel", fact, ours, theirs);
    }

    // The spec says `u64`, with a `type-value` that pyynl ignores there: the kernel puts the number
    // into a nest, whose member's type is the counter's id (stat_put in net/ethtool/stats.c).
    differ(
        "ethtool",
        "attribute/stats-grp/stat/type",
        json!("nest-type-value"),
        json!("u64"),
    );

    // The spec calls its constant `key-len` by the name that C code has for it; the generator takes
    // any name over as it is.
    for fact in [
        "attribute/wgdevice/private-key/exact-len",
        "attribute/wgdevice/public-key/exact-len",
        "attribute/wgpeer/preshared-key/exact-len",
        "attribute/wgpeer/public-key/exact-len",
    ] {
        differ("wireguard", fact, json!(32), Value::Null);
    }

    // pyynl knows no padding behind the last member of a struct.
    differ(
        "ovs_flow",
        "struct/ovs-action-add-mpls/size",
        json!(12),
        json!(10),
    );
    differ("ovs_flow", "struct/ovs-key-arp/size", json!(24), json!(22));
    differ(
        "ovs_flow",
        "struct/ovs-key-ct-tuple-ipv4/size",
        json!(16),
        json!(13),
    );

    // Bytes have no order, whatever the spec says of that.
    for (spec, fact) in [
        ("ovs_flow", "struct/ovs-key-ipv6/ipv6-dst/byte-order"),
        ("ovs_flow", "struct/ovs-key-ipv6/ipv6-src/byte-order"),
        ("ovs_flow", "struct/ovs-key-nd/nd-target/byte-order"),
        ("tcp_metrics", "attribute/tcp-metrics/addr-ipv6/byte-order"),
        ("tcp_metrics", "attribute/tcp-metrics/saddr-ipv6/byte-order"),
    ] {
        differ(spec, fact, Value::Null, json!("big-endian"));
    }
    exceptions
}

#[test]
fn every_spec_resolves_as_in_pyynl() {
    let specs = pyynl::specs();
    let theirs = their_facts(&specs);
    let mut exceptions = exceptions();
    let (mut compared, mut numbers) = (0, 0);
    let mut faults = Vec::new();
    for (spec, theirs) in specs.iter().zip(&theirs) {
        let ours = facts::of(&spec.family);
        compared += ours.len();
        numbers += ours.values().filter(|value| value.is_number()).count();
        for fact in differences(&ours, theirs) {
            let (ours, theirs) = (ours.get(fact), theirs.get(fact));
            let known = exceptions.iter().position(|known| {
                (known.spec, known.fact) == (&spec.name, fact)
                    && (known.ours.as_ref(), known.theirs.as_ref()) == (ours, theirs)
            });
            match known {
                Some(known) => drop(exceptions.swap_remove(known)),
                None => faults.push(format!(
                    "{}: {fact}: ours {}, pyynl's {}",
                    spec.name,
                    show(ours),
                    show(theirs)
                )),
            }
        }
    }
    faults.extend(exceptions.iter().map(|needless| {
        format!(
            "{}: {}: the exception is not needed",
            needless.spec, needless.fact
        )
    }));
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    println!(
        "{} specs: {compared} facts compared, {numbers} of them numbers",
        specs.len()
    );
}

/// The keys of the facts that only one side says, or of which they say different things.
fn differences<'a>(ours: &'a Facts, theirs: &'a Facts) -> impl Iterator<Item = &'a str> {
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    keys.into_iter()
        .filter(|key| ours.get(*key) != theirs.get(*key))
        .map(String::as_str)
}

fn show(fact: Option<&Value>) -> String {
    fact.map_or("nothing".to_owned(), Value::to_string)
}

/// What pyynl says of each of the specs.
fn their_facts(specs: &[Spec]) -> Vec<Facts> {
    let questions: Vec<_> = (0..specs.len()).map(Value::from).collect();
    let answers = pyynl::ask("numbers.py", specs, &questions).into_iter();
    answers
        .map(|facts| serde_json::from_value(facts).expect("facts are an object"))
        .collect()
}
