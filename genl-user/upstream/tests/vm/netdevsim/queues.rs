//! The queues of a simulated device, what polls them, and where their buffers come from.

use std::fs;
use std::time::Duration;

use genl_upstream::netdev::{
    Client, Event, Events, Group, NapiGet, NapiGetDump, NapiSet, NapiThreaded, PagePoolGetDump,
    QstatsGetDump, QstatsScope, QueueGet, QueueGetDump, QueueType,
};

use super::Simulated;
use crate::machine::ip;

const QUEUES: u32 = 3;

/// A device whose one port is up, and a client.
fn with_port_up(test: impl FnOnce(Client, u32) + Send) {
    Simulated::with(1, QUEUES, |device| {
        ip(&format!("link set {} up", device.port(0)));
        test(
            Client::open().expect("the kernel has netdev"),
            device.ifindex(0),
        );
    });
}

#[test]
fn each_queue_is_told_with_what_polls_it() {
    with_port_up(|mut netdev, ifindex| {
        let dump = netdev
            .queue_get_dump(&QueueGetDump {
                ifindex: Some(ifindex),
            })
            .expect("dump");
        let queues = dump.consistent(0).expect("all queues");
        let ids = |kind| -> Vec<_> {
            let of_kind = queues.iter().filter(|queue| queue.type_ == Some(kind));
            of_kind.map(|queue| queue.id.expect("an id")).collect()
        };
        assert_eq!(ids(QueueType::Rx), [0, 1, 2]);
        assert_eq!(ids(QueueType::Tx), [0, 1, 2]);

        let request = QueueGet {
            ifindex: Some(ifindex),
            type_: Some(QueueType::Rx),
            id: Some(1),
        };
        let queue = netdev.queue_get(&request).expect("queue-get").to_owned();
        assert_eq!(
            queue,
            *queues
                .iter()
                .find(|queue| queue.id == Some(1))
                .expect("it is in the dump")
        );
        let napi = netdev
            .napi_get(&NapiGet { id: queue.napi_id })
            .expect("napi-get");
        assert_eq!((napi.id(), napi.ifindex()), (queue.napi_id, Some(ifindex)));
    });
}

#[test]
fn polling_moves_to_threads() {
    with_port_up(|mut netdev, ifindex| {
        let dump = netdev
            .napi_get_dump(&NapiGetDump {
                ifindex: Some(ifindex),
            })
            .expect("dump");
        let napis = dump.consistent(0).expect("all");
        assert_eq!(napis.len(), QUEUES as usize);
        assert!(
            napis
                .iter()
                .all(|napi| napi.threaded == Some(NapiThreaded::Disabled) && napi.pid.is_none())
        );

        let set = NapiSet {
            id: napis[0].id,
            threaded: Some(NapiThreaded::Enabled),
            defer_hard_irqs: Some(77),
            gro_flush_timeout: Some(5_000_000_000),
            ..NapiSet::default()
        };
        netdev.napi_set(&set).expect("napi-set");
        let napi = netdev
            .napi_get(&NapiGet { id: napis[0].id })
            .expect("napi-get");
        assert_eq!(napi.threaded(), Some(NapiThreaded::Enabled));
        assert_eq!(
            (napi.defer_hard_irqs(), napi.gro_flush_timeout()),
            (Some(77), Some(5_000_000_000))
        );
        let pid = napi.pid().expect("a thread");
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).expect("the thread");
        assert!(name.starts_with("napi/eth0-"), "{name}");
    });
}

#[test]
fn page_pools_come_and_go_with_their_queues() {
    with_port_up(|mut netdev, ifindex| {
        let mut events = Events::open(&[Group::PagePool]).expect("events");
        let pools = |netdev: &mut Client| {
            let dump = netdev
                .page_pool_get_dump(&PagePoolGetDump::default())
                .expect("dump");
            let all = dump.consistent(0).expect("all pools");
            let ours = all.into_iter().filter(|pool| pool.ifindex == Some(ifindex));
            let mut ids: Vec<_> = ours.map(|pool| pool.id.expect("an id")).collect();
            ids.sort_unstable();
            ids
        };
        let before = pools(&mut netdev);
        assert_eq!(before.len(), QUEUES as usize);
        ip("link set eth0 down");
        let mut gone = Vec::new();
        while gone.len() < before.len() {
            match events
                .next_timeout(Duration::from_secs(5))
                .expect("an event")
            {
                Some(Event::PagePoolDelNtf(pool)) => gone.push(pool.id().expect("an id")),
                Some(_) => {}
                None => panic!("of {before:?} only {gone:?} are told to be gone"),
            }
        }
        gone.sort_unstable();
        assert_eq!(gone, before);
        assert!(pools(&mut netdev).is_empty());
    });
}

#[test]
fn statistics_add_up_over_queues() {
    with_port_up(|mut netdev, ifindex| {
        let of = |netdev: &mut Client, scope| {
            let request = QstatsGetDump {
                ifindex: Some(ifindex),
                scope,
            };
            let dump = netdev.qstats_get_dump(&request).expect("dump");
            dump.consistent(0).expect("all statistics")
        };
        let queues = of(&mut netdev, Some(QstatsScope::QUEUE));
        assert_eq!(queues.len(), 2 * QUEUES as usize);
        let device = of(&mut netdev, None);
        let [device] = &device[..] else {
            panic!("{device:?}")
        };
        assert_eq!(
            (device.ifindex, device.queue_type, device.queue_id),
            (Some(ifindex), None, None)
        );
        let sum: u64 = queues.iter().filter_map(|queue| queue.rx_bytes).sum();
        assert_eq!(device.rx_bytes, Some(sum));
    });
}
