//! What the trait `Handler` asks of those who serve a family.
//!
//! A list, as there are two who need it: the trait itself, and the scaffold, whose handlers have
//! bodies.

use super::conditions;
use super::handler::{ascending, cursor, guard, item_len, items, longest};
use super::text::Text;
use crate::model::{Call, Family, Op};

/// Something that an implementation has to have.
pub(super) struct Item<'f> {
    /// The spec's own words about it; may be empty.
    pub(super) words: String,
    /// What it is, where there are none.
    pub(super) docs: String,
    pub(super) name: String,
    pub(super) kind: ItemKind,
    /// The operation that it serves.
    pub(super) op: &'f Op,
}

pub(super) enum ItemKind {
    /// A type that the handler keeps values of.
    Type,
    /// A type of what a handler holds while it serves a request; it may borrow from the handler.
    Guard,
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
    /// What it gives; nothing of one that cannot fail.
    pub(super) result: Option<String>,
}

/// A parameter of a method.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// It is lent.
    pub(super) borrowed: bool,
    /// The type begins with the name of one that `generated.rs` has.
    pub(super) generated: bool,
    pub(super) type_: String,
}

impl Parameter {
    fn generated(name: &'static str, type_: impl Into<String>) -> Self {
        Self {
            name,
            borrowed: false,
            generated: true,
            type_: type_.into(),
        }
    }

    fn other(name: &'static str, type_: impl Into<String>) -> Self {
        Self {
            generated: false,
            ..Self::generated(name, type_)
        }
    }
}

/// All that it asks for, in the order in which it stands in the trait.
pub(super) fn of(family: &Family) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    for op in ascending(family) {
        if op.do_.as_ref().is_some_and(|call| call.pre.is_some()) {
            found.push(guard_type(op));
        }
        if let Some(call) = &op.dump {
            found.extend(dump_data(family, op, call));
        }
    }
    for op in ascending(family) {
        if let Some(call) = &op.do_ {
            found.extend(do_methods(family, op, call));
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
    if let Some(state) = &family.kernel.sock_priv {
        text.line("///");
        text.line(format!(
            "/// State of a socket (`{state}` of the spec) is kept here, by [`genl::Op::portid`]: the core's own"
        ));
        text.line("/// (`genl_sk_priv_get()`) is not to be had by a module.");
    }
    text.open("pub trait Handler: genl::PerNet");
    let send = send(family);
    for item in of(family) {
        let name = &item.name;
        text.gap();
        text.docs(&item.words, &item.docs);
        conditions::of_op(text, item.op);
        match item.kind {
            ItemKind::Type => text.line(format!("type {name}: {send} + 'static;")),
            ItemKind::Guard => text.line(format!("type {name}<'h>;")),
            ItemKind::Len => text.line(format!("const {name}: usize;")),
            ItemKind::Method(method) => method.render(text, name, "", "", ";"),
        }
    }
    text.close("");
}

/// The path of the trait `Send`, of which the spec may have a namesake.
fn send(family: &Family) -> &'static str {
    let messages = family.messages.iter().map(|message| &message.name);
    let enums = family.enums.iter().map(|definition| &definition.name);
    let structs = family.structs.iter().map(|definition| &definition.name);
    let sets = family.sets.iter().map(|set| &set.name);
    let mut names = messages.chain(enums).chain(structs).chain(sets);
    match names.any(|name| name.pascal() == "Send") {
        true => "core::marker::Send",
        false => "Send",
    }
}

impl Method {
    /// Renders its signature, with `path` before the types that `generated.rs` has, and `mark` before
    /// the names of parameters.
    pub(super) fn render(&self, text: &mut Text, name: &str, path: &str, mark: &str, tail: &str) {
        let parameters = self.parameters.iter().map(|parameter| {
            let lent = if parameter.borrowed { "&" } else { "" };
            let path = if parameter.generated { path } else { "" };
            format!("{mark}{}: {lent}{path}{}", parameter.name, parameter.type_)
        });
        let parameters: Vec<String> = ["&self".to_owned()].into_iter().chain(parameters).collect();
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let lifetime = if self.of_request { "<'r>" } else { "" };
        let head = format!("fn {name}{lifetime}");
        let result = match &self.result {
            Some(result) => format!(" -> {result}"),
            None => String::new(),
        };
        text.signature(&head, &parameters, &format!("{result}{tail}"));
    }
}

