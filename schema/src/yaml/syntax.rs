//! What is wrong with a text that is not YAML, in words that help.
//!
//! The scanner says where it gave up, and that is often far behind the mistake. So the text is
//! walked once more, to know which brackets were open there.

use serde_saphyr::granit_parser::{ErrorKind, Event, Parser, ScanError, StructureStyle};

use crate::diag::{Code, Diagnostic, Span, nearest};

/// The mistake for which the scanner does not take the text; `None` if it takes it.
pub(super) fn mistake(text: &str) -> Option<Diagnostic> {
    let mut walk = Walk {
        text,
        open: Vec::new(),
        last: 0,
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => walk.follow(&event, span.byte_range().unwrap_or_default()),
            Err(error) => return Some(walk.describe(&error)),
        }
    }
    None
}

/// What is known of the text up to where the scanner is.
struct Walk<'t> {
    text: &'t str,
    /// The collections around, with the bracket's place where they have one.
    open: Vec<Option<usize>>,
    /// Where the last thing ended.
    last: usize,
}

impl Walk<'_> {
    fn follow(&mut self, event: &Event<'_>, place: std::ops::Range<usize>) {
        match event {
            Event::SequenceStart(style, ..) | Event::MappingStart(style, ..) => {
                let flow = *style == StructureStyle::Flow;
                self.open.push(flow.then_some(place.start));
            }
            Event::SequenceEnd | Event::MappingEnd => drop(self.open.pop()),
            _ => {}
        }
        self.last = self.last.max(place.end);
    }

    fn describe(&self, error: &ScanError) -> Diagnostic {
        let at = byte(self.text, error);
        let bracket = self.open.iter().rev().find_map(|open| *open);
        if let Some(open) = self
            .unread_bracket(at)
            .or(bracket)
            .filter(|open| self.is_left_open(*open, at))
        {
            return left_open(self.text, open, at);
        }
        let here = Span { start: at, end: at };
        let fault =
            |message: &str, help: &str| Diagnostic::new(Code::Syntax, here, message).help(help);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => {
                Diagnostic::new(Code::TooLarge, here, "this is nested too deeply for a spec")
            }
            ErrorKind::UnclosedFlowCollection { .. } => left_open(self.text, at, self.text.len()),
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                fault(&format!("this `{open}` is closed by a `{close}`"), "")
            }
            ErrorKind::MisplacedFlowCollectionEnd => fault("nothing is open that this closes", ""),
            ErrorKind::ExpectedFlowMappingSeparator => fault(
                "a comma or `}` is missing before this",
                "within braces commas separate the keys",
            ),
            ErrorKind::ExpectedFlowSequenceSeparator => fault(
                "a comma or `]` is missing before this",
                "within brackets commas separate the items",
            ),
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => fault(
                "there cannot be a `:` here",
                "a text with `: ` in it needs quotes; and all keys of a mapping begin in the same column",
            ),
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => fault(
                "this line is neither a key nor a value",
                "a key has a colon and a space behind it: `key: value`",
            ),
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::BlockSequenceEntryNotAllowed
            | ErrorKind::InvalidIndentation => fault(
                "this line is indented like nothing that it could belong to",
                "the keys of a mapping begin in the same column, and so do the dashes of a list",
            ),
            ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::UnclosedQuotedScalar
            | ErrorKind::DocumentIndicatorInQuotedScalar => self.unclosed_quote(at),
            ErrorKind::UnknownQuotedScalarEscape => fault(
                "in double quotes `\\` begins an escape, and this is none",
                "write `\\\\`, or use single quotes, in which `\\` is itself",
            ),
            ErrorKind::ExpectedDocumentStart => fault(
                "this belongs to nothing before it",
                "a spec is one mapping, whose keys begin in the first column: `name: …`",
            ),
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar => self.tab(at),
            ErrorKind::UnknownAnchor => self.unknown_anchor(at),
            ErrorKind::UnexpectedCharacter { character } => self.character(*character, at),
            _ => Diagnostic::new(Code::Syntax, here, error.info()),
        }
    }

    /// An open bracket that the scanner has seen, but not told of yet: it may still become a key.
    fn unread_bracket(&self, at: usize) -> Option<usize> {
        let mut open = Vec::new();
        for (place, c) in self.text.get(self.last..at)?.char_indices() {
            match c {
                '[' | '{' => open.push(self.last + place),
                ']' | '}' => drop(open.pop()),
                _ => {}
            }
        }
        open.pop()
    }

    /// The bracket, rather than what stands at `at`, is the mistake: on a later line something
    /// begins that cannot be within brackets.
    fn is_left_open(&self, open: usize, at: usize) -> bool {
        let line_start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let first = line.split_whitespace().next().unwrap_or("");
        open < line_start && (first == "-" || first.ends_with(':'))
    }

    /// Of a quote that is not closed the scanner knows where it noticed, and we where it began.
    fn unclosed_quote(&self, at: usize) -> Diagnostic {
        let begun = self
            .text
            .get(self.last..at)
            .and_then(|text| text.find(['"', '\'']));
        let start = begun.map_or(at, |quote| self.last + quote);
        let end = start + usize::from(begun.is_some());
        let fault = Diagnostic::new(
            Code::Syntax,
            Span { start, end },
            "this quote is not closed",
        )
        .help("a text within quotes may go on over lines that are indented");
        match start < at && at < self.text.len() {
            true => fault.related(Span { start: at, end: at }, "the text cannot go on here"),
            false => fault,
        }
    }

    /// The first tab that indents a line, from the line of `at` on: the scanner's place may be
    /// before it.
    fn tab(&self, at: usize) -> Diagnostic {
        let mut line_start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        for line in self.text[line_start..].split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indent].find('\t') {
                let start = line_start + tab;
                let span = Span {
                    start,
                    end: start + 1,
                };
                return Diagnostic::new(Code::Syntax, span, "a line is indented with a tab")
                    .help("YAML is indented with spaces");
            }
            line_start += line.len();
        }
        let span = Span { start: at, end: at };
        Diagnostic::new(Code::Syntax, span, "there cannot be a tab here")
            .help("YAML is indented with spaces")
    }

    fn unknown_anchor(&self, at: usize) -> Diagnostic {
        let name = |text: &'_ str| {
            let end = text.find([' ', ',', ']', '}', '\n', '\r', '\t']);
            text[..end.unwrap_or(text.len())].to_owned()
        };
        let wrong = name(self.text[at..].trim_start_matches('*'));
        let known: Vec<_> = self.text[..at].split('&').skip(1).map(name).collect();
        let span = Span {
            start: at,
            end: at + 1 + wrong.len(),
        };
        let message = format!("there is no anchor `{wrong}` before this");
        let help = match nearest(&wrong, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `*{near}`?"),
            None => format!("`&{wrong}` would make one; a text that begins with `*` needs quotes"),
        };
        Diagnostic::new(Code::Syntax, span, message).help(help)
    }

    fn character(&self, character: char, at: usize) -> Diagnostic {
        let end = at + character.len_utf8();
        // The scanner may be past it, or before it.
        let start = match self.text[at..].starts_with(character) {
            true => at,
            false => self.text[..at].rfind(character).unwrap_or(at),
        };
        let span = Span {
            start,
            end: end.max(start),
        };
        match character.is_control() {
            true => {
                let message = format!("the control character U+{:04X}", character as u32);
                Diagnostic::new(Code::Syntax, span, message + " cannot stand in a text")
                    .help("remove it")
            }
            false => {
                let message = format!("no value begins with `{character}`");
                Diagnostic::new(Code::Syntax, span, message)
                    .help("a text that begins so needs quotes")
            }
        }
    }
}

/// A bracket that is not closed, and where that shows.
fn left_open(text: &str, open: usize, at: usize) -> Diagnostic {
    let bracket = text[open..].chars().next().unwrap_or('[');
    let closing = if bracket == '{' { '}' } else { ']' };
    let span = Span {
        start: open,
        end: open + bracket.len_utf8(),
    };
    let fault = Diagnostic::new(
        Code::Syntax,
        span,
        format!("this `{bracket}` is not closed"),
    )
    .help(format!("add `{closing}` behind what belongs into it"));
    match at < text.len() {
        true => fault.related(Span { start: at, end: at }, "this cannot be within it"),
        false => fault,
    }
}

/// The byte where the scanner gave up.
fn byte(text: &str, error: &ScanError) -> usize {
    let mark = error.marker();
    let chars = || text.char_indices().nth(mark.index()).map(|(at, _)| at);
    let at = mark.byte_offset().or_else(chars).unwrap_or(text.len());
    match text.is_char_boundary(at) {
        true => at.min(text.len()),
        false => text.len(),
    }
}
