//! Ports that take tunnelled packets: big-endian numbers, and what the kernel knows of them elsewhere.

use genl_upstream::fou::{Add, Client, Del, Get, GetDump};
use serde_json::json;

use crate::machine::{in_new_netns, ip_show};

const PORT: u16 = 0x1234;
/// IPPROTO_IPIP.
const IPIP: u8 = 4;

fn select(port: u16) -> Get<'static> {
    Get {
        port: Some(port),
        ..Get::default()
    }
}

#[test]
fn a_port_is_added_shown_and_deleted() {
    in_new_netns(|| {
        let mut fou = Client::open().expect("fou is loaded");
        let add = Add {
            port: Some(PORT),
            ipproto: Some(IPIP),
            type_: Some(1),
            ..Add::default()
        };
        fou.add(&add).expect("add");

        let port = fou.get(&select(PORT)).expect("get").to_owned();
        assert_eq!(port.port, Some(PORT));
        assert_eq!((port.ipproto, port.type_), (Some(IPIP), Some(1)));
        assert_eq!(port.local_v4, Some(0));
        assert_eq!(
            fou.get_dump(&GetDump {})
                .expect("dump")
                .consistent(0)
                .expect("all"),
            [port]
        );

        let shown = ip_show("fou show");
        assert_eq!(
            shown,
            [json!({ "port": PORT, "ipproto": IPIP, "family": "inet" })]
        );

        let del = Del {
            port: Some(PORT),
            ..Del::default()
        };
        fou.del(&del).expect("del");
        assert!(ip_show("fou show").is_empty());
        let gone = fou.get(&select(PORT)).expect_err("it is gone");
        assert_eq!(gone.errno(), Some(libc::ESRCH));
    });
}
