//! Ports of a datapath: arrays of numbers, and statistics beside those of rtnetlink.

use genl_upstream::ovs_vport::{Del, Get, GetDump, VportType};

use super::{BRIDGE, Bridge};
use crate::machine::{ifindex, ip, ip_show};

#[test]
fn a_port_comes_back_as_it_was_made() {
    Bridge::with(|mut bridge| {
        bridge.add_pair("near", "far", 77);
        ip("link set near up");
        ip("link set far up");
        let get = Get {
            header: bridge.vport_header(),
            name: Some("near"),
        };
        let port = bridge.vports.get(&get).expect("get").to_owned();
        assert_eq!(port.header.dp_ifindex, bridge.ifindex);
        assert_eq!(
            (port.port_no, port.type_),
            (Some(1), Some(VportType::Netdev))
        );
        assert_eq!(port.ifindex, Some(ifindex("near")));
        assert_eq!(port.upcall_pid.as_deref(), Some(&[77][..]));
        let stats = port.stats.expect("statistics");
        let shown = &ip_show("-statistics link show dev near")[0];
        assert_eq!(shown["master"], BRIDGE);
        // Packets may come between the two questions.
        let received = shown["stats64"]["rx"]["bytes"].as_u64().expect("bytes");
        assert!(
            stats.rx_bytes <= received && stats.rx_errors == 0,
            "{stats:?} {shown}"
        );
    });
}

#[test]
fn ports_are_dumped_and_deleted() {
    Bridge::with(|mut bridge| {
        bridge.add_pair("near", "far", 0);
        let all = GetDump {
            header: bridge.vport_header(),
            name: None,
        };
        let names = |bridge: &mut Bridge| {
            let dump = bridge.vports.get_dump(&all).expect("dump");
            let mut ports: Vec<_> = dump
                .owned()
                .map(|port| port.expect("a port"))
                .map(|port| {
                    (
                        port.port_no.expect("a number"),
                        port.name.expect("a name"),
                        port.type_,
                    )
                })
                .collect();
            ports.sort_unstable_by_key(|(number, ..)| *number);
            ports
        };
        let internal = (0, BRIDGE.to_owned(), Some(VportType::Internal));
        let netdev = (1, "near".to_owned(), Some(VportType::Netdev));
        assert_eq!(names(&mut bridge), [internal.clone(), netdev]);

        let del = Del {
            header: bridge.vport_header(),
            port_no: Some(1),
            ..Del::default()
        };
        bridge.vports.del(&del).expect("del");
        assert_eq!(names(&mut bridge), [internal]);
    });
}
