//! The codec against netlink's rules: whatever is written, an independent parser ([`netlink`]) finds in the bytes what
//! was meant; whatever comes, the codec finds in it what that parser does.
//!
//! The values are random, and the same in each run.

mod decode;
mod encode;
mod entry;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the fuzz targets need more of it, in a crate of its own"
)]
mod netlink;
#[expect(dead_code, reason = "who sends hostile messages needs more of it")]
#[path = "../vm/hostile/random.rs"]
mod random;

use random::Random;

/// How many cases a property is tried with; Miri takes a thousand times as long for each.
const CASES: u64 = if cfg!(miri) { 10 } else { 30_000 };

/// Tries a property with the numbers of each case; a failure says which one it was.
fn for_all(seed: u64, property: impl Fn(&mut Random)) {
    struct Case(u64);
    impl Drop for Case {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("in case {}", self.0);
            }
        }
    }
    for number in 0..CASES {
        let case = Case(number);
        property(&mut Random::new(seed, number));
        drop(case);
    }
}

/// An attribute as the rules ask for it, but with this in its length field.
fn attr_of_length(len: usize, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (len as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(netlink::padded(bytes.len()), 0);
    bytes
}

/// An attribute as the rules ask for it: its length without the padding, which is zero.
fn attr(kind: u16, payload: &[u8]) -> Vec<u8> {
    attr_of_length(netlink::NLATTR + payload.len(), kind, payload)
}
