//! What the kernel is to say of an attribute: what is just allowed, and what just is not.
//!
//! The errors are those of `validate_nla()` (lib/nlattr.c) for the policies that YNL's own generator
//! of kernel code gives an attribute; what no policy can say has the errors that the same check would
//! have if there were one.

use genl_user::dynamic::genl_schema::model::{
    AttrKind, Binary, Bitfield32, ByteOrder, Family, Holds, Int, IntKind, Len, SetId, Text,
};

use super::message::{Body, Node};
use super::policy::{self, Policy};
use super::valid::{in_order, int_bytes, listed};

/// A length that no limit of the core is near to.
const LONG: usize = 3_000;

const SHORT_NEST: &str = "two bytes";

/// An attribute to send, and what becomes of the request.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// What is special about it, in words.
    pub(super) what: String,
    /// What stands in it.
    pub(super) body: Body,
    /// The attribute is called a nest if it is none, and the other way round.
    pub(super) other_flag: bool,
    pub(super) verdict: Verdict,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Taken,
    Refused {
        errno: i32,
        culprit: Culprit,
        policy: Option<Policy>,
    },
}

/// The attribute that the kernel blames.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Culprit {
    /// None.
    Nobody,
    /// The one that is sent.
    Itself,
    /// The one of this type that stands inside.
    Inside(u16),
}

impl Probe {
    fn taken(what: impl Into<String>, body: Body) -> Self {
        Self {
            what: what.into(),
            body,
            other_flag: false,
            verdict: Verdict::Taken,
        }
    }

    fn refused(what: impl Into<String>, body: Body, errno: i32, policy: Option<Policy>) -> Self {
        let verdict = Verdict::Refused {
            errno,
            culprit: Culprit::Itself,
            policy,
        };
        Self {
            verdict,
            ..Self::taken(what, body)
        }
    }

    fn blaming(mut self, whom: Culprit) -> Self {
        if let Verdict::Refused { culprit, .. } = &mut self.verdict {
            *culprit = whom;
        }
        self
    }

    fn with_other_flag(self) -> Self {
        Self {
            other_flag: true,
            ..self
        }
    }
}

/// All there is to try with an element of an array, or what a type that is a value has inside. No
/// policy is about it, so the kernel does not mind whether it is called a nest, and tells of none if
/// it is one; of what else it may be, the module tells.
pub(super) fn of_element(family: &Family, kind: &AttrKind, depth: usize) -> Vec<Probe> {
    let mut probes = of_content(family, kind);
    for probe in &mut probes {
        if let Verdict::Refused {
            errno,
            culprit,
            policy,
        } = &mut probe.verdict
        {
            match kind {
                // All of it is checked by the module.
                AttrKind::Int(int) => *policy = policy::of_limits(family, int),
                _ if kind.is_nest() => *policy = None,
                _ => {}
            }
            // What is nested in a nest by types that are values is beyond the core's arrays.
            if probe.what == SHORT_NEST && depth > 1 {
                (*errno, *culprit) = (libc::EINVAL, Culprit::Nobody);
            }
        }
    }
    probes
}

/// All there is to try with an attribute; what stands inside of it is tried by itself.
pub(super) fn of(family: &Family, kind: &AttrKind) -> Vec<Probe> {
    let told = policy::of(family, kind);
    let mut probes = of_content(family, kind);
    probes.push(match kind.is_nest() {
        // Bytes are called no nest anyway.
        true => {
            let body = Body::Bytes(Vec::new());
            Probe::refused("not called a nest", body, libc::EINVAL, told)
        }
        false => {
            let body = probes[0].body.clone();
            Probe::refused("called a nest", body, libc::EINVAL, told).with_other_flag()
        }
    });
    probes
}

fn of_content(family: &Family, kind: &AttrKind) -> Vec<Probe> {
    match kind {
        AttrKind::Pad | AttrKind::Unused => Vec::new(),
        AttrKind::Flag => flag(),
        AttrKind::Int(int) => ints(family, int),
        AttrKind::String(text) => texts(*text),
        AttrKind::Binary(binary) => binaries(family, binary),
        AttrKind::Bitfield32(bits) => bitfields(*bits),
        AttrKind::Nest(set) => nests(family, *set),
        AttrKind::IndexedArray(element) => arrays(element),
        AttrKind::TypeValue(..) => vec![
            Probe::taken("empty", Body::Nest(Vec::new())),
            short_nest(policy::of(family, kind)),
        ],
    }
}

/// Whether an attribute of that kind is to be called a nest.
pub(super) trait IsNest {
    fn is_nest(&self) -> bool;
}

impl IsNest for AttrKind {
    fn is_nest(&self) -> bool {
        matches!(
            self,
            Self::Nest(_) | Self::IndexedArray(_) | Self::TypeValue(..)
        )
    }
}

