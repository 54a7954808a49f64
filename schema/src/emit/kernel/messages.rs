//! What the kernel sends: a type for each message and for each nest, by which it is built.

mod setters;

use std::collections::HashSet;

use super::nested_sets;
use super::text::Text;
use crate::model::{
    Attr, AttrKind, AttrSet, Direction, Family, Message, MessageId, SetId, StructId,
};
use setters::Setters;

pub(super) fn render(text: &mut Text, family: &Family) {
    let replies: HashSet<_> = family
        .ops
        .iter()
        .filter_map(|op| Some(op.do_.as_ref()?.reply?.message))
        .collect();
    for (id, message) in family.messages() {
        if message.direction == Direction::FromKernel {
            render_message(text, family, id, message, replies.contains(&id));
        }
    }
    let in_arrays = in_arrays(family);
    for set in nested_sets(family, Direction::FromKernel) {
        let attrs = set.attrs.iter().filter(|attr| is_set(attr)).collect();
        let name = writer(set);
        text.gap();
        text.line(format!("/// What a nest of `{}` carries.", set.name));
        text.line(format!("pub struct {name}<M>(M);"));
        Setters { family, set, attrs }.render(text, &name);
        if in_arrays.contains(&set.name.as_str()) {
            render_array(text, set);
        }
    }
}

/// The name of the type that fills a nest.
fn writer(set: &AttrSet) -> String {
    format!("{}Writer", set.name.pascal())
}

/// The name of the type that fills an array of nests.
fn array(set: &AttrSet) -> String {
    format!("{}Array", set.name.pascal())
}

/// There is something to set it to.
fn is_set(attr: &Attr) -> bool {
    !matches!(attr.kind, AttrKind::Pad | AttrKind::Unused)
}

fn render_message(
    text: &mut Text,
    family: &Family,
    id: MessageId,
    message: &Message,
    is_reply: bool,
) {
    let name = message.name.pascal();
    let set = &family[message.set];
    let fields = message.fields.iter();
    let attrs: Vec<_> = fields
        .map(|field| family.attr(message, field))
        .filter(|attr| is_set(attr))
        .collect();
    text.gap();
    text.line(format!("/// What `{}` carries.", family[id].name));
    text.line(format!("pub struct {name}<M>(M);"));
    if let Some(header) = message.header {
        render_header(text, family, header, &name);
    }
    if !attrs.is_empty() {
        render_with(text, &name);
    }
    Setters { family, set, attrs }.render(text, &name);
    if is_reply {
        render_send(text, &name);
    }
}

fn render_header(text: &mut Text, family: &Family, header: StructId, name: &str) {
    let header = family[header].name.pascal();
    text.gap();
    text.open(format!("impl<M: genl::PutHeader> {name}<M>"));
    text.line("/// The header before the attributes; zeros until it is set.");
    let parameters = ["mut self", &format!("header: &{header}")];
    text.signature("pub fn header", &parameters, " -> Result<Self> {");
    let bytes = "&header.to_bytes()";
    text.chain("", "self.0", &[("put_header", &[bytes])], "?;");
    text.line("Ok(self)");
    text.close("");
    text.close("");
}

fn render_with(text: &mut Text, name: &str) {
    text.gap();
    text.open(format!("impl<M: genl::Put> {name}<M>"));
    text.line("/// Lets `fill` put attributes, whatever kind of message this is: a function that describes");
    text.line("/// something is there once then, for replies, items of dumps and events alike.");
    text.signature(
        "pub fn with<F>",
        &["mut self", "fill: F"],
        " -> Result<Self>",
    );
    text.line("where");
    let part = format!("{name}<genl::Nest<'n>>");
    text.line(format!("    F: for<'n> FnOnce({part}) -> Result<{part}>,"));
    text.open_brace();
    let fill = format!("|part| Ok(fill({name}(part))?.0)");
    text.chain("", "self.0", &[("put_part", &[&fill])], "?;");
    text.line("Ok(self)");
    text.close("");
    text.close("");
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

fn render_array(text: &mut Text, set: &AttrSet) {
    let (name, writer) = (array(set), writer(set));
    text.gap();
    text.line(format!(
        "/// An array of nests of `{}` that is being filled.",
        set.name
    ));
    text.line(format!("pub struct {name}<'n>(genl::NestArray<'n>);"));
    text.gap();
    text.open(format!("impl {name}<'_>"));
    text.line("/// Adds a nest that `fill` fills.");
    let filled = format!("{writer}<genl::Nest<'n>>");
    text.signature("pub fn add<F>", &["&mut self", "fill: F"], " -> Result");
    text.line("where");
    text.line(format!(
        "    F: for<'n> FnOnce({filled}) -> Result<{filled}>,"
    ));
    text.open_brace();
    let fill = format!("|nest| Ok(fill({writer}(nest))?.0)");
    text.chain("", "self.0", &[("add", &[&fill])], "");
    text.close("");
    text.close("");
}

/// The names of the sets of which the kernel sends arrays.
fn in_arrays(family: &Family) -> HashSet<&str> {
    let element = |attr: &Attr| -> Option<SetId> {
        match &attr.kind {
            AttrKind::IndexedArray(element) => element.inside(),
            _ => None,
        }
    };
    let messages = family.messages.iter();
    let in_messages = messages
        .filter(|message| message.direction == Direction::FromKernel)
        .flat_map(|message| message.fields.iter().map(move |field| (message, field)))
        .filter_map(|(message, field)| element(family.attr(message, field)));
    let in_nests = nested_sets(family, Direction::FromKernel)
        .into_iter()
        .flat_map(|set| &set.attrs)
        .filter_map(element);
    in_messages
        .chain(in_nests)
        .map(|set| family[set].name.as_str())
        .collect()
}
