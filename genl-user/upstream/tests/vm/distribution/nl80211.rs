//! Simulated radios, each told of in a dump of many messages, and interfaces on them that come and go.
//!
//! The spec has but few operations; the one that makes an interface is written here, and answered with a message that
//! the spec does know.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use genl_upstream::nl80211::{
    BandAttrsOwned, Client, Commands, Event, Events, FAMILY, GetInterfaceDump,
    GetInterfaceReplyOwned, GetProtocolFeatures, GetWiphy, GetWiphyDump, GetWiphyReplyOwned, Group,
    ProtocolFeatures, SupportedIftypesOwned,
};
use genl_user::wire::{Encoder, Unfit};
use genl_user::{Answer, Layout, Operation, Request};

/// NL80211_CMD_NEW_INTERFACE and NL80211_CMD_DEL_INTERFACE, and attributes of theirs.
const NEW_INTERFACE: u8 = 7;
const DEL_INTERFACE: u8 = 8;
const WIPHY: u16 = 1;
const IFINDEX: u16 = 3;
const IFNAME: u16 = 4;
const IFTYPE: u16 = 5;

/// NL80211_IFTYPE_STATION and NL80211_IFTYPE_MONITOR.
const STATION: u32 = 2;
const MONITOR: u32 = 6;

/// WLAN_CIPHER_SUITE_CCMP.
const CCMP: u32 = 0x000F_AC04;

fn open() -> Client {
    Client::open().expect("cfg80211 is loaded")
}

/// The text in a file of /sys.
fn sys(path: &str) -> String {
    let text = fs::read_to_string(format!("/sys/class/{path}"));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
        .trim()
        .to_owned()
}

/// A hardware address as /sys writes it.
fn address(bytes: Option<&[u8]>) -> String {
    let digits: Vec<_> = bytes
        .expect("an address")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.join(":")
}

/// The first simulated radio, as /sys numbers it.
fn radio() -> u32 {
    sys("ieee80211/phy0/index").parse().expect("a number")
}

/// What the messages of a radio's dump say of its 2.4 GHz band; each has a part of it.
fn band<T>(messages: &[GetWiphyReplyOwned], part: impl Fn(&BandAttrsOwned) -> Vec<T>) -> Vec<T> {
    let bands = messages
        .iter()
        .filter_map(|message| message.wiphy_bands.as_ref());
    bands
        .filter_map(|bands| bands._2ghz.as_ref())
        .flat_map(part)
        .collect()
}

#[test]
fn the_parts_of_a_radio_make_a_whole() {
    let mut nl80211 = open();
    let features = nl80211
        .get_protocol_features(&GetProtocolFeatures::default())
        .expect("features");
    assert_eq!(
        features.protocol_features(),
        Some(ProtocolFeatures::SPLIT_WIPHY_DUMP)
    );

    let request = GetWiphyDump {
        wiphy: Some(radio()),
        split_wiphy_dump: true,
        ..GetWiphyDump::default()
    };
    let dump = nl80211.get_wiphy_dump(&request).expect("dump");
    let messages = dump.consistent(3).expect("all parts");
    assert!(messages.len() > 10, "{} messages", messages.len());
    assert!(
        messages
            .iter()
            .all(|message| message.wiphy == Some(radio()))
    );
    let name = sys("ieee80211/phy0/name");
    assert!(
        messages
            .iter()
            .all(|message| message.wiphy_name.as_deref() == Some(&name))
    );
    let mac = messages.iter().find_map(|message| message.mac.as_deref());
    assert_eq!(address(mac), sys("ieee80211/phy0/macaddress"));

    let frequencies: BTreeSet<_> = band(&messages, |band| band.freqs.clone())
        .iter()
        .map(|frequency| frequency.freq.expect("a frequency"))
        .collect();
    // The channels of IEEE 802.11 at 2.4 GHz, the last of which stands apart.
    let channels: BTreeSet<_> = (1..=13)
        .map(|channel| 2407 + 5 * channel)
        .chain([2484])
        .collect();
    assert_eq!(frequencies, channels);
    let rates: BTreeSet<_> = band(&messages, |band| band.rates.clone())
        .iter()
        .map(|rate| rate.rate.expect("a rate"))
        .collect();
    assert_eq!(
        rates,
        BTreeSet::from([10, 20, 55, 60, 90, 110, 120, 180, 240, 360, 480, 540])
    );

    let ciphers = messages
        .iter()
        .find_map(|message| message.cipher_suites.as_ref());
    assert!(ciphers.expect("ciphers").contains(&CCMP));
    let types = messages
        .iter()
        .find_map(|message| message.supported_iftypes.as_ref());
    let SupportedIftypesOwned {
        station,
        ap,
        monitor,
        mesh_point,
        wds,
        ..
    } = types.expect("types");
    assert!(*station && *ap && *monitor && *mesh_point && !wds);
}

