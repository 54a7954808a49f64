//! YAML text as a tree whose every node knows its place.
//!
//! The YAML library stops at the first value that does not fit a type. A tree fits any YAML, so
//! [`crate::decode`] can go on behind a fault and report them all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
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

/// Reads a document; what aliases and nesting may cost is bounded.
pub(crate) fn parse(text: &str, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    // The largest spec upstream has some ten thousand nodes, none deeper than ten.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_events: 500_000,
            max_nodes: 200_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options)
        .map_err(|error| faults.push(diagnostic(&error)))
        .ok()
}

fn diagnostic(error: &Error) -> Diagnostic {
    let code = match error {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Code::TooLarge,
        _ => Code::Syntax,
    };
    let span = error.location().map_or(Span::default(), place);
    let message = DefaultMessageFormatter.format_message(error).into_owned();
    Diagnostic::new(code, span, message)
}

fn place(location: Location) -> Span {
    let start = location.span().byte_offset().unwrap_or(0) as usize;
    let len = location.span().byte_len().unwrap_or(0) as usize;
    Span {
        start,
        end: start + len,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        let kind = spanned.value;
        // A collection is best shown by where it begins.
        let span = match &kind {
            Kind::Map(entries) if !entries.is_empty() => entries[0].0.span,
            _ => place(spanned.defined),
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
