//! A WireGuard device with many peers: nests in arrays in nests, binary keys and addresses, and a dump of many chunks.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use genl_upstream::wireguard::{
    Client, GetDeviceDump, GetDeviceDumpReplyOwned, KernelTimespec, SetDevice, Wgallowedip,
    WgallowedipOwned, WgdeviceFlags, Wgpeer, WgpeerFlags, WgpeerOwned,
};
use genl_user::Error;
use genl_user::wire::Misfit;

use crate::machine::{ifindex, in_new_netns, ip};

const DEVICE: &str = "wg0";
const PEERS: u32 = 300;
const PORT: u16 = 51820;

/// The first key pair of RFC 7748, section 6.1.
const PRIVATE_KEY: [u8; 32] = [
    0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
    0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
];
const PUBLIC_KEY: [u8; 32] = [
    0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7, 0x5a,
    0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a,
];

/// The key as the kernel keeps it, without the bits that do not count.
fn clamped(mut key: [u8; 32]) -> [u8; 32] {
    key[0] &= 0xf8;
    key[31] = key[31] & 0x7f | 0x40;
    key
}

/// The peer of that number as the kernel is expected to tell of it; every second one is reached over IPv6.
fn peer(number: u32) -> WgpeerOwned {
    let mut key = [7; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    let [_, b, c, d] = number.to_be_bytes();
    let port = 1000 + number as u16;
    WgpeerOwned {
        public_key: Some(key.to_vec()),
        preshared_key: Some(vec![d; 32]),
        endpoint: Some(match number % 2 {
            0 => sockaddr(Ipv4Addr::new(192, 0, c, d).into(), port),
            _ => sockaddr(
                Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number as u16).into(),
                port,
            ),
        }),
        persistent_keepalive_interval: Some(port),
        last_handshake_time: Some(KernelTimespec::default()),
        rx_bytes: Some(0),
        tx_bytes: Some(0),
        allowedips: vec![
            allowed(Ipv4Addr::new(10, b, c, d).into(), 32),
            allowed(
                Ipv6Addr::new(0xfd00, 0, 0, number as u16, 0, 0, 0, 0).into(),
                64,
            ),
            allowed(
                Ipv6Addr::new(0xfd01, 0, 0, number as u16, 0, 0, 0, 0).into(),
                63 + (number % 2) as u8,
            ),
        ],
        protocol_version: Some(1),
        ..WgpeerOwned::default()
    }
}

fn allowed(address: IpAddr, bits: u8) -> WgallowedipOwned {
    let (family, octets) = match address {
        IpAddr::V4(address) => (libc::AF_INET, address.octets().to_vec()),
        // The kernel keeps what is within the mask.
        IpAddr::V6(address) => (
            libc::AF_INET6,
            (u128::from(address) >> (128 - bits) << (128 - bits))
                .to_be_bytes()
                .to_vec(),
        ),
    };
    WgallowedipOwned {
        family: Some(family as u16),
        ipaddr: Some(octets),
        cidr_mask: Some(bits),
        flags: None,
    }
}

/// A `struct sockaddr_in` or `sockaddr_in6`.
fn sockaddr(address: IpAddr, port: u16) -> Vec<u8> {
    let family = match address {
        IpAddr::V4(_) => libc::AF_INET,
        IpAddr::V6(_) => libc::AF_INET6,
    };
    let mut bytes = (family as u16).to_ne_bytes().to_vec();
    bytes.extend(port.to_be_bytes());
    match address {
        IpAddr::V4(address) => {
            bytes.extend(address.octets());
            bytes.extend([0; 8]);
        }
        IpAddr::V6(address) => {
            bytes.extend([0; 4]);
            bytes.extend(address.octets());
            bytes.extend([0; 4]);
        }
    }
    bytes
}

/// Adds the peers to the device, with one request.
fn add(wireguard: &mut Client, peers: &[WgpeerOwned]) -> Result<(), Error> {
    let allowed: Vec<Vec<Wgallowedip<'_>>> = peers
        .iter()
        .map(|peer| peer.allowedips.iter().map(borrowed).collect())
        .collect();
    let peers: Vec<Wgpeer<'_>> = peers
        .iter()
        .zip(&allowed)
        .map(|(peer, allowedips)| Wgpeer {
            public_key: peer.public_key.as_deref(),
            preshared_key: peer.preshared_key.as_deref(),
            flags: Some(WgpeerFlags::REPLACE_ALLOWEDIPS),
            endpoint: peer.endpoint.as_deref(),
            persistent_keepalive_interval: peer.persistent_keepalive_interval,
            allowedips,
            ..Wgpeer::default()
        })
        .collect();
    let request = SetDevice {
        ifname: Some(DEVICE),
        peers: &peers,
        ..SetDevice::default()
    };
    wireguard.set_device(&request)
}

fn borrowed(allowed: &WgallowedipOwned) -> Wgallowedip<'_> {
    Wgallowedip {
        family: allowed.family,
        ipaddr: allowed.ipaddr.as_deref(),
        cidr_mask: allowed.cidr_mask,
        flags: None,
    }
}

