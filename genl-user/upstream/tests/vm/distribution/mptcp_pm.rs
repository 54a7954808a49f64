//! The endpoints and limits of multipath TCP: nested requests, replies and dumps, in IPv4 and IPv6.

use std::net::{Ipv4Addr, Ipv6Addr};

use genl_upstream::mptcp_pm::{
    AddAddr, Address, AddressOwned, Client, DelAddr, FlushAddrs, GetAddr, GetAddrDump, GetLimits,
    SetFlags, SetLimits,
};
use serde_json::json;

use crate::machine::{ifindex, in_new_netns, ip, ip_show};

const V4: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
const V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 7);

/// MPTCP_PM_ADDR_FLAG_SIGNAL, _SUBFLOW and _BACKUP.
const SIGNAL: u32 = 1;
const SUBFLOW: u32 = 2;
const BACKUP: u32 = 4;

fn v4() -> Address<'static> {
    Address {
        family: Some(libc::AF_INET as u16),
        id: Some(7),
        addr4: Some(V4.into()),
        flags: Some(SUBFLOW),
        ..Address::default()
    }
}

fn v6(octets: &[u8; 16]) -> Address<'_> {
    Address {
        family: Some(libc::AF_INET6 as u16),
        id: Some(9),
        addr6: Some(octets),
        flags: Some(SIGNAL),
        ..Address::default()
    }
}

fn addresses(mptcp: &mut Client) -> Vec<AddressOwned> {
    let dump = mptcp.get_addr_dump(&GetAddrDump {}).expect("dump");
    dump.owned()
        .map(|item| item.expect("an endpoint").addr.expect("an address"))
        .collect()
}

#[test]
fn endpoints_come_back_as_they_were_added() {
    in_new_netns(|| {
        let mut mptcp = Client::open().expect("the kernel has MPTCP");
        let lo = ifindex("lo") as i32;
        let on_lo = Address {
            if_idx: Some(lo),
            ..v4()
        };
        mptcp.add_addr(&AddAddr { addr: Some(on_lo) }).expect("add");
        mptcp
            .add_addr(&AddAddr {
                addr: Some(v6(&V6.octets())),
            })
            .expect("add");

        let both = addresses(&mut mptcp);
        let [first, second] = &both[..] else {
            panic!("{both:?}")
        };
        assert_eq!(
            (first.id, first.addr4, first.if_idx),
            (Some(7), Some(V4.into()), Some(lo))
        );
        assert_eq!(
            (first.family, first.addr6.as_deref()),
            (Some(libc::AF_INET as u16), None)
        );
        assert_eq!(
            (second.id, second.addr6.as_deref()),
            (Some(9), Some(&V6.octets()[..]))
        );
        assert_eq!((first.flags, second.flags), (Some(SUBFLOW), Some(SIGNAL)));

        let by_id = Address {
            id: Some(9),
            ..Address::default()
        };
        let request = GetAddr {
            addr: Some(by_id),
            token: None,
        };
        let found = mptcp.get_addr(&request).expect("get").to_owned();
        assert_eq!(found.addr.as_ref(), Some(second));

        assert_eq!(
            ip_show("mptcp endpoint show"),
            [
                json!({ "address": V4.to_string(), "id": 7, "subflow": true, "dev": "lo" }),
                json!({ "address": V6.to_string(), "id": 9, "signal": true }),
            ]
        );
    });
}

#[test]
fn endpoints_change_and_go() {
    in_new_netns(|| {
        let mut mptcp = Client::open().expect("the kernel has MPTCP");
        mptcp.add_addr(&AddAddr { addr: Some(v4()) }).expect("add");
        mptcp
            .add_addr(&AddAddr {
                addr: Some(v6(&V6.octets())),
            })
            .expect("add");

        let backup = Address {
            flags: Some(SUBFLOW | BACKUP),
            ..v4()
        };
        let request = SetFlags {
            addr: Some(backup),
            ..SetFlags::default()
        };
        mptcp.set_flags(&request).expect("set-flags");
        assert_eq!(addresses(&mut mptcp)[0].flags, Some(SUBFLOW | BACKUP));

        mptcp.del_addr(&DelAddr { addr: Some(v4()) }).expect("del");
        let left: Vec<_> = addresses(&mut mptcp)
            .iter()
            .map(|address| address.id)
            .collect();
        assert_eq!(left, [Some(9)]);
        mptcp.flush_addrs(&FlushAddrs::default()).expect("flush");
        assert_eq!(addresses(&mut mptcp), []);
        assert_eq!(
            ip_show("mptcp endpoint show"),
            Vec::<serde_json::Value>::new()
        );
    });
}

#[test]
fn limits_are_set_and_kept() {
    in_new_netns(|| {
        let mut mptcp = Client::open().expect("the kernel has MPTCP");
        let limits = SetLimits {
            rcv_add_addrs: Some(3),
            subflows: Some(5),
        };
        mptcp.set_limits(&limits).expect("set-limits");
        let got = mptcp.get_limits(&GetLimits::default()).expect("get-limits");
        assert_eq!((got.rcv_add_addrs(), got.subflows()), (Some(3), Some(5)));
        assert_eq!(ip("mptcp limits show"), "add_addr_accepted 3 subflows 5 \n");
    });
}

#[test]
fn refusals_name_what_is_wrong() {
    in_new_netns(|| {
        let mut mptcp = Client::open().expect("the kernel has MPTCP");
        mptcp.add_addr(&AddAddr { addr: Some(v4()) }).expect("add");
        let again = Address { id: None, ..v4() };
        let twice = mptcp
            .add_addr(&AddAddr { addr: Some(again) })
            .expect_err("it is there");
        assert_eq!(twice.errno(), Some(libc::EEXIST));

        let without_family = Address {
            family: None,
            ..v4()
        };
        let error = mptcp
            .add_addr(&AddAddr {
                addr: Some(without_family),
            })
            .expect_err("no family");
        let refused = error.refused().expect("the kernel's refusal");
        assert_eq!(refused.errno, libc::EINVAL);
        assert_eq!(refused.message.as_deref(), Some("missing family"));
        assert_eq!(refused.attribute.as_deref(), Some("add-addr.addr"));
    });
}
