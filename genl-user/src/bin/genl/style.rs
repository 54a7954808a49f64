//! Colours, where they are wanted: on a terminal, unless `$NO_COLOR` is set.

use std::fmt::Display;
use std::io::{self, IsTerminal};

/// Whether, and how, words stand out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    coloured: bool,
}

impl Style {
    /// For what goes to stdout.
    pub(crate) fn stdout() -> Self {
        Self::of(io::stdout().is_terminal())
    }

    /// For what goes to stderr.
    pub(crate) fn stderr() -> Self {
        Self::of(io::stderr().is_terminal())
    }

    /// Words stand out by colours.
    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    /// The name of something.
    pub(crate) fn name(self, text: impl Display) -> String {
        self.paint("36", text)
    }

    /// A heading.
    pub(crate) fn heading(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    /// That something went wrong.
    pub(crate) fn error(self, text: impl Display) -> String {
        self.paint("1;31", text)
    }

    /// That something is not as it should be.
    pub(crate) fn warning(self, text: impl Display) -> String {
        self.paint("1;33", text)
    }

    fn of(terminal: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            coloured: terminal && !set("NO_COLOR") && !dumb,
        }
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        match self.coloured {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }
}
