//! neli, as its examples have it: through its router, or with `handle` on the command line through its socket handle.

use std::hint::black_box;
use std::sync::OnceLock;

use harness::{LARGE_KEY, Operation, Reader, each};
use neli::attr::Attribute;
use neli::consts::nl::{NlmF, Nlmsg};
use neli::consts::socket::NlFamily;
use neli::genl::{
    AttrTypeBuilder, Genlmsghdr, GenlmsghdrBuilder, Nlattr, NlattrBuilder, NoUserHeader,
};
use neli::nl::{NlPayload, NlmsghdrBuilder};
use neli::router::synchronous::{NlRouter, NlRouterReceiverHandle};
use neli::socket::synchronous::NlSocketHandle;
use neli::types::{Buffer, GenlBuffer};
use neli::utils::Groups;
use neli::{FromBytesWithInput, ToBytes};

type Message = Genlmsghdr<u8, u16>;

const NLCTRL: u16 = 0x10;
const GETFAMILY: u8 = 3;
const GETPOLICY: u8 = 10;
const GET: u8 = 1;
const SET: u8 = 2;
/// Bytes of a nlmsghdr.
const HEADER: usize = 16;

fn main() {
    harness::serve(open, Some(listen));
}

fn open(case: &str) -> Option<Operation> {
    let mut conn = Connection::open();
    Some(match case {
        "family" => each(move || {
            let mut sum = 0;
            conn.call(NLCTRL, GETFAMILY, [text(2, "nlctrl")], |message| {
                sum = family(message)
            });
            sum
        }),
        "families" => each(move || {
            let mut sum = 0;
            conn.dump(GETFAMILY, NLCTRL, [], |message| sum += family(message));
            sum
        }),
        "policy" => each(move || {
            let mut sum = 0;
            conn.dump(GETPOLICY, NLCTRL, [text(2, "ethtool")], |message| {
                let attrs = message.attrs().get_attr_handle();
                sum += u64::from(attrs.get_attr_payload_as::<u16>(1).expect("an id"));
                sum += u64::from(attrs.get_attribute(8).is_some());
            });
            sum
        }),
        "get" => {
            let kvstore = kvstore()?;
            each(move || {
                let mut sum = 0;
                conn.call(kvstore, GET, [text(1, LARGE_KEY)], |message| {
                    sum = entry(message)
                });
                sum
            })
        }
        "set" => {
            let kvstore = kvstore()?;
            let value = harness::large_value();
            each(move || {
                let mut sum = 0;
                let attrs = [text(1, LARGE_KEY), bytes(2, &value)];
                conn.call(kvstore, SET, attrs, |message| {
                    let attrs = message.attrs().get_attr_handle();
                    sum = u64::from(attrs.get_attr_payload_as::<u64>(3).is_ok());
                });
                sum
            })
        }
        "list" => {
            let kvstore = kvstore()?;
            each(move || {
                let mut sum = 0;
                conn.dump(GET, kvstore, [], |message| sum += entry(message));
                sum
            })
        }
        // The codec is the same in both.
        "decode" if handle() => {
            let recorded = harness::recorded();
            each(move || {
                let messages = recorded.iter().map(|message| {
                    let mut bytes = std::io::Cursor::new(&message[HEADER..]);
                    Message::from_bytes_with_input(&mut bytes, message.len() - HEADER)
                });
                messages
                    .map(|message| family(&message.expect("a family")))
                    .sum()
            })
        }
        _ => return None,
    })
}

fn handle() -> bool {
    std::env::args().nth(1).is_some_and(|arg| arg == "handle")
}

fn kvstore() -> Option<u16> {
    router().resolve_genl_family("kvstore").ok()
}

/// The router of all threads.
fn router() -> &'static NlRouter {
    static ROUTER: OnceLock<NlRouter> = OnceLock::new();
    ROUTER.get_or_init(|| {
        let router = NlRouter::connect(NlFamily::Generic, None, Groups::empty());
        router.expect("a socket").0
    })
}

