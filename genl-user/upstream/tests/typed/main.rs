//! The generated clients write the bytes, and read the values, that the kernel's rules ask for: each
//! message of each upstream family, with random values.
//!
//! The build script makes the messages (`samples.rs`): an expression of the generated type, and the
//! bytes that an encoder of its own, which the test `wire` compares with pyynl, makes of the same
//! values.

use std::fmt::Debug;

use genl_upstream::*;
use genl_user::bitflags::Flags;
use genl_user::wire::{self, Encoder, FromPayload, Payload};
use genl_user::{Message, Request};

#[expect(
    clippy::needless_update,
    reason = "it is chance whether a message has all of its fields"
)]
mod table {
    use super::*;

    include!(concat!(env!("OUT_DIR"), "/typed.rs"));
}

/// Where the content of a message begins: behind nlmsghdr and genlmsghdr.
const CONTENT: usize = 20;

#[test]
fn requests_are_written() {
    table::requests();
    println!("{} requests", table::REQUESTS);
}

#[test]
fn what_the_kernel_sends_is_read() {
    table::replies();
    println!("{} messages from the kernel", table::REPLIES);
}

fn request(title: &str, request: &(impl Request + Debug), bytes: &[u8]) {
    let mut out = Vec::new();
    let written = request.encode(&mut Encoder::new(&mut out));
    assert_eq!(written, Ok(()), "{title}: {request:?}");
    assert_eq!(out, bytes, "{title}: {request:?}");
}

fn reply<M: Message + Debug + PartialEq>(title: &str, expected: &M, bytes: &[u8]) {
    let view = M::View::from_payload(Payload::new(bytes, CONTENT));
    let view = view.unwrap_or_else(|malformed| panic!("{title}: {malformed:?} in {bytes:02x?}"));
    assert_eq!(&M::from_view(&view), expected, "{title}: {bytes:02x?}");
}

/// Flags of the type that is wanted.
fn bits<F: Flags>(bits: F::Bits) -> F {
    F::from_bits_retain(bits)
}
