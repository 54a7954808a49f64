//! Rust as text, because no syntax tree keeps the kernel's comments.
//!
//! Lines are as long as they come: `cargo xtask codegen` runs rustfmt over them.

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

    /// Doc lines: the spec's words, or `fallback`, which may have links, where it has none.
    pub(super) fn docs(&mut self, words: &str, fallback: &str) {
        self.comment("///", words, fallback);
    }

    /// Comment lines that begin with `mark`.
    pub(super) fn comment(&mut self, mark: &str, words: &str, fallback: &str) {
        let words = match words.trim() {
            "" => fallback.to_owned(),
            words => escape(words),
        };
        for line in words.lines() {
            self.line(format!("{mark} {line}").trim_end());
        }
    }

    /// `head(parameters)tail`; if the tail opens a block, what follows is inside.
    pub(super) fn signature(&mut self, head: &str, parameters: &[&str], tail: &str) {
        self.call(head, parameters, tail);
        self.depth += usize::from(tail.ends_with('{'));
    }

    /// `head(arguments)tail`.
    pub(super) fn call(&mut self, head: &str, arguments: &[&str], tail: &str) {
        self.line(format!("{head}({}){tail}", arguments.join(", ")));
    }

    /// `head`, `root` and its `calls`, and `tail`.
    ///
    /// A call is what follows the dot, and its arguments.
    pub(super) fn chain(&mut self, head: &str, root: &str, calls: &[(&str, &[&str])], tail: &str) {
        let called =
            |(name, arguments): &(&str, &[&str])| format!(".{name}({})", arguments.join(", "));
        let calls: String = calls.iter().map(called).collect();
        self.line(format!("{head}{root}{calls}{tail}"));
    }
}

/// Keeps rustdoc from seeing links and HTML in a spec's words.
fn escape(words: &str) -> String {
    words.replace('[', "\\[").replace('<', "\\<")
}
