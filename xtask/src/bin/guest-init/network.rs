//! The loopback interface.

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Sets the loopback interface up, by the message that `ip link set lo up` sends (rtnetlink(7)).
pub(crate) fn loopback_up() -> Result<(), String> {
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_ACK: u16 = 1 | 4;
    const LOOPBACK_INDEX: u32 = 1;
    const IFF_UP: u32 = 1;

    let mut request = Vec::with_capacity(32);
    // nlmsghdr: length, type, flags, sequence, port
    request.extend(32_u32.to_ne_bytes());
    request.extend(RTM_NEWLINK.to_ne_bytes());
    request.extend(NLM_F_REQUEST_ACK.to_ne_bytes());
    request.extend([0; 8]);
    // ifinfomsg: family and device type, index, flags, which of the flags to change
    request.extend([0; 4]);
    for field in [LOOPBACK_INDEX, IFF_UP, IFF_UP] {
        request.extend(field.to_ne_bytes());
    }
    let answer =
        ask(&request).map_err(|error| format!("cannot set the loopback interface up: {error}"))?;
    // nlmsgerr: the error follows the header.
    match answer.get(16..20) {
        Some([0, 0, 0, 0]) => Ok(()),
        _ => Err("the kernel refuses to set the loopback interface up".to_owned()),
    }
}

fn ask(request: &[u8]) -> rustix::io::Result<Vec<u8>> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::net::send(&socket, request, SendFlags::empty())?;
    let mut answer = vec![0; 4096];
    let (length, _) = rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
    answer.truncate(length);
    Ok(answer)
}