fn flag() -> Vec<Probe> {
    let told = Policy::plain("Flag");
    let body = |len| Body::Bytes(vec![0; len]);
    vec![
        Probe::taken("there", body(0)),
        Probe::refused("with a byte", body(1), libc::ERANGE, Some(told.clone())),
        Probe::refused("with four bytes", body(4), libc::ERANGE, Some(told)),
    ]
}

fn ints(family: &Family, int: &Int) -> Vec<Probe> {
    let told = match policy::has_mask(int) {
        // The core tells of none (`nla_validate_mask()`).
        true => None,
        false => policy::of_limits(family, int),
    };
    let body = |value| Body::Bytes(int_bytes(int, value));
    let (type_least, type_most) = int.kind.limits();
    let (least, most) = int.range.unwrap_or((type_least, type_most));
    let mut probes = Vec::new();
    let mut add = |value: i128, errno: Option<i32>| {
        if (type_least..=type_most).contains(&value) {
            let what = format!("{value}");
            probes.push(match errno {
                None => Probe::taken(what, body(value)),
                Some(errno) => Probe::refused(what, body(value), errno, told.clone()),
            });
        }
    };
    if let Some(values) = listed(family, int) {
        let entries = int.names.iter().flat_map(|names| &family[names.id].entries);
        let entries: Vec<_> = entries.map(|entry| entry.value).collect();
        let around = entries
            .iter()
            .flat_map(|value| [value - 1, *value, value + 1]);
        for value in around.chain([type_least, type_most]) {
            let errno = match values.contains(&value) {
                true => None,
                // It is on the list, but not within the limits that the spec has beside it.
                false if entries.contains(&value) => Some(libc::ERANGE),
                false => Some(libc::EINVAL),
            };
            add(value, errno);
        }
    } else if let Some(mask) = int.mask {
        add(i128::from(mask), None);
        add(0, None);
        for bit in (0..64).filter(|bit| mask >> bit & 1 == 0) {
            add(1 << bit, Some(libc::EINVAL));
        }
        add(type_most, Some(libc::EINVAL));
    } else {
        add(least, None);
        add(most, None);
        for past in [least - 1, most + 1] {
            add(past, Some(libc::ERANGE));
        }
        if int.range.is_some() {
            for end in [type_least, type_most] {
                if !(least..=most).contains(&end) {
                    add(end, Some(libc::ERANGE));
                }
            }
        }
    }
    let told = policy::of_int(family, int);
    probes.extend(widths(int, probes[0].body.clone(), told));
    probes
}

/// An integer in more and in fewer bytes than it has.
fn widths(int: &Int, good: Body, told: Option<Policy>) -> Vec<Probe> {
    let Body::Bytes(good) = good else {
        return Vec::new();
    };
    let sizes: &[usize] = match int.kind.fixed_size() {
        Some(1) => &[0, 2, 4],
        Some(2) => &[0, 1, 3, 4],
        Some(4) => &[0, 3, 5, 8],
        Some(_) => &[0, 4, 7, 9],
        None => &[0, 1, 3, 5, 7, 9, 12],
    };
    let mut probes: Vec<_> = sizes
        .iter()
        .map(|&size| {
            let mut bytes = good.clone();
            bytes.resize(size, 0);
            let what = format!("{size} bytes wide");
            Probe::refused(what, Body::Bytes(bytes), libc::EINVAL, told.clone())
        })
        .collect();
    if int.kind.fixed_size().is_none() {
        // The longer form of what would fit the shorter.
        let value = match int.kind {
            IntKind::Sint => int.range.map_or(-1, |(least, _)| least),
            _ => int.range.map_or(1, |(least, _)| least),
        };
        let value = int.mask.map_or(value, i128::from);
        let wide = in_order(ByteOrder::Host, &value.to_le_bytes()[..8]);
        probes.push(Probe::taken("8 bytes wide", Body::Bytes(wide)));
    }
    probes
}

fn texts(text: Text) -> Vec<Probe> {
    let told = policy::of_text(text);
    let Len { min, max } = text.len;
    let (min, max) = (usize::from(min), max.map(usize::from));
    let letters = |count| vec![b'x'; count];
    let ended = |count| Body::Bytes([letters(count), vec![0]].concat());
    // A text that must end in NUL lacks it if it is too long.
    let too_long = match text.unterminated_ok {
        true => libc::ERANGE,
        false => libc::EINVAL,
    };
    let empty = too_long;
    let mut probes = vec![
        Probe::taken("shortest", ended(min)),
        Probe::taken("longest", ended(max.unwrap_or(LONG))),
        Probe::refused("no byte", Body::Bytes(vec![]), empty, Some(told.clone())),
    ];
    if min > 0 {
        let mut refused = |what, body| {
            probes.push(Probe::refused(what, body, libc::ERANGE, Some(told.clone())));
        };
        refused("too short", ended(min - 1));
        refused("empty", ended(0));
        if text.unterminated_ok && min > 1 {
            refused("too short and open", Body::Bytes(letters(min - 1)));
        }
    }
    let open = |count| Body::Bytes(letters(count));
    if let Some(max) = max {
        for (what, body) in [
            ("too long by one", ended(max + 1)),
            ("too long by many", ended(max + LONG)),
            ("too long and open", open(max + 1)),
        ] {
            probes.push(Probe::refused(what, body, too_long, Some(told.clone())));
        }
        let more = [letters(min), vec![0], letters(max + 1)].concat();
        let (what, body) = ("too much behind its NUL", Body::Bytes(more));
        probes.push(Probe::refused(what, body, libc::ERANGE, Some(told.clone())));
    }
    let full = max.unwrap_or(LONG);
    probes.push(match text.unterminated_ok {
        true => Probe::taken("open", open(full)),
        false => Probe::refused("open", open(full), libc::EINVAL, Some(told)),
    });
    probes
}

