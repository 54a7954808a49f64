//! Rate limits of a device's queues: trees of shapers, made and asked for by nested handles.

use genl_upstream::net_shaper::{
    CapGet, CapGetDump, Client, Delete, Get, GetDump, GetReplyOwned, GroupRequest, Handle,
    HandleOwned, LeafInfo, Metric, Scope, Set,
};

use super::Simulated;

const GIGABIT: u64 = 1_000_000_000;

fn queue(id: u32) -> Handle {
    Handle {
        scope: Some(Scope::Queue),
        id: Some(id),
    }
}

fn open() -> Client {
    Client::open().expect("the kernel has net-shaper")
}

fn get(
    shaper: &mut Client,
    ifindex: u32,
    handle: Handle,
) -> Result<GetReplyOwned, genl_user::Error> {
    let request = Get {
        ifindex: Some(ifindex),
        handle: Some(handle),
    };
    shaper.get(&request).map(|reply| reply.to_owned())
}

#[test]
fn a_shaper_is_set_got_and_deleted() {
    Simulated::with(1, 4, |device| {
        let (mut shaper, ifindex) = (open(), device.ifindex(0));
        // More than 32 bits, so that it takes the longer form of a `uint`.
        let bw_max = 10 * GIGABIT;
        let set = Set {
            ifindex: Some(ifindex),
            handle: Some(queue(2)),
            metric: Some(Metric::Bps),
            bw_min: Some(1000),
            bw_max: Some(bw_max),
            weight: Some(3),
            ..Set::default()
        };
        shaper.set(&set).expect("set");

        let got = get(&mut shaper, ifindex, queue(2)).expect("get");
        assert_eq!((got.bw_min, got.bw_max), (Some(1000), Some(bw_max)));
        assert_eq!(
            (got.metric, got.weight, got.burst),
            (Some(Metric::Bps), Some(3), None)
        );
        assert_eq!(got.handle.map(|handle| handle.id), Some(Some(2)));
        assert_eq!(
            got.parent.and_then(|parent| parent.scope),
            Some(Scope::Netdev)
        );

        let request = Delete {
            ifindex: Some(ifindex),
            handle: Some(queue(2)),
        };
        shaper.delete(&request).expect("delete");
        let gone = get(&mut shaper, ifindex, queue(2)).expect_err("it is gone");
        assert_eq!(gone.errno(), Some(libc::ENOENT));
        assert_eq!(
            gone.refused().expect("refused").attribute.as_deref(),
            Some("get.handle")
        );
    });
}

#[test]
fn queues_are_grouped_below_a_node() {
    Simulated::with(1, 4, |device| {
        let (mut shaper, ifindex) = (open(), device.ifindex(0));
        let leaf = |id, weight| LeafInfo {
            handle: Some(queue(id)),
            weight: Some(weight),
            ..LeafInfo::default()
        };
        let group = GroupRequest {
            ifindex: Some(ifindex),
            handle: Some(Handle {
                scope: Some(Scope::Node),
                id: None,
            }),
            metric: Some(Metric::Bps),
            bw_max: Some(GIGABIT),
            leaves: &[leaf(0, 1), leaf(1, 2), leaf(3, 4)],
            ..GroupRequest::default()
        };
        let node = shaper.group(&group).expect("group").to_owned();
        assert_eq!(node.ifindex, Some(ifindex));
        let node = node.handle.expect("the node's handle");
        assert_eq!((node.scope, node.id), (Some(Scope::Node), Some(0)));

        let request = GetDump {
            ifindex: Some(ifindex),
        };
        let dump = shaper.get_dump(&request).expect("dump");
        let all = dump.consistent(0).expect("all shapers");
        let mut leaves: Vec<_> = all
            .iter()
            .filter(|item| item.parent.as_ref() == Some(&node))
            .map(|item| {
                (
                    item.handle.as_ref().and_then(|handle| handle.id),
                    item.weight,
                )
            })
            .collect();
        leaves.sort_unstable();
        assert_eq!(
            leaves,
            [(Some(0), Some(1)), (Some(1), Some(2)), (Some(3), Some(4))]
        );
        let above: Vec<&HandleOwned> = all
            .iter()
            .filter(|item| item.handle.as_ref() == Some(&node))
            .filter_map(|item| item.parent.as_ref())
            .collect();
        assert!(
            matches!(
                above[..],
                [HandleOwned {
                    scope: Some(Scope::Netdev),
                    ..
                }]
            ),
            "{above:?}"
        );
    });
}

#[test]
fn capabilities_are_those_of_the_driver() {
    Simulated::with(1, 1, |device| {
        let (mut shaper, ifindex) = (open(), device.ifindex(0));
        let request = CapGet {
            ifindex: Some(ifindex),
            scope: Some(Scope::Queue),
        };
        let queue = shaper.cap_get(&request).expect("cap-get").to_owned();
        assert_eq!(
            (queue.ifindex, queue.scope),
            (Some(ifindex), Some(Scope::Queue))
        );
        // The simulated driver claims all there is.
        assert!(queue.support_metric_bps && queue.support_metric_pps && queue.support_nesting);
        assert!(queue.support_bw_min && queue.support_bw_max && queue.support_burst);
        assert!(queue.support_priority && queue.support_weight);

        let dump = shaper
            .cap_get_dump(&CapGetDump {
                ifindex: Some(ifindex),
            })
            .expect("dump");
        let all = dump.consistent(0).expect("all");
        let scopes: Vec<_> = all
            .iter()
            .map(|item| item.scope.expect("a scope"))
            .collect();
        assert_eq!(
            scopes,
            [Scope::Unspec, Scope::Netdev, Scope::Queue, Scope::Node]
        );
        assert_eq!(all[2], queue);
    });
}

#[test]
fn refusals_name_what_is_wrong() {
    Simulated::with(1, 1, |device| {
        let (mut shaper, ifindex) = (open(), device.ifindex(0));
        let without_scope = Handle {
            scope: None,
            id: Some(1),
        };
        let error = get(&mut shaper, ifindex, without_scope).expect_err("no scope");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.missing.as_deref(), Some("get.handle.scope"));

        let set = Set {
            ifindex: Some(ifindex),
            handle: Some(queue(77)),
            ..Set::default()
        };
        let error = shaper.set(&set).expect_err("there is one queue");
        let refused = error.refused().expect("the kernel's refusal");
        assert!(
            refused
                .message
                .as_ref()
                .is_some_and(|text| text.contains("77")),
            "{refused:?}"
        );
    });
}
