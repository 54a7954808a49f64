//! Views of what userspace sends: a getter for each attribute that the policy lets through.

use super::definitions::flags_type;
use super::nested_sets;
use super::text::Text;
use crate::model::{Attr, AttrKind, AttrSet, ByteOrder, Direction, Family, Int, Message};

pub(super) fn render(text: &mut Text, family: &Family) {
    for message in &family.messages {
        if message.direction == Direction::Request && !message.fields.is_empty() {
            Request { family, message }.render(text);
        }
    }
    for set in nested_sets(family, Direction::Request) {
        render_nest(text, family, set);
    }
}

/// The getter's way from an attribute to a value.
struct Reading {
    /// The type of the value.
    value: String,
    /// The first step is a method of the attribute, the others are of an `Option`: what follows
    /// the dot, and the argument. Without a step, the value wraps the attribute.
    steps: Vec<(&'static str, String)>,
}

fn reading(family: &Family, kind: &AttrKind) -> Reading {
    let (value, steps) = match kind {
        AttrKind::Int(int) => return int_reading(family, int),
        AttrKind::String(_) => (
            "&'r CStr".into(),
            vec![("and_then", "genl::Attr::string".into())],
        ),
        AttrKind::Binary(_) => (
            "&'r [u8]".into(),
            vec![("map", "genl::Attr::payload".into())],
        ),
        AttrKind::Nest(set) => {
            let view = family[*set].name.pascal();
            (format!("{view}<'r>"), vec![("map", view)])
        }
        _ => unreachable!("resolve lets no other kind into a request"),
    };
    Reading { value, steps }
}

fn int_reading(family: &Family, int: &Int) -> Reading {
    let getter = |method: &str| ("and_then", format!("genl::Attr::{method}"));
    let method = wire_name(int);
    let Some(names) = int.names.filter(|_| !int.kind.signed()) else {
        return Reading {
            value: int.kind.rust().into(),
            steps: vec![getter(&method)],
        };
    };
    let definition = &family[names.id];
    // `unsigned` takes any width, in the machine's order.
    let mut steps = match int.order == ByteOrder::Big {
        true => vec![getter(&method), ("map", "u64::from".into())],
        false => vec![getter("unsigned")],
    };
    let value = match names.as_flags {
        true => flags_type(definition),
        false => definition.name.pascal(),
    };
    steps.push(match names.as_flags {
        true => ("map", format!("{value}::from_bits")),
        false => ("and_then", format!("{value}::from_value")),
    });
    Reading { value, steps }
}

/// The runtime's name for an integer's form on the wire: `u32`, `be16`, `sint`.
pub(super) fn wire_name(int: &Int) -> String {
    let name = format!("{:?}", int.kind).to_lowercase();
    match int.order == ByteOrder::Big {
        true => name.replace('u', "be"),
        false => name,
    }
}

/// The view of a request.
struct Request<'f> {
    family: &'f Family,
    message: &'f Message,
}

impl Request<'_> {
    fn render(&self, text: &mut Text) {
        let name = self.message.name.pascal();
        text.gap();
        text.line(format!("/// The request of `{}`.", self.message.name));
        text.open(format!("pub struct {name}<'r>"));
        if self.has_optional() {
            text.line(format!("{}: genl::Request<'r>,", self.free("request")));
        }
        for attr in self.required() {
            let field = attr.name.snake();
            text.line(format!("{}: genl::Attr<'r>,", place_of(attr)));
            if attr.kind != AttrKind::Flag {
                let value = reading(self.family, &attr.kind).value;
                text.line(format!("{field}: {value},"));
            }
        }
        text.close("");
        text.gap();
        text.open(format!("impl<'r> {name}<'r>"));
        self.render_parse(text);
        for field in &self.message.fields {
            let attr = self.family.attr(self.message, field);
            if field.required && !attr.multi {
                self.render_required(text, attr);
            } else {
                let set = &self.family[self.message.set];
                let source = format!("self.{}", self.free("request"));
                render_getters(text, self.family, set, attr, &source);
            }
        }
        text.close("");
    }

    /// Attributes that have to be there, and of which there is one.
    fn required(&self) -> impl Iterator<Item = &Attr> {
        let fields = self.message.fields.iter().filter(|field| field.required);
        fields
            .map(|field| self.family.attr(self.message, field))
            .filter(|attr| !attr.multi)
    }

    fn has_optional(&self) -> bool {
        self.required().count() < self.message.fields.len()
    }

    /// `name`, or if a required attribute has taken it, one that no attribute can have.
    fn free(&self, name: &str) -> String {
        match self.required().any(|attr| attr.name.snake() == name) {
            true => format!("{name}_"),
            false => name.to_owned(),
        }
    }

    fn render_parse(&self, text: &mut Text) {
        let (request, op) = (self.free("request"), self.free("op"));
        let set = &self.family[self.message.set];
        text.line("/// Fails, with an extended ACK, if an attribute is missing.");
        let requires = self.message.fields.iter().any(|field| field.required);
        let unused = if requires { "" } else { "_" };
        let parameters = [
            &*format!("{request}: genl::Request<'r>"),
            &format!("{unused}{op}: &genl::Op<'r>"),
        ];
        text.signature("fn parse", &parameters, " -> Result<Self> {");
        for field in self.message.fields.iter().filter(|field| field.required) {
            let attr = self.family.attr(self.message, field);
            let path = super::attr_path(set, attr);
            let arguments: [&str; 2] = [&request, &path];
            if attr.multi {
                text.chain("", &op, &[("require", &arguments)], "?;");
                continue;
            }
            let head = format!("let {} = ", place_of(attr));
            text.chain(&head, &op, &[("require", &arguments)], "?;");
            self.render_value(text, attr);
        }
        let mut fields = Vec::new();
        if self.has_optional() {
            fields.push(request);
        }
        for attr in self.required() {
            fields.push(place_of(attr));
            if attr.kind != AttrKind::Flag {
                fields.push(attr.name.snake());
            }
        }
        text.line(format!("Ok(Self {{ {} }})", fields.join(", ")));
        text.close("");
    }

    /// `let name = …`, of a required attribute.
    fn render_value(&self, text: &mut Text, attr: &Attr) {
        let name = attr.name.snake();
        let head = format!("let {name} = ");
        let root = place_of(attr);
        match &attr.kind {
            AttrKind::Flag => {}
            AttrKind::Binary(_) => text.chain(&head, &root, &[("payload", &[])], ";"),
            AttrKind::Nest(set) => {
                let view = self.family[*set].name.pascal();
                text.line(format!("{head}{view}({root});"));
            }
            kind => {
                let steps = reading(self.family, kind).steps;
                let first = steps[0].1.trim_start_matches("genl::Attr::").to_owned();
                let later: Vec<_> = steps[1..]
                    .iter()
                    .map(|(method, argument)| (*method, [argument.as_str()]))
                    .collect();
                let mut calls: Vec<(&str, &[&str])> = vec![(&first, &[])];
                calls.extend(
                    later
                        .iter()
                        .map(|(method, argument)| (*method, &argument[..])),
                );
                calls.push(("ok_or", &["EINVAL"]));
                text.chain(&head, &root, &calls, "?;");
            }
        }
    }

    fn render_required(&self, text: &mut Text, attr: &Attr) {
        let name = attr.name.snake();
        let value = match attr.kind {
            AttrKind::Flag => "bool".to_owned(),
            _ => reading(self.family, &attr.kind).value,
        };
        text.gap();
        text.docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
        text.signature(
            &format!("pub fn {name}"),
            &["&self"],
            &format!(" -> {value} {{"),
        );
        text.line(match attr.kind {
            AttrKind::Flag => "true".to_owned(),
            _ => format!("self.{name}"),
        });
        text.close("");
        text.gap();
        text.line(format!("/// Where [`Self::{name}`] stands."));
        text.signature(
            &format!("pub fn {}", place_of(attr)),
            &["&self"],
            " -> genl::Attr<'r> {",
        );
        text.line(format!("self.{}", place_of(attr)));
        text.close("");
    }
}

