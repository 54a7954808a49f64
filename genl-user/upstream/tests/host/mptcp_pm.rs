//! Multipath TCP: limits, and a refusal from within a nest.

use genl_upstream::mptcp_pm::{Address, Client, GetAddr, GetAddrDump, GetLimits};

use crate::present;

/// MPTCP_PM_ADDR_MAX: the most of anything.
const MOST: u32 = 8;

#[test]
fn limits_are_within_what_the_kernel_allows() {
    let Some(mut mptcp) = present(Client::open()) else {
        return;
    };
    let limits = mptcp.get_limits(&GetLimits::default()).expect("get-limits");
    assert!(limits.rcv_add_addrs().is_some_and(|number| number <= MOST));
    assert!(limits.subflows().is_some_and(|number| number <= MOST));
}

#[test]
fn an_endpoint_that_is_not_there_is_named_by_its_path() {
    let Some(mut mptcp) = present(Client::open()) else {
        return;
    };
    let dump = mptcp.get_addr_dump(&GetAddrDump {}).expect("dump");
    let taken: Vec<_> = dump
        .owned()
        .map(|item| item.expect("an endpoint").addr.expect("an address").id)
        .collect();
    let free = (1..=u8::MAX)
        .find(|id| !taken.contains(&Some(*id)))
        .expect("a free id");
    let addr = Address {
        id: Some(free),
        ..Address::default()
    };
    let request = GetAddr {
        addr: Some(addr),
        token: None,
    };
    let error = mptcp.get_addr(&request).expect_err("it is not there");
    let refused = error.refused().expect("the kernel's refusal");
    assert_eq!(refused.errno, libc::EINVAL);
    assert_eq!(refused.message.as_deref(), Some("address not found"));
    assert_eq!(refused.attribute.as_deref(), Some("get-addr.addr"));
}
