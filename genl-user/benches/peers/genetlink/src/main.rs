//! genetlink on tokio, as its examples have it: on a runtime with threads, or with `current` on the command line on the
//! thread that asks.

mod kvstore;

use std::hint::black_box;
use std::rc::Rc;

use futures::StreamExt;
use genetlink::message::RawGenlMessage;
use genetlink::{GenetlinkHandle, new_connection};
use harness::{LARGE_KEY, Operation, Reader, each};
use kvstore::{Attr, MetaAttr, Store};
use netlink_packet_core::{
    Emitable, NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, ParseableParametrized,
};
use netlink_packet_generic::ctrl::nlas::{GenlCtrlAttrs, McastGrpAttrs, OpAttrs};
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_packet_generic::{GenlFamily, GenlHeader, GenlMessage};
use netlink_proto::sys::AsyncSocket;
use tokio::runtime::{Builder, Runtime};

fn main() {
    harness::serve(open, Some(listen));
}

fn open(case: &str) -> Option<Operation> {
    let runtime = runtime();
    let mut client = Client::open(&runtime);
    Some(match case {
        "family" => repeat(&runtime, async move || {
            let attrs = vec![GenlCtrlAttrs::FamilyName("nlctrl".to_owned())];
            let mut sum = 0;
            client
                .ask(0, nlctrl(GenlCtrlCmd::GetFamily, attrs), |reply| {
                    sum = family(&reply.nlas)
                })
                .await;
            sum
        }),
        "families" => repeat(&runtime, async move || {
            let request = nlctrl(GenlCtrlCmd::GetFamily, Vec::new());
            let mut sum = 0;
            client
                .ask(NLM_F_DUMP, request, |reply| sum += family(&reply.nlas))
                .await;
            sum
        }),
        // Its codec refuses what the kernel says of policies: a type of attribute that it does not know.
        "policy" => return None,
        "get" => {
            runtime.block_on(client.group())?;
            repeat(&runtime, async move || {
                let mut sum = 0;
                let request = Store::get(vec![Attr::Key(LARGE_KEY.to_owned())]);
                client
                    .ask(0, request, |reply| sum = entry(&reply.attrs))
                    .await;
                sum
            })
        }
        "set" => {
            runtime.block_on(client.group())?;
            let value = harness::large_value();
            repeat(&runtime, async move || {
                let mut sum = 0;
                let key = Attr::Key(LARGE_KEY.to_owned());
                let request = Store::set(vec![key, Attr::Value(value.clone())]);
                client
                    .ask(0, request, |reply| {
                        let mut attrs = reply.attrs.iter();
                        sum = u64::from(attrs.any(|attr| matches!(attr, Attr::Revision(_))));
                    })
                    .await;
                sum
            })
        }
        "list" => {
            runtime.block_on(client.group())?;
            repeat(&runtime, async move || {
                let mut sum = 0;
                let request = Store::get(Vec::new());
                client
                    .ask(NLM_F_DUMP, request, |reply| sum += entry(&reply.attrs))
                    .await;
                sum
            })
        }
        // The codec is the same in both.
        "decode" if current() => {
            let recorded = harness::recorded();
            each(move || {
                let messages = recorded.iter().map(|message| {
                    let buffer = NetlinkBuffer::new_checked(message).expect("a message");
                    let kind = buffer.message_type();
                    GenlMessage::<GenlCtrl>::parse_with_param(buffer.payload(), kind)
                });
                messages
                    .map(|message| family(&message.expect("a family").payload.nlas))
                    .sum()
            })
        }
        _ => return None,
    })
}

fn current() -> bool {
    std::env::args().nth(1).is_some_and(|arg| arg == "current")
}

