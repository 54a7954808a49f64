//! Our clients: blocking, or with `async` on the command line on tokio.

mod asynchronous;

use std::hint::black_box;

use genl_user::families::kvstore::{self, Get, GetDump, GetReply, Set};
use genl_user::families::nlctrl::{
    Client, Getfamily, GetfamilyDump, GetfamilyReply, GetpolicyDump,
};
use genl_user::wire::{FromPayload, Payload};
use harness::{BATCH, LARGE_KEY, Operation, Reader, each};

/// Bytes before a message's attributes.
const HEADERS: usize = 20;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("async") => harness::serve(asynchronous::open, Some(asynchronous::listen)),
        _ => harness::serve(open, Some(listen)),
    }
}

fn open(case: &str) -> Option<Operation> {
    Some(match case {
        "family" => {
            let mut client = Client::open().expect("nlctrl is always there");
            each(move || {
                let request = Getfamily {
                    family_name: Some("nlctrl"),
                    ..Getfamily::default()
                };
                family(&client.getfamily(&request).expect("a reply"))
            })
        }
        "pipeline" => {
            let mut client = Client::open().expect("nlctrl is always there");
            let mut tickets = Vec::with_capacity(BATCH);
            each(move || {
                let request = Getfamily {
                    family_name: Some("nlctrl"),
                    ..Getfamily::default()
                };
                let mut pipeline = client.pipeline();
                tickets.clear();
                tickets.extend((0..BATCH).flat_map(|_| pipeline.getfamily(&request)));
                let answers = pipeline.send().expect("answers");
                let replies = tickets
                    .iter()
                    .map(|ticket| answers.take(*ticket).expect("a reply"));
                replies.map(|reply| family(&reply)).sum()
            })
        }
        "families" => {
            let mut client = Client::open().expect("nlctrl is always there");
            each(move || {
                let mut families = client.getfamily_dump(&GetfamilyDump {}).expect("a dump");
                let mut sum = 0;
                while let Some(reply) = families.next().expect("a family") {
                    sum += family(&reply);
                }
                sum
            })
        }
        "policy" => {
            let mut client = Client::open().expect("nlctrl is always there");
            each(move || {
                let request = GetpolicyDump {
                    family_name: Some("ethtool"),
                    ..GetpolicyDump::default()
                };
                let mut policies = client.getpolicy_dump(&request).expect("a dump");
                let mut sum = 0;
                while let Some(policy) = policies.next().expect("a policy") {
                    sum += u64::from(policy.family_id().expect("an id"));
                    sum += u64::from(policy.policy().next().is_some());
                }
                sum
            })
        }
        "get" => {
            let mut kv = kvstore::Client::open().ok()?;
            each(move || entry(&kv.get(&Get { key: LARGE_KEY }).expect("an entry")))
        }
        "set" => {
            let mut kv = kvstore::Client::open().ok()?;
            let value = harness::large_value();
            each(move || {
                let request = Set {
                    key: LARGE_KEY,
                    value: Some(&value),
                    ..Set::default()
                };
                let reply = kv.set(&request).expect("a reply");
                u64::from(reply.revision().is_some())
            })
        }
        "list" => {
            let mut kv = kvstore::Client::open().ok()?;
            each(move || {
                let mut entries = kv.get_dump(&GetDump::default()).expect("a dump");
                let mut sum = 0;
                while let Some(reply) = entries.next().expect("an entry") {
                    sum += entry(&reply);
                }
                sum
            })
        }
        "decode" => {
            let recorded = harness::recorded();
            each(move || {
                let payloads = recorded
                    .iter()
                    .map(|message| Payload::new(&message[HEADERS..], HEADERS));
                let replies =
                    payloads.map(|payload| GetfamilyReply::from_payload(payload).expect("a reply"));
                replies.map(|reply| family(&reply)).sum()
            })
        }
        _ => return None,
    })
}

fn listen(reader: &mut Reader) {
    let mut events = kvstore::Events::open(&[kvstore::Group::Changes]).expect("the module");
    reader.ready();
    while heard(reader, &events.next().expect("an event")) {}
}

/// Whether to go on.
fn heard(reader: &mut Reader, event: &kvstore::Event<'_>) -> bool {
    match event {
        kvstore::Event::SetNtf(event) => {
            black_box(entry(event));
            reader.heard(event.key().unwrap_or_default())
        }
        kvstore::Event::Overrun => {
            reader.lost();
            true
        }
        other => panic!("unexpected: {other:?}"),
    }
}

fn family(reply: &GetfamilyReply<'_>) -> u64 {
    let numbers = [reply.version(), reply.hdrsize(), reply.maxattr()];
    let mut sum = u64::from(reply.family_id().unwrap_or(0));
    sum += reply.family_name().unwrap_or_default().len() as u64;
    sum += numbers.into_iter().flatten().map(u64::from).sum::<u64>();
    for op in reply.ops() {
        sum += u64::from(op.id().unwrap_or(0));
        sum += op.flags().map_or(0, |flags| u64::from(flags.bits()));
    }
    for group in reply.mcast_groups() {
        sum += group.name().unwrap_or_default().len() as u64;
        sum += u64::from(group.id().unwrap_or(0));
    }
    sum
}

fn entry(reply: &GetReply<'_>) -> u64 {
    let mut sum = reply.key().unwrap_or_default().len() as u64;
    sum += reply.value().unwrap_or_default().len() as u64;
    sum += reply.flags().map_or(0, |flags| u64::from(flags.bits()));
    black_box(reply.revision());
    if let Some(meta) = reply.meta() {
        black_box((meta.created_ns(), meta.hits()));
        sum += meta.label().map(|label| label.len() as u64).sum::<u64>();
    }
    sum
}
