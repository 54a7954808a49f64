//! What makes a good message a bad one.

use super::draft::{Body, Draft, NESTED, NLMSG_HDRLEN, Node};
use super::random::Random;

/// No message gets much longer, as the socket would refuse it.
const LONGEST: usize = 60_000;

/// The controller's number, the one family besides ours that bad messages go to.
const CONTROLLER: u16 = 16;

/// Spoils one thing.
pub(super) fn spoil(draft: &mut Draft, random: &mut Random) {
    match random.below(24) {
        0 => draft.cmd = random.next() as u8,
        1 => draft.version = random.next() as u8,
        2 => draft.reserved = random.next() as u16,
        3 => draft.flags ^= 1 << random.below(16),
        4 => draft.flags ^= libc::NLM_F_DUMP as u16,
        5 => draft.flags = random.next() as u16,
        6 => draft.kind = *random.pick(&[0, 1, 2, 3, 4, 15, CONTROLLER, u16::MAX]),
        7 => draft.tail = some(20, random),
        8 => {
            let whole = draft.attrs.iter().map(Node::size).sum::<usize>() as u32 + 20;
            draft.lie = Some(*random.pick(&[
                0,
                1,
                NLMSG_HDRLEN as u32 - 1,
                NLMSG_HDRLEN as u32,
                NLMSG_HDRLEN as u32 + 1,
                whole - 1,
                whole - 4,
                whole + 1,
                whole + 4,
                u32::MAX,
                random_len(whole),
            ]));
        }
        9 => {
            let len = random.below(draft.header.len() + 9);
            draft.header.resize(len, 0);
        }
        _ => list(&mut draft.attrs, random),
    }
}

/// Something that is about as long as the message.
fn random_len(whole: u32) -> u32 {
    whole / 2 + 7
}

/// Spoils a list of attributes, or one further inside.
fn list(nodes: &mut Vec<Node>, random: &mut Random) {
    let nests: Vec<usize> = (0..nodes.len())
        .filter(|&at| matches!(nodes[at].body, Body::Nest(_)))
        .collect();
    if !nests.is_empty()
        && !random.once_in(3)
        && let Body::Nest(inside) = &mut nodes[*random.pick(&nests)].body
    {
        return list(inside, random);
    }
    if nodes.is_empty() || random.once_in(8) {
        let kind = *random.pick(&[0, 1, 2, 3, 7, 40, 255, 0x3fff, u16::MAX]);
        let bytes = some(12, random);
        let at = random.below(nodes.len() + 1);
        return nodes.insert(at, Node::bytes(kind, bytes));
    }
    let at = random.below(nodes.len());
    match random.below(6) {
        0 => drop(nodes.remove(at)),
        1 => {
            let copy = nodes[at].clone();
            let to = random.below(nodes.len() + 1);
            nodes.insert(to, copy);
        }
        2 => {
            let other = random.below(nodes.len());
            nodes.swap(at, other);
        }
        3 if random.once_in(4) => {
            let times = (LONGEST / nodes[at].size()).min(1 + random.below(3000));
            let copy = nodes[at].clone();
            nodes.splice(at..at, std::iter::repeat_n(copy, times));
        }
        _ => one(&mut nodes[at], random),
    }
}

/// Spoils one attribute.
fn one(node: &mut Node, random: &mut Random) {
    match random.below(12) {
        0 => node.kind ^= NESTED,
        1 => node.kind ^= libc::NLA_F_NET_BYTEORDER as u16,
        2 => node.kind = random.below(12) as u16,
        3 => node.kind = random.next() as u16,
        4 | 5 => {
            let len = node.size() as u16;
            node.lie = Some(*random.pick(&[
                0,
                1,
                3,
                4,
                5,
                len.wrapping_sub(1),
                len.wrapping_add(1),
                len.wrapping_add(4),
                len / 2,
                u16::MAX,
            ]));
        }
        6 => {
            let inside = node.clone();
            for _ in 0..1 + random.below(40) {
                let outer = Node::nest(
                    inside.kind,
                    vec![std::mem::replace(node, Node::bytes(0, Vec::new()))],
                );
                *node = outer;
            }
        }
        _ => body(&mut node.body, random),
    }
}

fn body(body: &mut Body, random: &mut Random) {
    let Body::Bytes(bytes) = body else {
        *body = Body::Bytes(some(40, random));
        return;
    };
    match random.below(5) {
        0 => bytes.truncate(random.below(bytes.len() + 1)),
        1 => bytes.extend(some(9, random)),
        2 if random.once_in(4) => bytes.resize(random.below(LONGEST), 0x61),
        3 => *body = Body::Nest(vec![Node::bytes(1, some(9, random))]),
        _ => {
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] = *random.pick(&[0, 1, 0x7f, 0x80, 0xff]);
            }
        }
    }
}

fn some(end: usize, random: &mut Random) -> Vec<u8> {
    let len = random.below(end);
    random.bytes(len)
}