fn runtime() -> Rc<Runtime> {
    let mut builder = match current() {
        true => Builder::new_current_thread(),
        false => Builder::new_multi_thread(),
    };
    Rc::new(builder.enable_io().build().expect("a runtime"))
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

struct Client {
    handle: GenetlinkHandle,
}

impl Client {
    fn open(runtime: &Runtime) -> Self {
        let _guard = runtime.enter();
        let (connection, handle, _) = new_connection().expect("a socket");
        tokio::spawn(connection);
        Self { handle }
    }

    async fn ask<F>(&mut self, flags: u16, request: F, mut take: impl FnMut(F))
    where
        F: GenlFamily + Emitable + ParseableParametrized<[u8], GenlHeader> + std::fmt::Debug,
    {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        let request = NetlinkMessage::new(header, GenlMessage::from_payload(request).into());
        let mut replies = self.handle.request(request).await.expect("a request");
        while let Some(reply) = replies.next().await {
            match reply.expect("a reply").payload {
                NetlinkPayload::InnerMessage(message) => take(message.payload),
                NetlinkPayload::Error(error) => panic!("refused: {error:?}"),
                _ => {}
            }
        }
    }

    /// The id of kvstore's group, if there is that family.
    async fn group(&mut self) -> Option<u32> {
        let family = self.handle.resolve_family::<Store>().await;
        family.ok()?.multicast_groups.get("changes").copied()
    }
}

fn nlctrl(cmd: GenlCtrlCmd, nlas: Vec<GenlCtrlAttrs>) -> GenlCtrl {
    GenlCtrl { cmd, nlas }
}

fn listen(reader: &mut Reader) {
    let runtime = runtime();
    let mut client = Client::open(&runtime);
    runtime.block_on(async {
        let group = client.group().await.expect("the module");
        let (mut connection, _handle, mut events) = new_connection().expect("a socket");
        let socket = connection.socket_mut().socket_mut();
        socket.add_membership(group).expect("a group");
        tokio::spawn(connection);
        reader.ready();
        while let Some((event, _)) = events.next().await {
            match event.payload {
                NetlinkPayload::InnerMessage(event) => {
                    if !reader.heard(&key(&event)) {
                        return;
                    }
                }
                NetlinkPayload::Overrun(_) => reader.lost(),
                other => panic!("unexpected: {other:?}"),
            }
        }
    });
}

/// The key of an event that is read as a whole.
fn key(event: &RawGenlMessage) -> String {
    let message = event.parse_into_genlmsg::<Store>().expect("an event");
    black_box(entry(&message.payload.attrs));
    let key = message
        .payload
        .attrs
        .into_iter()
        .find_map(|attr| match attr {
            Attr::Key(key) => Some(key),
            _ => None,
        });
    key.expect("a key")
}

fn family(attrs: &[GenlCtrlAttrs]) -> u64 {
    let count = |attr: &GenlCtrlAttrs| match attr {
        GenlCtrlAttrs::FamilyId(id) => u64::from(*id),
        GenlCtrlAttrs::FamilyName(name) => name.len() as u64,
        GenlCtrlAttrs::Version(number)
        | GenlCtrlAttrs::HdrSize(number)
        | GenlCtrlAttrs::MaxAttr(number) => u64::from(*number),
        GenlCtrlAttrs::Ops(ops) => {
            let attrs = ops.iter().flatten();
            attrs
                .map(|attr| match attr {
                    OpAttrs::Id(number) | OpAttrs::Flags(number) => u64::from(*number),
                })
                .sum()
        }
        GenlCtrlAttrs::McastGroups(groups) => {
            let attrs = groups.iter().flatten();
            attrs
                .map(|attr| match attr {
                    McastGrpAttrs::Name(name) => name.len() as u64,
                    McastGrpAttrs::Id(id) => u64::from(*id),
                })
                .sum()
        }
        _ => 0,
    };
    attrs.iter().map(count).sum()
}

fn entry(attrs: &[Attr]) -> u64 {
    let mut sum = 0;
    for attr in attrs {
        match attr {
            Attr::Key(key) => sum += key.len() as u64,
            Attr::Value(value) => sum += value.len() as u64,
            Attr::Flags(flags) => sum += u64::from(*flags),
            Attr::Revision(revision) => _ = black_box(revision),
            Attr::Meta(meta) => {
                for attr in meta {
                    match attr {
                        MetaAttr::Label(label) => sum += label.len() as u64,
                        MetaAttr::CreatedNs(number) | MetaAttr::Hits(number) => {
                            black_box(number);
                        }
                        MetaAttr::Other(_) => {}
                    }
                }
            }
            Attr::Other(_) => {}
        }
    }
    sum
}
