//! Peers and keys of an OpenVPN device: nested requests that are a subset each, and notifications.

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use genl_upstream::ovpn::{
    CipherAlg, Client, DelPeerReason, Event, Events, Group, KeyDel, KeyGet, KeyGetReplyOwned,
    KeyNew, KeySlot, KeySwap, Keyconf, KeyconfDelInput, KeyconfGet, KeyconfSwapInput, Keydir, Peer,
    PeerDel, PeerDelInput, PeerGet, PeerGetDump, PeerNew, PeerNewInput, PeerSet, PeerSetInput,
};

use crate::machine::{ifindex, in_new_netns, ip};

const PEER: u32 = 0xABCDEF;
const REMOTE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// A device with a peer that is reached through a UDP socket of ours.
struct Tunnel {
    ovpn: Client,
    ifindex: u32,
    /// The device uses it for as long as the peer is there.
    socket: UdpSocket,
}

impl Tunnel {
    fn new() -> Self {
        ip("link set lo up");
        ip("link add ovpn0 type ovpn");
        let mut tunnel = Self {
            ovpn: Client::open().expect("ovpn is loaded"),
            ifindex: ifindex("ovpn0"),
            socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind"),
        };
        let peer = PeerNewInput {
            id: Some(PEER),
            remote_ipv4: Some(REMOTE.into()),
            remote_port: Some(0x1194),
            socket: Some(tunnel.socket.as_raw_fd() as u32),
            ..PeerNewInput::default()
        };
        let request = PeerNew {
            ifindex: Some(tunnel.ifindex),
            peer: Some(peer),
        };
        tunnel.ovpn.peer_new(&request).expect("peer-new");
        tunnel
    }

    fn peer_del(&mut self) {
        let request = PeerDel {
            ifindex: Some(self.ifindex),
            peer: Some(PeerDelInput { id: Some(PEER) }),
        };
        self.ovpn.peer_del(&request).expect("peer-del");
    }

    fn key_new(&mut self, slot: KeySlot, key_id: u32, cipher_alg: CipherAlg) {
        let key = Keydir {
            cipher_key: Some(&[7; 32]),
            nonce_tail: Some(&[8; 8]),
        };
        let keyconf = Keyconf {
            peer_id: Some(PEER),
            slot: Some(slot),
            key_id: Some(key_id),
            cipher_alg: Some(cipher_alg),
            encrypt_dir: Some(key),
            decrypt_dir: Some(key),
        };
        let request = KeyNew {
            ifindex: Some(self.ifindex),
            keyconf: Some(keyconf),
        };
        self.ovpn.key_new(&request).expect("key-new");
    }

    fn key(&mut self, slot: KeySlot) -> Result<KeyGetReplyOwned, genl_user::Error> {
        let keyconf = KeyconfGet {
            peer_id: Some(PEER),
            slot: Some(slot),
            ..KeyconfGet::default()
        };
        let request = KeyGet {
            ifindex: Some(self.ifindex),
            keyconf: Some(keyconf),
        };
        self.ovpn.key_get(&request).map(|reply| reply.to_owned())
    }
}

#[test]
fn a_peer_comes_back_as_it_was_made_and_set() {
    in_new_netns(|| {
        let mut tunnel = Tunnel::new();
        let keepalive = PeerSetInput {
            id: Some(PEER),
            keepalive_interval: Some(10),
            keepalive_timeout: Some(86400),
            ..PeerSetInput::default()
        };
        let request = PeerSet {
            ifindex: Some(tunnel.ifindex),
            peer: Some(keepalive),
        };
        tunnel.ovpn.peer_set(&request).expect("peer-set");

        let request = PeerGet {
            ifindex: Some(tunnel.ifindex),
            peer: Some(Peer {
                id: Some(PEER),
                ..Peer::default()
            }),
        };
        let got = tunnel.ovpn.peer_get(&request).expect("peer-get").to_owned();
        let peer = got.peer.as_ref().expect("a peer");
        assert_eq!(peer.id, Some(PEER));
        assert_eq!(
            (peer.remote_ipv4, peer.remote_port),
            (Some(REMOTE.into()), Some(0x1194))
        );
        assert_eq!(
            (peer.keepalive_interval, peer.keepalive_timeout),
            (Some(10), Some(86400))
        );
        let bound = tunnel.socket.local_addr().expect("an address").port();
        assert_eq!(peer.local_port, Some(bound));
        assert_eq!(
            (peer.vpn_rx_bytes, peer.link_tx_packets),
            (Some(0), Some(0))
        );

        let request = PeerGetDump {
            ifindex: Some(tunnel.ifindex),
        };
        let all = tunnel
            .ovpn
            .peer_get_dump(&request)
            .expect("dump")
            .consistent(0)
            .expect("all");
        assert_eq!(all, [got]);
    });
}

