//! Static descriptions of attribute sets, by which an offset into a message becomes a path.

use std::fmt::Write;

use crate::wire::{ATTRS_OFFSET, Attr, Attrs, Payload};

/// A set of attributes: what the generated modules know of it.
#[derive(Debug)]
pub struct Layout {
    /// The attributes, by number and name.
    pub fields: &'static [Field],
}

/// One attribute of a set.
#[derive(Debug)]
pub struct Field {
    kind: u16,
    name: &'static str,
    inside: Inside,
}

/// What stands inside an attribute.
#[derive(Debug, Clone, Copy)]
enum Inside {
    /// No attributes.
    Value,
    /// Attributes of a set, below so many levels of attributes that are numbered, not named.
    Set { numbered: u8, set: &'static Layout },
}

impl Field {
    /// An attribute without attributes inside.
    pub const fn value(kind: u16, name: &'static str) -> Self {
        Self {
            kind,
            name,
            inside: Inside::Value,
        }
    }

    /// A nest.
    pub const fn nest(kind: u16, name: &'static str, set: &'static Layout) -> Self {
        Self::numbered(kind, name, 0, set)
    }

    /// A nest below `levels` levels of nests whose types are numbers: an indexed array has one.
    pub const fn numbered(kind: u16, name: &'static str, levels: u8, set: &'static Layout) -> Self {
        Self {
            kind,
            name,
            inside: Inside::Set {
                numbered: levels,
                set,
            },
        }
    }
}

impl Layout {
    /// What it describes in a message, behind a header of the family's own of so many bytes.
    pub(crate) fn within<'m>(&'static self, message: &'m [u8], header: usize) -> Place<'m> {
        let bytes = message.get(ATTRS_OFFSET..).unwrap_or_default();
        let (_, attrs) = Payload::new(bytes, ATTRS_OFFSET).split_at(header);
        Place {
            layout: self,
            attrs,
        }
    }

    fn inside(&'static self) -> Inside {
        Inside::Set {
            numbered: 0,
            set: self,
        }
    }
}

/// The attributes of a message, and how they are called.
#[derive(Clone, Copy)]
pub(crate) struct Place<'m> {
    layout: &'static Layout,
    attrs: Attrs<'m>,
}

impl Place<'_> {
    /// The path to the attribute whose header is `offset` bytes into the message: `meta.label`.
    ///
    /// What is not known by name is given by number, and `None` if no attribute is there.
    pub(crate) fn path(self, offset: usize) -> Option<String> {
        self.walk(offset).map(|(path, _)| path)
    }

    /// The path to attribute `kind`, which is missing in the nest whose header is `nest` bytes
    /// into the message; or in the message itself, if that is `None`.
    pub(crate) fn path_of_missing(self, nest: Option<usize>, kind: u16) -> Option<String> {
        let (mut path, inside) = match nest {
            Some(nest) => self.walk(nest)?,
            None => (String::new(), self.layout.inside()),
        };
        inside.step(kind, &mut path);
        Some(path)
    }

    fn walk(self, offset: usize) -> Option<(String, Inside)> {
        let mut attrs = self.attrs;
        let mut path = String::new();
        let mut inside = self.layout.inside();
        loop {
            let attr = enclosing(attrs, offset)?;
            inside = inside.step(attr.kind(), &mut path);
            if attr.offset() == offset {
                return Some((path, inside));
            }
            attrs = attr.nested();
        }
    }
}

impl Inside {
    /// Goes into attribute `kind`, and writes to `path` how it is called.
    fn step(self, kind: u16, path: &mut String) -> Self {
        match self {
            Self::Set { numbered: 0, set } => {
                let field = set.fields.iter().find(|field| field.kind == kind);
                if !path.is_empty() {
                    path.push('.');
                }
                match field {
                    Some(field) => path.push_str(field.name),
                    None => push_number(path, kind),
                }
                field.map_or(Self::Value, |field| field.inside)
            }
            Self::Set { numbered, set } => {
                push_number(path, kind);
                Self::Set {
                    numbered: numbered - 1,
                    set,
                }
            }
            Self::Value => {
                push_number(path, kind);
                Self::Value
            }
        }
    }
}

