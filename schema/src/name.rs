//! One type owns every spelling of a name.

use std::fmt;

/// A name as the spec spells it (`set-ntf`), and all that becomes of it in generated text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    spelled: String,
    /// What generated code says in place of the spelling, where that is taken.
    apart: Option<String>,
}

impl Name {
    /// Takes the name as the spec spells it.
    pub fn new(spelled: impl Into<String>) -> Self {
        Self {
            spelled: spelled.into(),
            apart: None,
        }
    }

    /// As the spec spells it: `set-ntf`.
    ///
    /// Also what goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.spelled
    }

    /// For Rust functions, fields and modules: `set_ntf`; keywords get a trailing underscore.
    pub fn snake(&self) -> String {
        let mut text = self.words().join("_").to_lowercase();
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            text.insert(0, '_');
        }
        if is_keyword(&text) {
            text.push('_');
        }
        text
    }

    /// For Rust types and variants: `SetNtf`; keywords get a trailing underscore.
    pub fn pascal(&self) -> String {
        let mut text = String::new();
        for word in self.words() {
            let mut chars = word.chars();
            text.extend(chars.next().map(|c| c.to_ascii_uppercase()));
            text.push_str(&chars.as_str().to_ascii_lowercase());
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            text.insert(0, '_');
        }
        // The one keyword that is spelled with a capital.
        if text == "Self" {
            text.push('_');
        }
        text
    }

    /// For constants: `SET_NTF`.
    pub fn shouty(&self) -> String {
        let text = self.words().join("_").to_uppercase();
        match text.starts_with(|c: char| c.is_ascii_digit()) {
            true => format!("_{text}"),
            false => text,
        }
    }

    /// This name with another one behind it: `get` and `reply` give `get-reply`.
    pub fn join(&self, other: &str) -> Self {
        Self {
            spelled: format!("{}-{other}", self.spelled),
            apart: self.apart.as_ref().map(|apart| format!("{apart}-{other}")),
        }
    }

    /// This name with a word more in generated code, where another thing has the name already; the
    /// spelling is still the spec's.
    pub(crate) fn apart(&self, word: &str) -> Self {
        Self {
            spelled: self.spelled.clone(),
            apart: Some(format!("{}-{word}", self.generated())),
        }
    }

    fn generated(&self) -> &str {
        self.apart.as_ref().unwrap_or(&self.spelled)
    }

    fn words(&self) -> Vec<&str> {
        self.generated()
            .split(['-', '_', ' '])
            .filter(|word| !word.is_empty())
            .collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled)
    }
}

/// Strict and reserved keywords of every edition up to 2024.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 53] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
        "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
        "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
        "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type",
        "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
    ];
    KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let name = Name::new("set-ntf");
        assert_eq!(name.snake(), "set_ntf");
        assert_eq!(name.pascal(), "SetNtf");
        assert_eq!(name.shouty(), "SET_NTF");
        assert_eq!(Name::new("get").join("reply").pascal(), "GetReply");
    }

    #[test]
    fn telling_apart_keeps_the_spelling() {
        let name = Name::new("stringset").apart("set");
        assert_eq!(name.as_str(), "stringset");
        assert_eq!(name.to_string(), "stringset");
        assert_eq!(name.pascal(), "StringsetSet");
        assert_eq!(name.apart("set").shouty(), "STRINGSET_SET_SET");
        assert_eq!(name.join("attrs").as_str(), "stringset-attrs");
        assert_eq!(name.join("attrs").snake(), "stringset_set_attrs");
    }

    #[test]
    fn keywords_and_digits_are_mangled() {
        assert_eq!(Name::new("type").snake(), "type_");
        assert_eq!(Name::new("self").pascal(), "Self_");
        assert_eq!(Name::new("10g").snake(), "_10g");
        assert_eq!(Name::new("10g").pascal(), "_10g");
    }
}
