//! A family's events as functions that other modules call, from C: a header, and what stands behind
//! it in the family's own module.
//!
//! An event's attributes are passed as a C struct, which the header declares and the Rust side
//! repeats. Both are made from one `Argument` for each event, whose layout is computed here, and
//! both compilers check theirs against it.
//!
//! What C can give is an integer, a flag, a text or bytes. Attributes that nest others, that stand
//! in a message more than once, and whatever else has a shape of its own, are not sent; the header
//! says of each struct which they are. A header of the family's own is all zeros.

mod c;
mod rust;

pub use c::{header, source};
pub use rust::render;

use crate::emit::uapi::names;
use crate::model::{Attr, AttrKind, Event, Family, Holds, Int, IntKind};
use crate::name::Name;

/// The name of the header.
pub fn header_name(family: &Family) -> String {
    format!("{}_events.h", family.name.snake())
}

/// What C passes for an event.
struct Argument<'f> {
    event: &'f Event,
    /// The function that sends it, and the tag of its struct.
    function: String,
    members: Vec<Member<'f>>,
    /// Attributes of the event that C cannot pass.
    left_out: Vec<&'f Attr>,
    /// In bytes.
    size: usize,
}

/// A member of the struct.
struct Member<'f> {
    name: String,
    attr: &'f Attr,
    kind: MemberKind<'f>,
    /// Where it stands in the struct, in bytes.
    offset: usize,
}

/// What a member is.
enum MemberKind<'f> {
    /// Whether the integer that follows is there: a `bool`.
    Has,
    Int(&'f Int),
    Flag,
    Text,
    /// The first of two C members: a pointer, and how many bytes.
    Bytes,
}

/// A pointer of C, in bytes; the layout is that of 64-bit machines.
const POINTER: usize = 8;

impl MemberKind<'_> {
    /// How many bytes it has, and what its place is a multiple of.
    fn layout(&self) -> (usize, usize) {
        match self {
            Self::Has | Self::Flag => (1, 1),
            Self::Int(int) => (width(int), width(int)),
            Self::Text => (POINTER, POINTER),
            Self::Bytes => (2 * POINTER, POINTER),
        }
    }
}

/// How many bytes an integer has in C.
fn width(int: &Int) -> usize {
    match int.kind {
        IntKind::U8 | IntKind::S8 => 1,
        IntKind::U16 | IntKind::S16 => 2,
        IntKind::U32 | IntKind::S32 => 4,
        IntKind::U64 | IntKind::S64 | IntKind::Uint | IntKind::Sint => 8,
    }
}

/// What C passes for each event of the family.
fn arguments(family: &Family) -> impl Iterator<Item = Argument<'_>> {
    family.events.iter().map(|event| argument(family, event))
}

fn argument<'f>(family: &'f Family, event: &'f Event) -> Argument<'f> {
    let message = &family[event.message];
    let mut members = Vec::new();
    let mut left_out = Vec::new();
    for field in &message.fields {
        let attr = family.attr(message, field);
        let name = names::member(&attr.name);
        let mut add = |name, kind| {
            let member = Member {
                name,
                attr,
                kind,
                offset: 0,
            };
            members.push(member);
        };
        match &attr.kind {
            _ if attr.multi => left_out.push(attr),
            AttrKind::Int(int) => {
                add(format!("has_{name}"), MemberKind::Has);
                add(name, MemberKind::Int(int));
            }
            AttrKind::Flag => add(name, MemberKind::Flag),
            AttrKind::String(_) => add(name, MemberKind::Text),
            AttrKind::Binary(binary) if binary.holds == Holds::Bytes => {
                add(name, MemberKind::Bytes);
            }
            _ => left_out.push(attr),
        }
    }
    let size = place(&mut members);
    Argument {
        event,
        function: family.name.join(event.name.as_str()).snake(),
        members,
        left_out,
        size,
    }
}

/// Gives each member its place, as C does; returns the size of all.
fn place(members: &mut [Member<'_>]) -> usize {
    let mut end = 0;
    let mut strictest = 1;
    for member in members {
        let (size, alignment) = member.kind.layout();
        member.offset = usize::next_multiple_of(end, alignment);
        end = member.offset + size;
        strictest = strictest.max(alignment);
    }
    end.next_multiple_of(strictest)
}

/// Where an event goes.
#[derive(Clone, Copy)]
enum Way {
    /// To its group, in one namespace.
    Group,
    /// To its group, in all namespaces.
    All,
    /// To one port.
    Port,
}

/// The ways that an event can go.
fn ways(event: &Event) -> &'static [Way] {
    match event.group {
        Some(_) => &[Way::Group, Way::All, Way::Port],
        None => &[Way::Port],
    }
}

impl Way {
    /// The name of a function that sends so: that of the event, and more.
    fn of(self, name: &str) -> String {
        match self {
            Self::Group => name.to_owned(),
            Self::All => format!("{name}_all"),
            Self::Port => format!("{name}_to"),
        }
    }

    /// The name that the generated Rust function has.
    fn of_rust(self, event: &Name) -> String {
        match self {
            Self::Group => event.snake(),
            Self::All => event.join("all").snake(),
            Self::Port => event.join("to").snake(),
        }
    }
}
