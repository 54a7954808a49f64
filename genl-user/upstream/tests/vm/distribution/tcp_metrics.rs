//! What the kernel remembers of a TCP connection that was.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

use genl_upstream::tcp_metrics::{Client, Del, Get, GetDump};

use crate::machine::{in_new_netns, ip, ip_show};

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Talks over TCP on this machine, so that there is something to remember.
fn connect_once() {
    ip("link set lo up");
    let listener = TcpListener::bind((LOCALHOST, 0)).expect("bind");
    let address = listener.local_addr().expect("an address");
    let mut near = TcpStream::connect(address).expect("connect");
    let (mut far, _) = listener.accept().expect("accept");
    near.write_all(b"hello").expect("write");
    near.shutdown(Shutdown::Both).expect("shutdown");
    far.read_to_end(&mut Vec::new()).expect("read");
}

fn of_localhost() -> Get<'static> {
    Get {
        addr_ipv4: Some(LOCALHOST.into()),
        ..Get::default()
    }
}

#[test]
fn a_connection_is_remembered_until_it_is_deleted() {
    in_new_netns(|| {
        let mut metrics = Client::open().expect("the kernel has tcp_metrics");
        assert!(
            metrics
                .get_dump(&GetDump {})
                .expect("dump")
                .next()
                .expect("its end")
                .is_none()
        );
        connect_once();

        let one = metrics.get(&of_localhost()).expect("get").to_owned();
        assert_eq!(one.addr_ipv4, Some(LOCALHOST.into()));
        let values = one.vals.as_ref().expect("metrics");
        assert!(
            values.cwnd.is_some() || values.rtt_us.is_some(),
            "{values:?}"
        );

        let shown = ip_show("tcp_metrics show");
        assert_eq!(shown[0]["dst"], LOCALHOST.to_string(), "{shown:?}");
        let all = metrics
            .get_dump(&GetDump {})
            .expect("dump")
            .consistent(0)
            .expect("all");
        assert_eq!(all.len(), shown.len());
        assert_eq!((all[0].addr_ipv4, &all[0].vals), (one.addr_ipv4, &one.vals));

        let request = Del {
            addr_ipv4: Some(LOCALHOST.into()),
            ..Del::default()
        };
        metrics.del(&request).expect("del");
        let gone = metrics.get(&of_localhost()).expect_err("it is gone");
        assert_eq!(gone.errno(), Some(libc::ESRCH));
    });
}