fn binaries(family: &Family, binary: &Binary) -> Vec<Probe> {
    let told = policy::of_binary(binary);
    let body = |len| Body::Bytes(vec![0; len]);
    let Len { min, max } = binary.len;
    let (min, max) = (usize::from(min), max.map(usize::from));
    let mut probes = vec![
        Probe::taken("shortest", body(min)),
        Probe::taken("longest", body(max.unwrap_or(LONG))),
    ];
    if min > 0 {
        for len in [min - 1, 0] {
            let what = format!("{len} bytes");
            probes.push(Probe::refused(
                what,
                body(len),
                libc::ERANGE,
                Some(told.clone()),
            ));
        }
    }
    if let Some(max) = max {
        let what = format!("{} bytes", max + 1);
        probes.push(Probe::refused(
            what,
            body(max + 1),
            libc::ERANGE,
            Some(told),
        ));
    }
    if let (Holds::Struct(id), Len { min: 0, max: None }) = (&binary.holds, binary.len) {
        // The sender may know an older version of it, or a newer one.
        let size = family[*id].size;
        for len in [1, size - 1, size, size + 1] {
            probes.push(Probe::taken(format!("{len} bytes"), body(len)));
        }
    }
    probes
}

fn bitfields(bits: Bitfield32) -> Vec<Probe> {
    let mask = bits.mask.unwrap_or(u32::MAX);
    let told = Policy::bits(mask);
    let body = |value: u32, selector: u32| {
        Body::Bytes([value.to_ne_bytes(), selector.to_ne_bytes()].concat())
    };
    let mut probes = vec![
        Probe::taken("all bits", body(mask, mask)),
        Probe::taken("all bits, none set", body(0, mask)),
        Probe::taken("no bits", body(0, 0)),
    ];
    let refused = |what: String, body, errno| Probe::refused(what, body, errno, Some(told.clone()));
    for bit in (0..32).map(|bit| 1 << bit) {
        probes.push(match mask & bit {
            0 => refused(format!("bit {bit:#x} selected"), body(0, bit), libc::EINVAL),
            _ => refused(
                format!("bit {bit:#x} not selected"),
                body(bit, 0),
                libc::EINVAL,
            ),
        });
    }
    for len in [0, 4, 7, 12] {
        let body = Body::Bytes(vec![0; len]);
        probes.push(refused(format!("{len} bytes"), body, libc::ERANGE));
    }
    probes
}

fn nests(family: &Family, set: SetId) -> Vec<Probe> {
    let mut probes = vec![
        Probe::taken("empty", Body::Nest(Vec::new())),
        short_nest(Some(Policy::plain("Nested"))),
    ];
    // An attribute that says it is longer than the nest.
    let cut = [&100_u16.to_ne_bytes()[..], &[0; 6]].concat();
    let leftover = Probe::refused("cut short", Body::Bytes(cut), libc::EINVAL, None);
    probes.push(leftover.with_other_flag().blaming(Culprit::Nobody));
    let set = &family[set];
    let valueless = set
        .attrs
        .iter()
        .filter(|attr| matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
        .map(|attr| attr.id);
    let ids = [0, set.max_id() + 1, 0x3fff].into_iter().chain(valueless);
    probes.extend(ids.map(|id| {
        let body = Body::Nest(vec![Node::new(id, Body::Bytes(vec![0; 4]))]);
        let what = format!("with attribute {id}");
        Probe::refused(what, body, libc::EINVAL, None).blaming(Culprit::Inside(id))
    }));
    probes
}

fn arrays(element: &AttrKind) -> Vec<Probe> {
    let told = match element {
        AttrKind::Nest(_) => Policy::plain("NestedArray"),
        _ => Policy::plain("Nested"),
    };
    vec![
        Probe::taken("empty", Body::Nest(Vec::new())),
        short_nest(Some(told)),
    ]
}

/// A nest that has no room for an attribute.
fn short_nest(told: Option<Policy>) -> Probe {
    let body = Body::Bytes(vec![0; 2]);
    Probe::refused(SHORT_NEST, body, libc::ERANGE, told).with_other_flag()
}
