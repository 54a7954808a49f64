//! Names for the things of a spec, most of them a nuisance to generated code.

use super::numbers::Numbers;

/// What a name can be: keywords, names of the prelude, names that generated code uses itself.
const WORDS: [&str; 66] = [
    "type", "self", "match", "async", "fn", "box", "crate", "super", "yield", "gen", "option",
    "some", "none", "ok", "err", "vec", "string", "str", "u8", "u32", "i64", "bool", "result",
    "default", "clone", "copy", "iterator", "into", "from", "drop", "value", "key", "name", "len",
    "get", "set", "new", "next", "iter", "id", "index", "request", "reply", "event", "events",
    "group", "client", "attr", "wire", "error", "encode", "decode", "fields", "layout", "bits",
    "all", "empty", "header", "list", "map", "10g", "a", "a1", "a-1", "x-y-z", "std",
];

/// Unique names of one scope.
pub(crate) struct Names {
    left: Vec<&'static str>,
    given: usize,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            left: WORDS.to_vec(),
            given: 0,
        }
    }

    /// A name that was not given yet, in no spelling.
    pub(crate) fn next(&mut self, numbers: &mut Numbers) -> String {
        self.given += 1;
        match numbers.below(3) {
            0 if !self.left.is_empty() => {
                let word = self.left.swap_remove(numbers.below(self.left.len()));
                // These are one name in generated code.
                if ["a1", "a-1"].contains(&word) {
                    self.left.retain(|it| !["a1", "a-1"].contains(it));
                }
                word.to_owned()
            }
            1 => format!("{}-n{}", numbers.pick(&WORDS), self.given),
            _ => format!("n{}", self.given),
        }
    }
}
