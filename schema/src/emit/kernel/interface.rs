//! What the trait `Handler` asks of those who serve a family.
//!
//! A list, as there are two who need it: the trait itself, and the scaffold, whose handlers have
//! bodies.

use super::handler::{ascending, cursor, item, item_len, items, longest};
use super::text::Text;
use crate::model::{Call, Family, Op};

/// Something that an implementation has to have.
pub(super) struct Item {
    /// The spec's own words about it; may be empty.
    pub(super) words: String,
    /// What it is, where there are none.
    pub(super) docs: String,
    pub(super) name: String,
    pub(super) kind: ItemKind,
}

pub(super) enum ItemKind {
    /// A type that the handler keeps values of.
    Type,
    /// A number of bytes.
    Len,
    Method(Method),
}

/// A method that serves a request, or a part of one.
pub(super) struct Method {
    /// It names the request's lifetime, `'r`.
    pub(super) of_request: bool,
    /// What stands behind `self`.
    pub(super) parameters: Vec<Parameter>,
    /// What it gives.
    pub(super) result: String,
}

/// A parameter of a method.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// The type begins with the name of one that `generated.rs` has.
    pub(super) generated: bool,
    pub(super) type_: String,
}

impl Parameter {
    fn generated(name: &'static str, type_: impl Into<String>) -> Self {
        Self {
            name,
            generated: true,
            type_: type_.into(),
        }
    }

    fn other(name: &'static str, type_: impl Into<String>) -> Self {
        Self {
            name,
            generated: false,
            type_: type_.into(),
        }
    }
}

/// All that it asks for, in the order in which it stands in the trait.
pub(super) fn of(family: &Family) -> Vec<Item> {
    let mut found = Vec::new();
    for op in ascending(family) {
        if let Some(call) = &op.dump {
            found.extend(dump_data(family, op, call));
        }
    }
    for op in ascending(family) {
        if let Some(call) = &op.do_ {
            found.push(do_method(family, op, call));
        }
        if let Some(call) = &op.dump {
            found.extend(dump_methods(family, op, call));
        }
    }
    found
}

/// Renders the trait.
pub(super) fn render(text: &mut Text, family: &Family) {
    text.gap();
    text.line("/// What serves the family: one value for each network namespace.");
    text.line("///");
    text.line("/// Requests are served concurrently, and all methods may sleep.");
    text.open("pub trait Handler: genl::PerNet");
    for item in of(family) {
        let name = &item.name;
        text.gap();
        text.docs(&item.words, &item.docs);
        match item.kind {
            ItemKind::Type => text.line(format!("type {name}: Send + 'static;")),
            ItemKind::Len => text.line(format!("const {name}: usize;")),
            ItemKind::Method(method) => method.render(text, name, "", "", ";"),
        }
    }
    text.close("");
}

impl Method {
    /// Renders its signature, with `path` before the types that `generated.rs` has, and `mark` before
    /// the names of parameters.
    pub(super) fn render(&self, text: &mut Text, name: &str, path: &str, mark: &str, tail: &str) {
        let parameters = self.parameters.iter().map(|parameter| {
            let path = if parameter.generated { path } else { "" };
            format!("{mark}{}: {path}{}", parameter.name, parameter.type_)
        });
        let parameters: Vec<String> = ["&self".to_owned()].into_iter().chain(parameters).collect();
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let lifetime = if self.of_request { "<'r>" } else { "" };
        let head = format!("fn {name}{lifetime}");
        text.signature(&head, &parameters, &format!(" -> {}{tail}", self.result));
    }
}

fn dump_data(family: &Family, op: &Op, call: &Call) -> Vec<Item> {
    let name = &op.name;
    let mut found = vec![Item {
        words: String::new(),
        docs: format!("Where a dump of `{name}` stands between two chunks."),
        name: cursor(op),
        kind: ItemKind::Type,
    }];
    if longest(family, item(family, op, call).0).is_none() {
        let docs = format!(
            "The longest item of a dump of `{name}`, in bytes of attributes and their headers.\n\n\
             The family's description sets no limit to it, but a chunk must have room."
        );
        found.push(Item {
            words: String::new(),
            docs,
            name: item_len(op),
            kind: ItemKind::Len,
        });
    }
    found
}

fn do_method(family: &Family, op: &Op, call: &Call) -> Item {
    let mut parameters = request(family, call);
    parameters.extend(call.reply.map(|reply| {
        let content = family[reply.message].name.pascal();
        Parameter::generated("reply", format!("{content}<genl::Reply<'r>>"))
    }));
    parameters.push(Parameter::other("op", "&genl::Op<'r>"));
    Item {
        words: op.doc.clone(),
        docs: format!("Serves `{}`.", op.name),
        name: op.name.snake(),
        kind: ItemKind::Method(Method {
            of_request: true,
            parameters,
            result: match call.reply {
                Some(_) => "Result<genl::Replied<'r>>".into(),
                None => "Result".into(),
            },
        }),
    }
}

fn dump_methods(family: &Family, op: &Op, call: &Call) -> [Item; 2] {
    let cursor = cursor(op);
    let mut begin = request(family, call);
    begin.push(Parameter::other("op", "&genl::Op<'r>"));
    let go_on = vec![
        Parameter::generated("items", format!("{}<'_, Self::{cursor}>", items(op))),
        Parameter::other("op", "&genl::Op<'_>"),
    ];
    let method = |docs: String, name: &str, method: Method| Item {
        words: String::new(),
        docs,
        name: op.name.join(name).snake(),
        kind: ItemKind::Method(method),
    };
    [
        method(
            format!("Begins a dump of `{}`.", op.name),
            "dump-start",
            Method {
                of_request: true,
                parameters: begin,
                result: format!("Result<Self::{cursor}>"),
            },
        ),
        method(
            "Adds what follows the cursor, until there is no more or an item does not fit.".into(),
            "dump",
            Method {
                of_request: false,
                parameters: go_on,
                result: "Result".into(),
            },
        ),
    ]
}

/// The handler is told of the request, as there may be something in it.
pub(super) fn takes_request(family: &Family, call: &Call) -> bool {
    super::requests::has_view(&family[call.request])
}

fn request(family: &Family, call: &Call) -> Vec<Parameter> {
    let view = format!("{}<'r>", family[call.request].name.pascal());
    let parameter = takes_request(family, call).then(|| Parameter::generated("request", view));
    parameter.into_iter().collect()
}