fn guard_type(op: &Op) -> Item<'_> {
    Item {
        words: String::new(),
        docs: format!(
            "What is held while `{name}` is served: [`Self::{pre}`] gives it.",
            name = op.name,
            pre = op.name.join("pre").snake()
        ),
        name: guard(op),
        kind: ItemKind::Guard,
        op,
    }
}

fn dump_data<'f>(family: &Family, op: &'f Op, call: &Call) -> Vec<Item<'f>> {
    let name = &op.name;
    let mut found = vec![Item {
        words: String::new(),
        docs: format!("Where a dump of `{name}` stands between two chunks."),
        name: cursor(op),
        kind: ItemKind::Type,
        op,
    }];
    if longest(family, call).is_none() {
        let docs = format!(
            "The longest item of a dump of `{name}`, in bytes of attributes and their headers.\n\n\
             The family's description sets no limit to it, but a chunk must have room."
        );
        found.push(Item {
            words: String::new(),
            docs,
            name: item_len(op),
            kind: ItemKind::Len,
            op,
        });
    }
    found
}

fn do_methods<'f>(family: &Family, op: &'f Op, call: &Call) -> Vec<Item<'f>> {
    let mut parameters = request(family, call);
    parameters.extend(call.reply.map(|reply| {
        let content = family[reply.message].name.pascal();
        Parameter::generated("reply", format!("{content}<genl::Reply<'r>>"))
    }));
    let guard = guard(op);
    let held = call.pre.is_some();
    parameters.extend(held.then(|| Parameter::other("guard", format!("&mut Self::{guard}<'_>"))));
    parameters.push(Parameter::other("op", "&genl::Op<'r>"));
    let serve = Item {
        words: op.doc.clone(),
        docs: format!("Serves `{}`.", op.name),
        name: op.name.snake(),
        kind: ItemKind::Method(Method {
            of_request: true,
            parameters,
            result: Some(match call.reply {
                Some(_) => "Result<genl::Replied<'r>>".into(),
                None => "Result".into(),
            }),
        }),
        op,
    };
    let before = held.then(|| {
        let mut parameters = request(family, call);
        for parameter in &mut parameters {
            parameter.borrowed = true;
        }
        parameters.push(Parameter::other("op", "&genl::Op<'r>"));
        Item {
            words: String::new(),
            docs: format!(
                "Makes ready for `{}`, which is not called if this fails.",
                op.name
            ),
            name: op.name.join("pre").snake(),
            kind: ItemKind::Method(Method {
                of_request: true,
                parameters,
                result: Some(format!("Result<Self::{guard}<'_>>")),
            }),
            op,
        }
    });
    let behind = call.post.is_some().then(|| {
        let guard = held.then(|| Parameter::other("guard", format!("Self::{guard}<'_>")));
        let op_parameter = Parameter::other("op", "&genl::Op<'_>");
        Item {
            words: String::new(),
            docs: format!(
                "Follows `{}`, whatever came of it; a reply leaves after this.",
                op.name
            ),
            name: op.name.join("post").snake(),
            kind: ItemKind::Method(Method {
                of_request: false,
                parameters: guard.into_iter().chain([op_parameter]).collect(),
                result: None,
            }),
            op,
        }
    });
    before.into_iter().chain([serve]).chain(behind).collect()
}

fn dump_methods<'f>(family: &Family, op: &'f Op, call: &Call) -> Vec<Item<'f>> {
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
        op,
    };
    let mut found = vec![
        method(
            format!("Begins a dump of `{}`.", op.name),
            "dump-start",
            Method {
                of_request: true,
                parameters: begin,
                result: Some(format!("Result<Self::{cursor}>")),
            },
        ),
        method(
            "Adds what follows the cursor, until there is no more or an item does not fit.".into(),
            "dump",
            Method {
                of_request: false,
                parameters: go_on,
                result: Some("Result".into()),
            },
        ),
    ];
    if call.post.is_some() {
        found.push(method(
            format!(
                "Ends a dump of `{}`: all is told, it has failed, or the socket has been closed.",
                op.name
            ),
            "dump-done",
            Method {
                of_request: false,
                parameters: vec![
                    Parameter::other("cursor", format!("Self::{cursor}")),
                    Parameter::other("net", "&genl::Net"),
                ],
                result: None,
            },
        ));
    }
    found
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
