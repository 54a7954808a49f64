//! No text makes the compiler panic, overflow its stack or hang.

use std::time::{Duration, Instant};

use genl_schema::{compile, strip};

fn shipped() -> Vec<String> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("families");
    ["kvstore", "nlctrl", "nltest"]
        .map(|name| std::fs::read_to_string(dir.join(name).with_extension("yaml")).unwrap())
        .into()
}

/// Compiles, renders the report, strips; where each of them ends is all that matters.
fn survive(text: &str) {
    if let Err(report) = compile("mutant.yaml", text) {
        let rendered = report.render(false);
        assert!(
            rendered.contains("mutant.yaml:"),
            "no place given:\n{rendered}"
        );
    }
    let _ = strip("mutant.yaml", text);
}

/// A generator of numbers that are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn truncated_at_any_byte() {
    for text in shipped() {
        // Each place of the first lines, then every 23rd: a prime, so it meets each column.
        for end in (0..400).chain((400..text.len()).step_by(23)) {
            survive(&text[..end.min(text.len())]);
        }
    }
}

#[test]
fn lines_missing_swapped_or_doubled() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for text in shipped() {
        let lines: Vec<&str> = text.lines().collect();
        for _ in 0..150 {
            let mut mutant = lines.clone();
            for _ in 0..=numbers.below(3) {
                let (one, other) = (numbers.below(mutant.len()), numbers.below(mutant.len()));
                match numbers.below(3) {
                    0 => drop(mutant.remove(one)),
                    1 => mutant.swap(one, other),
                    _ => mutant.insert(one, mutant[other]),
                }
            }
            survive(&mutant.join("\n"));
        }
    }
}

#[test]
fn words_replaced() {
    const WORDS: [&str; 16] = [
        "0",
        "-1",
        "65536",
        "18446744073709551615",
        "1e999",
        "null",
        "yes",
        "[]",
        "{}",
        "\"\\0\"",
        "*entry-reply",
        "&a",
        "é",
        "u8-max",
        "nest",
        "|",
    ];
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for text in shipped() {
        let lines: Vec<&str> = text.lines().collect();
        for _ in 0..200 {
            let at = numbers.below(lines.len());
            let word = WORDS[numbers.below(WORDS.len())];
            let mut mutant: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            if let Some((key, _)) = lines[at].split_once(": ") {
                mutant[at] = format!("{key}: {word}");
            } else {
                mutant[at].push_str(word);
            }
            survive(&mutant.join("\n"));
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    let head = "name: demo\ndoc: x\n";
    let deep = format!("{head}attribute-sets: {}", "[".repeat(100_000));
    let blocks: String = (0..5_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let wide: String = (0..20_000).map(|at| format!("k{at}: 1\n")).collect();
    let bomb: String = (0..30)
        .map(|at| format!("k{}: &k{} [*k{at}, *k{at}, *k{at}]\n", at + 1, at + 1))
        .collect();
    let bomb = format!("k0: &k0 [a]\n{bomb}");
    let cycle = "a: &a [ *a ]\n".to_owned();
    let merge = "a: &a { b: 1 }\n<<: [ *a, *a ]\n<<: *a\n".to_owned();
    let long = format!("{head}protocol: {}\n", "x".repeat(1_000_000));
    let bytes = "\u{feff}name: \u{0}\r\n\u{2028}\u{85}\t".to_owned();
    for text in [deep, blocks, wide, bomb, cycle, merge, long, bytes] {
        let begin = Instant::now();
        survive(&text);
        let spent = begin.elapsed();
        assert!(spent < Duration::from_secs(20), "{spent:?}: {:.60}", text);
    }
}

/// A set may nest itself; nothing here follows the nests without end.
#[test]
fn nests_may_form_cycles() {
    let text = "\
name: demo
doc: x
attribute-sets:
  - name: tree
    attributes:
      - { name: child, type: nest, nested-attributes: tree, multi-attr: true }
operations:
  list:
    - name: put
      doc: x
      attribute-set: tree
      do: { request: { attributes: [ child ] } }
";
    compile("cycle.yaml", text).unwrap_or_else(|report| panic!("{report}"));
}