#[test]
fn keys_are_set_swapped_and_deleted() {
    in_new_netns(|| {
        let mut tunnel = Tunnel::new();
        tunnel.key_new(KeySlot::Primary, 3, CipherAlg::AesGcm);
        tunnel.key_new(KeySlot::Secondary, 5, CipherAlg::AesGcm);
        let key_id =
            |key: &KeyGetReplyOwned| key.keyconf.as_ref().and_then(|keyconf| keyconf.key_id);

        let primary = tunnel.key(KeySlot::Primary).expect("key-get");
        assert_eq!(key_id(&primary), Some(3));
        let keyconf = primary.keyconf.expect("a key");
        assert_eq!(keyconf.cipher_alg, Some(CipherAlg::AesGcm));
        assert_eq!(
            (keyconf.peer_id, keyconf.slot),
            (Some(PEER), Some(KeySlot::Primary))
        );

        let swap = KeySwap {
            ifindex: Some(tunnel.ifindex),
            keyconf: Some(KeyconfSwapInput {
                peer_id: Some(PEER),
            }),
        };
        tunnel.ovpn.key_swap(&swap).expect("key-swap");
        assert_eq!(
            key_id(&tunnel.key(KeySlot::Primary).expect("key-get")),
            Some(5)
        );

        let keyconf = KeyconfDelInput {
            peer_id: Some(PEER),
            slot: Some(KeySlot::Secondary),
        };
        let request = KeyDel {
            ifindex: Some(tunnel.ifindex),
            keyconf: Some(keyconf),
        };
        tunnel.ovpn.key_del(&request).expect("key-del");
        let gone = tunnel.key(KeySlot::Secondary).expect_err("it is gone");
        assert_eq!(gone.errno(), Some(libc::ENOENT));
    });
}

#[test]
fn the_end_of_a_peer_is_told() {
    in_new_netns(|| {
        let mut tunnel = Tunnel::new();
        let mut events = Events::open(&[Group::Peers]).expect("events");
        tunnel.peer_del();
        match events
            .next_timeout(Duration::from_secs(5))
            .expect("an event")
        {
            Some(Event::PeerDelNtf(notice)) => {
                let peer = notice.peer().expect("a peer");
                assert_eq!(peer.id(), Some(PEER));
                assert_eq!(peer.del_reason(), Some(DelPeerReason::Userspace));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn refusals_name_what_is_wrong() {
    in_new_netns(|| {
        let mut tunnel = Tunnel::new();
        let too_large = PeerSetInput {
            id: Some(1 << 24),
            ..PeerSetInput::default()
        };
        let request = PeerSet {
            ifindex: Some(tunnel.ifindex),
            peer: Some(too_large),
        };
        let error = tunnel.ovpn.peer_set(&request).expect_err("24 bits are all");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.errno, libc::ERANGE);
        assert_eq!(refused.attribute.as_deref(), Some("peer-set.peer.id"));
        let limits = refused.policy.as_ref().expect("the limits");
        assert_eq!(limits.max_value_u, Some(0xFF_FFFF));

        let request = PeerSet {
            ifindex: Some(tunnel.ifindex),
            peer: Some(PeerSetInput::default()),
        };
        let error = tunnel.ovpn.peer_set(&request).expect_err("no id");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.missing.as_deref(), Some("peer-set.peer.id"));
    });
}
