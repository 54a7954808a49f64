//! From the YAML tree to the spec's structs, going on behind each fault.
//!
//! Serde's derived code gives up at the first error it sees, so errors must not reach it. A
//! [`Key`] catches those of its value and becomes [`Key::Broken`]; keys that a struct does not
//! know, or has twice, are reported and left out before its derived code sees them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::diag::{Code, Diagnostic, MOST_SHOWN, Span, nearest};
use crate::spec::{CHECKS, ENTRY};
use crate::yaml::{Kind, Node};

/// What a key of the spec holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Key<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// What it holds is wrong, and has been reported.
    Broken,
    /// What it holds, and where.
    At(T, Span),
}

/// A list, each item of which may be broken by itself.
pub(crate) type List<T> = Key<Vec<Key<T>>>;

impl<T> Key<T> {
    /// The value, where there is a good one.
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::At(value, _) => Some(value),
            _ => None,
        }
    }

    /// The value's place, where there is a good one.
    pub(crate) fn span(&self) -> Option<Span> {
        match self {
            Self::At(_, span) => Some(*span),
            _ => None,
        }
    }

    /// The value with its place, where there is a good one.
    pub(crate) fn here(&self) -> Option<(&T, Span)> {
        match self {
            Self::At(value, span) => Some((value, *span)),
            _ => None,
        }
    }

    /// The key is there, good or not.
    pub(crate) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The value was wrong.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken)
    }

    /// This key, or the other one where this one is absent.
    pub(crate) fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        match self {
            Self::Absent => other,
            _ => self,
        }
    }
}

impl<T> List<T> {
    /// The good items, each with its place.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&T, Span)> {
        self.get().into_iter().flatten().filter_map(Key::here)
    }

    /// Some item, or the list itself, was wrong: what seems to be missing may be there.
    pub(crate) fn has_broken(&self) -> bool {
        self.is_broken() || self.get().into_iter().flatten().any(Key::is_broken)
    }
}

/// The name by which a [`Key`] makes itself known to [`Reader`].
const KEY: &str = "genl_schema::Key";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Key<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(KEY, KeyVisitor(PhantomData))
    }
}

struct KeyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for KeyVisitor<T> {
    type Value = Key<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Key<T>, A::Error> {
        let start = seq.next_element()?.unwrap_or_default();
        let end = seq.next_element()?.unwrap_or_default();
        Ok(match seq.next_element()? {
            Some(value) => Key::At(value, Span { start, end }),
            None => Key::Broken,
        })
    }
}

/// Reads a `T` from the tree; what is wrong goes into `report`.
pub(crate) fn decode<'de, T: Deserialize<'de>>(
    node: &'de Node,
    report: &mut Vec<Diagnostic>,
) -> Option<T> {
    let faults = RefCell::new(std::mem::take(report));
    let reader = Reader {
        node,
        faults: &faults,
    };
    let value = T::deserialize(reader).map_err(|fault| faults.borrow_mut().push(fault.at(node)));
    *report = faults.into_inner();
    value.ok()
}

/// A deserializer over one node.
#[derive(Clone, Copy)]
struct Reader<'de, 'r> {
    node: &'de Node,
    faults: &'r RefCell<Vec<Diagnostic>>,
}

impl<'de, 'r> Reader<'de, 'r> {
    fn of(self, node: &'de Node) -> Self {
        Self { node, ..self }
    }

    fn report(self, diagnostic: Diagnostic) {
        self.faults.borrow_mut().push(diagnostic);
    }