enum Connection {
    Handle { socket: NlSocketHandle, seq: u32 },
    Router(&'static NlRouter),
}

impl Connection {
    fn open() -> Self {
        if !handle() {
            return Self::Router(router());
        }
        let socket = NlSocketHandle::connect(NlFamily::Generic, None, Groups::empty());
        Self::Handle {
            socket: socket.expect("a socket"),
            seq: 0,
        }
    }

    fn call<const N: usize>(
        &mut self,
        family: u16,
        cmd: u8,
        attrs: [Nlattr<u16, Buffer>; N],
        mut take: impl FnMut(&Message),
    ) {
        match self {
            Self::Handle { socket, seq } => {
                send(socket, seq, NlmF::REQUEST, family, message(cmd, attrs));
                let (replies, _) = socket.recv::<u16, Message>().expect("a reply");
                for reply in replies {
                    take(reply.expect("a reply").get_payload().expect("a message"));
                }
            }
            Self::Router(router) => {
                let flags = NlmF::REQUEST | NlmF::ACK;
                let payload = NlPayload::Payload(message(cmd, attrs));
                let replies: NlRouterReceiverHandle<u16, Message> =
                    router.send(family, flags, payload).expect("a request");
                for reply in replies {
                    if let Some(message) = reply.expect("a reply").get_payload() {
                        take(message);
                    }
                }
            }
        }
    }