/// A new device that has a key, a port and all peers.
fn device() -> (Client, Vec<WgpeerOwned>) {
    ip("link add wg0 type wireguard");
    let mut wireguard = Client::open().expect("wireguard is loaded");
    let request = SetDevice {
        ifname: Some(DEVICE),
        private_key: Some(&PRIVATE_KEY),
        flags: Some(WgdeviceFlags::REPLACE_PEERS),
        listen_port: Some(PORT),
        fwmark: Some(0xCAFE),
        ..SetDevice::default()
    };
    wireguard.set_device(&request).expect("set-device");
    let peers: Vec<_> = (0..PEERS).map(peer).collect();
    for some in peers.chunks(100) {
        add(&mut wireguard, some).expect("set-device");
    }
    (wireguard, peers)
}

const ALL: GetDeviceDump<'static> = GetDeviceDump {
    ifname: Some(DEVICE),
    ifindex: None,
};

/// The peers of all messages; one that did not fit into a message goes on in the next.
fn coalesce(messages: Vec<GetDeviceDumpReplyOwned>) -> Vec<WgpeerOwned> {
    let mut peers: Vec<WgpeerOwned> = Vec::new();
    for peer in messages.into_iter().flat_map(|message| message.peers) {
        match peers.last_mut() {
            Some(last) if last.public_key == peer.public_key => {
                last.allowedips.extend(peer.allowedips)
            }
            _ => peers.push(peer),
        }
    }
    peers
}

#[test]
fn three_hundred_peers_come_back_as_they_were_set() {
    in_new_netns(|| {
        let (mut wireguard, peers) = device();
        let dump = wireguard.get_device_dump(&ALL).expect("dump");
        let messages = dump.consistent(0).expect("the whole device");
        assert!(messages.len() > 2, "{} messages", messages.len());
        let first = &messages[0];
        assert_eq!(first.ifname.as_deref(), Some(DEVICE));
        assert_eq!(first.ifindex, Some(ifindex(DEVICE)));
        assert_eq!(
            (first.listen_port, first.fwmark),
            (Some(PORT), Some(0xCAFE))
        );
        assert_eq!(
            first.private_key.as_deref(),
            Some(&clamped(PRIVATE_KEY)[..])
        );
        assert_eq!(first.public_key.as_deref(), Some(&PUBLIC_KEY[..]));

        let told = coalesce(messages);
        assert_eq!(told.len(), peers.len());
        for (mut told, expected) in told.into_iter().zip(&peers) {
            // The kernel tells them by address family, in the order of a tree.
            told.allowedips
                .sort_by_key(|allowed| (allowed.family, allowed.ipaddr.clone()));
            assert_eq!(told, *expected);
        }
    });
}

#[test]
fn the_port_is_open() {
    in_new_netns(|| {
        let (_wireguard, _) = device();
        ip("link set wg0 up");
        let sockets = fs::read_to_string("/proc/thread-self/net/udp").expect("the kernel has UDP");
        assert!(
            sockets.contains(&format!(" 00000000:{PORT:04X} ")),
            "{sockets}"
        );
    });
}

#[test]
fn what_is_too_much_for_one_message_is_refused_before_it_is_sent() {
    in_new_netns(|| {
        let (mut wireguard, peers) = device();
        match add(&mut wireguard, &peers) {
            Err(Error::Unfit {
                path,
                misfit: Misfit::TooLong { .. },
            }) => assert_eq!(path, "set-device.peers"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_dump_that_a_change_overtakes_says_so() {
    in_new_netns(|| {
        let (mut wireguard, peers) = device();
        let mut another = Client::open().expect("wireguard is loaded");
        let mut dump = wireguard.get_device_dump(&ALL).expect("dump");
        let mut seen = dump
            .next()
            .expect("no error")
            .expect("a message")
            .peers()
            .count();
        let remove = Wgpeer {
            public_key: peers[PEERS as usize - 1].public_key.as_deref(),
            flags: Some(WgpeerFlags::REMOVE_ME),
            ..Wgpeer::default()
        };
        let request = SetDevice {
            ifname: Some(DEVICE),
            peers: &[remove],
            ..SetDevice::default()
        };
        another.set_device(&request).expect("set-device");
        let end = loop {
            match dump.next() {
                Ok(Some(message)) => seen += message.peers().count(),
                Ok(None) => panic!("it claims to be consistent"),
                Err(error) => break error,
            }
        };
        assert!(matches!(end, Error::DumpInterrupted { .. }), "{end:?}");
        assert!(seen >= PEERS as usize - 1, "{seen}");

        // Asked once more, without a change between, it is consistent.
        let left = coalesce(
            another
                .get_device_dump(&ALL)
                .expect("dump")
                .consistent(0)
                .expect("all"),
        );
        assert_eq!(left.len(), PEERS as usize - 1);
    });
}

#[test]
fn refusals_name_the_field_within_the_arrays() {
    in_new_netns(|| {
        ip("link add wg0 type wireguard");
        let mut wireguard = Client::open().expect("wireguard is loaded");
        let short = Wgpeer {
            public_key: Some(&[1; 31]),
            ..Wgpeer::default()
        };
        let request = SetDevice {
            ifname: Some(DEVICE),
            peers: &[short],
            ..SetDevice::default()
        };
        let error = wireguard
            .set_device(&request)
            .expect_err("a key has 32 bytes");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(
            refused.attribute.as_deref(),
            Some("set-device.peers[0].public-key")
        );
    });
}
