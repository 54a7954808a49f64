//! Datapaths: a version that is not 1, statistics in structs, and notifications that the spec does not describe.

use std::time::Duration;

use genl_upstream::ovs_datapath::{Del, Event, Events, Get, GetDump, Group, UserFeatures};

use super::{BRIDGE, Bridge};
use crate::machine::ip_show;

/// OVS_DP_CMD_DEL.
const DEL: u8 = 2;

fn named() -> Get<'static> {
    Get {
        name: Some(BRIDGE),
        ..Get::default()
    }
}

#[test]
fn a_datapath_is_found_by_its_name() {
    Bridge::with(|mut bridge| {
        let got = bridge.datapaths.get(&named()).expect("get").to_owned();
        assert_eq!(got.header.dp_ifindex, bridge.ifindex);
        assert_eq!(got.name.as_deref(), Some(BRIDGE));
        assert_eq!(
            got.user_features,
            Some(UserFeatures::UNALIGNED | UserFeatures::VPORT_PIDS)
        );
        let stats = got.stats.expect("statistics");
        assert_eq!((stats.n_hit, stats.n_flows), (0, 0));
        assert_eq!(got.megaflow_stats.expect("statistics").n_masks, 0);

        let dump = bridge
            .datapaths
            .get_dump(&GetDump::default())
            .expect("dump");
        assert_eq!(dump.consistent(0).expect("all"), [got]);
        let shown = ip_show(&format!("link show dev {BRIDGE}"));
        assert_eq!(shown[0]["linkinfo"]["info_kind"], "openvswitch");
    });
}

#[test]
fn a_deleted_datapath_is_gone_and_told_of() {
    Bridge::with(|mut bridge| {
        let mut events = Events::open(&[Group::OvsDatapath]).expect("events");
        let del = Del {
            name: Some(BRIDGE),
            ..Del::default()
        };
        bridge.datapaths.del(&del).expect("del");
        let gone = bridge.datapaths.get(&named()).expect_err("it is gone");
        assert_eq!(gone.errno(), Some(libc::ENODEV));
        match events
            .next_timeout(Duration::from_secs(5))
            .expect("no error")
        {
            // The spec names the group but none of its messages.
            Some(Event::Unknown(notice)) => assert_eq!(notice.cmd(), DEL),
            other => panic!("{other:?}"),
        }
    });
}
