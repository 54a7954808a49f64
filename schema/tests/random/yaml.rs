//! A mapping on one line of YAML.

use std::fmt;

/// `{ name: x, type: u32 }`, key by key.
#[derive(Default)]
pub(crate) struct Map(Vec<String>);

impl Map {
    pub(crate) fn named(name: &str) -> Self {
        let mut map = Self::default();
        map.key("name", quoted(name));
        map
    }

    pub(crate) fn key(&mut self, key: &str, value: impl fmt::Display) -> &mut Self {
        self.0.push(format!("{key}: {value}"));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ {} }}", self.0.join(", "))
    }
}

/// A text that YAML takes for nothing else.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// `[ a, b ]`.
pub(crate) fn list(items: &[impl fmt::Display]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    format!("[ {} ]", items.join(", "))
}

/// `key:`, and an item on each line below it.
pub(crate) fn section(key: &str, items: &[Map], indent: usize) -> String {
    let mut text = format!("{:indent$}{key}:\n", "");
    for item in items {
        text.push_str(&format!("{:indent$}  - {item}\n", ""));
    }
    text
}
