//! Comments in C, plain ones and kernel-doc.

/// The longest line, in columns.
const WIDTH: usize = 80;

/// A comment that kernel-doc reads: `what name - doc`, and a line for each member that has words.
pub(in crate::emit) fn kernel_doc(
    what: &str,
    name: &str,
    doc: &str,
    members: &[(&str, &str)],
) -> String {
    let title = match doc.trim() {
        "" => format!("{what} {name}"),
        doc => format!("{what} {name} - {doc}"),
    };
    block("/**", &lines(&title, members))
}

/// A comment: the text, and behind it what is said of each member.
pub(in crate::emit) fn comment(doc: &str, members: &[(&str, &str)]) -> String {
    let lines = lines(doc, members);
    match &lines[..] {
        [line] if columns(line) + "/*  */".len() <= WIDTH => format!("/* {line} */\n"),
        lines => block("/*", lines),
    }
}

/// A comment that kernel-doc reads, of a function: what it does, its parameters, and more words.
pub(in crate::emit) fn kernel_doc_of_function(
    name: &str,
    does: &str,
    parameters: &[(&str, &str)],
    more: &[String],
) -> String {
    let mut all = lines(&format!("{name}() - {does}"), parameters);
    for paragraph in more {
        all.push(String::new());
        all.extend(lines(paragraph, &[]));
    }
    block("/**", &all)
}

fn block(open: &str, lines: &[String]) -> String {
    let mut text = format!("{open}\n");
    for line in lines {
        text.push_str(format!(" * {line}").trim_end());
        text.push('\n');
    }
    text.push_str(" */\n");
    text
}

fn lines(doc: &str, members: &[(&str, &str)]) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in filled(doc) {
        wrap(&paragraph, "", &mut lines);
    }
    for (name, doc) in members {
        for (at, paragraph) in filled(doc).iter().enumerate() {
            match at {
                0 => wrap(&format!("@{name}: {paragraph}"), "  ", &mut lines),
                _ => wrap(&format!("  {paragraph}"), "", &mut lines),
            }
        }
    }
    lines
}

/// The text with the lines joined that are one sentence after the other; items of a list, what is
/// set in, and titles keep theirs.
fn filled(doc: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut joins = false;
    for line in doc.trim().lines().map(str::trim_end) {
        let plain = line.starts_with(|c: char| c.is_alphanumeric() || "`'\"(".contains(c));
        match out.last_mut() {
            Some(last) if joins && plain => {
                last.push(' ');
                last.push_str(line);
            }
            _ => out.push(line.to_owned()),
        }
        joins = plain;
    }
    out
}

/// Breaks a line between words; those that follow begin with `indent` more than the first.
fn wrap(line: &str, indent: &str, lines: &mut Vec<String>) {
    // Neither must end the comment, nor begin another.
    let line = line.replace("*/", "* /").replace("/*", "/ *");
    let words = line.trim_start();
    let mut here = line[..line.len() - words.len()].to_owned();
    let next = format!("{here}{indent}");
    let mut first = true;
    for word in words.split_whitespace() {
        if !first && " * ".len() + columns(&here) + " ".len() + columns(word) > WIDTH {
            lines.push(std::mem::replace(&mut here, next.clone()));
            first = true;
        }
        if !first {
            here.push(' ');
        }
        here.push_str(word);
        first = false;
    }
    lines.push(here);
}

fn columns(text: &str) -> usize {
    text.chars().count()
}