fn push_number(path: &mut String, kind: u16) {
    // Writing to a String does not fail.
    let _ = write!(path, "[{kind}]");
}

/// The attribute whose header is at `offset`, or which has it inside.
fn enclosing(attrs: Attrs<'_>, offset: usize) -> Option<Attr<'_>> {
    attrs
        .map_while(Result::ok)
        .find(|attr| (attr.offset()..attr.end()).contains(&offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Encoder;

    static INNER: Layout = Layout {
        fields: &[Field::value(1, "size"), Field::nest(2, "again", &INNER)],
    };
    static OUTER: Layout = Layout {
        fields: &[
            Field::nest(1, "nest", &INNER),
            Field::numbered(2, "array", 1, &INNER),
            Field::numbered(3, "policy", 2, &INNER),
        ],
    };

    /// A message with an integer below these nests; and where its header is.
    fn message(nests: &[u16], kind: u16) -> (Vec<u8>, usize) {
        fn fill(out: &mut Encoder<'_>, nests: &[u16], kind: u16) {
            match nests {
                [] => out.u32(kind, 0),
                [nest, rest @ ..] => {
                    let filled = out.nest(*nest, |out| {
                        fill(out, rest, kind);
                        Ok(())
                    });
                    filled.expect("few nests fit");
                }
            }
        }
        let mut out = vec![0; ATTRS_OFFSET];
        let mut encoder = Encoder::new(&mut out);
        encoder.u32(9, 0);
        fill(&mut encoder, nests, kind);
        (out, ATTRS_OFFSET + 8 + 4 * nests.len())
    }

    #[test]
    fn attributes_have_paths() {
        for (nests, kind, path) in [
            (&[][..], 9, "[9]"),
            (&[1], 1, "nest.size"),
            (&[1, 2, 2], 1, "nest.again.again.size"),
            (&[1, 2], 7, "nest.again.[7]"),
            (&[2, 5], 1, "array[5].size"),
            (&[3, 4, 300], 1, "policy[4][300].size"),
        ] {
            let (message, offset) = message(nests, kind);
            assert_eq!(
                OUTER.within(&message, 0).path(offset).as_deref(),
                Some(path)
            );
            let nest = (!nests.is_empty()).then(|| offset - 4);
            let missing = OUTER.within(&message, 0).path_of_missing(nest, kind);
            assert_eq!(missing.as_deref(), Some(path));
        }
    }

    #[test]
    fn a_header_stands_before_the_attributes() {
        let (message, offset) = message(&[1], 1);
        let (headers, attrs) = message.split_at(ATTRS_OFFSET);
        for header in [4, 6, 8] {
            let padding = vec![0xff; crate::wire::align(header)];
            let moved = [headers, &padding, attrs].concat();
            let place = OUTER.within(&moved, header);
            let offset = offset + padding.len();
            assert_eq!(place.path(offset).as_deref(), Some("nest.size"));
            let missing = place.path_of_missing(Some(offset - 4), 2);
            assert_eq!(missing.as_deref(), Some("nest.again"));
            assert_eq!(OUTER.within(&moved, 0).path(offset), None);
        }
    }

    #[test]
    fn elsewhere_is_no_attribute() {
        let (message, offset) = message(&[1], 1);
        for offset in [0, 16, offset + 1, offset + 8, usize::MAX] {
            assert_eq!(OUTER.within(&message, 0).path(offset), None);
        }
        assert_eq!(OUTER.within(&message[..10], 0).path(4), None);
        assert_eq!(OUTER.within(&message, 0).path_of_missing(Some(3), 1), None);
    }
}
