//! Open vSwitch: four families, whose messages begin with a header of their own that names the datapath.

mod datapath;
mod flow;
mod packet;
mod vport;

use genl_upstream::ovs_datapath::{self, UserFeatures};
use genl_upstream::ovs_vport::{self, VportType};

use crate::machine::{ifindex, in_new_netns, ip};

const BRIDGE: &str = "br0";

/// A datapath, in a network namespace of its own.
struct Bridge {
    datapaths: ovs_datapath::Client,
    vports: ovs_vport::Client,
    /// The interface of the datapath itself.
    ifindex: u32,
}

impl Bridge {
    fn with(test: impl FnOnce(Self) + Send) {
        in_new_netns(|| {
            let mut datapaths = ovs_datapath::Client::open().expect("openvswitch is loaded");
            let new = ovs_datapath::New {
                name: Some(BRIDGE),
                upcall_pid: Some(0),
                user_features: Some(UserFeatures::UNALIGNED | UserFeatures::VPORT_PIDS),
                ..ovs_datapath::New::default()
            };
            datapaths.new_(&new).expect("new");
            test(Self {
                datapaths,
                vports: ovs_vport::Client::open().expect("openvswitch is loaded"),
                ifindex: ifindex(BRIDGE),
            });
        });
    }

    /// Adds one end of a new pair of devices, `near` and `far`; packets that no flow takes go to the socket `upcall`.
    fn add_pair(&mut self, near: &str, far: &str, upcall: u32) {
        ip(&format!("link add {near} type veth peer name {far}"));
        let new = ovs_vport::New {
            header: self.vport_header(),
            name: Some(near),
            type_: Some(VportType::Netdev),
            upcall_pid: Some(&[upcall]),
            ..ovs_vport::New::default()
        };
        self.vports.new_(&new).expect("new");
    }

    fn vport_header(&self) -> ovs_vport::OvsHeader {
        ovs_vport::OvsHeader {
            dp_ifindex: self.ifindex,
        }
    }
}
