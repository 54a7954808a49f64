//! Any datagrams as what comes to who listens: the events that the messages mean by netlink's rules, in their order, and
//! each loss told, not before what is older.

#![no_main]

use genl_user::Message as _;
use genl_user::families::kvstore::{DelNtfOwned, GetReplyOwned};
use genl_user::fuzzing::{self, Datagram, Heard, LISTENED_ID, PORT};
use genl_user::wire::{FromPayload, Payload};
use genl_user_fuzz::datagrams::split;
use genl_user_fuzz::netlink::{self, GENLMSGHDR, NLMSGHDR};
use libfuzzer_sys::fuzz_target;

/// GENL_ID_CTRL: what it says moves the family about.
const CONTROLLER: u16 = 16;

/// Netlink's own messages have lower types than this.
const NLMSG_MIN_TYPE: u16 = 16;

/// The commands of kvstore's events.
const SET_NTF: u8 = 6;
const DEL_NTF: u8 = 7;

fuzz_target!(|input: &[u8]| {
    let datagrams = split(input);
    let expected = expected(&datagrams);
    let heard = fuzzing::events(datagrams);
    if let Some(expected) = expected {
        assert_eq!(others(&heard), others(&expected));
        let [told, lost] = [&heard, &expected].map(|heard| overruns(heard));
        assert_eq!(told.len(), lost.len(), "{heard:?}");
        let is_late = |(told, lost): (&usize, &usize)| told >= lost;
        assert!(told.iter().zip(&lost).all(is_late), "{heard:?}");
    }
});

/// What is heard but for losses.
fn others(heard: &[Heard]) -> Vec<&Heard> {
    heard
        .iter()
        .filter(|heard| **heard != Heard::Overrun)
        .collect()
}

/// How many of the others are heard before each loss is told.
fn overruns(heard: &[Heard]) -> Vec<usize> {
    let all = heard.iter().enumerate();
    let overruns = all.filter(|(_, heard)| **heard == Heard::Overrun);
    overruns
        .enumerate()
        .map(|(nth, (at, _))| at - nth)
        .collect()
}

/// What is heard, if the family stays what it is.
fn expected(datagrams: &[Datagram]) -> Option<Vec<Heard>> {
    let mut heard = Vec::new();
    for datagram in datagrams {
        if datagram.overrun {
            heard.push(Heard::Overrun);
            continue;
        }
        if !datagram.from_kernel {
            continue;
        }
        if datagram.lost > 0 {
            heard.push(Heard::Truncated);
            continue;
        }
        let messages = netlink::messages(&datagram.bytes);
        for message in &messages.whole {
            let refusal = message.kind == libc::NLMSG_ERROR as u16 && message.port == PORT;
            if message.kind == CONTROLLER || refusal {
                return None;
            }
            if message.kind >= NLMSG_MIN_TYPE {
                heard.push(event(message.kind, message.bytes));
            }
        }
        if messages.broken_at.is_some() {
            heard.push(Heard::Malformed);
        }
    }
    Some(heard)
}

fn event(id: u16, message: &[u8]) -> Heard {
    let begin = NLMSGHDR + GENLMSGHDR;
    if message.len() < begin {
        return Heard::Malformed;
    }
    // What it says is the target `message`'s.
    let payload = Payload::new(&message[begin..], begin);
    let read = match (id, message[NLMSGHDR]) {
        (LISTENED_ID, SET_NTF) => View::<GetReplyOwned>::from_payload(payload)
            .map(|view| Heard::Set(Box::new(GetReplyOwned::from_view(&view)))),
        (LISTENED_ID, DEL_NTF) => View::<DelNtfOwned>::from_payload(payload)
            .map(|view| Heard::Del(Box::new(DelNtfOwned::from_view(&view)))),
        (id, cmd) => Ok(Heard::Unknown(id, cmd)),
    };
    read.unwrap_or(Heard::Malformed)
}

type View<'a, M> = <M as genl_user::Message>::View<'a>;
