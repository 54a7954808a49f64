//! Bytes that no kernel should send: whatever they are, reading them ends in a view or an error,
//! and a view can be gone through whole.

#[expect(
    dead_code,
    unreachable_pub,
    reason = "of this family, what is nested is read here"
)]
#[path = "vm/families/everything.rs"]
mod everything;

use std::fmt::Debug;

use genl_user::families::{kvstore, nlctrl, nltest};
use genl_user::wire::{Attrs, Encoder, FromAttrs, FromPayload, Payload};
use genl_user::{Message, Request};

/// How many messages each test reads; Miri takes a thousand times as long for each.
const ROUNDS: usize = if cfg!(miri) { 40 } else { 20_000 };

/// Numbers that look random and are the same in each run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// Reads the bytes as a message; true if that went well.
fn read<M: Message + Debug>(bytes: &[u8]) -> bool
where
    for<'a> M::View<'a>: Debug,
{
    match M::View::from_payload(Payload::new(bytes, 20)) {
        Ok(view) => {
            // Both go through all that is nested, and neither may find less than was checked.
            assert!(!format!("{view:?}").is_empty());
            assert!(!format!("{:?}", M::from_view(&view)).is_empty());
            true
        }
        Err(malformed) => {
            assert!((20..20 + bytes.len()).contains(&(malformed.offset as usize)));
            false
        }
    }
}

/// Changes some bytes of well-formed messages, or cuts them off, and reads what is left.
fn mutate<M: Message + Debug>(seed: u64, messages: &[Vec<u8>])
where
    for<'a> M::View<'a>: Debug,
{
    let mut random = Random(seed);
    let (mut views, mut errors) = (0, 0);
    for message in messages {
        assert!(read::<M>(message), "the message as it was");
    }
    for _ in 0..ROUNDS {
        let mut bytes = messages[random.below(messages.len())].clone();
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len());
            bytes[at] = match random.below(3) {
                0 => random.next() as u8,
                1 => bytes[at].wrapping_add(1),
                _ => 1 << random.below(8),
            };
        }
        if random.below(4) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        match read::<M>(&bytes) {
            true => views += 1,
            false => errors += 1,
        }
    }
    // Else the bytes were not hostile enough, or far too much so.
    assert!(views > ROUNDS / 20, "{views} views");
    assert!(errors > ROUNDS / 20, "{errors} errors");
}

fn encoded(request: &impl Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(&mut Encoder::new(&mut out)).unwrap();
    out
}

#[test]
fn entries() {
    let set = kvstore::Set {
        key: "host",
        value: Some(b"example"),
        flags: Some(kvstore::EntryFlags::STICKY),
        meta: Some(kvstore::Meta {
            created_ns: Some(1),
            hits: Some(1 << 40),
            label: &["one", "two", ""],
        }),
    };
    let bare = kvstore::Set {
        key: "k",
        ..kvstore::Set::default()
    };
    mutate::<kvstore::GetReplyOwned>(1, &[encoded(&set), encoded(&bare)]);
}

#[test]
fn echoes() {
    let echo = nltest::Echo {
        u8: Some(1),
        u16: Some(2),
        sint: Some(-1),
        be16: Some(3),
        string: Some("text"),
        binary: Some(&[0; 40]),
        flag: true,
        enum_: Some(nltest::Color::Blue),
        nest: Some(nltest::Inner {
            number: Some(5),
            text: Some("inner"),
        }),
        multi: &[1, 2, 3],
        ..nltest::Echo::default()
    };
    mutate::<nltest::EchoReplyOwned>(2, &[encoded(&echo)]);
}

/// The deepest there is: nests by number within nests by number.
#[test]
fn policies() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    encoder.u16(1, 16);
    encoder
        .nest(8, |out| {
            for policy in 0..3 {
                out.nest(policy, |out| {
                    out.nest(1, |out| {
                        out.u32(1, 2);
                        out.u64(4, 0);
                        out.u64(5, u64::MAX);
                        Ok(())
                    })?;
                    out.nest(2, |out| {
                        out.u32(1, 12);
                        out.u32(7, 15);
                        Ok(())
                    })
                })?;
            }
            Ok(())
        })
        .unwrap();
    assert!(read::<nlctrl::GetpolicyDumpReplyOwned>(&out));
    mutate::<nlctrl::GetpolicyDumpReplyOwned>(3, &[out]);
}

#[test]
fn noise() {
    let mut random = Random(4);
    for _ in 0..ROUNDS {
        let len = random.below(64);
        let bytes: Vec<u8> = (0..len).map(|_| random.below(24) as u8).collect();
        read::<kvstore::GetReplyOwned>(&bytes);
        read::<nltest::EchoReplyOwned>(&bytes);
        read::<nlctrl::GetfamilyReplyOwned>(&bytes);
        read::<nlctrl::GetpolicyDumpReplyOwned>(&bytes);
    }
}

/// Attributes of any numbers and lengths, some of them nests, some cut off.
fn soup(random: &mut Random, depth: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..random.below(5) {
        let payload = match random.below(6) {
            0 if depth > 0 => soup(random, depth - 1),
            0..=2 => b"text\0"[random.below(5)..].to_vec(),
            3 => vec![0xff, 0],
            _ => vec![1; [0, 1, 2, 4, 4, 4, 8, 8][random.below(8)]],
        };
        let spoiled = if random.below(30) == 0 { 3 } else { 0 };
        let len = (4 + payload.len() + spoiled) as u16;
        out.extend(len.to_ne_bytes());
        out.extend((random.below(14) as u16).to_ne_bytes());
        out.extend(payload);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// Nests in lists are looked through first, and read when they are asked for: the one must not find
/// other faults than the other.
#[test]
fn nests_are_judged_as_they_are_read() {
    fn judge<'b, V: FromAttrs<'b>>(bytes: &'b [u8], seen: &mut [usize; 2]) {
        let attrs = Attrs::new(bytes, 20);
        let is_read = V::from_attrs(attrs).is_ok();
        assert_eq!(V::can_be_read(attrs), is_read, "{bytes:02x?}");
        seen[usize::from(is_read)] += 1;
    }
    let mut random = Random(5);
    let mut seen = [[0; 2]; 9];
    for _ in 0..ROUNDS {
        let bytes = soup(&mut random, 3);
        judge::<kvstore::MetaView<'_>>(&bytes, &mut seen[0]);
        judge::<nlctrl::OpView>(&bytes, &mut seen[1]);
        judge::<nlctrl::McastGroupView<'_>>(&bytes, &mut seen[2]);
        judge::<nlctrl::PolicyView>(&bytes, &mut seen[3]);
        judge::<nlctrl::OpPolicyView>(&bytes, &mut seen[4]);
        judge::<nltest::InnerView<'_>>(&bytes, &mut seen[5]);
        judge::<everything::LeafView<'_>>(&bytes, &mut seen[6]);
        judge::<everything::SmallLeafView<'_>>(&bytes, &mut seen[7]);
        judge::<everything::TreeView<'_>>(&bytes, &mut seen[8]);
    }
    let often = |[refused, read]: &[usize; 2]| *refused > ROUNDS / 20 && *read > ROUNDS / 20;
    assert!(seen.iter().all(often), "{seen:?}");
}
