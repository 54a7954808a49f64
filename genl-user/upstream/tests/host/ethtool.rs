//! Network devices' settings: the loopback, compared with what /sys says of it.

use genl_upstream::ethtool::{
    Client, FeaturesGet, Header, LinkinfoGet, LinkstateGet, StringsetSet, Stringsets, StrsetGet,
};

use crate::{number, present};

/// ETH_SS_FEATURES.
const FEATURES: u32 = 4;

fn loopback() -> Option<Header<'static>> {
    Some(Header {
        dev_name: Some("lo"),
        ..Header::default()
    })
}

#[test]
fn the_link_state_is_the_one_of_sys() {
    let Some(mut ethtool) = present(Client::open()) else {
        return;
    };
    let request = LinkstateGet { header: loopback() };
    let state = ethtool.linkstate_get(&request).expect("linkstate-get");
    let header = state.header().expect("a header");
    assert_eq!(
        header.dev_index(),
        Some(number("/sys/class/net/lo/ifindex"))
    );
    assert_eq!(header.dev_name(), Some("lo"));
    // /sys has no carrier of a device that is down.
    if let Ok(carrier) = std::fs::read_to_string("/sys/class/net/lo/carrier") {
        assert_eq!(
            state.link().map(|link| link.to_string()).as_deref(),
            Some(carrier.trim())
        );
    } else {
        assert_eq!(state.link(), Some(0));
    }
}

#[test]
fn features_have_the_names_of_the_string_set() {
    let Some(mut ethtool) = present(Client::open()) else {
        return;
    };
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
        panic!("not one set");
    };
    let strings: Vec<_> = set
        .strings
        .iter()
        .flat_map(|strings| &strings.string)
        .collect();
    assert_eq!(
        (set.id, set.count),
        (Some(FEATURES), Some(strings.len() as u32))
    );

    let request = FeaturesGet { header: loopback() };
    let features = ethtool
        .features_get(&request)
        .expect("features-get")
        .to_owned();
    let active = features.active.expect("active features");
    assert_eq!(active.size, set.count);
    let active = active.bits.expect("bits by name").bit;
    assert!(
        active
            .iter()
            .any(|bit| bit.name.as_deref() == Some("loopback")),
        "{active:?}"
    );
    for bit in &active {
        let string = strings
            .iter()
            .find(|string| string.index == bit.index)
            .expect("a name");
        assert_eq!(string.value, bit.name);
    }
}

#[test]
fn what_a_device_does_not_have_is_refused() {
    let Some(mut ethtool) = present(Client::open()) else {
        return;
    };
    let error = ethtool
        .linkinfo_get(&LinkinfoGet { header: loopback() })
        .expect_err("it has no port");
    assert_eq!(error.errno(), Some(libc::EOPNOTSUPP));
    let unnamed = Header {
        dev_name: Some("no-such-one"),
        ..Header::default()
    };
    let error = ethtool
        .linkinfo_get(&LinkinfoGet {
            header: Some(unnamed),
        })
        .expect_err("no such device");
    let refused = error.refused().expect("the kernel's refusal");
    assert_eq!(refused.errno, libc::ENODEV);
    assert_eq!(
        refused.attribute.as_deref(),
        Some("linkinfo-get.header.dev-name")
    );
}
