//! Views of what userspace sends: a getter for each attribute that the policy lets through.

use super::checks::{Checks, render_count};
use super::reading::{iterator, reading, typed_values};
use super::text::Text;
use super::{conditions, nested_sets};
use crate::model::{Attr, AttrKind, AttrSet, Direction, Family, Message};

pub(super) fn render(text: &mut Text, family: &Family) {
    let checks = Checks::of(family);
    for message in &family.messages {
        if has_view(message) {
            Request {
                family,
                message,
                checks: &checks,
            }
            .render(text);
        }
    }
    for set in nested_sets(family, Direction::Request) {
        render_nest(text, family, set, &checks);
    }
}

/// It is a request, and there is something in it to look at.
pub(super) fn has_view(message: &Message) -> bool {
    let holds_something = !message.fields.is_empty() || message.header.is_some();
    message.direction == Direction::Request && holds_something
}

/// The view of a request.
struct Request<'f> {
    family: &'f Family,
    message: &'f Message,
    checks: &'f Checks<'f>,
}

impl Request<'_> {
    fn render(&self, text: &mut Text) {
        let name = self.message.name.pascal();
        text.gap();
        text.line(format!("/// The request of `{}`.", self.message.name));
        self.render_condition(text);
        text.open(format!("pub struct {name}<'r>"));
        if self.keeps_request() {
            text.line(format!("{}: genl::Request<'r>,", self.free("request")));
        }
        for attr in self.required() {
            text.line(format!("{}: genl::Attr<'r>,", place_of(attr)));
            if self.is_kept(attr) {
                let value = reading(self.family, &attr.kind).value;
                text.line(format!("{}: {value},", attr.name.snake()));
            }
        }
        text.close("");
        text.gap();
        self.render_condition(text);
        text.open(format!("impl<'r> {name}<'r>"));
        self.render_parse(text);
        self.render_header(text);
        for field in &self.message.fields {
            let attr = self.family.attr(self.message, field);
            if field.required && !is_many(attr) {
                self.render_required(text, attr);
            } else {
                let set = &self.family[self.message.set];
                let source = format!("self.{}", self.free("request"));
                render_getters(text, self.family, set, attr, &source);
            }
        }
        text.close("");
    }

    fn render_condition(&self, text: &mut Text) {
        conditions::of_requests(text, self.family, &[&self.message.name]);
    }

    /// Attributes that have to be there, and of which there is one.
    fn required(&self) -> impl Iterator<Item = &Attr> {
        let fields = self.message.fields.iter().filter(|field| field.required);
        fields
            .map(|field| self.family.attr(self.message, field))
            .filter(|attr| !is_many(attr))
    }

    /// The value of a required attribute is read before the handler is called, as bytes that make up
    /// none are an error.
    fn is_kept(&self, attr: &Attr) -> bool {
        reading(self.family, &attr.kind).may_fail()
    }

    fn keeps_request(&self) -> bool {
        self.message.header.is_some() || self.required().count() < self.message.fields.len()
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
        text.line(
            "/// Fails, with an extended ACK, if an attribute is missing, or not as it should be.",
        );
        let attrs = || {
            let fields = self.message.fields.iter();
            fields.map(|field| (field, self.family.attr(self.message, field)))
        };
        let uses_op = attrs().any(|(field, attr)| {
            field.required || attr.max_count.is_some() || self.checks.are_for(&attr.kind)
        });
        let unused = |used: bool| if used { "" } else { "_" };
        let uses_request = uses_op || self.keeps_request();
        let parameters = [
            &*format!("{}{request}: genl::Request<'r>", unused(uses_request)),
            &format!("{}{op}: &genl::Op<'r>", unused(uses_op)),
        ];
        text.line("#[inline]");
        text.signature("fn parse", &parameters, " -> Result<Self> {");
        for (_, attr) in attrs() {
            render_count(text, set, attr, &op, &request);
        }
        for (_, attr) in attrs().filter(|(_, attr)| self.checks.are_for(&attr.kind)) {
            let path = super::attr_path(set, attr);
            text.open(match is_many(attr) {
                true => format!("for found in {request}.all({path})"),
                false => format!("if let Some(found) = {request}.get({path})"),
            });
            self.checks.render(text, &attr.kind, &op, "0");
            text.close("");
        }
        for (_, attr) in attrs().filter(|(field, _)| field.required) {
            let path = super::attr_path(set, attr);
            let arguments: [&str; 2] = [&request, &path];
            if is_many(attr) {
                text.chain("", &op, &[("require", &arguments)], "?;");
                continue;
            }
            let place = place_of(attr);
            let head = format!("let {place} = ");
            text.chain(&head, &op, &[("require", &arguments)], "?;");
            if self.is_kept(attr) {
                let value = reading(self.family, &attr.kind).of_one(&place);
                let name = attr.name.snake();
                text.line(format!("let {name} = {value}.ok_or(EINVAL)?;"));
            }
        }
        let mut fields = Vec::new();
        if self.keeps_request() {
            fields.push(request);
        }
        for attr in self.required() {
            fields.push(place_of(attr));
            if self.is_kept(attr) {
                fields.push(attr.name.snake());
            }
        }
        text.line(format!("Ok(Self {{ {} }})", fields.join(", ")));
        text.close("");
    }

    fn render_header(&self, text: &mut Text) {
        let Some(header) = self.message.header else {
            return;
        };
        let name = self.family[header].name.pascal();
        text.gap();
        text.line("/// What stands before the attributes.");
        let result = format!(" -> {name} {{");
        text.signature("pub fn header", &["&self"], &result);
        let request = self.free("request");
        text.line(format!("{name}::from_bytes(self.{request}.header())"));
        text.close("");
    }

    fn render_required(&self, text: &mut Text, attr: &Attr) {
        let (name, field) = (getter(attr), attr.name.snake());
        let reading = reading(self.family, &attr.kind);
        let place = format!("self.{}", place_of(attr));
        text.gap();
        text.docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
        let result = format!(" -> {} {{", reading.value);
        text.signature(&format!("pub fn {name}"), &["&self"], &result);
        text.line(match &attr.kind {
            AttrKind::Flag => "true".to_owned(),
            _ if self.is_kept(attr) => format!("self.{field}"),
            AttrKind::IndexedArray(element) => {
                let source = format!("{place}.attrs()");
                super::reading::reading(self.family, element).of_each(&source)
            }
            _ => reading.of_one(&place),
        });
        text.close("");
        text.gap();
        text.line(format!("/// Where [`Self::{name}`] stands."));
        let head = format!("pub fn {}", place_of(attr));
        text.signature(&head, &["&self"], " -> genl::Attr<'r> {");
        text.line(place);
        text.close("");
    }
}

