//! Any datagrams as what answers a dump: the items, and the end, that the messages mean by netlink's rules; and whatever
//! came, and wherever the dump was dropped, the next call gets its own answer.

#![no_main]

use std::ops::Range;

use genl_user::Message as _;
use genl_user::families::kvstore::GetReplyOwned;
use genl_user::fuzzing::{self, Datagram, FAMILY_ID, PORT, Step};
use genl_user::wire::{FromPayload, Payload};
use genl_user_fuzz::datagrams::{split, whole};
use genl_user_fuzz::netlink::{self, GENLMSGHDR, Message, NLMSGHDR};
use genl_user_fuzz::told::Told;
use libfuzzer_sys::fuzz_target;

const ERROR: u16 = libc::NLMSG_ERROR as u16;
const DONE: u16 = libc::NLMSG_DONE as u16;

/// Sequence numbers: the dump's, and that of the call behind it.
const DUMP: u32 = 1;
const CALL: u32 = 2;

/// Where a message has its sequence number.
const SEQ: Range<usize> = 8..12;

/// The command of kvstore's `get`.
const GET: u8 = 1;

fuzz_target!(|input: &[u8]| {
    let Some((&steps, bytes)) = input.split_first() else {
        return;
    };
    let mut datagrams = split(bytes);
    // It is for who listens.
    datagrams.retain(|datagram| !datagram.overrun);
    // The kernel cannot answer what it was not asked yet.
    let early = datagrams
        .iter()
        .flat_map(|datagram| netlink::messages(&datagram.bytes).whole)
        .any(|message| message.seq == CALL);
    if early {
        return;
    }
    let steps = match steps {
        0..128 => usize::from(steps),
        128.. => usize::MAX,
    };
    let Some(expected) = expected(&datagrams, steps) else {
        return;
    };

    // What is left of them is in the way of the call, if it makes no sense.
    let in_order = datagrams.iter().all(|datagram| {
        datagram.lost == 0 && netlink::messages(&datagram.bytes).broken_at.is_none()
    });
    let end = fuzzing::message((DONE, 2, DUMP, PORT), 0, &[]);
    let own = fuzzing::message(
        (FAMILY_ID, 0, CALL, PORT),
        GET,
        &[8, 0, 1, 0, b'k', b'e', b'y', 0],
    );
    let then = [end, own].map(whole);
    let (seen, answer) = fuzzing::dump(datagrams, steps, then.into());
    assert_eq!(seen, expected);
    let own = GetReplyOwned {
        key: Some("key".into()),
        ..Default::default()
    };
    let confused = !in_order && matches!(answer, Step::Malformed | Step::Truncated);
    assert!(
        answer == Step::Item(Box::new(own)) || confused,
        "{answer:?}"
    );
});

/// What is seen; `None` if it may be that the family has got another id, after which others are asked.
fn expected(datagrams: &[Datagram], most: usize) -> Option<Vec<Step>> {
    let mut steps = steps(datagrams)?;
    steps.truncate(most);
    Some(steps)
}

fn steps(datagrams: &[Datagram]) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let (mut begun, mut interrupted) = (false, false);
    for datagram in datagrams.iter().filter(|datagram| datagram.from_kernel) {
        if datagram.lost > 0 {
            // Whose it is its first bytes tell. There is room for more than those always.
            match datagram.bytes.get(SEQ)? == DUMP.to_ne_bytes() {
                true => steps.push(Step::Truncated),
                false => continue,
            }
            return Some(steps);
        }
        let messages = netlink::messages(&datagram.bytes);
        for message in &messages.whole {
            if (message.seq, message.port) != (DUMP, PORT) {
                continue;
            }
            interrupted |= message.flags & libc::NLM_F_DUMP_INTR as u16 != 0;
            if matches!(message.kind, ERROR | DONE) {
                let refuses = !begun && message.kind == ERROR;
                steps.extend(end(message, interrupted, refuses)?);
                return Some(steps);
            }
            begun = true;
            steps.push(item(message));
            if steps.last() == Some(&Step::Unexpected) {
                return Some(steps);
            }
        }
        if messages.broken_at.is_some() {
            steps.push(Step::Malformed);
            if !begun {
                return Some(steps);
            }
        }
    }
    steps.push(Step::TimedOut);
    Some(steps)
}

/// What a message says that ends a dump, or refuses it before it has begun.
fn end(message: &Message<'_>, interrupted: bool, refuses: bool) -> Option<Vec<Step>> {
    let told = Told::by_the_rules(message.kind, message.flags, &message.bytes[NLMSGHDR..]);
    if told.broken {
        return Some(match refuses {
            true => vec![Step::Malformed],
            false => vec![Step::Malformed, Step::End],
        });
    }
    let hints = matches!(told.errno, libc::ENOENT | libc::EOPNOTSUPP);
    if hints && refuses {
        return None;
    }
    Some(vec![match (told.errno, interrupted) {
        (0, true) => Step::Interrupted,
        (0, false) => Step::End,
        (errno, _) => Step::Refused(errno),
    }])
}

fn item(message: &Message<'_>) -> Step {
    let begin = NLMSGHDR + GENLMSGHDR;
    if message.kind != FAMILY_ID || message.bytes.len() < begin || message.bytes[NLMSGHDR] != GET {
        return Step::Unexpected;
    }
    // What an item says is the target `message`'s.
    let payload = Payload::new(&message.bytes[begin..], begin);
    match <GetReplyOwned as genl_user::Message>::View::from_payload(payload) {
        Ok(view) => Step::Item(Box::new(GetReplyOwned::from_view(&view))),
        Err(_) => Step::Malformed,
    }
}
