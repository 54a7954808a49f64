//! Markdown text.

/// A page that grows.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn into_string(self) -> String {
        self.text
    }

    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {text}\n", "#".repeat(level)));
    }

    /// A paragraph, its lines broken for those who read it as plain text.
    pub(super) fn prose(&mut self, text: &str) {
        const WIDTH: usize = 100;
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let here = lines.last_mut().expect("there is always one");
            if here.is_empty() {
                here.push_str(word);
            } else if here.chars().count() + 1 + word.chars().count() <= WIDTH {
                here.push(' ');
                here.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
        self.text(&lines.join("\n"));
    }

    /// One or more paragraphs, as they are; nothing if the text is empty.
    pub(super) fn text(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.block(&format!("{}\n", text.trim()));
        }
    }

    pub(super) fn list(&mut self, lines: &[String]) {
        let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
        self.block(&lines);
    }

    /// A table whose columns are aligned, but for the last. A column without any content is left out.
    pub(super) fn table<const N: usize>(&mut self, titles: [&str; N], rows: &[[String; N]]) {
        let filled = |at: &usize| rows.iter().any(|row| !row[*at].is_empty());
        let columns: Vec<usize> = (0..N).filter(filled).collect();
        let Some(last) = columns.last().copied() else {
            return;
        };
        let titles = titles.map(str::to_owned);
        let width = |at: usize| {
            let cells = rows
                .iter()
                .chain([&titles])
                .map(|row| row[at].chars().count());
            if at == last {
                0
            } else {
                cells.max().unwrap_or(0)
            }
        };
        let widths: Vec<usize> = columns.iter().map(|at| width(*at)).collect();
        let line = |row: &[String; N]| {
            let cells = columns.iter().zip(&widths);
            let cells: Vec<_> = cells
                .map(|(at, width)| format!("{:<width$}", row[*at]))
                .collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rules: Vec<_> = widths
            .iter()
            .map(|width| "-".repeat((*width).max(3)))
            .collect();
        let mut text = line(&titles);
        text.push_str(&format!("| {} |\n", rules.join(" | ")));
        text.extend(rows.iter().map(line));
        self.block(&text);
    }

    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}

/// Something as it is written in the spec or on the wire.
pub(super) fn code(text: &str) -> String {
    // What has no letter could not stand between the quotes.
    match text.contains('`') {
        true => format!("`` {} ``", text.replace('|', "\\|")),
        false => format!("`{}`", text.replace('|', "\\|")),
    }
}

/// A link within the page.
pub(super) fn link(text: &str, anchor: &str) -> String {
    format!("[{}](#{anchor})", code(text))
}

/// The spec's own words, with what would be Markdown by accident taken for text.
pub(super) fn paragraphs(words: &str) -> String {
    let lines: Vec<_> = words.trim().lines().map(str::trim_end).collect();
    let line_at = |at: usize| lines.get(at).copied().unwrap_or_default();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = line_at(at);
        match !line.is_empty() && is_underline(line_at(at + 1)) {
            true => {
                out.push(format!("**{}**", escape(line).trim()));
                if !line_at(at + 2).is_empty() {
                    out.push(String::new());
                }
                at += 2;
            }
            false => {
                out.push(escape(line));
                at += 1;
            }
        }
    }
    out.join("\n")
}

/// The spec's own words in a cell of a table, which is one line.
pub(super) fn cell(words: &str) -> String {
    let text = paragraphs(words);
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect();
    paragraphs.join("<br>").replace('|', "\\|")
}

fn is_underline(line: &str) -> bool {
    let mut chars = line.chars();
    let first = chars.next().unwrap_or(' ');
    line.len() >= 3 && "~=-^\"#*".contains(first) && chars.all(|c| c == first)
}

/// One line: no HTML, no links, no titles, no fences; code stays code, and lists stay lists.
fn escape(line: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for c in line.chars() {
        match c {
            '`' => in_code = !in_code,
            '<' | '[' | '\\' if !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    let words = out.trim_start();
    let hazard = ["#", "```", "~~~", ">", "+++"]
        .iter()
        .any(|mark| words.starts_with(mark));
    if hazard {
        out.insert(out.len() - words.len(), '\\');
    }
    out
}
