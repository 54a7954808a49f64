//! The same on tokio, on the thread that asks.

use std::rc::Rc;

use genl_user::families::kvstore::{self, Get, GetDump, Set};
use genl_user::families::nlctrl::{AsyncClient, Getfamily, GetfamilyDump, GetpolicyDump};
use harness::{BATCH, LARGE_KEY, Operation, Reader};
use tokio::runtime::{Builder, Runtime};

use crate::{entry, family, heard};

pub(crate) fn open(case: &str) -> Option<Operation> {
    let runtime = runtime();
    let nlctrl = || {
        let client = runtime.block_on(AsyncClient::open());
        client.expect("nlctrl is always there")
    };
    let kvstore = || runtime.block_on(kvstore::AsyncClient::open()).ok();
    Some(match case {
        "family" => {
            let mut client = nlctrl();
            repeat(&runtime, async move || {
                let request = Getfamily {
                    family_name: Some("nlctrl"),
                    ..Getfamily::default()
                };
                family(&client.getfamily(&request).await.expect("a reply"))
            })
        }
        "pipeline" => {
            let mut client = nlctrl();
            let mut tickets = Vec::with_capacity(BATCH);
            repeat(&runtime, async move || {
                let request = Getfamily {
                    family_name: Some("nlctrl"),
                    ..Getfamily::default()
                };
                let mut pipeline = client.pipeline();
                tickets.clear();
                tickets.extend((0..BATCH).flat_map(|_| pipeline.getfamily(&request)));
                let answers = pipeline.send().await.expect("answers");
                let replies = tickets
                    .iter()
                    .map(|ticket| answers.take(*ticket).expect("a reply"));
                replies.map(|reply| family(&reply)).sum()
            })
        }
        "families" => {
            let mut client = nlctrl();
            repeat(&runtime, async move || {
                let families = client.getfamily_dump(&GetfamilyDump {}).await;
                let mut families = families.expect("a dump");
                let mut sum = 0;
                while let Some(reply) = families.next().await.expect("a family") {
                    sum += family(&reply);
                }
                sum
            })
        }
        "policy" => {
            let mut client = nlctrl();
            repeat(&runtime, async move || {
                let request = GetpolicyDump {
                    family_name: Some("ethtool"),
                    ..GetpolicyDump::default()
                };
                let policies = client.getpolicy_dump(&request).await;
                let mut policies = policies.expect("a dump");
                let mut sum = 0;
                while let Some(policy) = policies.next().await.expect("a policy") {
                    sum += u64::from(policy.family_id().expect("an id"));
                    sum += u64::from(policy.policy().next().is_some());
                }
                sum
            })
        }
        "get" => {
            let mut kv = kvstore()?;
            repeat(&runtime, async move || {
                let request = Get { key: LARGE_KEY };
                entry(&kv.get(&request).await.expect("an entry"))
            })
        }
        "set" => {
            let mut kv = kvstore()?;
            let value = harness::large_value();
            repeat(&runtime, async move || {
                let request = Set {
                    key: LARGE_KEY,
                    value: Some(&value),
                    ..Set::default()
                };
                let reply = kv.set(&request).await.expect("a reply");
                u64::from(reply.revision().is_some())
            })
        }
        "list" => {
            let mut kv = kvstore()?;
            repeat(&runtime, async move || {
                let mut entries = kv.get_dump(&GetDump::default()).await.expect("a dump");
                let mut sum = 0;
                while let Some(reply) = entries.next().await.expect("an entry") {
                    sum += entry(&reply);
                }
                sum
            })
        }
        _ => return None,
    })
}

pub(crate) fn listen(reader: &mut Reader) {
    runtime().block_on(async {
        let events = kvstore::AsyncEvents::open(&[kvstore::Group::Changes]).await;
        let mut events = events.expect("the module");
        reader.ready();
        while heard(reader, &events.next().await.expect("an event")) {}
    });
}

fn runtime() -> Rc<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    Rc::new(runtime.expect("a runtime"))
}

fn repeat(runtime: &Rc<Runtime>, mut once: impl AsyncFnMut() -> u64 + 'static) -> Operation {
    let runtime = runtime.clone();
    Box::new(move |count| {
        runtime.block_on(async {
            let mut sum = 0;
            for _ in 0..count {
                sum = once().await;
            }
            sum
        })
    })
}
