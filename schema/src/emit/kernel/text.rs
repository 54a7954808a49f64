//! Text that the kernel's rustfmt leaves as it is.
//!
//! The kernel builds without Cargo and its rustfmt is not ours, so nothing reformats this text:
//! it is written in the form that rustfmt gives to the few shapes that occur, with the widths of
//! its defaults.

/// The widest line.
const LINE: usize = 100;
/// The widest chain of calls, or list of arguments, that stays on one line.
const SHORT: usize = 60;
/// The widest list of fields that stays on one line.
const LITERAL: usize = 18;

/// A file being written.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    depth: usize,
}

impl Text {
    /// What was written.
    pub(super) fn into_string(self) -> String {
        self.text
    }

    /// A line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.push_str(&"    ".repeat(self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// A blank line, unless one is there or a block has just been opened.
    pub(super) fn gap(&mut self) {
        let tail = self.text.trim_end_matches('\n');
        let opened = tail.ends_with('{') && self.text.len() - tail.len() == 1;
        if !self.text.ends_with("\n\n") && !opened {
            self.text.push('\n');
        }
    }

    /// `head {`, and what follows is inside.
    pub(super) fn open(&mut self, head: impl AsRef<str>) {
        self.line(format!("{} {{", head.as_ref()));
        self.depth += 1;
    }

    /// `}` and the tail.
    pub(super) fn close(&mut self, tail: &str) {
        self.depth -= 1;
        self.line(format!("}}{tail}"));
    }

    /// `{`, after a `where`, and what follows is inside.
    pub(super) fn open_brace(&mut self) {
        self.line("{");
        self.depth += 1;
    }

    /// A line that ends in an open bracket, and what follows is inside.
    pub(super) fn open_list(&mut self, head: &str) {
        self.line(head);
        self.depth += 1;
    }

    /// The line that closes the bracket.
    pub(super) fn close_list(&mut self, tail: &str) {
        self.depth -= 1;
        self.line(tail);
    }

    /// Doc lines: the spec's words, or `fallback` where it has none.
    pub(super) fn docs(&mut self, words: &str, fallback: &str) {
        self.comment("///", words, fallback);
    }

    /// Comment lines that begin with `mark`.
    pub(super) fn comment(&mut self, mark: &str, words: &str, fallback: &str) {
        let words = match words.trim() {
            "" => fallback,
            words => words,
        };
        for line in words.lines() {
            self.line(format!("{mark} {}", escape(line)).trim_end());
        }
    }

    /// `head(parameters)tail`, on one line or one parameter a line.
    pub(super) fn signature(&mut self, head: &str, parameters: &[&str], tail: &str) {
        let flat = format!("{head}({}){tail}", parameters.join(", "));
        if self.fits(&flat) {
            self.line(flat);
        } else {
            self.list(&format!("{head}("), parameters, &format!("){tail}"));
        }
        self.depth += usize::from(tail.ends_with('{'));
    }

    /// `head(arguments)tail`, on one line or one argument a line.
    pub(super) fn call(&mut self, head: &str, arguments: &[&str], tail: &str) {
        let inner = arguments.join(", ");
        let flat = format!("{head}({inner}){tail}");
        if inner.len() <= SHORT && self.fits(&flat) {
            self.line(flat);
        } else {
            self.list(&format!("{head}("), arguments, &format!("){tail}"));
        }
    }

    /// `head callee(arguments)tail`, on one line, or with the callee on the next, or with one
    /// argument a line.
    pub(super) fn broken_call(&mut self, head: &str, callee: &str, arguments: &[&str], tail: &str) {
        let inner = arguments.join(", ");
        let flat = format!("{callee}({inner}){tail}");
        if inner.len() <= SHORT && !self.fits(&format!("{head} {flat}")) {
            self.line(head);
            self.depth += 1;
            self.line(flat);
            self.depth -= 1;
        } else {
            self.call(&format!("{head} {callee}"), arguments, tail);
        }
    }

    /// `head`, `root` and its `calls`, and `tail`, on one line or one call a line.
    ///
    /// A call is what follows the dot, and its arguments.
    pub(super) fn chain(&mut self, head: &str, root: &str, calls: &[(&str, &[&str])], tail: &str) {
        let called =
            |(name, arguments): &(&str, &[&str])| format!(".{name}({})", arguments.join(", "));
        let flat = format!("{root}{}", calls.iter().map(called).collect::<String>());
        let line = format!("{head}{flat}{tail}");
        let short = flat.len() + tail.trim_end_matches(';').len() <= SHORT;
        if calls.is_empty() || (short && self.fits(&line)) {
            self.line(line);
            return;
        }
        self.line(format!("{head}{root}"));
        self.depth += 1;
        for (at, (name, arguments)) in calls.iter().enumerate() {
            let last = at + 1 == calls.len();
            self.call(&format!(".{name}"), arguments, if last { tail } else { "" });
        }
        self.depth -= 1;
    }

    /// `head { fields }tail`, on one line or one field a line.
    pub(super) fn literal(&mut self, head: &str, fields: &[&str], tail: &str) {
        let inner = fields.join(", ");
        let flat = format!("{head} {{ {inner} }}{tail}");
        if inner.len() <= LITERAL && self.fits(&flat) {
            self.line(flat);
        } else {
            self.list(&format!("{head} {{"), fields, &format!("}}{tail}"));
        }
    }

    fn list(&mut self, head: &str, items: &[&str], tail: &str) {
        self.line(head);
        self.depth += 1;
        for item in items {
            self.line(format!("{item},"));
        }
        self.depth -= 1;
        self.line(tail);
    }

    fn fits(&self, line: &str) -> bool {
        4 * self.depth + line.len() <= LINE
    }
}

/// Keeps rustdoc from seeing links and HTML in a spec's words.
fn escape(line: &str) -> String {
    line.replace('[', "\\[").replace('<', "\\<")
}
