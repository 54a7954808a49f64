//! Network devices, compared with what /sys says of them.

use std::collections::BTreeSet;
use std::fs;

use genl_upstream::netdev::{Client, DevGet, DevGetDump, QueueGetDump, QueueType};

use crate::{number, present};

/// IFF_UP.
const UP: u32 = 1;

fn loopback() -> u32 {
    number("/sys/class/net/lo/ifindex")
}

/// How many entries of a directory have names that begin so.
fn count(directory: &str, prefix: &str) -> usize {
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(prefix))
        .count()
}

#[test]
fn the_loopback_is_the_one_of_sys() {
    let Some(mut netdev) = present(Client::open()) else {
        return;
    };
    let request = DevGet {
        ifindex: Some(loopback()),
    };
    let device = netdev.dev_get(&request).expect("dev-get");
    assert_eq!(device.ifindex(), Some(loopback()));
    assert!(
        device
            .xdp_features()
            .is_some_and(|features| features.is_empty())
    );
}

#[test]
fn a_dump_has_the_devices_of_sys() {
    let Some(mut netdev) = present(Client::open()) else {
        return;
    };
    let dump = netdev.dev_get_dump(&DevGetDump {}).expect("dump");
    let told: BTreeSet<_> = dump
        .owned()
        .map(|item| item.expect("a device").ifindex.expect("an index"))
        .collect();
    let entries = fs::read_dir("/sys/class/net").expect("/sys is mounted");
    let seen = entries.map(|entry| entry.expect("an entry").path().join("ifindex"));
    // A bonding driver puts a file of its own beside the devices.
    let seen = seen.filter(|path| path.exists());
    let seen: BTreeSet<_> = seen.map(|path| number(&path.to_string_lossy())).collect();
    assert_eq!(told, seen);
}

#[test]
fn queues_are_those_of_sys() {
    let Some(mut netdev) = present(Client::open()) else {
        return;
    };
    let request = QueueGetDump {
        ifindex: Some(loopback()),
    };
    let dump = netdev.queue_get_dump(&request).expect("dump");
    let queues = dump.consistent(3).expect("all queues");
    assert!(queues.iter().all(|queue| queue.ifindex == Some(loopback())));
    let told = |kind| {
        queues
            .iter()
            .filter(|queue| queue.type_ == Some(kind))
            .count()
    };
    let seen = |prefix| match number("/sys/class/net/lo/flags") & UP {
        UP => count("/sys/class/net/lo/queues", prefix),
        // A device has no queues while it is down.
        _ => 0,
    };
    assert_eq!(told(QueueType::Rx), seen("rx-"));
    assert_eq!(told(QueueType::Tx), seen("tx-"));
}

#[test]
fn refusals_name_the_attribute_and_its_limits() {
    let Some(mut netdev) = present(Client::open()) else {
        return;
    };
    let error = netdev
        .dev_get(&DevGet { ifindex: Some(0) })
        .expect_err("no device has index 0");
    let refused = error.refused().expect("the kernel's refusal");
    assert_eq!(refused.errno, libc::ERANGE);
    assert_eq!(refused.attribute.as_deref(), Some("dev-get.ifindex"));
    let limits = refused.policy.as_ref().expect("the limits");
    assert_eq!(limits.min_value_u, Some(1));

    let error = netdev
        .dev_get(&DevGet::default())
        .expect_err("a device must be named");
    let refused = error.refused().expect("the kernel's refusal");
    assert_eq!(
        (refused.errno, refused.missing.as_deref()),
        (libc::EINVAL, Some("dev-get.ifindex"))
    );
}
