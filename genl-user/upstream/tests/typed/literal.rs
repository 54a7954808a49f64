//! Messages as Rust expressions of the generated types.

use genl_schema::model::{
    Attr, AttrKind, ByteOrder, EnumUse, Family, Holds, Member, MemberKind, Message, SetId, StructId,
};

use crate::messages::parse::{Attrs, Node, Parsed};

/// Which of a message's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// What userspace fills in, of which all is borrowed.
    Request,
    /// What userspace keeps of what the kernel sent.
    Owned,
}

/// The type that a message becomes, within its family's module.
pub(crate) fn type_name(message: &Message, form: Form) -> String {
    match form {
        Form::Request => message.name.pascal(),
        Form::Owned => format!("{}Owned", message.name.pascal()),
    }
}

/// The expression for a message; `module` is in scope, and so is `bits`, which makes flags of a
/// number.
pub(crate) fn message(
    family: &Family,
    module: &str,
    form: Form,
    message: &Message,
    parsed: &Parsed,
) -> String {
    let printer = Printer {
        family,
        module,
        form,
    };
    let header = parsed.header.as_ref();
    let header = header.map(|(id, bytes)| format!("header: {}, ", printer.structure(*id, bytes)));
    let required = |at: usize| {
        let mut fields = message.fields.iter();
        fields.any(|field| field.attr == at && field.required)
    };
    format!(
        "{module}::{} {{ {}{} }}",
        type_name(message, form),
        header.unwrap_or_default(),
        printer.fields(message.set, &parsed.attrs, required)
    )
}

struct Printer<'f> {
    family: &'f Family,
    module: &'f str,
    form: Form,
}

