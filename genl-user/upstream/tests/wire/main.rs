//! Random messages of every upstream family are the same bytes, and the same values, to our dynamic
//! codec, to the kernel tree's own pyynl, and to an encoder in this test that follows the kernel's
//! rules.
//!
//! Where pyynl is known to go wrong ([`Quirk`]) only the latter decides; and pyynl has to go
//! wrong at each of these places indeed.

#[path = "../messages/mod.rs"]
mod messages;
#[path = "../pyynl/mod.rs"]
mod pyynl;
mod trial;

use genl_schema::model::{AttrKind, Call, Direction, Family, Message, Op};
use genl_user::dynamic::{self, Unknown};
use messages::looks;
use messages::parse::{self, Reader};
use messages::quirk::Quirk;
use messages::sample::{Generator, Sample, Way};
use pyynl::Spec;
use serde_json::{Value, json};
use trial::Trial;

/// Messages for each request, reply and notification.
const PLAIN: usize = 24;

/// Tries to make one with each of the quirks.
const QUIRKY: usize = 8;

#[test]
fn requests_are_the_bytes_that_pyynl_sends() {
    let specs = pyynl::specs();
    let mut trials = Vec::new();
    for (at, spec) in specs.iter().enumerate() {
        let family = &spec.family;
        let mut generator = Generator::new(family, Way::Request);
        for (op, call, is_dump) in calls(family) {
            let message = &family[call.request];
            for (title, sample) in samples(&mut generator, spec, message, &Quirk::SENT) {
                let ours = dynamic::encode(family, message, &sample.given);
                let ours = ours.unwrap_or_else(|fault| panic!("{title}: {fault:?}"));
                assert_eq!(
                    looks::hex(&ours, " "),
                    looks::hex(&sample.bytes, " "),
                    "{title}: {}",
                    json!(sample.given)
                );
                parse::message(family, message, &ours, Reader::Kernel)
                    .unwrap_or_else(|fault| panic!("{title}: the kernel would refuse it: {fault}"));
                // pyynl says of each request that it is of version 1, whatever the family's is.
                let bytes = [&[op.cmd, 1, 0, 0], &sample.bytes[..]].concat();
                trials.push(Trial {
                    title,
                    question: json!({"family": at, "send": op.name.as_str(), "dump": is_dump, "values": sample.given}),
                    answer: json!({"bytes": looks::hex(&bytes, "")}),
                    quirk: sample.quirk,
                });
            }
        }
        assert_complete(&generator, spec, Direction::Request);
    }
    trial::hold(&specs, &trials, &Quirk::SENT);
    println!(
        "{} requests, {} of them with a quirk",
        trials.len(),
        quirky(&trials)
    );
}

#[test]
fn replies_are_the_values_that_pyynl_shows() {
    let specs = pyynl::specs();
    let mut trials = Vec::new();
    for (at, spec) in specs.iter().enumerate() {
        let family = &spec.family;
        let mut generator = Generator::new(family, Way::Answer);
        for (op, call, is_dump) in calls(family) {
            let Some(reply) = call.reply else { continue };
            let question = json!({"family": at, "receive": op.name.as_str(), "dump": is_dump});
            let message = &family[reply.message];
            trials.extend(answers(&mut generator, spec, message, reply.cmd, &question));
        }
        for event in &family.events {
            let question = json!({"family": at, "notice": event.name.as_str()});
            let message = &family[event.message];
            trials.extend(answers(&mut generator, spec, message, event.cmd, &question));
        }
        assert_complete(&generator, spec, Direction::FromKernel);
    }
    trial::hold(&specs, &trials, &Quirk::RECEIVED);
    println!(
        "{} messages from the kernel, {} of them with a quirk",
        trials.len(),
        quirky(&trials)
    );
}

/// Decodes messages from the kernel, and asks pyynl to do the same.
fn answers(
    generator: &mut Generator<'_>,
    spec: &Spec,
    message: &Message,
    cmd: u8,
    question: &Value,
) -> Vec<Trial> {
    let samples = samples(generator, spec, message, &Quirk::RECEIVED);
    let trials = samples.into_iter().map(|(title, sample)| {
        let ours = dynamic::decode(&spec.family, message, &sample.bytes, Unknown::Keep);
        let bytes = looks::hex(&sample.bytes, " ");
        let ours = ours.unwrap_or_else(|fault| panic!("{title}: {fault:?} of {bytes}"));
        assert_eq!(json!(ours), json!(sample.shown), "{title}: {bytes}");
        // What is shown can be given back.
        let again = dynamic::encode(&spec.family, message, &ours)
            .and_then(|bytes| dynamic::decode(&spec.family, message, &bytes, Unknown::Keep))
            .unwrap_or_else(|fault| panic!("{title}: {fault:?} of {}", json!(ours)));
        assert_eq!(json!(again), json!(ours), "{title}: {bytes}");
        let mut question = question.clone();
        let bytes = [&[cmd, 1, 0, 0], &sample.bytes[..]].concat();
        question["bytes"] = looks::hex(&bytes, "").into();
        Trial {
            title,
            question,
            answer: json!({"values": sample.shown}),
            quirk: sample.quirk,
        }
    });
    trials.collect()
}

/// The ways to call each operation; true is a dump.
fn calls(family: &Family) -> impl Iterator<Item = (&Op, &Call, bool)> {
    family.ops.iter().flat_map(|op| {
        let calls = [(&op.do_, false), (&op.dump, true)];
        let calls = calls.into_iter();
        calls.filter_map(move |(call, is_dump)| Some((op, call.as_ref()?, is_dump)))
    })
}

/// Messages of one kind, and their titles, which they are made from.
fn samples(
    generator: &mut Generator<'_>,
    spec: &Spec,
    message: &Message,
    quirks: &[Quirk],
) -> Vec<(String, Sample)> {
    let mut samples = Vec::new();
    for round in 0..PLAIN {
        let title = format!("{} {} #{round}", spec.name, message.name);
        let sample = generator.message(message, &title, round % 2 == 1, None);
        samples.push((title, sample));
    }
    for &quirk in quirks {
        for round in 0..QUIRKY {
            let title = format!("{} {} {quirk:?} #{round}", spec.name, message.name);
            let sample = generator.message(message, &title, true, Some(quirk));
            if sample.quirk.is_some() {
                samples.push((title, sample));
            }
        }
    }
    samples
}

fn quirky(trials: &[Trial]) -> usize {
    let quirky = trials.iter().filter(|trial| trial.quirk.is_some());
    quirky.count()
}

/// Every attribute that messages of that direction can have was in one.
fn assert_complete(generator: &Generator<'_>, spec: &Spec, direction: Direction) {
    let family = &spec.family;
    let messages = family.messages().map(|(_, message)| message);
    let mut sets: Vec<_> = messages
        .filter(|message| message.direction == direction)
        .map(|message| message.set)
        .collect();
    let mut at = 0;
    while at < sets.len() {
        for attr in &family[sets[at]].attrs {
            let has_value = !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused);
            let seen = generator.seen.contains(&(sets[at], attr.id));
            let (set, attr_name) = (&family[sets[at]].name, &attr.name);
            assert!(
                seen || !has_value,
                "{}: no message has {set}.{attr_name}",
                spec.name
            );
            sets.extend(attr.kind.inside().filter(|inside| !sets.contains(inside)));
        }
        at += 1;
    }
}
