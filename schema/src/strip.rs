//! A spec without the keys that YNL does not know.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, StructureStyle};

use crate::diag::Report;
use crate::yaml;

/// The spec as other YNL tools take it: without the keys that begin with `x-`.
///
/// All else stays as it is, comments and layout too.
///
/// # Errors
///
/// The text is not YAML.
pub fn strip(file: &str, text: &str) -> Result<String, Report> {
    let mut faults = Vec::new();
    if yaml::parse(text, &mut faults).is_none() {
        return Err(Report::new(file, text, faults));
    }
    let mut out = String::new();
    let mut kept = 0;
    for cut in cuts(text) {
        out.push_str(&text[kept..cut.start.max(kept)]);
        kept = cut.end.max(kept);
    }
    out.push_str(&text[kept..]);
    Ok(out)
}

/// A collection that the walk is in.
struct Frame {
    is_mapping: bool,
    is_flow: bool,
    /// The next node is a key.
    at_key: bool,
}

/// A key that is to go, with its value.
struct Going {
    start: usize,
    end: usize,
    is_flow: bool,
    /// How many collections are around it.
    depth: usize,
    value_begun: bool,
}

/// What is to be cut out of the text, in its order.
fn cuts(text: &str) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut going: Option<Going> = None;
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        let span = span.byte_range().unwrap_or_default();
        let depth = frames.len() - usize::from(is_end(&event) && !frames.is_empty());
        if let Some(going) = &mut going {
            // What ends a block collection has no width, and stands where the next thing begins.
            if !span.is_empty() {
                going.end = going.end.max(span.end);
            }
            going.value_begun |= going.depth == depth;
        }
        let is_node = matches!(
            event,
            Event::Scalar(..)
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::MappingStart(..)
        );
        if let Some(frame) = frames
            .last_mut()
            .filter(|frame| is_node && frame.is_mapping)
        {
            let is_key = frame.at_key;
            frame.at_key = !is_key;
            if let (true, None, Event::Scalar(name, ..)) = (is_key, &going, &event)
                && name.starts_with("x-")
            {
                going = Some(Going {
                    start: span.start,
                    end: span.end,
                    is_flow: frame.is_flow,
                    depth,
                    value_begun: false,
                });
                continue;
            }
        }
        match event {
            Event::SequenceStart(style, ..) => frames.push(Frame {
                is_mapping: false,
                is_flow: style == StructureStyle::Flow,
                at_key: false,
            }),
            Event::MappingStart(style, ..) => frames.push(Frame {
                is_mapping: true,
                is_flow: style == StructureStyle::Flow,
                at_key: true,
            }),
            _ if is_end(&event) => {
                frames.pop();
            }
            _ => {}
        }
        if let Some(done) = going.take_if(|going| going.value_begun && frames.len() == going.depth)
        {
            cuts.push(done.cut(text));
        }
    }
    cuts
}

fn is_end(event: &Event<'_>) -> bool {
    matches!(event, Event::SequenceEnd | Event::MappingEnd)
}

impl Going {
    fn cut(&self, text: &str) -> Range<usize> {
        // A block scalar ends where the next thing begins.
        let end = self.start + text[self.start..self.end].trim_end().len();
        match self.is_flow {
            true => self.cut_from_line(text, end),
            false => self.cut_lines(text, end),
        }
    }

    /// Whole lines; of the first only the key, if a dash stands before it.
    fn cut_lines(&self, text: &str, end: usize) -> Range<usize> {
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let line_start = text[..self.start].rfind('\n').map_or(0, |at| at + 1);
        let before = text[line_start..self.start].trim_end();
        match before.is_empty() {
            true => line_start..(line_end + 1).min(text.len()),
            false => line_start + before.len()..line_end,
        }
    }

    /// The entry with the comma behind it; the last entry with the comma before it.
    fn cut_from_line(&self, text: &str, end: usize) -> Range<usize> {
        let behind = text[end..].trim_start();
        if let Some(rest) = behind.strip_prefix(',') {
            return self.start..text.len() - rest.trim_start_matches(' ').len();
        }
        let before = text[..self.start].trim_end();
        let start = before.strip_suffix(',').map_or(self.start, str::len);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[track_caller]
    fn check(with: &str, without: &str) {
        assert_eq!(strip("x.yaml", with).unwrap(), without);
        assert_eq!(strip("x.yaml", without).unwrap(), without);
    }

    #[test]
    fn lines_go_and_comments_stay() {
        check(
            "# top\nname: a\n# why\nx-reply-or-error: true # so\n\ndoc: b # c\n",
            "# top\nname: a\n# why\n\ndoc: b # c\n",
        );
    }

    #[test]
    fn values_go_whole() {
        check("a: 1\nx-b: [ c,\n  d\n]\ne: 2\n", "a: 1\ne: 2\n");
        check("a: 1\nx-b:\n- c\n- d\n# e\ne: 2\n", "a: 1\n# e\ne: 2\n");
        check(
            "a: 1\nx-b:\n  c: |\n    x-d: 3\n\n    f\n\ne: 2\n",
            "a: 1\n\ne: 2\n",
        );
        check("a: 1\nx-b:\ne: 2", "a: 1\ne: 2");
        check("a: 1\nx-b: 2", "a: 1\n");
    }

    #[test]
    fn what_only_looks_like_a_key_stays() {
        let text = "doc: |\n  x-a: 1\nx: 2\n'y-x': x-b\n";
        check(text, text);
    }

    #[test]
    fn entries_of_lists_keep_their_dash() {
        check(
            "l:\n  - x-a: 1\n    b: 2\n  -\n    x-a: 1\n    b: 2\n",
            "l:\n  -\n    b: 2\n  -\n    b: 2\n",
        );
    }

    #[test]
    fn entries_within_braces_take_one_comma_along() {
        check("a: { x-b: [c, d], e: 1 }\n", "a: { e: 1 }\n");
        check("a: { e: 1, x-b: [c, d] }\n", "a: { e: 1 }\n");
        check("a: {e: 1, x-b: 2, f: 3}\n", "a: {e: 1, f: 3}\n");
    }

    #[test]
    fn what_is_not_yaml_is_reported() {
        let report = strip("x.yaml", "a: [").unwrap_err();
        assert!(report.render(false).contains("x.yaml:1:"));
    }
}
