//! netlink-bindings with netlink-socket2, as their README and examples have it.

mod kvstore;

use std::hint::black_box;

use harness::{LARGE_KEY, Operation, Reader, each};
use netlink_bindings::nlctrl::{self, IterableCtrlAttrs};
use netlink_bindings::traits::NetlinkRequest;
use netlink_socket2::{MulticastSocketRaw, NetlinkSocket};

/// Bytes of a nlmsghdr.
const HEADER: usize = 16;

fn main() {
    harness::serve(open, Some(listen));
}

fn open(case: &str) -> Option<Operation> {
    let mut sock = NetlinkSocket::new();
    Some(match case {
        "family" => each(move || {
            let mut request = nlctrl::Request::new().op_getfamily_do();
            request.encode().push_family_name(c"nlctrl");
            let mut replies = sock.request(&request).expect("a request");
            family(&replies.recv_one().expect("a reply"))
        }),
        "families" => each(move || {
            let request = nlctrl::Request::new().op_getfamily_dump();
            let mut replies = sock.request(&request).expect("a request");
            let mut sum = 0;
            while let Some(reply) = replies.recv() {
                sum += family(&reply.expect("a family"));
            }
            sum
        }),
        "policy" => each(move || {
            let mut request = nlctrl::Request::new().op_getpolicy_dump();
            request.encode().push_family_name(c"ethtool");
            let mut replies = sock.request(&request).expect("a request");
            let mut sum = 0;
            while let Some(reply) = replies.recv() {
                let reply = reply.expect("a policy");
                sum += u64::from(reply.get_family_id().expect("an id"));
                sum += u64::from(reply.get_policy().is_ok());
            }
            sum
        }),
        "get" => {
            sock.request(&kvstore::get(LARGE_KEY))
                .ok()?
                .recv_one()
                .ok()?;
            each(move || {
                let request = kvstore::get(LARGE_KEY);
                let mut replies = sock.request(&request).expect("a request");
                entry(replies.recv_one().expect("an entry"))
            })
        }
        "set" => {
            sock.request(&kvstore::get(LARGE_KEY))
                .ok()?
                .recv_one()
                .ok()?;
            let value = harness::large_value();
            each(move || {
                let request = kvstore::set(LARGE_KEY, &value);
                let mut replies = sock.request(&request).expect("a request");
                let reply = replies.recv_one().expect("a reply");
                u64::from(reply.get_revision().is_some())
            })
        }
        "list" => {
            sock.request(&kvstore::get(LARGE_KEY))
                .ok()?
                .recv_one()
                .ok()?;
            each(move || {
                let request = kvstore::list();
                let mut replies = sock.request(&request).expect("a request");
                let mut sum = 0;
                while let Some(reply) = replies.recv() {
                    sum += entry(reply.expect("an entry"));
                }
                sum
            })
        }
        "decode" => {
            let recorded = harness::recorded();
            each(move || {
                let replies = recorded
                    .iter()
                    .map(|message| nlctrl::OpGetfamilyDump::decode_reply(&message[HEADER..]));
                replies.map(|reply| family(&reply)).sum()
            })
        }
        _ => return None,
    })
}

fn listen(reader: &mut Reader) {
    let group = kvstore_group().expect("the module");
    let mut sock = MulticastSocketRaw::new(nlctrl::PROTONUM).expect("a socket");
    sock.listen(group).expect("a group");
    reader.ready();
    loop {
        match sock.recv() {
            Ok((_, message)) => {
                let event = kvstore::entry(message);
                black_box(entry(event));
                let key = event.get_key().expect("a key");
                if !reader.heard(key.to_str().expect("text")) {
                    return;
                }
            }
            Err(error) => {
                assert_eq!(error.as_io_error().raw_os_error(), Some(105), "{error}");
                reader.lost();
            }
        }
    }
}

fn kvstore_group() -> Option<u32> {
    let mut sock = NetlinkSocket::new();
    let mut request = nlctrl::Request::new().op_getfamily_do();
    request.encode().push_family_name(c"kvstore");
    let mut replies = sock.request(&request).ok()?;
    let family = replies.recv_one().ok()?;
    family.get_mcast_groups().ok()?.next()?.get_id().ok()
}

fn family(reply: &IterableCtrlAttrs<'_>) -> u64 {
    let numbers = [
        reply.get_version(),
        reply.get_hdrsize(),
        reply.get_maxattr(),
    ];
    let mut sum = reply.get_family_id().map_or(0, u64::from);
    sum += reply
        .get_family_name()
        .map_or(0, |name| name.count_bytes() as u64);
    sum += numbers.into_iter().flatten().map(u64::from).sum::<u64>();
    for op in reply.get_ops().into_iter().flatten() {
        sum += op.get_id().map_or(0, u64::from) + op.get_flags().map_or(0, u64::from);
    }
    for group in reply.get_mcast_groups().into_iter().flatten() {
        sum += group.get_name().map_or(0, |name| name.count_bytes() as u64);
        sum += group.get_id().map_or(0, u64::from);
    }
    sum
}

fn entry(entry: kvstore::Entry<'_>) -> u64 {
    let mut sum = entry.get_key().map_or(0, |key| key.count_bytes() as u64);
    sum += entry.get_value().map_or(0, |value| value.len() as u64);
    sum += entry.get_flags().map_or(0, u64::from);
    black_box(entry.get_revision());
    if let Some(meta) = entry.get_meta() {
        black_box((meta.get_created_ns(), meta.get_hits()));
        sum += meta
            .get_labels()
            .map(|label| label.count_bytes() as u64)
            .sum::<u64>();
    }
    sum
}
