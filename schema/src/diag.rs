//! What is wrong with a spec: where, why, and what to do about it.

mod code;

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

pub use code::{Code, Severity, UnknownCode};

/// Where in a spec's text something stands, in bytes; `end` is not part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte behind it.
    pub end: usize,
}

impl Span {
    /// The same place, kept within `text` and within the line it begins on.
    fn within(self, text: &str) -> std::ops::Range<usize> {
        let start = char_boundary(text, self.start);
        let line = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = char_boundary(text, self.end.min(line));
        start..end.max(start)
    }
}

/// The nearest place at or before `at` where a character begins.
fn char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One fault of a spec, or something in it that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// What is wrong, naming the culprit.
    pub message: String,
    /// The culprit's place.
    pub span: Span,
    /// What is said at that place; may be empty.
    pub label: String,
    /// Another place that matters ("first used here").
    pub related: Option<(Span, String)>,
    /// What to do about it; may be empty.
    pub help: String,
}

impl Diagnostic {
    /// A fault at a place.
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: None,
            help: String::new(),
        }
    }

    /// Says something at the culprit's place.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at another place that matters.
    pub(crate) fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related = Some((span, label.into()));
        self
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Offers the one of `known` that `wrong` is probably meant to be, if one is near enough.
    pub(crate) fn did_you_mean<'a>(
        self,
        wrong: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match nearest(wrong, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// So many diagnostics are more than anyone reads; beyond them hints are not worth their cost.
pub(crate) const MOST_SHOWN: usize = 100;

/// All that is to be said of a spec, in the order in which it stands there.
///
/// It shows itself as [`Self::render`] does without colours, by `{:?}` too, as a `main` that returns it
/// prints it so.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// The spec's path, as the caller gave it.
    pub file: String,
    /// The spec's text.
    pub text: String,
    /// The errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub(crate) fn new(file: &str, text: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        // One fault in an anchored part is found again at each alias.
        diagnostics.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        diagnostics.dedup();
        Self {
            file: file.to_owned(),
            text: text.to_owned(),
            diagnostics,
        }
    }

    /// The report as rustc would print it: `file:line:column`, the line, a caret under the place.
    ///
    /// Of very many diagnostics only the first are shown, and that is said.
    pub fn render(&self, color: bool) -> String {
        let renderer = match color {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        let newlines: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at).collect();
        let mut out = String::new();
        for diagnostic in self.diagnostics.iter().take(MOST_SHOWN) {
            out.push_str(&self.render_one(diagnostic, &newlines, &renderer));
            out.push_str("\n\n");
        }
        out.push_str(&format!("{}: {}", self.file, self.counts()));
        if self.diagnostics.len() > MOST_SHOWN {
            out.push_str(&format!(", the first {MOST_SHOWN} of them shown"));
        }
        out.push('\n');
        out
    }

    /// Something is wrong with the spec, rather than only doubtful.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many of the diagnostics are errors, or warnings.
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.diagnostics.iter();
        all.filter(|it| it.code.severity() == severity).count()
    }

    /// The line and the column, in characters, of a byte of the text; both count from 1.
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..char_boundary(&self.text, byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    /// `1 error, 2 warnings`.
    fn counts(&self) -> String {
        let counts =
            [(Severity::Error, "error"), (Severity::Warning, "warning")].map(|(severity, word)| {
                match self.count(severity) {
                    0 => String::new(),
                    1 => format!("1 {word}"),
                    count => format!("{count} {word}s"),
                }
            });
        let [errors, warnings] = &counts;
        match (errors.is_empty(), warnings.is_empty()) {
            (true, true) => "no errors".to_owned(),
            (false, false) => format!("{errors}, {warnings}"),
            _ => counts.concat(),
        }
    }

    fn render_one(
        &self,
        diagnostic: &Diagnostic,
        newlines: &[usize],
        renderer: &Renderer,
    ) -> String {
        let id = diagnostic.code.to_string();
        let message = normalize_untrusted_str(&diagnostic.message);
        let label = normalize_untrusted_str(&diagnostic.label);
        let help = normalize_untrusted_str(&diagnostic.help);

        // The renderer goes through all that it is given, so it gets only the lines that it shows.
        let place = diagnostic.span.within(&self.text);
        let other = diagnostic.related.as_ref();
        let other = other.map(|(span, label)| (span.within(&self.text), label));
        let first = other
            .as_ref()
            .map_or(place.start, |(it, _)| it.start.min(place.start));
        let last = other
            .as_ref()
            .map_or(place.end, |(it, _)| it.end.max(place.end));
        let line = newlines.partition_point(|at| *at < first);
        let start = line.checked_sub(1).map_or(0, |before| newlines[before] + 1);
        let behind = newlines.partition_point(|at| *at < last);
        let end = newlines.get(behind).copied().unwrap_or(self.text.len());
        let end = end - usize::from(end > last && self.text[..end].ends_with('\r'));
        let shown = |place: std::ops::Range<usize>| place.start - start..place.end - start;

        let mut primary = AnnotationKind::Primary.span(shown(place));
        if !label.is_empty() {
            primary = primary.label(&label);
        }
        let related =
            other.map(|(place, label)| AnnotationKind::Context.span(shown(place)).label(label));
        let snippet = Snippet::source(&self.text[start..end])
            .line_start(line + 1)
            .path(&self.file)
            .annotation(primary)
            .annotations(related);
        let level = match diagnostic.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&message).id(&id));
        group = group.element(snippet);
        if !help.is_empty() {
            group = group.element(Level::HELP.message(&help));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Report {}

/// The one of `known` that `wrong` is nearest to, where it is near: a third of the letters differ; or else
/// the only one that has `wrong` among its words, as `family-name` has `name`.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody's typing error; and the distance takes the product of both lengths to compute.
    if wrong.len() > 64 {
        return None;
    }
    let (mut near, mut with_it) = (None, Vec::new());
    for name in known {
        let distance = strsim::damerau_levenshtein(wrong, name);
        let is_nearer = near.is_none_or(|(least, _)| distance < least);
        if distance <= wrong.len().max(3) / 3 && is_nearer {
            near = Some((distance, name));
        }
        if name.split('-').any(|word| word == wrong) {
            with_it.push(name);
        }
    }
    match (near, &with_it[..]) {
        (Some((_, name)), _) => Some(name),
        (None, [name]) => Some(name),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        assert_eq!(nearest("prefxi", ["key", "prefix"]), Some("prefix"));
        assert_eq!(nearest("ky", ["key", "prefix"]), Some("key"));
        assert_eq!(nearest("port", ["key", "prefix"]), None);
        let names = ["family-name", "family-id", "op"];
        assert_eq!(nearest("name", names), Some("family-name"));
        assert_eq!(nearest("family", names), None);
    }

    #[test]
    fn a_span_outside_the_text_is_rendered_inside_it() {
        let text = "é\nb";
        for (start, end) in [(0, 1), (1, 2), (1, 99), (99, 100), (3, 1)] {
            let diagnostic = Diagnostic::new(Code::Syntax, Span { start, end }, "odd");
            let report = Report::new("x.yaml", text, vec![diagnostic]);
            assert!(
                report
                    .render(false)
                    .starts_with("error[E001]: odd\n --> x.yaml:")
            );
            assert_eq!(format!("{report:?}"), report.to_string());
        }
    }
}