/// The name of what tells where an attribute stands.
fn place_of(attr: &Attr) -> String {
    attr.name.join("attr").snake()
}

fn render_nest(text: &mut Text, family: &Family, set: &AttrSet) {
    let name = set.name.pascal();
    text.gap();
    text.docs(&set.doc, &format!("The attributes of `{}`.", set.name));
    text.line("#[derive(Clone, Copy)]");
    text.line(format!("pub struct {name}<'r>(genl::Attr<'r>);"));
    text.gap();
    text.open(format!("impl<'r> {name}<'r>"));
    for attr in &set.attrs {
        if !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused) {
            render_getters(text, family, set, attr, "self.0.attrs()");
        }
    }
    text.close("");
}

/// The getters of an attribute that need not be there, or may be there more than once.
fn render_getters(text: &mut Text, family: &Family, set: &AttrSet, attr: &Attr, source: &str) {
    let name = attr.name.snake();
    let path = super::attr_path(set, attr);
    let (root, first) = match source.strip_suffix(".attrs()") {
        Some(root) => (root, Some("attrs")),
        None => (source, None),
    };
    let found = |text: &mut Text, method: &str| {
        let mut calls: Vec<(&str, &[&str])> =
            first.map(|name| (name, &[][..])).into_iter().collect();
        let path = [path.as_str()];
        calls.push((method, &path));
        text.chain("", root, &calls, "");
    };
    text.gap();
    text.docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
    let (places, place, method) = match attr.multi {
        true => (
            "attrs",
            "impl Iterator<Item = genl::Attr<'r>> + Clone",
            "all",
        ),
        false => ("attr", "Option<genl::Attr<'r>>", "get"),
    };
    if attr.kind == AttrKind::Flag {
        text.signature(&format!("pub fn {name}"), &["&self"], " -> bool {");
        let attr_fn = place_of(attr);
        text.chain("", "self", &[(&attr_fn, &[]), ("is_some", &[])], "");
    } else {
        let Reading { value, steps } = reading(family, &attr.kind);
        let value = match attr.multi {
            true => format!("impl Iterator<Item = {value}> + Clone + 'r"),
            false => format!("Option<{value}>"),
        };
        text.signature(
            &format!("pub fn {name}"),
            &["&self"],
            &format!(" -> {value} {{"),
        );
        let attr_fn = attr.name.join(places).snake();
        let arguments: Vec<[&str; 1]> = steps.iter().map(|(_, step)| [step.as_str()]).collect();
        let mut calls: Vec<(&str, &[&str])> = vec![(&attr_fn, &[])];
        for ((step, _), argument) in steps.iter().zip(&arguments) {
            let step = match (attr.multi, *step) {
                (true, "and_then") => "filter_map",
                (_, step) => step,
            };
            calls.push((step, argument));
        }
        text.chain("", "self", &calls, "");
    }
    text.close("");
    text.gap();
    text.line(format!("/// Where [`Self::{name}`] stands."));
    text.signature(
        &format!("pub fn {}", attr.name.join(places).snake()),
        &["&self"],
        &format!(" -> {place} {{"),
    );
    found(text, method);
    text.close("");
}
