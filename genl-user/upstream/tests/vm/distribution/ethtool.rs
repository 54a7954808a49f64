//! Settings of network devices: bitsets by name, and notifications of each change.

use std::time::Duration;

use genl_upstream::ethtool::{
    Bitset, BitsetBit, BitsetBits, BitsetOwned, ChannelsGet, ChannelsSet, Client, Event, Events,
    FeaturesGet, FeaturesSet, Group, Header, LinkmodesGet, LinkmodesGetDump, RingsGet,
    StringsetSet, Stringsets, StrsetGet,
};

use crate::machine::{ifindex, in_new_netns, ip};

/// ETH_SS_FEATURES, the strings by which features are called.
const FEATURES: u32 = 4;

fn open() -> Client {
    Client::open().expect("the kernel has ethtool")
}

fn of(device: &str) -> Option<Header<'_>> {
    Some(Header {
        dev_name: Some(device),
        ..Header::default()
    })
}

fn next<'a>(events: &'a mut Events) -> Event<'a> {
    let event = events
        .next_timeout(Duration::from_secs(5))
        .expect("no error");
    event.expect("an event")
}

/// The names of the bits that are in a set.
fn names(bits: &BitsetOwned) -> Vec<&str> {
    let bits = bits.bits.as_ref().expect("bits by name");
    bits.bit
        .iter()
        .map(|bit| bit.name.as_deref().expect("a name"))
        .collect()
}

#[test]
fn features_have_the_names_of_the_string_set() {
    let mut ethtool = open();
    let wanted = StringsetSet {
        id: Some(FEATURES),
        ..StringsetSet::default()
    };
    let request = StrsetGet {
        // Not of a device, which the kernel wants to be said.
        header: Some(Header::default()),
        stringsets: Some(Stringsets {
            stringset: &[wanted],
        }),
        ..StrsetGet::default()
    };
    let reply = ethtool.strset_get(&request).expect("strset-get").to_owned();
    let [set] = &reply.stringsets.expect("sets").stringset[..] else {
        panic!("not one set")
    };
    assert_eq!(set.id, Some(FEATURES));
    let strings: Vec<_> = set
        .strings
        .iter()
        .flat_map(|strings| &strings.string)
        .collect();
    assert_eq!(set.count, Some(strings.len() as u32));
    let called = |name: &str| {
        strings
            .iter()
            .any(|string| string.value.as_deref() == Some(name))
    };
    let request = FeaturesGet { header: of("lo") };
    let features = ethtool
        .features_get(&request)
        .expect("features-get")
        .to_owned();
    let active = features.active.expect("active features");
    assert!(names(&active).contains(&"loopback"), "{active:?}");
    assert!(names(&active).into_iter().all(called), "{active:?}");
}

#[test]
fn features_are_turned_on_and_off() {
    in_new_netns(|| {
        ip("link add veth0 type veth peer name veth1");
        let mut ethtool = open();
        let mut events = Events::open(&[Group::Monitor]).expect("events");
        for on in [true, false] {
            let gro = BitsetBit {
                name: Some("rx-gro"),
                value: on,
                index: None,
            };
            let wanted = Bitset {
                bits: Some(BitsetBits { bit: &[gro] }),
                ..Bitset::default()
            };
            let set = FeaturesSet {
                header: of("veth0"),
                wanted: Some(wanted),
                ..FeaturesSet::default()
            };
            ethtool.features_set(&set).expect("features-set");
            let request = FeaturesGet {
                header: of("veth0"),
            };
            let features = ethtool
                .features_get(&request)
                .expect("features-get")
                .to_owned();
            assert_eq!(
                names(&features.active.expect("features")).contains(&"rx-gro"),
                on
            );
            match next(&mut events) {
                Event::FeaturesNtf(told) => {
                    assert_eq!(
                        told.header().expect("a header").dev_index(),
                        Some(ifindex("veth0"))
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn channels_are_set_within_their_limits() {
    in_new_netns(|| {
        ip("link add veth0 numtxqueues 4 numrxqueues 3 type veth peer name veth1");
        let mut ethtool = open();
        let request = ChannelsGet {
            header: of("veth0"),
        };
        let before = ethtool
            .channels_get(&request)
            .expect("channels-get")
            .to_owned();
        assert_eq!((before.rx_max, before.tx_max), (Some(3), Some(4)));

        let mut events = Events::open(&[Group::Monitor]).expect("events");
        let set = ChannelsSet {
            header: of("veth0"),
            rx_count: Some(2),
            tx_count: Some(1),
            ..ChannelsSet::default()
        };
        ethtool.channels_set(&set).expect("channels-set");
        match next(&mut events) {
            Event::ChannelsNtf(told) => {
                assert_eq!((told.rx_count(), told.tx_count()), (Some(2), Some(1)));
                assert_eq!(told.header().expect("a header").dev_name(), Some("veth0"));
            }
            other => panic!("{other:?}"),
        }

        let too_many = ChannelsSet {
            tx_count: Some(5),
            ..set
        };
        let error = ethtool.channels_set(&too_many).expect_err("there are four");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.errno, libc::EINVAL);
        assert_eq!(refused.attribute.as_deref(), Some("channels-set.tx-count"));
    });
}

#[test]
fn link_modes_are_dumped_of_every_device_that_has_them() {
    in_new_netns(|| {
        ip("link add veth0 type veth peer name veth1");
        let mut ethtool = open();
        let request = LinkmodesGet {
            header: of("veth0"),
        };
        let modes = ethtool
            .linkmodes_get(&request)
            .expect("linkmodes-get")
            .to_owned();
        // What the driver says of itself in drivers/net/veth.c: 10 Gbit/s, full duplex.
        assert_eq!((modes.speed, modes.duplex), (Some(10_000), Some(1)));
        let dump = ethtool
            .linkmodes_get_dump(&LinkmodesGetDump::default())
            .expect("dump");
        let told: Vec<_> = dump
            .owned()
            .map(|item| {
                item.expect("a device")
                    .header
                    .expect("a header")
                    .dev_name
                    .expect("a name")
            })
            .collect();
        let mut sorted = told.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["veth0", "veth1"], "{told:?}");
    });
}

#[test]
fn refusals_tell_devices_that_are_not_there_from_what_they_cannot_do() {
    in_new_netns(|| {
        ip("link add dummy9 type dummy");
        let mut ethtool = open();
        let error = ethtool
            .rings_get(&RingsGet {
                header: of("no-such-one"),
            })
            .expect_err("no device");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.errno, libc::ENODEV);
        assert_eq!(
            refused.attribute.as_deref(),
            Some("rings-get.header.dev-name")
        );
        assert_eq!(refused.message.as_deref(), Some("no device matches name"));

        let error = ethtool
            .rings_get(&RingsGet {
                header: of("dummy9"),
            })
            .expect_err("it has no rings");
        assert_eq!(error.errno(), Some(libc::EOPNOTSUPP));
        let error = ethtool
            .rings_get(&RingsGet::default())
            .expect_err("no header");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.missing.as_deref(), Some("rings-get.header"));
    });
}
