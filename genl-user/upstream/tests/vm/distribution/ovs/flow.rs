//! Flows: keys of structs, and actions within actions.

use std::net::Ipv4Addr;

use genl_upstream::ovs_flow::{
    ActionAttrs, CheckPktLenAttrs, Client, Get, GetDump, KeyAttrs, New, OvsActionPushVlan,
    OvsFragType, OvsHeader, OvsKeyEthernet, OvsKeyIpv4, OvsKeyUdp, SampleAttrs,
};

use super::Bridge;

const UFID: [u8; 16] = *b"0123456789abcdef";
const UDP: u8 = 17;

/// A UDP packet that comes in at the first port.
fn key() -> KeyAttrs<'static> {
    KeyAttrs {
        in_port: Some(1),
        ethernet: Some(OvsKeyEthernet {
            eth_src: [2, 0, 0, 0, 0, 1],
            eth_dst: [2, 0, 0, 0, 0, 2],
        }),
        ethertype: Some(libc::ETH_P_IP as u16),
        ipv4: Some(OvsKeyIpv4 {
            ipv4_src: Ipv4Addr::new(10, 0, 0, 1).into(),
            ipv4_dst: Ipv4Addr::new(10, 0, 0, 2).into(),
            ipv4_proto: UDP,
            ipv4_tos: 0x10,
            ipv4_ttl: 64,
            ipv4_frag: OvsFragType::None,
        }),
        udp: Some(OvsKeyUdp {
            udp_src: 0x1234,
            udp_dst: 53,
        }),
        ..KeyAttrs::default()
    }
}

#[test]
fn actions_within_actions_come_back() {
    Bridge::with(|mut bridge| {
        bridge.add_pair("near", "far", 0);
        let output = ActionAttrs {
            output: Some(1),
            ..ActionAttrs::default()
        };
        let sample = SampleAttrs {
            probability: Some(u32::MAX / 2),
            actions: Some(&output),
        };
        let tagged = ActionAttrs {
            push_vlan: Some(OvsActionPushVlan {
                vlan_tpid: 0x8100,
                vlan_tci: 0x1005,
            }),
            sample: Some(&sample),
            ..ActionAttrs::default()
        };
        let by_length = CheckPktLenAttrs {
            pkt_len: Some(200),
            actions_if_greater: Some(&tagged),
            actions_if_less_equal: Some(&output),
        };
        let actions = ActionAttrs {
            clone_: Some(&tagged),
            check_pkt_len: Some(&by_length),
            ..ActionAttrs::default()
        };
        let mut flows = Client::open().expect("openvswitch is loaded");
        let header = OvsHeader {
            dp_ifindex: bridge.ifindex,
        };
        let new = New {
            header,
            key: Some(key()),
            actions: Some(actions),
            ufid: Some(&UFID),
            ..New::default()
        };
        flows.new_(&new).expect("new");

        let get = Get {
            header,
            ufid: Some(&UFID),
            ..Get::default()
        };
        let got = flows.get(&get).expect("get");
        assert_eq!(got.header(), header);
        assert_eq!(got.ufid(), Some(&UFID[..]));
        let told = got.key().expect("a key");
        assert_eq!(
            (told.in_port(), told.ethertype()),
            (Some(1), Some(libc::ETH_P_IP as u16))
        );
        assert_eq!(
            (told.ethernet(), told.ipv4(), told.udp()),
            (key().ethernet, key().ipv4, key().udp)
        );

        let actions = got.actions().expect("actions");
        let cloned = actions.clone_().expect("a clone");
        assert_eq!(cloned.push_vlan(), tagged.push_vlan);
        let sampled = cloned.sample().expect("a sample");
        assert_eq!(sampled.probability(), sample.probability);
        assert_eq!(
            sampled.actions().and_then(|actions| actions.output()),
            Some(1)
        );
        let by_length = actions.check_pkt_len().expect("a check");
        assert_eq!(by_length.pkt_len(), Some(200));
        let greater = by_length.actions_if_greater().expect("actions");
        assert_eq!(greater.push_vlan(), tagged.push_vlan);
        assert_eq!(
            by_length
                .actions_if_less_equal()
                .and_then(|actions| actions.output()),
            Some(1)
        );

        let owned = got.to_owned();
        let dump = flows
            .get_dump(&GetDump {
                header,
                ..GetDump::default()
            })
            .expect("dump");
        assert_eq!(dump.consistent(0).expect("all"), [owned]);
        let stats = bridge
            .datapaths
            .get_dump(&Default::default())
            .expect("dump")
            .consistent(0)
            .expect("all");
        assert_eq!(stats[0].stats.expect("statistics").n_flows, 1);
    });
}
