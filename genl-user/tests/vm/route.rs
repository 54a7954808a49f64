//! The routing family's message that gives a network namespace an id (`rtnl_net_newid()`).

use std::os::fd::AsRawFd;

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

use crate::guest::Netns;

/// NETNSA_NSID and NETNSA_FD of linux/net_namespace.h.
const NSID: u16 = 1;
const FD: u16 = 3;

/// Lets the calling thread's network namespace know the other by this id.
pub(crate) fn set_nsid(other: &Netns, id: i32) {
    let mut request = Vec::new();
    request.extend(36_u32.to_ne_bytes());
    request.extend(libc::RTM_NEWNSID.to_ne_bytes());
    request.extend(((libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16).to_ne_bytes());
    request.extend([0; 8]);
    // A rtgenmsg, padded.
    request.extend([0; 4]);
    for (kind, value) in [(NSID, id), (FD, other.as_raw_fd())] {
        request.extend(8_u16.to_ne_bytes());
        request.extend(kind.to_ne_bytes());
        request.extend(value.to_ne_bytes());
    }
    let socket = NlSocket::connect(NlFamily::Route, None, Groups::empty()).expect("a socket");
    let sent = socket.send(&request, Msg::empty()).expect("sent");
    assert_eq!(sent, request.len());
    let mut answer = [0; 256];
    let (len, _) = socket.recv(&mut answer, Msg::empty()).expect("an answer");
    let errno = answer[..len][16..].first_chunk().expect("an errno");
    assert_eq!(i32::from_ne_bytes(*errno), 0, "RTM_NEWNSID");
}