#[test]
fn a_radio_is_asked_for_alone() {
    let request = GetWiphy {
        wiphy: Some(radio()),
        ..GetWiphy::default()
    };
    let mut nl80211 = open();
    let radio = nl80211.get_wiphy(&request).expect("get-wiphy");
    assert_eq!(radio.wiphy_name(), Some(&*sys("ieee80211/phy0/name")));
    assert!(
        radio
            .supported_commands()
            .any(|command| command == Commands::NewInterface)
    );
}

#[test]
fn interfaces_are_those_of_sys() {
    let mut nl80211 = open();
    let dump = nl80211
        .get_interface_dump(&GetInterfaceDump::default())
        .expect("dump");
    let all = dump.consistent(3).expect("all interfaces");
    let mut names: Vec<_> = all
        .iter()
        .filter_map(|interface| interface.ifname.as_deref())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["wlan0", "wlan1"]);
    for interface in &all {
        let name = interface.ifname.as_deref().expect("a name");
        let index = interface.ifindex.expect("an index").to_string();
        assert_eq!(index, sys(&format!("net/{name}/ifindex")));
        assert_eq!(
            address(interface.mac.as_deref()),
            sys(&format!("net/{name}/address"))
        );
        let radio = interface.wiphy.expect("a radio").to_string();
        assert_eq!(radio, sys(&format!("net/{name}/phy80211/index")));
        assert_eq!(interface.iftype, Some(STATION));
    }
}

#[test]
fn an_interface_is_made_told_of_and_deleted() {
    let mut events = Events::open(&[Group::Config]).expect("events");
    let mut nl80211 = open();
    let made = nl80211
        .connection()
        .call::<GetInterfaceReplyOwned>(
            &MAKE,
            &Make {
                radio: radio(),
                name: "mon9",
            },
        )
        .expect("new-interface")
        .to_owned();
    assert_eq!(
        (made.ifname.as_deref(), made.iftype),
        (Some("mon9"), Some(MONITOR))
    );
    let index = made.ifindex.expect("an index");
    assert_eq!(index.to_string(), sys("net/mon9/ifindex"));
    assert_eq!(told(&mut events, NEW_INTERFACE), Some(index));

    nl80211
        .connection()
        .order(&DELETE, &Delete { index })
        .expect("del-interface");
    assert_eq!(told(&mut events, DEL_INTERFACE), Some(index));
    assert!(!fs::exists("/sys/class/net/mon9").expect("/sys is mounted"));
}

/// The index of the interface that the next event of this command is about.
fn told(events: &mut Events, command: u8) -> Option<u32> {
    loop {
        match events
            .next_timeout(Duration::from_secs(5))
            .expect("no error")
        {
            // The spec names the group but none of its messages, which are those of a dump.
            Some(Event::Unknown(notice)) if notice.cmd() == command => {
                let interface = notice
                    .read::<GetInterfaceReplyOwned>("interface")
                    .expect("an interface");
                return interface.ifindex();
            }
            Some(Event::Unknown(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A request for a new monitor on a radio.
struct Make {
    radio: u32,
    name: &'static str,
}

impl Request for Make {
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        out.u32(WIPHY, self.radio);
        out.u32(IFTYPE, MONITOR);
        out.str(IFNAME, self.name)
    }
}

/// A request to be rid of an interface.
struct Delete {
    index: u32,
}

impl Request for Delete {
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        out.u32(IFINDEX, self.index);
        Ok(())
    }
}

static MAKE: Operation = Operation {
    answer: Answer::ReplyAndAck(NEW_INTERFACE),
    ..operation("new-interface", NEW_INTERFACE)
};

static DELETE: Operation = operation("del-interface", DEL_INTERFACE);

const fn operation(name: &'static str, cmd: u8) -> Operation {
    Operation {
        family: &FAMILY,
        name,
        cmd,
        is_dump: false,
        header: 0,
        request: &Layout { fields: &[] },
        answer: Answer::Ack,
        capability: None,
    }
}
