//! The families that use every construct of the format: what is sent comes back, and each limit of
//! their specs holds.
//!
//! Nothing of a spec is repeated here: requests are made by its model. `GENL_TEST_SEED` tells which
//! random ones.

mod ahead;
mod cases;
mod events;
mod hooks;
mod legacy;
mod message;
mod policy;
mod probes;
mod typed;
mod valid;

use std::sync::LazyLock;

use genl_user::Refused;
use genl_user::dynamic::genl_schema::compile;
use genl_user::dynamic::genl_schema::model::{Call, Family, Op};
use genl_user::dynamic::serde_json::{Map, Value};
use genl_user::dynamic::{Client, Error, Mode, Request, Unknown, decode};

use crate::hostile::random::Random;
use cases::{Case, Outcome};
use message::payload;
use valid::Valid;

/// Each family's spec.
const SPECS: [(&str, &str); 3] = [
    (
        "everything.yaml",
        include_str!("../../../schema/families/everything.yaml"),
    ),
    (
        "every_legacy.yaml",
        include_str!("../../../schema/families/every_legacy.yaml"),
    ),
    (
        "every_per_op.yaml",
        include_str!("../../../schema/families/every_per_op.yaml"),
    ),
];

/// How many random messages each operation gets.
const MESSAGES: u64 = 400;

/// At least so many requests show where limits are, or something is not found any more.
const CASES: usize = 100;

/// The families, whose specs are read once: it takes its time in a VM.
fn families() -> &'static [Family; 3] {
    static FAMILIES: LazyLock<[Family; 3]> = LazyLock::new(|| {
        SPECS.map(|(name, text)| compile(name, text).unwrap_or_else(|report| panic!("{report}")))
    });
    &FAMILIES
}

/// The kernel is built with what the operation needs.
pub(crate) fn is_built(op: &Op) -> bool {
    op.config_cond
        .as_deref()
        .is_none_or(|option| option == "net")
}

fn seed() -> u64 {
    match std::env::var("GENL_TEST_SEED") {
        Ok(seed) => seed.parse().expect("GENL_TEST_SEED is a number"),
        Err(_) => 1,
    }
}

/// The do that answers with what it gets, if the operation has one.
fn echo<'f>(family: &'f Family, op: &'f Op) -> Option<&'f Call> {
    let call = op.do_.as_ref()?;
    let (request, reply) = (&family[call.request], &family[call.reply?.message]);
    let comes_back = |at| reply.fields.iter().any(|field| field.attr == at);
    let all = request.fields.iter().all(|field| comes_back(field.attr));
    (all && !request.fields.is_empty() && is_built(op)).then_some(call)
}

#[test]
fn what_is_sent_comes_back() {
    for family in families() {
        let mut client = Client::open(family.clone()).expect("the module is loaded");
        let mut echoed = 0;
        for op in &family.ops {
            let Some(call) = echo(family, op) else {
                continue;
            };
            for number in 0..MESSAGES {
                let random = Random::new(seed(), number);
                send_and_compare(family, op, call, random, &mut client);
            }
            echoed += 1;
        }
        assert_ne!(echoed, 0, "{}", family.name);
    }
}

fn send_and_compare(family: &Family, op: &Op, call: &Call, random: Random, client: &mut Client) {
    let request = &family[call.request];
    let mut valid = Valid { family, random };
    let attrs = valid.attrs(request);
    let sent = payload(&valid.header(request), &attrs);
    let expected = decode(family, request, &sent, Unknown::Keep).expect("it can be read");
    let context = || format!("{} {} {expected:?}", seed(), op.name);
    // Half of them the client's own encoder writes.
    let answer = match valid.random.once_in(2) {
        true => client.call_raw(op.name.as_str(), &sent),
        false => client.call(&Request::new(op.name.as_str(), expected.clone())),
    };
    let mut replies = match answer {
        // The handler refused it as it was told to.
        Err(Error::Refused(refused)) if refused.errno == libc::ECANCELED => return,
        answer => answer.unwrap_or_else(|error| panic!("{error}: {}", context())),
    };
    assert_eq!(replies.len(), 1, "{}", context());
    let (came, expected) = (unnumbered(replies.remove(0)), unnumbered(expected.clone()));
    for (name, value) in &expected {
        assert_eq!(came.get(name), Some(value), "{}: {name}", context());
    }
}

/// The values without the numbers of what stands in arrays: they mean nothing.
fn unnumbered(values: Map<String, Value>) -> Map<String, Value> {
    values
        .into_iter()
        .map(|(name, value)| (name, without_numbers(value)))
        .collect()
}

fn without_numbers(value: Value) -> Value {
    match value {
        Value::Object(values) if values.len() == 1 => {
            let (name, value) = values.into_iter().next().expect("it has one");
            let value = without_numbers(value);
            match name.parse::<u16>() {
                Ok(_) => value,
                Err(_) => Value::Object([(name, value)].into_iter().collect()),
            }
        }
        Value::Object(values) => Value::Object(unnumbered(values)),
        Value::Array(values) => values.into_iter().map(without_numbers).collect(),
        value => value,
    }
}

#[test]
fn each_limit_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for family in families() {
        let mut client = Client::open(family.clone()).expect("the module is loaded");
        for case in cases::of(family) {
            count += 1;
            let answer = answer(&mut client, &case);
            if let Err(what) = judge(&case, answer) {
                let Case {
                    operation,
                    mode,
                    what: about,
                    ..
                } = &case;
                wrong.push(format!(
                    "{} {mode} {operation}, {about}: {what}",
                    family.name
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= CASES, "{count} cases");
}

/// What the kernel says when it refuses the request.
fn answer(client: &mut Client, case: &Case) -> Option<Refused> {
    let answer = match case.mode {
        Mode::Do => client.call_raw(&case.operation, &case.payload).map(drop),
        Mode::Dump => client
            .dump_raw(&case.operation, &case.payload)
            .and_then(|mut dump| dump.try_for_each(|item| item.map(drop))),
    };
    match answer {
        Ok(()) => None,
        Err(Error::Refused(refused)) => Some(*refused),
        Err(error) => panic!("{} {}: {error}", case.operation, case.what),
    }
}

/// What is wrong with the kernel's answer.
fn judge(case: &Case, answer: Option<Refused>) -> Result<(), String> {
    let Some(refused) = answer else {
        return match &case.outcome {
            Outcome::Taken => Ok(()),
            expected => Err(format!("it was taken; expected {expected:?}")),
        };
    };
    let as_expected = match &case.outcome {
        // It passed all checks, and the handler refused it as it was told to.
        Outcome::Taken => refused.errno == libc::ECANCELED,
        Outcome::Missing(name) => {
            refused.errno == libc::EINVAL && refused.missing.as_ref() == Some(name)
        }
        Outcome::Refused {
            errno,
            attribute,
            policy,
        } => {
            let policy_told = match (policy, &refused.policy) {
                (Some(policy), Some(told)) => policy.is_told_by(told),
                (None, _) => true,
                (Some(_), None) => false,
            };
            refused.errno == *errno && refused.attribute == *attribute && policy_told
        }
    };
    match as_expected {
        true => Ok(()),
        false => Err(format!(
            "{refused} (errno {}, policy {:?}); expected {:?}",
            refused.errno, refused.policy, case.outcome
        )),
    }
}
