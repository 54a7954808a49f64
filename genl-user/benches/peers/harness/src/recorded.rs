//! A dump for those that decode without a socket.

const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;

/// The messages of a dump of all families of this machine, from their nlmsghdr on.
pub fn recorded() -> Vec<Vec<u8>> {
    // SAFETY: the call takes numbers only.
    let fd = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_GENERIC) };
    assert!(fd >= 0);
    let mut request = 20_u32.to_ne_bytes().to_vec();
    request.extend(GENL_ID_CTRL.to_ne_bytes());
    request.extend(((libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16).to_ne_bytes());
    request.extend([0; 8]);
    request.extend([CTRL_CMD_GETFAMILY, 1, 0, 0]);
    // SAFETY: `request` is valid for reads of its length.
    let sent = unsafe { libc::send(fd, request.as_ptr().cast(), request.len(), 0) };
    assert_eq!(sent, request.len() as isize);
    let mut messages = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        // SAFETY: `buffer` is valid for writes of its length.
        let len = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        let mut rest = &buffer[..usize::try_from(len).expect("a datagram")];
        while let Some(head) = rest.first_chunk::<8>() {
            let len = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
            if u16::from_ne_bytes([head[4], head[5]]) != GENL_ID_CTRL {
                // SAFETY: the descriptor is not used again.
                unsafe { libc::close(fd) };
                return messages;
            }
            messages.push(rest[..len].to_vec());
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

/// How many bytes [`recorded`] has.
pub fn recorded_len() -> usize {
    recorded().iter().map(Vec::len).sum()
}
