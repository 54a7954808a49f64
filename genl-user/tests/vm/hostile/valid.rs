//! Messages as a spec wants them, with random values.

use genl_user::dynamic::genl_schema::model::{
    Attr, AttrKind, ByteOrder, Family, Holds, Int, IntKind, Len, Message, Op, SetId,
};

use super::draft::{Draft, Node};
use super::random::Random;

const REQUEST: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// How deep nests are filled; a set can be nested in itself.
const DEPTH: usize = 6;

/// A request of any operation of `family`, whose number is `id`.
pub(super) fn any_request(family: &Family, id: u16, random: &mut Random) -> Draft {
    loop {
        let op = random.pick(&family.ops);
        if is_idle(op) || (op.name.as_str() == "repeat" && !random.once_in(100)) {
            // As many messages as nltest's `repeat` gives cost seconds.
            continue;
        }
        // A dump costs as much as a hundred calls, and its request is one.
        let dumps = op.dump.is_some() && random.once_in(8);
        let Some(draft) = request(family, id, op, dumps, random) else {
            continue;
        };
        // What takes nothing is soon told, and kvstore's `clear` leaves little to go on with.
        if !draft.attrs.is_empty() || random.once_in(8) {
            return draft;
        }
    }
}

/// It does nothing but take its time: nltest's `sleep`, of which spoiled requests are enough.
pub(super) fn is_idle(op: &Op) -> bool {
    op.name.as_str() == "sleep"
}

/// A request of an operation, if it can be called that way.
pub(super) fn request(
    family: &Family,
    id: u16,
    op: &Op,
    dumps: bool,
    random: &mut Random,
) -> Option<Draft> {
    let (call, flags) = match dumps {
        true => (op.dump.as_ref()?, REQUEST | DUMP),
        false => (op.do_.as_ref()?, REQUEST),
    };
    let message = &family[call.request];
    let header = message.header.map_or(0, |header| family[header].size);
    Some(Draft {
        kind: id,
        flags,
        cmd: op.cmd,
        version: family.version,
        header: random.bytes(header),
        attrs: fields(family, message, random),
        ..Draft::default()
    })
}

fn fields(family: &Family, message: &Message, random: &mut Random) -> Vec<Node> {
    let mut nodes = Vec::new();
    for field in &message.fields {
        if field.required || random.once_in(2) {
            add(
                family,
                family.attr(message, field),
                DEPTH,
                random,
                &mut nodes,
            );
        }
    }
    nodes
}

fn nest(family: &Family, set: SetId, depth: usize, random: &mut Random) -> Vec<Node> {
    let mut nodes = Vec::new();
    if depth > 0 {
        for attr in &family[set].attrs {
            if random.once_in(3) {
                add(family, attr, depth - 1, random, &mut nodes);
            }
        }
    }
    nodes
}

/// Adds an attribute, as often as it may be there.
fn add(family: &Family, attr: &Attr, depth: usize, random: &mut Random, nodes: &mut Vec<Node>) {
    let times = match attr.multi {
        true => random.below(5),
        false => 1,
    };
    for _ in 0..times {
        nodes.push(node(family, attr.id, &attr.kind, depth, random));
    }
}

fn node(family: &Family, id: u16, kind: &AttrKind, depth: usize, random: &mut Random) -> Node {
    let bytes = match kind {
        AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => Vec::new(),
        AttrKind::Int(int) => integer(family, int, random),
        AttrKind::String(text) => {
            let mut bytes = string(text.len, random);
            if !text.unterminated_ok || random.once_in(2) {
                bytes.push(0);
            }
            bytes
        }
        AttrKind::Binary(binary) => match &binary.holds {
            Holds::Bytes => {
                let len = length(binary.len, random);
                random.bytes(len)
            }
            Holds::Struct(id) => random.bytes(family[*id].size),
            Holds::Array(int) => (0..random.below(6))
                .flat_map(|_| integer(family, int, random))
                .collect(),
        },
        AttrKind::Bitfield32(bits) => {
            let mask = bits.mask.unwrap_or(u32::MAX);
            let selector = random.next() as u32 & mask;
            let value = random.next() as u32 & selector;
            [value.to_ne_bytes(), selector.to_ne_bytes()].concat()
        }
        AttrKind::Nest(set) => return Node::nest(id, nest(family, *set, depth, random)),
        AttrKind::IndexedArray(element) => {
            let elements = (0..random.below(4) as u16)
                .map(|at| node(family, at + 1, element, depth.saturating_sub(1), random))
                .collect();
            return Node::nest(id, elements);
        }
        AttrKind::TypeValue(levels, inside) => {
            // One of the levels is the attribute itself.
            let mut deepest = node(family, 1 + random.below(9) as u16, inside, depth, random);
            for _ in 1..levels.len() {
                deepest = Node::nest(1 + random.below(9) as u16, vec![deepest]);
            }
            return Node::nest(id, vec![deepest]);
        }
    };
    Node::bytes(id, bytes)
}

fn integer(family: &Family, int: &Int, random: &mut Random) -> Vec<u8> {
    let (least, most) = int.range.unwrap_or(int.kind.limits());
    let entries = int.names.map(|names| &family[names.id].entries);
    let value = match (int.mask, entries) {
        (Some(mask), _) => i128::from(random.next() & mask),
        (None, Some(entries)) if int.range.is_none() && !entries.is_empty() => {
            random.pick(entries).value.clamp(least, most)
        }
        _ => match random.below(16) {
            0 => least,
            1 => most,
            // Small numbers mean more than others: sizes, ports, indices.
            2..6 => random.between(0, 16).clamp(least, most),
            _ => least + ((random.between(least, most) - least) >> random.below(64)),
        },
    };
    let size = int.kind.fixed_size().unwrap_or_else(|| {
        let fits = match int.kind {
            IntKind::Sint => i32::try_from(value).is_ok(),
            _ => u32::try_from(value).is_ok(),
        };
        if fits { 4 } else { 8 }
    });
    let little = &value.to_le_bytes()[..size];
    let big = match int.order {
        ByteOrder::Host => cfg!(target_endian = "big"),
        ByteOrder::Big => true,
        ByteOrder::Little => false,
    };
    match big {
        true => little.iter().rev().copied().collect(),
        false => little.to_vec(),
    }
}

/// A text of few letters if it is short, so that the same ones come again.
fn string(len: Len, random: &mut Random) -> Vec<u8> {
    let len = length(len, random);
    match len {
        0..=2 => (0..len).map(|_| *random.pick(b"abcdefgh")).collect(),
        _ => (0..len).map(|_| 1 + random.below(255) as u8).collect(),
    }
}

fn length(len: Len, random: &mut Random) -> usize {
    let least = usize::from(len.min);
    let most = len.max.map_or(least + 300, usize::from).max(least);
    match random.below(16) {
        0 => least,
        1 => most,
        2 => least + random.below(most - least + 1),
        3..=5 => (least + random.below(40)).min(most),
        _ => (least + random.below(3)).min(most),
    }
}
