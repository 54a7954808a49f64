//! A setter for each attribute of a message or a nest.

use super::super::attr_path;
use super::super::definitions::{flags_type, named};
use super::super::structs::ending;
use super::super::text::Text;
use super::{array, writer};
use crate::model::{Attr, AttrKind, AttrSet, Binary, Family, Holds, Int, IntKind, SetId};
use crate::name::Name;

/// The setters of a message or a nest.
pub(super) struct Setters<'f> {
    pub(super) family: &'f Family,
    pub(super) set: &'f AttrSet,
    pub(super) attrs: Vec<&'f Attr>,
}

/// One value of an attribute: how a setter takes it, and what puts it.
struct Value {
    /// The type of the setter's argument.
    type_: String,
    /// What becomes of the argument `value`, before it is put.
    prepared: Option<String>,
    /// The method of `Put`, and what it takes behind the attribute's type.
    put: (&'static str, Vec<String>),
}

impl Value {
    fn plain(type_: impl Into<String>, put: &'static str, argument: &str) -> Self {
        Self {
            type_: type_.into(),
            prepared: None,
            put: (put, vec![argument.to_owned()]),
        }
    }
}

impl Setters<'_> {
    pub(super) fn render(&self, text: &mut Text, name: &str) {
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
            // Methods of these names are there already.
            "send" => "send_".to_owned(),
            "header" => "header_".to_owned(),
            "and_another" => "and_another_".to_owned(),
            "with" => "with_".to_owned(),
            name => name.to_owned(),
        };
        let head = format!("pub fn {name}");
        let id = attr_path(self.set, attr);
        match &attr.kind {
            AttrKind::Flag => self.render_flag(text, &head, &id),
            AttrKind::Nest(set) => self.render_nest(text, &head, &id, &[], *set),
            AttrKind::TypeValue(levels, inside) => match &**inside {
                AttrKind::Nest(set) => self.render_nest(text, &head, &id, levels, *set),
                kind => self.render_typed_value(text, &head, &id, levels, kind),
            },
            AttrKind::IndexedArray(element) => match &**element {
                AttrKind::Nest(set) => self.render_nests(text, &head, &id, *set),
                kind => self.render_indexed(text, &head, &id, kind),
            },
            AttrKind::Binary(Binary {
                holds: Holds::Array(int),
                ..
            }) => self.render_array(text, &head, &id, int),
            kind if attr.multi => {
                let value = self.value(kind);
                let (generics, item) = borrowed(&value.type_);
                let values = format!("values: impl IntoIterator<Item = {item}>");
                let head = format!("{head}{generics}");
                text.signature(&head, &["mut self", &values], " -> Result<Self> {");
                text.open("for value in values");
                render_put(text, Target::Message, &value, &id);
                text.close("");
            }
            kind => {
                let value = self.value(kind);
                let parameter = format!("value: {}", value.type_);
                text.signature(&head, &["mut self", &parameter], " -> Result<Self> {");
                render_put(text, Target::Message, &value, &id);
            }
        }
        text.line("Ok(self)");
        text.close("");
    }

    fn render_flag(&self, text: &mut Text, head: &str, id: &str) {
        text.signature(head, &["mut self", "value: bool"], " -> Result<Self> {");
        text.open("if value");
        text.chain("", "self.0", &[("put", &[id, "&[]"])], "?;");
        text.close("");
    }

    /// A nest, within a nest for each of `levels`.
    fn render_nest(&self, text: &mut Text, head: &str, id: &str, levels: &[Name], set: SetId) {
        let writer = writer(&self.family[set]);
        let filled = format!("{writer}<genl::Nest<'n>>");
        render_filling(
            text,
            head,
            levels,
            &format!("F: for<'n> FnOnce({filled}) -> Result<{filled}>,"),
        );
        let fill = format!("|nest| Ok(fill({writer}(nest))?.0)");
        match keys(levels).split_last() {
            None => text.chain("", "self.0", &[("put_nest", &[id, &fill])], "?;"),
            Some((last, outer)) => {
                let put = format!("genl::Put::put_nest(&mut nest, {last}, {fill})?;");
                render_levels(text, id, outer, &[put]);
            }
        }
    }

    /// A value, within a nest for each of `levels` but the last, which is its type.
    fn render_typed_value(
        &self,
        text: &mut Text,
        head: &str,
        id: &str,
        levels: &[Name],
        kind: &AttrKind,
    ) {
        let value = self.value(kind);
        let keys = keys(levels);
        let mut parameters = vec!["mut self".to_owned()];
        parameters.extend(keys.iter().map(|key| format!("{key}: u16")));
        parameters.push(format!("value: {}", value.type_));
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        text.signature(head, &parameters, " -> Result<Self> {");
        if let Some((last, outer)) = keys.split_last() {
            let mut lines: Vec<_> = value.prepared.iter().cloned().collect();
            lines.push(put_line(Target::Nest, &value, last));
            render_levels(text, id, outer, &lines);
        }
    }

    fn render_nests(&self, text: &mut Text, head: &str, id: &str, set: SetId) {
        let array = array(&self.family[set]);
        let bound = format!("F: FnOnce(&mut {array}<'_>) -> Result,");
        render_filling(text, head, &[], &bound);
        let fill = format!("|nests| fill(&mut {array}(nests))");
        text.chain("", "self.0", &[("put_nests", &[id, &fill])], "?;");
    }

    /// Values, one behind the other, each an attribute whose type is its number.
    fn render_indexed(&self, text: &mut Text, head: &str, id: &str, kind: &AttrKind) {
        let value = self.value(kind);
        let (generics, item) = borrowed(&value.type_);
        let values = format!("values: impl IntoIterator<Item = {item}>");
        let head = format!("{head}{generics}");
        text.signature(&head, &["mut self", &values], " -> Result<Self> {");
        text.open_list(&format!("self.0.put_nest({id}, |mut nest| {{"));
        // More than these do not fit into a nest.
        text.open("for (number, value) in (1..=u16::MAX).zip(values)");
        render_put(text, Target::Nest, &value, "number");
        text.close("");
        text.line("Ok(nest)");
        text.close_list("})?;");
    }

    /// Integers, one behind the other.
    fn render_array(&self, text: &mut Text, head: &str, id: &str, int: &Int) {
        let values = format!("values: impl IntoIterator<Item = {}>", int.kind.rust());
        text.signature(head, &["mut self", &values], " -> Result<Self> {");
        let bytes = format!("|value| value.{}()", to_bytes(int));
        let values = format!("values.into_iter().map({bytes})");
        match self.pad().filter(|_| int.kind.fixed_size() == Some(8)) {
            Some(pad) => {
                let arguments: [&str; 3] = [id, &values, &pad];
                text.chain("", "self.0", &[("put_aligned_elements", &arguments)], "?;");
            }
            None => text.chain("", "self.0", &[("put_elements", &[id, &values])], "?;"),
        }
    }

    /// One value of a kind that is no collection.
    fn value(&self, kind: &AttrKind) -> Value {
        match kind {
            AttrKind::String(string) if string.unterminated_ok => {
                Value::plain("&[u8]", "put_text", "value")
            }
            AttrKind::String(_) => Value::plain("&CStr", "put_string", "value"),
            AttrKind::Bitfield32(_) => {
                Value::plain("genl::Bitfield32", "put_array", "value.to_bytes()")
            }
            AttrKind::Int(int) => self.int(int),
            AttrKind::Binary(binary) => match binary.holds {
                Holds::Struct(id) => {
                    let definition = &self.family[id];
                    let type_ = format!("&{}", definition.name.pascal());
                    match self.pad().filter(|_| definition.align == 8) {
                        Some(pad) => Value {
                            type_,
                            prepared: None,
                            put: ("put_aligned", vec!["value.to_bytes()".into(), pad]),
                        },
                        None => Value::plain(type_, "put", "&value.to_bytes()"),
                    }
                }
                // Within an indexed array, an array is its bytes.
                Holds::Bytes | Holds::Array(_) => Value::plain("&[u8]", "put", "value"),
            },
            // `resolve` lets these be neither an element nor stand more than once.
            AttrKind::Pad
            | AttrKind::Unused
            | AttrKind::Flag
            | AttrKind::Nest(_)
            | AttrKind::IndexedArray(_)
            | AttrKind::TypeValue(..) => Value::plain("&[u8]", "put", "value"),
        }
    }

    fn int(&self, int: &Int) -> Value {
        let rust = int.kind.rust();
        let (type_, prepared) = match named(self.family, int) {
            None => (rust.to_owned(), None),
            Some(names) => {
                let definition = &self.family[names.id];
                match (names.as_flags, rust) {
                    (true, "u64") => (
                        flags_type(definition),
                        Some("let value = value.bits();".to_owned()),
                    ),
                    (true, _) => (
                        flags_type(definition),
                        Some(format!("let value = value.bits() as {rust};")),
                    ),
                    (false, _) => (
                        definition.name.pascal(),
                        Some(format!("let value = value as {rust};")),
                    ),
                }
            }
        };
        let bytes = format!("value.{}()", to_bytes(int));
        let put = match (int.kind, self.pad()) {
            (IntKind::Uint, _) => ("put_uint", vec!["value".to_owned()]),
            (IntKind::Sint, _) => ("put_sint", vec!["value".to_owned()]),
            (IntKind::U64 | IntKind::S64, Some(pad)) => ("put_aligned", vec![bytes, pad]),
            _ => ("put_array", vec![bytes]),
        };
        Value {
            type_,
            prepared,
            put,
        }
    }

    /// The attribute by which 64 bits are aligned, if the set has one.
    fn pad(&self) -> Option<String> {
        self.set.pad().map(|pad| attr_path(self.set, pad))
    }
}