    fn dump<const N: usize>(
        &mut self,
        cmd: u8,
        family: u16,
        attrs: [Nlattr<u16, Buffer>; N],
        mut take: impl FnMut(&Message),
    ) {
        let flags = NlmF::REQUEST | NlmF::DUMP;
        match self {
            Self::Handle { socket, seq } => {
                send(socket, seq, flags, family, message(cmd, attrs));
                loop {
                    let (replies, _) = socket.recv::<u16, Message>().expect("a reply");
                    for reply in replies {
                        let reply = reply.expect("a reply");
                        if *reply.nl_type() == u16::from(Nlmsg::Done) {
                            return;
                        }
                        take(reply.get_payload().expect("a message"));
                    }
                }
            }
            Self::Router(router) => {
                let payload = NlPayload::Payload(message(cmd, attrs));
                let replies: NlRouterReceiverHandle<u16, Message> =
                    router.send(family, flags, payload).expect("a request");
                for reply in replies {
                    let reply = reply.expect("a reply");
                    if *reply.nl_type() == u16::from(Nlmsg::Done) {
                        continue;
                    }
                    take(reply.get_payload().expect("a message"));
                }
            }
        }
    }
}

fn send(socket: &NlSocketHandle, seq: &mut u32, flags: NlmF, family: u16, message: Message) {
    *seq += 1;
    let request = NlmsghdrBuilder::default()
        .nl_type(family)
        .nl_flags(flags)
        .nl_seq(*seq)
        .nl_payload(NlPayload::Payload(message))
        .build()
        .expect("a request");
    socket.send(&request).expect("a request");
}

fn message<const N: usize>(cmd: u8, attrs: [Nlattr<u16, Buffer>; N]) -> Message {
    let attrs = attrs.into_iter().collect::<GenlBuffer<_, _>>();
    GenlmsghdrBuilder::<u8, u16, NoUserHeader>::default()
        .cmd(cmd)
        .version(1)
        .attrs(attrs)
        .build()
        .expect("a message")
}

fn attr(kind: u16, payload: impl neli::Size + ToBytes) -> Nlattr<u16, Buffer> {
    let kind = AttrTypeBuilder::default().nla_type(kind).build();
    NlattrBuilder::default()
        .nla_type(kind.expect("a type"))
        .nla_payload(payload)
        .build()
        .expect("an attribute")
}

fn text(kind: u16, text: &str) -> Nlattr<u16, Buffer> {
    attr(kind, text)
}

fn bytes(kind: u16, bytes: &[u8]) -> Nlattr<u16, Buffer> {
    attr(kind, bytes)
}

fn listen(reader: &mut Reader) {
    let group = router().resolve_nl_mcast_group("kvstore", "changes");
    let groups = Groups::new_groups(&[group.expect("the module")]);
    if handle() {
        let socket = NlSocketHandle::connect(NlFamily::Generic, None, Groups::empty());
        let socket = socket.expect("a socket");
        socket.add_mcast_membership(groups).expect("a group");
        reader.ready();
        loop {
            // That events were lost is an error of the socket.
            let Ok((messages, _)) = socket.recv::<u16, Message>() else {
                reader.lost();
                continue;
            };
            for message in messages {
                let message = message.expect("an event");
                if !reader.heard(&key(message.get_payload().expect("a message"))) {
                    return;
                }
            }
        }
    }
    let (router, events) =
        NlRouter::connect(NlFamily::Generic, None, Groups::empty()).expect("a socket");
    router.add_mcast_membership(groups).expect("a group");
    reader.ready();
    for event in events {
        let Ok(event) = event else {
            reader.lost();
            continue;
        };
        if !reader.heard(&key(event.get_payload().expect("a message"))) {
            return;
        }
    }
}

/// The key of an event that is read as a whole.
fn key(message: &Message) -> String {
    black_box(entry(message));
    let attrs = message.attrs().get_attr_handle();
    attrs
        .get_attr_payload_as_with_len::<String>(1)
        .expect("a key")
}

fn family(message: &Message) -> u64 {
    let mut sum = 0;
    for attr in message.attrs().get_attr_handle().iter() {
        sum += match attr.nla_type().nla_type() {
            1 => u64::from(attr.get_payload_as::<u16>().expect("an id")),
            2 => attr
                .get_payload_as_with_len::<String>()
                .expect("a name")
                .len() as u64,
            3..=5 => u64::from(attr.get_payload_as::<u32>().expect("a number")),
            6 => nested(attr, |attr| {
                u64::from(attr.get_payload_as::<u32>().expect("a number"))
            }),
            7 => nested(attr, |attr| match attr.nla_type().nla_type() {
                1 => attr
                    .get_payload_as_with_len::<String>()
                    .expect("a name")
                    .len() as u64,
                _ => u64::from(attr.get_payload_as::<u32>().expect("a number")),
            }),
            _ => 0,
        };
    }
    sum
}

/// The sum of what the nests of an array have.
fn nested(array: &Nlattr<u16, Buffer>, count: impl Fn(&Nlattr<u16, Buffer>) -> u64) -> u64 {
    let mut sum = 0;
    for element in array.get_attr_handle::<u16>().expect("an array").iter() {
        for attr in element.get_attr_handle::<u16>().expect("a nest").iter() {
            sum += count(attr);
        }
    }
    sum
}

fn entry(message: &Message) -> u64 {
    let mut sum = 0;
    for attr in message.attrs().get_attr_handle().iter() {
        match attr.nla_type().nla_type() {
            1 => {
                sum += attr
                    .get_payload_as_with_len::<String>()
                    .expect("a key")
                    .len() as u64
            }
            2 => sum += attr.payload().as_ref().len() as u64,
            3 => _ = black_box(attr.get_payload_as::<u64>()),
            4 => sum += u64::from(attr.get_payload_as::<u32>().expect("flags")),
            5 => {
                for attr in attr.get_attr_handle::<u16>().expect("a nest").iter() {
                    match attr.nla_type().nla_type() {
                        1 => _ = black_box(attr.get_payload_as::<u64>()),
                        2 if attr.payload().as_ref().len() == 4 => {
                            _ = black_box(attr.get_payload_as::<u32>());
                        }
                        2 => _ = black_box(attr.get_payload_as::<u64>()),
                        3 => {
                            let label = attr.get_payload_as_with_len::<String>();
                            sum += label.expect("a label").len() as u64;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    sum
}