    /// The entries of a mapping that a struct with these fields takes; the others are reported.
    /// A field that another key was probably meant for has no node: it is broken, not missing.
    fn known_entries(
        self,
        entries: &'de [(Node, Node)],
        fields: &'static [&'static str],
    ) -> Vec<(&'static str, Option<&'de Node>)> {
        let mut known: Vec<(&str, Option<&Node>)> = Vec::new();
        let mut meant: Vec<&str> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for (key, value) in entries {
            let name = spelled(key);
            let Some(field) = fields.iter().find(|field| **field == name) else {
                let message = format!("there is no key `{}` here", shortened(&name));
                let mut fault =
                    Diagnostic::new(Code::UnknownKey, key.span, message).label("unknown key");
                if self.faults.borrow().len() < MOST_SHOWN {
                    let near = nearest(&name, fields.iter().copied());
                    fault = match near {
                        Some(near) => fault.help(format!("did you mean `{near}`?")),
                        None if fields.contains(&"checks") && CHECKS.contains(&&*name) => {
                            fault.help(format!("it stands in `checks`: `checks: {{ {name}: … }}`"))
                        }
                        None => fault.help(format!("the keys here are {}", list(fields))),
                    };
                    meant.extend(near);
                }
                self.report(fault);
                continue;
            };
            if let Some(at) = known.iter().position(|(other, _)| other == field) {
                self.report(
                    Diagnostic::new(
                        Code::DuplicateKey,
                        key.span,
                        format!("`{}` stands twice", shortened(&name)),
                    )
                    .label("again here")
                    .related(places[at], "first used here"),
                );
                continue;
            }
            known.push((field, Some(value)));
            places.push(key.span);
        }
        for field in meant {
            if known.iter().all(|(other, _)| *other != field) {
                known.push((field, None));
            }
        }
        known
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Int(value) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_i128(*value),
            },
            Kind::Float(value) => visitor.visit_f64(*value),
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(nodes) => visitor.visit_seq(Items {
                reader: self,
                nodes: nodes.iter(),
            }),
            Kind::Map(_) => Err(de::Error::invalid_type(Unexpected::Map, &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name == KEY {
            true => visitor.visit_seq(Placed {
                reader: self,
                given: 0,
            }),
            false => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.kind {
            Kind::Map(entries) => visitor.visit_map(Entries {
                reader: self,
                entries: self.known_entries(entries, fields).into_iter(),
                value: None,
            }),
            // A list would do for a derived struct, field by field; not for a reader of specs.
            Kind::List(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(spelled(self.node).into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The items of a list.
struct Items<'de, 'r> {
    reader: Reader<'de, 'r>,
    nodes: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let reader = self.reader;
        self.nodes
            .next()
            .map(|node| seed.deserialize(reader.of(node)))
            .transpose()
    }
}

/// What a [`Key`] asks for: start, end, and the value unless that is broken.
struct Placed<'de, 'r> {
    reader: Reader<'de, 'r>,
    given: usize,
}

impl<'de> SeqAccess<'de> for Placed<'de, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Reader { node, .. } = self.reader;
        self.given += 1;
        match self.given {
            1 => seed
                .deserialize(node.span.start.into_deserializer())
                .map(Some),
            2 => seed
                .deserialize(node.span.end.into_deserializer())
                .map(Some),
            _ => Ok(seed
                .deserialize(self.reader)
                .map_err(|fault| self.reader.report(fault.at(node)))
                .ok()),
        }
    }
}

/// The entries of a mapping that its struct knows.
struct Entries<'de, 'r> {
    reader: Reader<'de, 'r>,
    entries: std::vec::IntoIter<(&'static str, Option<&'de Node>)>,
    value: Option<Option<&'de Node>>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.value.take() {
            Some(Some(node)) => seed.deserialize(self.reader.of(node)),
            Some(None) => seed.deserialize(Nothing),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }
}

/// What a [`Key`] reads where its node is not known.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::empty::<usize>()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier option
        ignored_any
    }
}

/// An error on its way to the [`Key`] that reports it.
#[derive(Debug)]
struct Fault {
    code: Code,
    message: String,
    help: String,
}

impl Fault {
    fn new(code: Code, message: String) -> Self {
        Self {
            code,
            message,
            help: String::new(),
        }
    }

    fn at(self, node: &Node) -> Diagnostic {
        Diagnostic::new(self.code, node.span, self.message).help(self.help)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::WrongType, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let message = format!("expected {}, found {}", wanted(expected), described(found));
        let mut fault = Self::new(Code::WrongType, message);
        let scalar = !matches!(found, Unexpected::Seq | Unexpected::Map | Unexpected::Unit);
        let is_text = ["a string", ENTRY].contains(&expected.to_string().as_str());
        if is_text && scalar {
            fault.help = "a text that looks like a number or a truth value needs quotes".to_owned();
        }
        fault
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let message = format!("expected {}, found {}", wanted(expected), described(found));
        Self::new(Code::WrongType, message)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = Diagnostic::new(Code::UnknownWord, Span::default(), "")
            .help(format!("the choice is {}", list(expected)))
            .did_you_mean(ynl_name(variant), expected.iter().copied())
            .help;
        Self {
            code: Code::UnknownWord,
            message: format!(
                "`{}` is not one of the words that this key takes",
                shortened(variant)
            ),
            help,
        }
    }
}

/// What YNL calls a type of another language, which would be as near to an unsigned one.
fn ynl_name(word: &str) -> &str {
    match word {
        "i8" => "s8",
        "i16" => "s16",
        "i32" => "s32",
        "i64" => "s64",
        "int" => "sint",
        other => other,
    }
}

/// What serde calls the expected type, in words that fit a YAML file.
fn wanted(expected: &dyn de::Expected) -> String {
    match expected.to_string().as_str() {
        "u8" => "a number from 0 to 255".to_owned(),
        "u64" => "a number that is not negative".to_owned(),
        "i128" => "a number".to_owned(),
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    }
}

fn described(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Bool(value) => format!("the truth value {value}"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        // As which an integer comes that no type holds; its digits are lost, but the report shows them.
        Unexpected::Float(value) if value.abs() >= 2_f64.powi(63) => {
            "a number that does not fit into 64 bits".to_owned()
        }
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str(text) => format!("the text {:?}", shortened(text)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// The beginning of a text: enough to know it by, where a whole file can be one.
fn shortened(text: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A key or a word as the file spells it, near enough.
fn spelled(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Float(value) => value.to_string(),
        Kind::Text(text) => text.clone(),
        Kind::List(_) => "[…]".to_owned(),
        Kind::Map(_) => "{…}".to_owned(),
    }
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
