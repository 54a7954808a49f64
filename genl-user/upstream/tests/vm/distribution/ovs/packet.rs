//! Packets that the kernel hands to us, and that we hand to the kernel.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use genl_upstream::ovs_flow::KeyAttrsView;
use genl_upstream::ovs_packet::{Client, Event, Events, Execute, OvsHeader};
use genl_user::wire::{Attrs, Encoder, FromAttrs};

use super::Bridge;
use crate::machine::ip;

/// OVS_ACTION_ATTR_USERSPACE, OVS_USERSPACE_ATTR_PID and OVS_USERSPACE_ATTR_USERDATA.
const USERSPACE: u16 = 2;
const PID: u16 = 1;
const USERDATA: u16 = 2;

const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(10, 9, 8, 7);

fn next<'a>(events: &'a mut Events) -> Event<'a> {
    let event = events
        .next_timeout(Duration::from_secs(10))
        .expect("no error");
    event.expect("a packet")
}

#[test]
fn what_no_flow_takes_is_handed_to_the_socket_of_its_port() {
    Bridge::with(|mut bridge| {
        let mut upcalls = Events::open(&[]).expect("events");
        bridge.add_pair("near", "far", upcalls.port());
        ip("address add 10.9.8.1/24 dev far");
        ip("link set near up");
        ip("link set far up");
        // Whoever is asked for does not exist, so all that goes out is the question who has the address.
        let socket = UdpSocket::bind("10.9.8.1:0").expect("bind");
        socket.send_to(b"hello", (NEIGHBOUR, 9)).expect("send");
        loop {
            let Event::Miss(miss) = next(&mut upcalls) else {
                panic!("not a miss")
            };
            assert_eq!(miss.header().dp_ifindex, bridge.ifindex);
            let key = Attrs::new(miss.key().expect("a key"), 0);
            let key = KeyAttrsView::from_attrs(key).expect("a key of a flow");
            assert_eq!(key.in_port(), Some(1));
            // IPv6 says something as well whenever a device goes up.
            let Some(arp) = key.arp() else { continue };
            assert_eq!((arp.arp_op, arp.arp_tip), (1, NEIGHBOUR.into()));
            let packet = miss.packet().expect("the packet");
            assert_eq!(packet[12..14], (libc::ETH_P_ARP as u16).to_be_bytes());
            assert_eq!(key.ethernet().expect("addresses").eth_src, packet[6..12]);
            break;
        }
    });
}

#[test]
fn a_packet_is_executed_and_comes_back() {
    Bridge::with(|bridge| {
        let mut upcalls = Events::open(&[]).expect("events");
        let port = upcalls.port();
        let mut actions = Vec::new();
        let userspace = |out: &mut Encoder<'_>| {
            out.u32(PID, port);
            out.bytes(USERDATA, b"what we know of it")
        };
        Encoder::new(&mut actions)
            .nest(USERSPACE, userspace)
            .expect("it fits");
        let packet = [
            &[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xB5][..],
            b"payload",
        ]
        .concat();
        let execute = Execute {
            header: OvsHeader {
                dp_ifindex: bridge.ifindex,
            },
            packet: Some(&packet),
            key: Some(&[]),
            actions: Some(&actions),
            ..Execute::default()
        };
        let mut packets = Client::open().expect("openvswitch is loaded");
        packets.execute(&execute).expect("execute");
        match next(&mut upcalls) {
            Event::Action(action) => {
                assert_eq!(action.packet(), Some(&packet[..]));
                assert_eq!(action.userdata(), Some(&b"what we know of it"[..]));
                assert_eq!(action.header().dp_ifindex, bridge.ifindex);
            }
            other => panic!("{other:?}"),
        }
    });
}