impl Printer<'_> {
    fn fields(&self, set: SetId, attrs: &Attrs, required: impl Fn(usize) -> bool) -> String {
        let mut fields = String::new();
        for (at, nodes) in attrs {
            let attr = &self.family[set].attrs[*at];
            let value = self.field(set, attr, nodes, required(*at));
            fields.push_str(&format!("{}: {value}, ", field_name(attr)));
        }
        fields + "..Default::default()"
    }

    fn field(&self, set: SetId, attr: &Attr, nodes: &[Node], required: bool) -> String {
        let values = || {
            nodes
                .iter()
                .map(|node| self.value(&attr.kind, node))
                .collect()
        };
        match &attr.kind {
            AttrKind::Flag => "true".to_owned(),
            AttrKind::IndexedArray(element) => match &nodes[0] {
                Node::Items(items) => {
                    self.list(items.iter().map(|item| self.value(element, item)).collect())
                }
                other => unreachable!("{other:?} is no array"),
            },
            AttrKind::TypeValue(_, element) => {
                let members = nodes.iter().flat_map(|node| match node {
                    Node::Numbered(members) => members,
                    other => unreachable!("{other:?} is not numbered"),
                });
                self.numbered(element, members)
            }
            _ if attr.multi => self.list(values()),
            AttrKind::Nest(inner) if self.leads_back(*inner, set) => match self.form {
                Form::Request => format!("Some(&{})", self.value(&attr.kind, &nodes[0])),
                Form::Owned => format!("Some(Box::new({}))", self.value(&attr.kind, &nodes[0])),
            },
            kind if required && self.form == Form::Request => self.value(kind, &nodes[0]),
            kind => format!("Some({})", self.value(kind, &nodes[0])),
        }
    }

    /// Whether a value of the set `from` can hold one of the set `to` with no list between, or is
    /// one: there the generated types need a pointer.
    fn leads_back(&self, from: SetId, to: SetId) -> bool {
        let mut seen = vec![from];
        let mut at = 0;
        while at < seen.len() && seen[at] != to {
            let attrs = self.family[seen[at]]
                .attrs
                .iter()
                .filter(|attr| !attr.multi);
            for attr in attrs {
                match attr.kind {
                    AttrKind::Nest(inner) if !seen.contains(&inner) => seen.push(inner),
                    _ => {}
                }
            }
            at += 1;
        }
        at < seen.len()
    }

    fn value(&self, kind: &AttrKind, node: &Node) -> String {
        match (kind, node) {
            (AttrKind::Int(int), Node::Int(number)) => self.int(int.names, *number),
            (AttrKind::Binary(binary), Node::Array(numbers)) => match &binary.holds {
                Holds::Array(int) => {
                    let numbers = numbers.iter().map(|number| self.int(int.names, *number));
                    self.list(numbers.collect())
                }
                other => unreachable!("{other:?} is no array"),
            },
            (AttrKind::Bitfield32(bits), Node::Bitfield { value, selector }) => {
                let names = bits.names.map(|id| EnumUse { id, as_flags: true });
                let [value, selector] =
                    [value, selector].map(|half| self.int(names, i128::from(*half)));
                format!("wire::Bitfield32 {{ value: {value}, selector: {selector} }}")
            }
            (_, Node::Text(text)) => match self.form {
                Form::Request => format!("{text:?}"),
                Form::Owned => format!("String::from({text:?})"),
            },
            (_, Node::Bytes(bytes)) => match self.form {
                Form::Request => format!("&{}[..]", bytes_literal(bytes)),
                Form::Owned => format!("{}.to_vec()", bytes_literal(bytes)),
            },
            (_, Node::Struct(id, bytes)) => self.structure(*id, bytes),
            (_, Node::Nest(set, attrs)) => {
                let name = self.family[*set].name.pascal();
                let owned = match self.form {
                    Form::Request => "",
                    Form::Owned => "Owned",
                };
                let fields = self.fields(*set, attrs, |_| false);
                format!("{}::{name}{owned} {{ {fields} }}", self.module)
            }
            (
                AttrKind::TypeValue(_, element) | AttrKind::IndexedArray(element),
                Node::Numbered(members),
            ) => self.numbered(element, members),
            other => unreachable!("{other:?}"),
        }
    }

    fn numbered<'n>(
        &self,
        element: &AttrKind,
        members: impl IntoIterator<Item = &'n (u16, Node)>,
    ) -> String {
        let members = members.into_iter().map(|(number, node)| {
            let value = match node {
                Node::Numbered(members) => self.numbered(element, members),
                node => self.value(element, node),
            };
            format!("({number}, {value})")
        });
        self.list(members.collect())
    }

    fn list(&self, values: Vec<String>) -> String {
        let values = values.join(", ");
        match self.form {
            Form::Request => format!("&[{values}]"),
            Form::Owned => format!("vec![{values}]"),
        }
    }

    fn int(&self, names: Option<EnumUse>, number: i128) -> String {
        match names {
            None => number.to_string(),
            Some(EnumUse { as_flags: true, .. }) => format!("bits({number})"),
            Some(_) => format!("From::from({number})"),
        }
    }

    /// A struct whose bytes may end early, or late.
    fn structure(&self, id: StructId, bytes: &[u8]) -> String {
        let layout = &self.family[id];
        let mut whole = bytes.to_vec();
        whole.resize(layout.size.max(bytes.len()), 0);
        let members = layout.members.iter().map(|member| {
            let bytes = &whole[member.offset..member.offset + member.size];
            format!("{}: {}", member.name.snake(), self.member(member, bytes))
        });
        let members: Vec<_> = members.collect();
        format!(
            "{}::{} {{ {} }}",
            self.module,
            layout.name.pascal(),
            members.join(", ")
        )
    }

    fn member(&self, member: &Member, bytes: &[u8]) -> String {
        match member.kind {
            MemberKind::Int { kind, order, names } => {
                let mut bytes = bytes.to_vec();
                let host_is_little = cfg!(target_endian = "little");
                if order == ByteOrder::Little || order == ByteOrder::Host && host_is_little {
                    bytes.reverse();
                }
                let unsigned = bytes
                    .iter()
                    .fold(0, |number, byte| number << 8 | i128::from(*byte));
                let (_, most) = kind.limits();
                let wrapped = if unsigned > most {
                    1 << (8 * bytes.len())
                } else {
                    0
                };
                self.int(names, unsigned - wrapped)
            }
            // Longer arrays have no `Default`, so they have a type of their own.
            MemberKind::Bytes if bytes.len() > 32 => {
                format!("wire::Bytes(*{})", bytes_literal(bytes))
            }
            MemberKind::Bytes => format!("*{}", bytes_literal(bytes)),
            MemberKind::String => format!("wire::Text::from_bytes(*{})", bytes_literal(bytes)),
            MemberKind::Struct(id) => self.structure(id, bytes),
        }
    }
}

/// Methods that types have anyway, so that no getter may have their names.
const METHODS: [&str; 7] = [
    "as_ref", "borrow", "clone", "deref", "len", "new", "to_owned",
];

fn field_name(attr: &Attr) -> String {
    let name = attr.name.snake();
    let mark = if METHODS.contains(&name.as_str()) {
        "_"
    } else {
        ""
    };
    name + mark
}

/// Bytes as a reference to an array.
pub(crate) fn bytes_literal(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}
