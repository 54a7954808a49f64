//! Values on stdout: as text for people, or as JSON for scripts.

use std::io::{self, BufWriter, StdoutLock, Write};

use genl_user::dynamic::serde_json::ser::{Formatter, Serializer};
use genl_user::dynamic::serde_json::{Map, Value};
use serde::Serialize;

use crate::style::Style;

/// Texts in a list stand on one line up to so many columns.
const WIDTH: usize = 72;

/// Where the results go.
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    /// It is for scripts.
    pub(crate) json: bool,
    pub(crate) style: Style,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            out: BufWriter::new(io::stdout().lock()),
            json,
            style: Style::stdout(),
        }
    }

    /// Writes a line of JSON in the looks of YNL's tool: Python's.
    pub(crate) fn json_line(&mut self, value: &Value) -> io::Result<()> {
        let mut serializer = Serializer::with_formatter(&mut self.out, Python);
        value.serialize(&mut serializer).map_err(io::Error::from)?;
        writeln!(self.out)
    }

    /// Writes an object as lines, `indent` columns from the left.
    pub(crate) fn object(&mut self, values: &Map<String, Value>, indent: usize) -> io::Result<()> {
        let inline = |value: &Value| line(value).is_some();
        let width = values
            .iter()
            .filter(|(_, value)| inline(value))
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, value) in values {
            let painted = self.style.name(name);
            write!(self.out, "{:indent$}{painted}:", "")?;
            match line(value) {
                Some(text) => {
                    let gap = width - name.chars().count() + 1;
                    writeln!(self.out, "{:gap$}{text}", "")?;
                }
                None => {
                    writeln!(self.out)?;
                    self.below(value, indent + 2)?;
                }
            }
        }
        Ok(())
    }

    /// Writes what does not fit on its name's line.
    fn below(&mut self, value: &Value, indent: usize) -> io::Result<()> {
        match value {
            Value::Object(values) => self.object(values, indent),
            Value::Array(values) => {
                if let Some(numbered) = numbered(values) {
                    return self.object(&numbered, indent);
                }
                for value in values {
                    match value {
                        Value::Object(values) => self.item(values, indent)?,
                        _ => match line(value) {
                            Some(text) => writeln!(self.out, "{:indent$}- {text}", "")?,
                            None => self.below(value, indent + 2)?,
                        },
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Writes an object of a list behind a dash: on one line, where it is small.
    fn item(&mut self, values: &Map<String, Value>, indent: usize) -> io::Result<()> {
        let parts = values
            .iter()
            .map(|(name, value)| Some((name, line(value).filter(|_| !value.is_array())?)));
        let parts: Vec<_> = parts.collect::<Option<_>>().unwrap_or_default();
        let width: usize = parts
            .iter()
            .map(|(name, text)| name.len() + text.len() + 4)
            .sum();
        if parts.is_empty() || width > WIDTH {
            writeln!(self.out, "{:indent$}-", "")?;
            return self.object(values, indent + 2);
        }
        write!(self.out, "{:indent$}-", "")?;
        for (at, (name, text)) in parts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(self.out, "{comma} {}: {text}", self.style.name(name))?;
        }
        writeln!(self.out)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A value that fits on its name's line.
fn line(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".into()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) if text.is_empty() => Some("\"\"".into()),
        Value::String(text) => Some(printable(text)),
        Value::Array(values) if values.is_empty() => Some("(none)".into()),
        Value::Object(values) if values.is_empty() => Some("(empty)".into()),
        Value::Array(values) => {
            let scalars = values.iter().map(|value| match value {
                Value::Array(_) | Value::Object(_) => None,
                // It would look like two.
                Value::String(text) if text.contains(", ") => Some(format!("{text:?}")),
                _ => line(value),
            });
            let text = scalars.collect::<Option<Vec<_>>>()?.join(", ");
            (text.chars().count() <= WIDTH).then_some(text)
        }
        Value::Object(_) => None,
    }
}

/// An array whose members have numbers, as an object: `[{"1": {…}}, {"2": {…}}]`.
fn numbered(values: &[Value]) -> Option<Map<String, Value>> {
    let mut all = Map::new();
    for value in values {
        let members = value.as_object().filter(|members| members.len() == 1)?;
        let (number, inside) = members.iter().next()?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if all.insert(number.clone(), inside.clone()).is_some() {
            return None;
        }
    }
    Some(all)
}

/// A text that cannot move the terminal's cursor about.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// JSON as Python's `json.dumps` writes it, which is what YNL's tool prints.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        comma(out, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        comma(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for letter in fragment.chars() {
            if letter.is_ascii() {
                out.write_all(&[letter as u8])?;
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

fn comma<W: ?Sized + Write>(out: &mut W, first: bool) -> io::Result<()> {
    match first {
        true => Ok(()),
        false => out.write_all(b", "),
    }
}

#[cfg(test)]
mod tests {
    use genl_user::dynamic::serde_json::json;

    use super::line;

    #[test]
    fn one_text_of_a_list_does_not_look_like_two() {
        let said = |value| line(&value).expect("it fits on a line");
        assert_eq!(said(json!(["a", "b"])), "a, b");
        assert_eq!(said(json!(["a, b", "c"])), r#""a, b", c"#);
        assert_eq!(said(json!(["", 5])), r#""", 5"#);
    }
}
