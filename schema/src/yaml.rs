//! YAML text as a tree whose every node knows its place.
//!
//! The YAML library stops at the first value that does not fit a type. A tree fits any YAML, so
//! [`crate::decode`] can go on behind a fault and report them all.

mod syntax;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{
    DefaultMessageFormatter, DuplicateKeyPolicy, Error, Location, MessageFormatter, Spanned,
};

use crate::diag::{Code, Diagnostic, Span};

/// A value of a YAML document.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it stands; of an alias, where the anchor does.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing, or `null`.
    Null,
    /// `true`, `no`, …
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Another number.
    Float(f64),
    /// Anything else that is not a collection.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping; a key may stand in it twice.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The value of a key, of a mapping.
    pub(crate) fn get(&self, wanted: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else {
            return None;
        };
        entries
            .iter()
            .find(|(key, _)| matches!(&key.kind, Kind::Text(text) if text == wanted))
            .map(|(_, value)| value)
    }
}

/// The longest text that may be a spec: some thirty times as long as the longest upstream.
const LONGEST: usize = 2 << 20;

/// Reads a document; what length, aliases and nesting may cost is bounded.
pub(crate) fn parse(text: &str, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    if text.len() > LONGEST {
        let message = format!("a file of {} bytes is no spec", text.len());
        let fault = Diagnostic::new(Code::TooLarge, Span::default(), message)
            .help(format!("a spec has at most {} MiB", LONGEST >> 20));
        faults.push(fault);
        return None;
    }
    // The largest spec upstream has some ten thousand nodes, none deeper than ten.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_events: 500_000,
            max_nodes: 200_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 30_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        // YNL's tools read YAML 1.1, in which 010 is eight.
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    let mut tree = serde_saphyr::from_str_with_options::<Node>(text, options)
        .map_err(|error| faults.push(diagnostic(&error, text)))
        .ok()?;
    tree.take_as_pyyaml_does(text);
    if let Kind::Null = tree.kind {
        let fault = Diagnostic::new(
            Code::WrongType,
            Span::default(),
            "there is no spec in this file",
        )
        .help("a spec is a mapping that begins with `name:`");
        faults.push(fault);
        return None;
    }
    Some(tree)
}

impl Node {
    /// Makes texts again of what the reader takes for more than PyYAML does, and so YNL's tools: `y` and `n`
    /// are no truth values to it, and `0o17` is no number. It goes no deeper than the tree was allowed to be.
    fn take_as_pyyaml_does(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Bool(_) | Kind::Int(_) => {
                let spelled = text.get(self.span.start..self.span.end).unwrap_or_default();
                if matches!(spelled, "y" | "Y" | "n" | "N") || spelled.starts_with("0o") {
                    self.kind = Kind::Text(spelled.to_owned());
                }
            }
            Kind::List(items) => items
                .iter_mut()
                .for_each(|item| item.take_as_pyyaml_does(text)),
            Kind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.take_as_pyyaml_does(text);
                value.take_as_pyyaml_does(text);
            }),
            Kind::Null | Kind::Float(_) | Kind::Text(_) => {}
        }
    }
}

fn diagnostic(error: &Error, text: &str) -> Diagnostic {
    let mut cause = error;
    while let Error::AliasError { error, .. } = cause {
        cause = error;
    }
    let (code, message) = match cause {
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => {
            (Code::TooLarge, "the aliases grow the spec without bounds")
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            (Code::Syntax, "this alias stands within what it repeats")
        }
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Documents { .. } => (Code::Syntax, "a file holds one spec, not several"),
            BudgetBreach::Depth { .. } => (Code::TooLarge, "this is nested too deeply for a spec"),
            _ => (Code::TooLarge, "this is larger than any spec"),
        },
        _ => match syntax::mistake(text) {
            Some(mistake) => return mistake,
            None => (
                Code::Syntax,
                &*DefaultMessageFormatter.format_message(cause),
            ),
        },
    };
    let span = error.location().map_or(Span::default(), |at| {
        place(at).unwrap_or_else(|| at_line(text, at.line(), at.column()))
    });
    Diagnostic::new(code, span, message)
}

/// Where a node stands, in bytes.
fn place(location: Location) -> Option<Span> {
    let start = location.span().byte_offset()? as usize;
    let len = location.span().byte_len()? as usize;
    Some(Span {
        start,
        end: start + len,
    })
}

/// Of the scanner's own errors no more is known than a line and a column.
fn at_line(text: &str, line: u64, column: u64) -> Span {
    let lines = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1) as usize);
    let line_start: usize = lines.map(str::len).sum();
    let chars = text[line_start..].char_indices();
    let column = chars
        .map(|(at, _)| at)
        .nth(column.saturating_sub(1) as usize);
    let start = line_start + column.unwrap_or(0);
    Span { start, end: start }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        let kind = spanned.value;
        // A collection is best shown by where it begins.
        let span = match &kind {
            Kind::Map(entries) if !entries.is_empty() => entries[0].0.span,
            _ => place(spanned.defined).unwrap_or_default(),
        };
        Ok(Self { span, kind })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Kind, E> {
        Ok(Kind::Int(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Kind, E> {
        Ok(i128::try_from(value).map_or(Kind::Float(value as f64), Kind::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Kind::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, parse};

    #[test]
    fn scalars_are_what_they_are_in_yaml_1_1() {
        let kind = |text: &str| parse(text, &mut Vec::new()).unwrap().kind;
        for (text, value) in [("8", 8), ("010", 8), ("0x10", 16), ("-7", -7), ("+7", 7)] {
            assert!(matches!(kind(text), Kind::Int(it) if it == value), "{text}");
        }
        for (text, value) in [("yes", true), ("No", false), ("on", true), ("false", false)] {
            assert!(
                matches!(kind(text), Kind::Bool(it) if it == value),
                "{text}"
            );
        }
        for text in [
            "y",
            "N",
            "0o17",
            "'8'",
            "\"no\"",
            "u8",
            "1.2.3",
            "CONST - 1",
        ] {
            assert!(matches!(kind(text), Kind::Text(_)), "{text}");
        }
    }
}
