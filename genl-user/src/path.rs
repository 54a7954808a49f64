//! From an offset into a message to the attribute there, and to its path: `set.meta.label[2]`.

use std::fmt::Write;

use crate::wire::{ATTRS_OFFSET, Attr, Attrs, Payload};

/// A place among attributes, where it is known how they are called.
pub(crate) trait Guide<'n>: Copy {
    /// What is known of attribute `kind`.
    fn step(self, kind: u16) -> Step<'n, Self>;
}

/// What is known of an attribute.
pub(crate) struct Step<'n, G> {
    /// How it is called.
    pub(crate) called: Called<'n>,
    /// What it holds, if that is known.
    pub(crate) form: Option<Form>,
    /// The place inside of it.
    pub(crate) inside: G,
}

/// How an attribute is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Called<'n> {
    /// By its name.
    Name(&'n str),
    /// By its name and the how manieth of that name it is, as there may be several: `label[2]`.
    Nth(&'n str),
    /// By its number, which means something here: `array[5]`.
    Number,
    /// It should have a name, and it is not known.
    Unknown,
}

/// What an attribute holds, as far as it matters for showing its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An integer.
    Int {
        /// It may be negative.
        signed: bool,
        /// How its bytes stand.
        order: Order,
    },
    /// Bits, and which of them are meant.
    Bitfield32,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
}

/// The order of an integer's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The machine's own.
    Host,
    /// Network byte order.
    Big,
    /// The other one.
    Little,
}

/// What an attribute that it does not know by name is called.
pub(crate) fn unknown_name(kind: u16) -> String {
    format!("UnknownAttr({kind})")
}

/// The attributes of a message, and how they are called.
#[derive(Clone, Copy)]
pub(crate) struct Named<'m, G> {
    attrs: Attrs<'m>,
    guide: G,
}

/// An attribute that was looked for.
pub(crate) struct Found<'m, G> {
    pub(crate) path: String,
    pub(crate) attr: Attr<'m>,
    pub(crate) form: Option<Form>,
    inside: G,
}

impl<'m, 'n, G: Guide<'n>> Named<'m, G> {
    /// The attributes of a whole message, behind a header of the family's own of so many bytes.
    pub(crate) fn of(message: &'m [u8], header: usize, guide: G) -> Self {
        let bytes = message.get(ATTRS_OFFSET..).unwrap_or_default();
        let (_, attrs) = Payload::new(bytes, ATTRS_OFFSET).split_at(header);
        Self { attrs, guide }
    }

    /// The path to the attribute whose header is `offset` bytes into the message; `None` if none is
    /// there.
    pub(crate) fn path(self, offset: usize) -> Option<String> {
        self.find(offset).map(|found| found.path)
    }

    /// The path to attribute `kind`, which is missing in the nest whose header is `nest` bytes into
    /// the message; or in the message itself, if that is `None`.
    pub(crate) fn path_of_missing(self, nest: Option<usize>, kind: u16) -> Option<String> {
        let (mut path, guide) = match nest {
            Some(nest) => {
                let found = self.find(nest)?;
                (found.path, found.inside)
            }
            None => (String::new(), self.guide),
        };
        push(&mut path, guide.step(kind).called, kind, || None);
        Some(path)
    }

    /// The attribute whose header is `offset` bytes into the message.
    pub(crate) fn find(self, offset: usize) -> Option<Found<'m, G>> {
        let (mut attrs, mut guide) = (self.attrs, self.guide);
        let mut path = String::new();
        loop {
            let attr = enclosing(attrs, offset)?;
            let step = guide.step(attr.kind());
            push(&mut path, step.called, attr.kind(), || {
                Some(before(attrs, attr))
            });
            if attr.offset() == offset {
                return Some(Found {
                    path,
                    attr,
                    form: step.form,
                    inside: step.inside,
                });
            }
            attrs = attr.nested();
            guide = step.inside;
        }
    }
}

/// Adds an attribute to a path; `nth` is how many of its kind stand before it, if it stands there.
fn push(path: &mut String, called: Called<'_>, kind: u16, nth: impl FnOnce() -> Option<usize>) {
    if !path.is_empty() && !matches!(called, Called::Number) {
        path.push('.');
    }
    match called {
        Called::Name(name) => path.push_str(name),
        Called::Nth(name) => {
            path.push_str(name);
            if let Some(nth) = nth() {
                push_number(path, nth);
            }
        }
        Called::Number => push_number(path, kind.into()),
        Called::Unknown => path.push_str(&unknown_name(kind)),
    }
}

fn push_number(path: &mut String, number: usize) {
    // Writing to a String does not fail.
    let _ = write!(path, "[{number}]");
}

/// The attribute whose header is at `offset`, or which has it inside.
fn enclosing(attrs: Attrs<'_>, offset: usize) -> Option<Attr<'_>> {
    attrs
        .map_while(Result::ok)
        .find(|attr| (attr.offset()..attr.end()).contains(&offset))
}

/// How many attributes of the same kind stand before this one.
fn before(attrs: Attrs<'_>, attr: Attr<'_>) -> usize {
    attrs
        .map_while(Result::ok)
        .take_while(|other| other.offset() < attr.offset())
        .filter(|other| other.kind() == attr.kind())
        .count()
}
