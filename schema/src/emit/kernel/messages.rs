//! What the kernel sends: a setter for each attribute.

use std::collections::HashSet;

use super::definitions::flags_type;
use super::nested_sets;
use super::text::Text;
use crate::model::{Attr, AttrKind, AttrSet, ByteOrder, Direction, Family, Int, IntKind};

pub(super) fn render(text: &mut Text, family: &Family) {
    let replies: HashSet<_> = family
        .ops
        .iter()
        .filter_map(|op| Some(op.do_.as_ref()?.reply?.message))
        .collect();
    for (id, message) in family.messages() {
        if message.direction == Direction::Request {
            continue;
        }
        let set = &family[message.set];
        let attrs: Vec<_> = message
            .fields
            .iter()
            .map(|field| family.attr(message, field))
            .collect();
        let doc = format!("What `{}` carries.", message.name);
        Setters { family, set, attrs }.render(text, &message.name.pascal(), &doc);
        if replies.contains(&id) {
            render_send(text, &message.name.pascal());
        }
    }
    for set in nested_sets(family, Direction::FromKernel) {
        let attrs = set
            .attrs
            .iter()
            .filter(|attr| !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused))
            .collect();
        let doc = format!("What a nest of `{}` carries.", set.name);
        Setters { family, set, attrs }.render(text, &writer(set), &doc);
    }
}

/// The name of the type that fills a nest.
fn writer(set: &AttrSet) -> String {
    format!("{}Writer", set.name.pascal())
}

fn render_send(text: &mut Text, name: &str) {
    text.gap();
    text.open(format!("impl<'r> {name}<genl::Reply<'r>>"));
    text.line("/// Hands the complete reply over; it leaves when the handler has returned.");
    text.open("pub fn send(self) -> genl::Replied<'r>");
    text.line("self.0.send()");
    text.close("");
    text.gap();
    text.line(
        "/// Sends this message now and begins another one; see [`genl::Reply::and_another`].",
    );
    text.open("pub fn and_another(self, op: &genl::Op<'r>) -> Result<Self>");
    text.line("Ok(Self(self.0.and_another(op)?))");
    text.close("");
    text.close("");
}

/// The setters of a message or a nest.
struct Setters<'f> {
    family: &'f Family,
    set: &'f AttrSet,
    attrs: Vec<&'f Attr>,
}

impl Setters<'_> {
    fn render(&self, text: &mut Text, name: &str, doc: &str) {
        text.gap();
        text.line(format!("/// {doc}"));
        text.line(format!("pub struct {name}<M>(M);"));
        if self.attrs.is_empty() {
            return;
        }
        text.gap();
        text.open(format!("impl<M: genl::Put> {name}<M>"));
        for attr in &self.attrs {
            text.gap();
            text.docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
            self.render_setter(text, attr);
        }
        text.close("");
    }

    fn render_setter(&self, text: &mut Text, attr: &Attr) {
        let name = match attr.name.snake().as_str() {
            // There is a method of this name already.
            "send" => "send_".to_owned(),
            "and_another" => "and_another_".to_owned(),
            name => name.to_owned(),
        };
        let id = super::attr_path(self.set, attr);
        match &attr.kind {
            AttrKind::Nest(set) => {
                let writer = writer(&self.family[*set]);
                let head = format!("pub fn {name}<F>");
                text.signature(&head, &["mut self", "fill: F"], " -> Result<Self>");
                text.line("where");
                let filled = format!("{writer}<genl::Nest<'n>>");
                text.line(format!(
                    "    F: for<'n> FnOnce({filled}) -> Result<{filled}>,"
                ));
                text.open_brace();
                let fill = format!("|nest| Ok(fill({writer}(nest))?.0)");
                text.chain("", "self.0", &[("put_nest", &[&id, &fill])], "?;");
            }
            AttrKind::Flag => {
                let head = format!("pub fn {name}");
                text.signature(&head, &["mut self", "value: bool"], " -> Result<Self> {");
                text.open("if value");
                text.chain("", "self.0", &[("put", &[&id, "&[]"])], "?;");
                text.close("");
            }
            kind if attr.multi => {
                let (head, value) = match self.value(kind).strip_prefix('&') {
                    Some(borrowed) => (format!("pub fn {name}<'v>"), format!("&'v {borrowed}")),
                    None => (format!("pub fn {name}"), self.value(kind)),
                };
                let values = format!("values: impl IntoIterator<Item = {value}>");
                text.signature(&head, &["mut self", &values], " -> Result<Self> {");
                text.open("for value in values");
                self.render_put(text, kind, &id);
                text.close("");
            }
            kind => {
                let value = format!("value: {}", self.value(kind));
                let head = format!("pub fn {name}");
                text.signature(&head, &["mut self", &value], " -> Result<Self> {");
                self.render_put(text, kind, &id);
            }
        }
        text.line("Ok(self)");
        text.close("");
    }

    /// The type of a setter's argument.
    fn value(&self, kind: &AttrKind) -> String {
        match kind {
            AttrKind::String(_) => "&CStr".into(),
            AttrKind::Binary(_) => "&[u8]".into(),
            AttrKind::Int(int) => match int.names.filter(|_| !int.kind.signed()) {
                Some(names) if names.as_flags => flags_type(&self.family[names.id]),
                Some(names) => self.family[names.id].name.pascal(),
                None => int.kind.rust().into(),
            },
            _ => unreachable!("resolve lets no other kind into a message of the kernel"),
        }
    }

    fn render_put(&self, text: &mut Text, kind: &AttrKind, id: &str) {
        match kind {
            AttrKind::String(_) => {
                text.chain("", "self.0", &[("put_string", &[id, "value"])], "?;");
            }
            AttrKind::Int(int) => self.render_put_int(text, int, id),
            _ => text.chain("", "self.0", &[("put", &[id, "value"])], "?;"),
        }
    }

    fn render_put_int(&self, text: &mut Text, int: &Int, id: &str) {
        let rust = int.kind.rust();
        if let Some(names) = int.names.filter(|_| !int.kind.signed()) {
            match (names.as_flags, rust) {
                (true, "u64") => text.line("let value = value.bits();"),
                (true, _) => text.line(format!("let value = value.bits() as {rust};")),
                (false, _) => text.line(format!("let value = value as {rust};")),
            }
        }
        let pad = self.set.pad().map(|pad| super::attr_path(self.set, pad));
        match (int.kind, pad) {
            (IntKind::Uint, _) => text.chain("", "self.0", &[("put_uint", &[id, "value"])], "?;"),
            (IntKind::Sint, _) => text.chain("", "self.0", &[("put_sint", &[id, "value"])], "?;"),
            (IntKind::U64 | IntKind::S64, Some(pad)) => {
                let bytes = format!("value.{}()", to_bytes(int));
                let arguments: [&str; 3] = [id, &bytes, &pad];
                text.chain("", "self.0", &[("put_aligned", &arguments)], "?;");
            }
            _ => {
                let bytes = format!("value.{}()", to_bytes(int));
                text.chain("", "self.0", &[("put_array", &[id, &bytes])], "?;");
            }
        }
    }
}

fn to_bytes(int: &Int) -> &'static str {
    match int.order == ByteOrder::Big {
        true => "to_be_bytes",
        false => "to_ne_bytes",
    }
}
