//! Network devices that come, change and go.

use std::time::Duration;

use genl_upstream::netdev::{Client, DevGet, DevGetDump, Event, Events, Group, XdpAct};

use crate::machine::{ifindex, in_new_netns, ip, ip_show};

fn next<'a>(events: &'a mut Events) -> Event<'a> {
    let event = events
        .next_timeout(Duration::from_secs(5))
        .expect("no error");
    event.expect("an event")
}

#[test]
fn devices_are_told_as_they_come_and_go() {
    in_new_netns(|| {
        let mut events = Events::open(&[Group::Mgmt]).expect("events");
        ip("link add veth0 type veth peer name veth1");
        let mut both = [ifindex("veth0"), ifindex("veth1")];
        both.sort_unstable();
        let mut come = [0, 0].map(|_| match next(&mut events) {
            Event::DevAddNtf(device) => device.ifindex().expect("an index"),
            other => panic!("{other:?}"),
        });
        come.sort_unstable();
        assert_eq!(come, both);

        ip("link del veth0");
        let mut gone = Vec::new();
        while gone.len() < 2 {
            match next(&mut events) {
                Event::DevDelNtf(device) => gone.push(device.ifindex().expect("an index")),
                Event::DevChangeNtf(_) => {}
                other => panic!("{other:?}"),
            }
        }
        gone.sort_unstable();
        assert_eq!(gone, both);
    });
}

#[test]
fn a_dump_has_the_devices_of_rtnetlink() {
    in_new_netns(|| {
        ip("link add veth0 type veth peer name veth1");
        ip("link add dummy9 type dummy");
        let mut netdev = Client::open().expect("the kernel has netdev");
        let dump = netdev.dev_get_dump(&DevGetDump {}).expect("dump");
        let told: Vec<_> = dump
            .owned()
            .map(|item| item.expect("a device").ifindex.expect("an index"))
            .collect();
        let shown: Vec<_> = ip_show("link show")
            .iter()
            .map(|link| link["ifindex"].as_u64().expect("an index") as u32)
            .collect();
        assert_eq!(told, shown);

        let request = DevGet {
            ifindex: Some(ifindex("veth0")),
        };
        let device = netdev.dev_get(&request).expect("dev-get");
        // What the driver says of itself in drivers/net/veth.c, without generic receive offload.
        let features = device.xdp_features().expect("features");
        assert_eq!(features, XdpAct::BASIC | XdpAct::REDIRECT | XdpAct::RX_SG);
    });
}
