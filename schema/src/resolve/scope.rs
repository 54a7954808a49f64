//! The names of one kind: declared once, found later.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, MOST_SHOWN, Span};
use crate::model::Protocol;
use crate::name::Name;

/// What a multicast group is called.
pub(super) const GROUP: &str = "multicast group";

/// Names among which each must be unique, in the spec and in generated code.
#[derive(Debug)]
pub(super) struct Scope {
    /// What bears the names: `attribute`.
    what: &'static str,
    /// Where each name leads to, and where it stands.
    names: HashMap<String, (usize, Span)>,
    /// The names by their spelling in generated code.
    spellings: HashMap<String, (String, Span)>,
    /// Nothing broken was left out: a name that is not here is nowhere.
    complete: bool,
}

impl Scope {
    /// An empty scope of things called `what`; `complete` if no broken one is left out.
    pub(super) fn new(what: &'static str, complete: bool) -> Self {
        Self {
            what,
            names: HashMap::new(),
            spellings: HashMap::new(),
            complete,
        }
    }

    /// Gives the `at`-th thing its name; what is wrong with the name is reported.
    pub(super) fn declare(
        &mut self,
        name: &str,
        span: Span,
        at: usize,
        faults: &mut Vec<Diagnostic>,
    ) {
        let what = self.what;
        if let Some((_, first)) = self.names.get(name) {
            let message = format!("another {what} is named `{name}` already");
            faults.push(
                Diagnostic::new(Code::DuplicateName, span, message)
                    .label("again here")
                    .related(*first, "first used here"),
            );
            return;
        }
        self.names.insert(name.to_owned(), (at, span));

        // Names whose words are the same have the same spelling in every case; this one is the
        // coarsest, as it loses where a word ends before a digit.
        let spelling = Name::new(name).pascal();
        if let Some((other, first)) = self.spellings.get(&spelling) {
            let message = format!("`{name}` and `{other}` are the same name in generated code");
            faults.push(
                Diagnostic::new(Code::NameCollision, span, message)
                    .label(format!("becomes `{spelling}`"))
                    .related(*first, "so does this")
                    .help("rename one of the two"),
            );
            return;
        }
        self.spellings.insert(spelling, (name.to_owned(), span));
    }

    /// Gives the `at`-th thing a second name, unless something else has it.
    pub(super) fn alias(&mut self, name: String, span: Span, at: usize) {
        self.names.entry(name).or_insert((at, span));
    }

    /// Something is called so.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Where the thing of this name has it from.
    pub(super) fn place(&self, name: &str) -> Option<Span> {
        self.names.get(name).map(|(_, span)| *span)
    }

    /// A broken thing was left out: from now on, a name that is not here may be its.
    pub(super) fn leave_open(&mut self) {
        self.complete = false;
    }

    /// What the name leads to; a name that leads nowhere is reported.
    pub(super) fn find(
        &self,
        name: &str,
        span: Span,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<usize> {
        let found = self.names.get(name).map(|(at, _)| *at);
        if found.is_none() && self.complete {
            let hint = faults.len() < MOST_SHOWN;
            faults.push(self.unknown(name, span, hint));
        }
        found
    }

    fn unknown(&self, name: &str, span: Span, hint: bool) -> Diagnostic {
        let what = self.what;
        let message = format!("there is no {what} named `{name}`");
        let fault =
            Diagnostic::new(Code::UnknownReference, span, message).label(format!("unknown {what}"));
        if !hint {
            return fault;
        }
        let mut names: Vec<_> = self.names.keys().map(String::as_str).collect();
        names.sort_unstable();
        match what {
            GROUP if names.is_empty() => {
                let list = format!("`mcast-groups: {{ list: [ {{ name: {name} }} ] }}`");
                fault.help(format!("groups are listed at the spec's end: {list}"))
            }
            _ => fault.did_you_mean(name, names),
        }
    }
}

/// Reports a name that has characters which names cannot have.
pub(super) fn check_name(name: &str, span: Span, protocol: Protocol, faults: &mut Vec<Diagnostic>) {
    let strict = protocol == Protocol::Genetlink;
    let fits = |c: char| match strict {
        true => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        false => c.is_ascii_alphanumeric() || c == '-' || c == '_',
    };
    let empty = !name.contains(|c: char| c.is_ascii_alphanumeric());
    if empty || !name.chars().all(fits) {
        let help = match strict {
            true => "a name has lower-case letters, digits and dashes",
            false => "a name has letters, digits, dashes and underscores",
        };
        faults.push(
            Diagnostic::new(Code::BadName, span, format!("{name:?} is no name for this"))
                .help(help),
        );
    }
}

/// Reports a name longer than GENL_NAMSIZ allows, which is 16 with its NUL (linux/genetlink.h).
pub(super) fn check_length(name: &str, span: Span, what: &str, faults: &mut Vec<Diagnostic>) {
    const LONGEST: usize = 15;
    if name.len() > LONGEST {
        let len = name.len();
        let message = format!("the kernel takes a {what} name of at most {LONGEST} bytes");
        faults
            .push(Diagnostic::new(Code::NameTooLong, span, message).label(format!("{len} bytes")));
    }
}