/// There may be more than one of it, or more than one value in it.
fn is_many(attr: &Attr) -> bool {
    attr.multi || matches!(attr.kind, AttrKind::TypeValue(..))
}

/// The name of an attribute's getter.
fn getter(attr: &Attr) -> String {
    match attr.name.snake().as_str() {
        // There is a function of this name already.
        name @ ("parse" | "header") => format!("{name}_"),
        name => name.to_owned(),
    }
}

/// The name of what tells where an attribute stands.
fn place_of(attr: &Attr) -> String {
    attr.name.join("attr").snake()
}

fn render_nest(text: &mut Text, family: &Family, set: &AttrSet, checks: &Checks<'_>) {
    let name = set.name.pascal();
    text.gap();
    text.docs(&set.doc, &format!("The attributes of `{}`.", set.name));
    conditions::of_nest(text, family, set);
    text.line("#[derive(Clone, Copy)]");
    text.line(format!("pub struct {name}<'r>(genl::Attr<'r>);"));
    text.gap();
    conditions::of_nest(text, family, set);
    text.open(format!("impl<'r> {name}<'r>"));
    checks.render_of_nest(text, set);
    for attr in set.attrs.iter().filter(|attr| is_taken(attr)) {
        render_getters(text, family, set, attr, "self.0.attrs()");
    }
    text.close("");
}

/// The core lets it through: it never takes attributes of type 0.
pub(super) fn is_taken(attr: &Attr) -> bool {
    attr.id != 0 && !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused)
}

/// The getters of an attribute that need not be there, or may be there more than once.
fn render_getters(text: &mut Text, family: &Family, set: &AttrSet, attr: &Attr, source: &str) {
    let name = getter(attr);
    let path = super::attr_path(set, attr);
    let many = is_many(attr);
    let (places, place, method) = match many {
        true => (
            "attrs",
            "impl Iterator<Item = genl::Attr<'r>> + Clone + 'r",
            "all",
        ),
        false => ("attr", "Option<genl::Attr<'r>>", "get"),
    };
    let places = attr.name.join(places).snake();
    text.gap();
    text.docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
    let reading = reading(family, &attr.kind);
    let result = match &attr.kind {
        AttrKind::Flag => "bool".to_owned(),
        _ if many => iterator(&reading.value),
        _ => format!("Option<{}>", reading.value),
    };
    let result = format!(" -> {result} {{");
    text.signature(&format!("pub fn {name}"), &["&self"], &result);
    let found = format!("self.{places}()");
    text.line(match &attr.kind {
        AttrKind::Flag => format!("{found}.is_some()"),
        AttrKind::TypeValue(levels, inner) => typed_values(family, levels.len(), inner, &found),
        _ if many => reading.of_each(&found),
        _ => reading.of_some(&found),
    });
    text.close("");
    text.gap();
    text.line(format!("/// Where [`Self::{name}`] stands."));
    let head = format!("pub fn {places}");
    text.signature(&head, &["&self"], &format!(" -> {place} {{"));
    text.line(format!("{source}.{method}({path})"));
    text.close("");
}
