//! Random specs that are valid: every construct of the format, in combinations nobody thought of.

use super::attributes;
use super::definitions::{self, Definitions};
use super::names::Names;
use super::numbers::Numbers;
use super::operations;
use super::yaml::quoted;

/// A spec in the making.
pub(crate) struct Maker {
    pub(crate) numbers: Numbers,
    /// It follows `genetlink-legacy`, and has what only that has.
    pub(crate) legacy: bool,
    /// It follows `genetlink-c` or `genetlink-legacy`, and has names for C.
    pub(crate) c_names: bool,
    pub(crate) definitions: Definitions,
}

impl Maker {
    /// Words that no comment and no string of generated code should end at.
    pub(crate) fn doc(&mut self) -> String {
        const DOCS: [&str; 10] = [
            "Plain words.",
            "With \"quotes\", back\\slashes and `ticks`.",
            "Ends a comment */ and begins /* another.",
            "A [link](nowhere), <tags>, https://example.org/x and [brackets].",
            "Several\nlines,\n\n    and code.\n",
            "{braces} {} {0} %s $x #hash",
            "Grüße, 日本, \u{1f980}.",
            "- a list\n- of lines\n\n# A head\n",
            "```\nan open fence",
            "\\",
        ];
        quoted(self.numbers.pick(&DOCS))
    }
}

/// The spec that goes with a seed.
pub(crate) fn spec(seed: u64) -> String {
    let mut numbers = Numbers::new(seed);
    let protocol = numbers.pick(&["genetlink", "genetlink-c", "genetlink-legacy"]);
    let mut maker = Maker {
        numbers,
        legacy: protocol == "genetlink-legacy",
        c_names: protocol != "genetlink",
        definitions: Definitions::default(),
    };
    let definitions = definitions::make(&mut maker);
    let (sets, sets_text) = attributes::make(&mut maker);
    let operations = operations::make(&mut maker, &sets);
    let head = head(&mut maker, seed, protocol);
    format!("{head}{definitions}{sets_text}{operations}")
}

fn head(maker: &mut Maker, seed: u64, protocol: &str) -> String {
    let mut text = format!(
        "name: random-{seed}\nprotocol: {protocol}\ndoc: {}\n",
        maker.doc()
    );
    let numbers = &mut maker.numbers;
    let mut say = |times: usize, line: String| {
        if numbers.once_in(times) {
            text.push_str(&line);
            text.push('\n');
        }
    };
    say(3, "uapi-header: linux/random.h".to_owned());
    say(3, "x-reply-or-error: true".to_owned());
    say(3, "x-export-events: true".to_owned());
    say(4, "x-allow: [ W101, unused-attribute ]".to_owned());
    if maker.c_names {
        say(3, "c-family-name: RANDOM_GENL_NAME".to_owned());
        say(3, "c-version-name: RANDOM_GENL_VERSION".to_owned());
        say(4, "max-by-define: true".to_owned());
        say(4, "cmd-max-name: RANDOM_CMD_TOP".to_owned());
        say(4, "cmd-cnt-name: RANDOM_CMD_COUNT".to_owned());
    }
    if maker.legacy {
        let version = 1 + maker.numbers.below(3);
        text.push_str(&format!("version: {version}\n"));
        let policy = maker.numbers.pick(&["split", "per-op", "global"]);
        text.push_str(&format!("kernel-policy: {policy}\n"));
    }
    text
}

/// As many names as asked for.
pub(crate) fn names(maker: &mut Maker, least: usize, more: usize) -> Vec<String> {
    let mut names = Names::new();
    let count = least + maker.numbers.below(more + 1);
    (0..count).map(|_| names.next(&mut maker.numbers)).collect()
}