fn to_bytes(int: &Int) -> String {
    format!("to_{}_bytes", ending(int.order))
}

/// The parameter's names for what the types of nests stand for.
fn keys(levels: &[Name]) -> Vec<String> {
    levels
        .iter()
        .map(|level| level.join("key").snake())
        .collect()
}

/// The head of a setter that takes a closure.
fn render_filling(text: &mut Text, head: &str, levels: &[Name], bound: &str) {
    let mut parameters = vec!["mut self".to_owned()];
    parameters.extend(keys(levels).iter().map(|key| format!("{key}: u16")));
    parameters.push("fill: F".into());
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    text.signature(&format!("{head}<F>"), &parameters, " -> Result<Self>");
    text.line("where");
    text.line(format!("    {bound}"));
    text.open_brace();
}

/// `id`, within it a nest of each of `outer`, and within the last of them `lines`.
fn render_levels(text: &mut Text, id: &str, outer: &[String], lines: &[String]) {
    text.open_list(&format!("self.0.put_nest({id}, |mut nest| {{"));
    for key in outer {
        text.open_list(&format!(
            "genl::Put::put_nest(&mut nest, {key}, |mut nest| {{"
        ));
    }
    for line in lines {
        text.line(line);
    }
    text.line("Ok(nest)");
    for _ in outer {
        text.close_list("})?;");
        text.line("Ok(nest)");
    }
    text.close_list("})?;");
}

/// Where a value is put.
#[derive(Clone, Copy)]
enum Target {
    /// Into the message or nest that has the setter.
    Message,
    /// Into a nest within it, called `nest`; its type is known, so the trait has to be named.
    Nest,
}

fn render_put(text: &mut Text, target: Target, value: &Value, id: &str) {
    if let Some(prepared) = &value.prepared {
        text.line(prepared);
    }
    text.line(put_line(target, value, id));
}

fn put_line(target: Target, value: &Value, id: &str) -> String {
    let (method, arguments) = &value.put;
    let arguments = arguments.join(", ");
    match target {
        Target::Message => format!("self.0.{method}({id}, {arguments})?;"),
        Target::Nest => format!("genl::Put::{method}(&mut nest, {id}, {arguments})?;"),
    }
}

/// The generics of a function that takes many of these, and the type of one.
fn borrowed(type_: &str) -> (&'static str, String) {
    match type_.strip_prefix('&') {
        Some(referred) => ("<'v>", format!("&'v {referred}")),
        None => ("", type_.to_owned()),
    }
}
