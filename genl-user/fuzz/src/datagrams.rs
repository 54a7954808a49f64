//! How an input becomes datagrams.

use genl_user::fuzzing::Datagram;

/// More than there is room for, in bytes.
const TOO_MUCH: usize = 1 << 20;

/// Datagrams, each behind its length in two bytes, whose upper bits say how it comes.
pub fn split(mut bytes: &[u8]) -> Vec<Datagram> {
    let mut datagrams = Vec::new();
    while let Some((&[low, high], rest)) = bytes.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([low, high & 0x0f]));
        let (this, rest) = rest.split_at(len.min(rest.len()));
        datagrams.push(Datagram {
            overrun: high & 0x10 != 0,
            lost: match high & 0x20 {
                0 => 0,
                _ => TOO_MUCH,
            },
            from_kernel: high & 0x40 == 0,
            late: high & 0x80 != 0,
            bytes: this.to_vec(),
        });
        bytes = rest;
    }
    datagrams
}

/// One as nearly all are.
pub fn whole(bytes: Vec<u8>) -> Datagram {
    Datagram {
        overrun: false,
        lost: 0,
        from_kernel: true,
        late: false,
        bytes,
    }
}
