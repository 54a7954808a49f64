//! What the kernel remembers of TCP connections.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use genl_upstream::tcp_metrics::{Client, Get, GetDump};

use crate::{number, present};

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Talks over TCP on this machine, so that there is something to remember.
fn connect_once() {
    let listener = TcpListener::bind((LOCALHOST, 0)).expect("bind");
    let address = listener.local_addr().expect("an address");
    let mut near = TcpStream::connect(address).expect("connect");
    let (mut far, _) = listener.accept().expect("accept");
    near.write_all(b"hello").expect("write");
    near.shutdown(Shutdown::Both).expect("shutdown");
    far.read_to_end(&mut Vec::new()).expect("read");
}

#[test]
fn a_connection_is_remembered_unless_the_machine_is_told_not_to() {
    let Some(mut metrics) = present(Client::open()) else {
        return;
    };
    connect_once();
    let request = Get {
        addr_ipv4: Some(LOCALHOST.into()),
        ..Get::default()
    };
    let got = metrics.get(&request).map(|reply| reply.to_owned());
    if number("/proc/sys/net/ipv4/tcp_no_metrics_save") == 1 {
        // What was there before the machine was told stays there.
        assert!(matches!(got, Ok(_) | Err(genl_user::Error::Refused(_))));
        return;
    }
    let one = got.expect("get");
    assert_eq!(one.addr_ipv4, Some(LOCALHOST.into()));
    let dump = metrics.get_dump(&GetDump {}).expect("dump");
    let all = dump.consistent(3).expect("all");
    let same = all
        .iter()
        .find(|item| item.addr_ipv4 == one.addr_ipv4 && item.saddr_ipv4 == one.saddr_ipv4);
    assert!(same.is_some_and(|item| item.vals.is_some()), "{all:?}");
}
