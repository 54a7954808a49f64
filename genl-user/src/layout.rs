//! Static descriptions of attribute sets, by which an offset into a message becomes a path.

use crate::path::{Called, Form, Guide, Named, Order, Step};

/// A set of attributes: what the generated modules know of it.
#[derive(Debug)]
pub struct Layout {
    /// The attributes, by number and name.
    pub fields: &'static [Field],
}

/// One attribute of a set.
///
/// ```
/// use genl_user::{Field, Layout};
///
/// static INNER: Layout = Layout {
///     fields: &[Field::signed(1, "offset").big_endian()],
/// };
/// static OUTER: Layout = Layout {
///     fields: &[
///         Field::text(1, "name"),
///         Field::nest(2, "parts", &INNER).repeated(),
///         Field::unsigned(3, "sizes").numbered(1),
///     ],
/// };
/// ```
#[derive(Debug)]
pub struct Field {
    kind: u16,
    name: &'static str,
    repeated: bool,
    inside: Inside,
}

/// What stands inside an attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inside {
    /// So many levels of attributes that are numbered, not named.
    numbered: u8,
    /// Below them attributes of a set,
    set: Option<&'static Layout>,
    /// or what is no attribute.
    form: Option<Form>,
}

impl Field {
    /// An attribute of which no more is known.
    pub const fn value(kind: u16, name: &'static str) -> Self {
        Self::holding(kind, name, None)
    }

    /// An unsigned integer.
    pub const fn unsigned(kind: u16, name: &'static str) -> Self {
        Self::integer(kind, name, false)
    }

    /// A signed integer.
    pub const fn signed(kind: u16, name: &'static str) -> Self {
        Self::integer(kind, name, true)
    }

    /// A value and a mask.
    pub const fn bitfield32(kind: u16, name: &'static str) -> Self {
        Self::holding(kind, name, Some(Form::Bitfield32))
    }

    /// A text.
    pub const fn text(kind: u16, name: &'static str) -> Self {
        Self::holding(kind, name, Some(Form::Text))
    }

    /// Bytes.
    pub const fn bytes(kind: u16, name: &'static str) -> Self {
        Self::holding(kind, name, Some(Form::Bytes))
    }

    /// A nest.
    pub const fn nest(kind: u16, name: &'static str, set: &'static Layout) -> Self {
        let mut field = Self::value(kind, name);
        field.inside.set = Some(set);
        field
    }

    /// The integer is in network byte order.
    pub const fn big_endian(self) -> Self {
        self.in_order(Order::Big)
    }

    /// The integer is in the byte order that is not the network's.
    pub const fn little_endian(self) -> Self {
        self.in_order(Order::Little)
    }

    /// It may stand among the others several times.
    pub const fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// What it holds stands below `levels` levels of attributes whose types are numbers: an indexed
    /// array has one.
    pub const fn numbered(mut self, levels: u8) -> Self {
        self.inside.numbered = levels;
        self
    }

    const fn integer(kind: u16, name: &'static str, signed: bool) -> Self {
        let order = Order::Host;
        Self::holding(kind, name, Some(Form::Int { signed, order }))
    }

    const fn in_order(mut self, order: Order) -> Self {
        if let Some(Form::Int { signed, .. }) = self.inside.form {
            self.inside.form = Some(Form::Int { signed, order });
        }
        self
    }

    const fn holding(kind: u16, name: &'static str, form: Option<Form>) -> Self {
        Self {
            kind,
            name,
            repeated: false,
            inside: Inside {
                numbered: 0,
                set: None,
                form,
            },
        }
    }
}

impl Layout {
    /// The attributes of a message, behind a header of the family's own of so many bytes.
    pub(crate) fn within<'m>(&'static self, message: &'m [u8], header: usize) -> Named<'m, Inside> {
        let inside = Inside {
            numbered: 0,
            set: Some(self),
            form: None,
        };
        Named::of(message, header, inside)
    }
}

impl Inside {
    /// What its bytes are, where no more attributes stand between.
    fn here(self) -> Option<Form> {
        self.form.filter(|_| self.numbered == 0)
    }
}

impl Guide<'static> for Inside {
    fn step(self, kind: u16) -> Step<'static, Self> {
        let nothing = Self {
            numbered: 0,
            set: None,
            form: None,
        };
        let (called, inside) = match (self.numbered.checked_sub(1), self.set) {
            (Some(numbered), _) => (Called::Number, Self { numbered, ..self }),
            (None, Some(set)) => match set.fields.iter().find(|field| field.kind == kind) {
                Some(field) if field.repeated => (Called::Nth(field.name), field.inside),
                Some(field) => (Called::Name(field.name), field.inside),
                None => (Called::Unknown, nothing),
            },
            (None, None) => (Called::Number, nothing),
        };
        Step {
            called,
            form: inside.here(),
            inside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ATTRS_OFFSET, Encoder};

    static INNER: Layout = Layout {
        fields: &[Field::unsigned(1, "size"), Field::nest(2, "again", &INNER)],
    };
    static OUTER: Layout = Layout {
        fields: &[
            Field::nest(1, "nest", &INNER),
            Field::nest(2, "array", &INNER).numbered(1),
            Field::nest(3, "policy", &INNER).numbered(2),
            Field::nest(4, "list", &INNER).repeated(),
            Field::text(5, "names").numbered(1),
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
            (&[][..], 9, "UnknownAttr(9)"),
            (&[1], 1, "nest.size"),
            (&[1, 2, 2], 1, "nest.again.again.size"),
            (&[1, 2], 7, "nest.again.UnknownAttr(7)"),
            (&[2, 5], 1, "array[5].size"),
            (&[3, 4, 300], 1, "policy[4][300].size"),
            (&[4, 2], 1, "list[0].again.size"),
            (&[5], 7, "names[7]"),
            (&[9], 7, "UnknownAttr(9)[7]"),
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
