//! A spec's words as the Markdown that rustdoc takes.
//!
//! Specs are written for the kernel's documentation: plain text with a little of reStructuredText.
//! What rustdoc would take for links, HTML, lists or Rust code is marked as what it is.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Attr, AttrKind, DisplayHint, Member, Op, Permission};
use crate::name::Name;

/// Lines indented so far are code to Markdown, where no paragraph or list goes on.
const CODE: usize = 4;

/// The words of a spec as doc lines; `fallback` where it has none.
pub(super) fn docs(words: &str, fallback: &str) -> TokenStream {
    let lines = lines(words, fallback).into_iter().map(|line| match line {
        line if line.is_empty() => line,
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// The words of a spec on an operation, and who may call it in which kernel.
pub(super) fn of_op(op: &Op, fallback: &str) -> TokenStream {
    let takes = match op.permission {
        Permission::Anyone => None,
        Permission::Admin => Some("CAP_NET_ADMIN in the initial user namespace"),
        Permission::NetnsAdmin => {
            Some("CAP_NET_ADMIN in the user namespace that owns the network namespace")
        }
        Permission::NetnsSysAdmin => {
            Some("CAP_SYS_ADMIN in the user namespace that owns the network namespace")
        }
    };
    let takes = takes.map(|capability| format!("It takes {capability}."));
    let built = op.config_cond.as_deref().map(|option| {
        let option = Name::new(option).shouty();
        format!("Kernels built without CONFIG_{option} do not have it.")
    });
    with(with(docs(&op.doc, fallback), takes), built)
}

/// The section that says what errors there are.
pub(super) fn errors(words: &str) -> TokenStream {
    let words = own_doc(words);
    quote!(#[doc = ""] #[doc = " # Errors"] #[doc = ""] #words)
}

/// The words of a spec on an attribute, and what its type alone does not tell.
pub(super) fn of_attr(attr: &Attr) -> TokenStream {
    let docs = docs(&attr.doc, &format!("The attribute `{}`.", attr.name));
    let more = match &attr.kind {
        AttrKind::TypeValue(levels, _) => {
            let levels: Vec<_> = levels.iter().map(|level| format!("`{level}`")).collect();
            Some(format!("Numbered by {}.", levels.join(", then by ")))
        }
        _ => attr.hint.and_then(form).map(str::to_owned),
    };
    with(docs, more)
}

/// As [`of_attr`], on a member of a struct.
pub(super) fn of_member(member: &Member) -> TokenStream {
    let docs = docs(&member.doc, &format!("The member `{}`.", member.name));
    with(docs, member.hint.and_then(form).map(str::to_owned))
}

fn with(docs: TokenStream, more: Option<String>) -> TokenStream {
    match more.map(|more| format!(" {more}")) {
        Some(more) => quote!(#docs #[doc = ""] #[doc = #more]),
        None => docs,
    }
}

/// The emitter's own words as a doc line; links in them are meant.
pub(super) fn own_doc(words: &str) -> TokenStream {
    let line = format!(" {words}");
    quote!(#[doc = #line])
}

/// As [`docs`], but text, each line indented by so many spaces.
pub(super) fn doc_lines(words: &str, fallback: &str, indent: usize) -> String {
    lines(words, fallback)
        .iter()
        .map(|line| format!("{:indent$}{}\n", "", format!("/// {line}").trim_end()))
        .collect()
}

/// The words of a spec as lines of Markdown.
pub(super) fn markdown(words: &str) -> Vec<String> {
    let mut text = Markdown::default();
    for line in words.trim_end().lines() {
        text.add(line.trim_end());
    }
    text.end_code();
    text.lines
}

fn lines(words: &str, fallback: &str) -> Vec<String> {
    match words.trim() {
        "" => vec![fallback.to_owned()],
        words => markdown(words),
    }
}

fn form(hint: DisplayHint) -> Option<&'static str> {
    match hint {
        // Says how it looks, not what it is.
        DisplayHint::Hex => None,
        DisplayHint::Mac | DisplayHint::Fddi => Some("It is a hardware address."),
        DisplayHint::Ipv4 => Some("It is an IPv4 address."),
        DisplayHint::Ipv6 => Some("It is an IPv6 address."),
        DisplayHint::Ipv4OrV6 => Some("It is an IPv4 or an IPv6 address."),
        DisplayHint::Uuid => Some("It is a UUID."),
    }
}

#[derive(Default)]
struct Markdown {
    lines: Vec<String>,
    place: Place,
    /// Blank lines of code that may turn out to be its end.
    blank: usize,
}

/// What the last line was part of.
#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    #[default]
    Between,
    Paragraph,
    /// An item of a list, whose text begins in this column.
    Item(usize),
    Code,
}

impl Markdown {
    fn add(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        match self.place {
            Place::Code if text.is_empty() => self.blank += 1,
            Place::Code if indent >= CODE => self.code(line),
            _ if text.is_empty() => {
                self.lines.push(String::new());
                if self.place == Place::Paragraph {
                    self.place = Place::Between;
                }
            }
            Place::Between if indent >= CODE => {
                self.lines.push("```text".into());
                self.code(line);
            }
            _ => {
                self.end_code();
                self.text(indent, text);
            }
        }
    }

    fn code(&mut self, line: &str) {
        self.lines.extend((0..self.blank).map(|_| String::new()));
        self.blank = 0;
        self.lines.push(line[CODE..].to_owned());
        self.place = Place::Code;
    }

    fn end_code(&mut self) {
        if self.place == Place::Code {
            self.lines.push("```".into());
            self.lines.extend((0..self.blank).map(|_| String::new()));
            self.blank = 0;
            self.place = Place::Between;
        }
    }

    fn text(&mut self, indent: usize, text: &str) {
        if self.place == Place::Paragraph && is_underline(text) {
            if let Some(title) = self.lines.last_mut() {
                title.insert_str(0, "# ");
            }
            self.place = Place::Between;
            return;
        }
        let marker = list_marker(text);
        let after_blank = self.lines.last().is_some_and(String::is_empty);
        let indent = match (marker, self.place) {
            (Some(marker), _) => {
                self.place = Place::Item(indent + marker);
                indent
            }
            // What goes on below an item belongs to it.
            (None, Place::Item(column)) if !after_blank || indent >= column => column,
            _ => {
                self.place = Place::Paragraph;
                0
            }
        };
        self.lines.push(format!("{:indent$}{}", "", escape(text)));
    }
}

/// The line makes the one before it a title.
fn is_underline(text: &str) -> bool {
    ['=', '-', '~']
        .iter()
        .any(|mark| text.len() >= 3 && text.chars().all(|c| c == *mark))
}

/// The length of what makes a line an item of a list, if it is one.
fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match digits {
        0 => text.strip_prefix(['-', '*', '+'])?,
        _ => text[digits..].strip_prefix(['.', ')'])?,
    };
    mark.starts_with(' ').then_some(text.len() - mark.len() + 1)
}

/// Keeps rustdoc from seeing links and HTML; what stands between backticks is code already.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('`') {
        let (before, code) = rest.split_at(at);
        let inside = code.trim_start_matches('`');
        let mark = &code[..code.len() - inside.len()];
        escaped.push_str(&words(before));
        escaped.push_str(mark);
        // What does not end is no code.
        rest = match inside.split_once(mark) {
            Some((inside, after)) => {
                escaped.push_str(inside);
                escaped.push_str(mark);
                after
            }
            None => inside,
        };
    }
    escaped + &words(rest)
}

fn words(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        match word.starts_with("http://") || word.starts_with("https://") {
            true => {
                let end = word.trim_end_matches(['.', ',', ';', ')']).len();
                format!("<{}>{}", &word[..end], &word[end..])
            }
            false => word.replace('[', "\\[").replace('<', "\\<"),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(words: &str, lines: &[&str]) {
        assert_eq!(markdown(words), lines);
    }

    #[test]
    fn links_and_html_are_text() {
        becomes("a list [1] of <u8>", &["a list \\[1] of \\<u8>"]);
        becomes("``a[1]`` and `b[2]` c[3]", &["``a[1]`` and `b[2]` c\\[3]"]);
        becomes("one ` [2]", &["one ` \\[2]"]);
        becomes("see https://a.b/c.", &["see <https://a.b/c>."]);
    }

    #[test]
    fn what_is_indented_is_no_rust_code() {
        becomes(
            "looks like::\n\n    [A]\n\n      [B]\n\nand so on",
            &[
                "looks like::",
                "",
                "```text",
                "[A]",
                "",
                "  [B]",
                "```",
                "",
                "and so on",
            ],
        );
        becomes("a\n\n    b", &["a", "", "```text", "b", "```"]);
        becomes("a paragraph\n    goes on", &["a paragraph", "goes on"]);
    }

    #[test]
    fn titles_are_titles() {
        becomes("Title\n~~~~~\n\ntext", &["# Title", "", "text"]);
        becomes("a\n--\n\n---", &["a", "--", "", "---"]);
    }

    #[test]
    fn items_keep_their_lines() {
        becomes(
            "- one\ngoes on\n- two\n  goes on\n\n  and on\n\nend",
            &[
                "- one",
                "  goes on",
                "- two",
                "  goes on",
                "",
                "  and on",
                "",
                "end",
            ],
        );
        becomes("12) one\ntwo", &["12) one", "    two"]);
        becomes(
            "-1 is no item\n2.5 neither",
            &["-1 is no item", "2.5 neither"],
        );
    }
}
