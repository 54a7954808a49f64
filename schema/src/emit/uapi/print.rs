//! C text: macros, enums and numbers, as the kernel's style has them.

use std::fmt::Write;

use super::comment::{comment, kernel_doc};

/// A piece of the header.
pub(super) enum Item {
    /// Macros, one below the other.
    Defines(Vec<Define>),
    /// An enum.
    Enum(Enum),
    /// A struct.
    Struct {
        /// Its type, without the word `struct`.
        name: String,
        /// All of it.
        text: String,
    },
}

impl Item {
    pub(super) fn render(&self) -> String {
        match self {
            Self::Defines(list) => defines(list),
            Self::Enum(list) => list.render(),
            Self::Struct { text, .. } => text.clone(),
        }
    }
}

/// A macro that stands for a value.
pub(super) struct Define {
    pub(super) name: String,
    value: String,
    doc: String,
}

impl Define {
    pub(super) fn new(name: String, value: String) -> Self {
        Self {
            name,
            value,
            doc: String::new(),
        }
    }

    pub(super) fn doc(mut self, doc: &str) -> Self {
        self.doc = doc.trim().to_owned();
        self
    }
}

/// Macros, their values in one column.
fn defines(defines: &[Define]) -> String {
    const TAB: usize = 8;
    let longest = defines.iter().map(|define| define.name.len()).max();
    let column = (longest.unwrap_or(0) / TAB + 1) * TAB;
    let mut text = String::new();
    for Define { name, value, doc } in defines {
        if !doc.is_empty() {
            text.push_str(&comment(doc, &[]));
        }
        let tabs = "\t".repeat((column - name.len()).div_ceil(TAB));
        text.push_str(&format!("#define {name}{tabs}{value}\n"));
    }
    text
}

/// An enum of C.
#[derive(Default)]
pub(super) struct Enum {
    /// Its type, without the word `enum`; `None` if it has no name.
    pub(super) name: Option<String>,
    pub(super) doc: String,
    pub(super) entries: Vec<Entry>,
    /// What stands at the end, behind a gap: a mask; or a count, and the highest value.
    pub(super) private: Vec<Entry>,
    /// Macros that belong to it.
    pub(super) behind: Vec<Define>,
}

/// A constant of an enum.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: i128,
    /// How the value is written, where it is not as a decimal number.
    pub(super) shown: Option<String>,
    pub(super) doc: String,
}

impl Entry {
    pub(super) fn new(name: String, value: i128, doc: &str) -> Self {
        Self {
            name,
            value,
            shown: None,
            doc: doc.trim().to_owned(),
        }
    }

    /// The line, where the constant before it has the number before `next`.
    fn render(&self, next: i128) -> String {
        let Self { name, value, .. } = self;
        match &self.shown {
            Some(shown) => format!("\t{name} = {shown},\n"),
            None if *value != next => format!("\t{name} = {value},\n"),
            None => format!("\t{name},\n"),
        }
    }
}

impl Enum {
    /// The enum as C has it, with a comment where the spec has words for it.
    fn render(&self) -> String {
        let mut text = self.comment();
        match &self.name {
            Some(name) => text.push_str(&format!("enum {name} {{\n")),
            None => text.push_str("enum {\n"),
        }
        let mut next = 0;
        for entry in &self.entries {
            text.push_str(&entry.render(next));
            next = entry.value + 1;
        }
        if !self.entries.is_empty() && !self.private.is_empty() {
            text.push('\n');
        }
        if !self.private.is_empty() && self.is_documented() {
            text.push_str("\t/* private: */\n");
        }
        for entry in &self.private {
            text.push_str(&entry.render(next));
            next = entry.value + 1;
        }
        text.push_str("};\n");
        text + &defines(&self.behind)
    }

    /// Kernel-doc speaks of each entry by name, and cannot speak of an enum without one.
    fn is_documented(&self) -> bool {
        self.name.is_some() && self.entries.iter().any(|entry| !entry.doc.is_empty())
    }

    fn comment(&self) -> String {
        let doc = self.doc.trim();
        let members: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| !entry.doc.is_empty())
            .map(|entry| (entry.name.as_str(), entry.doc.as_str()))
            .collect();
        match &self.name {
            Some(name) if self.is_documented() => kernel_doc("enum", name, doc, &members),
            _ if doc.is_empty() && members.is_empty() => String::new(),
            _ => comment(doc, &members),
        }
    }
}

/// A number as a constant of a type that holds it.
pub(super) fn number(value: i128) -> String {
    match value {
        // There is no literal of it: the minus is an operator.
        _ if value == i64::MIN.into() => format!("({}LL - 1)", i64::MIN + 1),
        _ if value < i32::MIN.into() => format!("({value}LL)"),
        _ if value < 0 => format!("({value})"),
        _ if value > i64::MAX.into() => format!("{value}ULL"),
        _ if value > u32::MAX.into() => format!("{value}LL"),
        _ if value > i32::MAX.into() => format!("{value}U"),
        _ => value.to_string(),
    }
}

/// A text as a literal.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            // A question mark may be part of a trigraph.
            b'"' | b'\\' | b'?' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            // Three digits always, so that no digit of the text joins them.
            _ => write!(out, "\\{byte:03o}").expect("a String takes all"),
        }
    }
    out.push('"');
    out
}
