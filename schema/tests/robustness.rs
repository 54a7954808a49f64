//! No text makes the compiler panic, overflow its stack or hang.

use std::time::{Duration, Instant};

use genl_schema::{check, compile, strip};

fn shipped() -> Vec<String> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("families");
    ["kvstore", "nlctrl", "nltest"]
        .map(|name| std::fs::read_to_string(dir.join(name).with_extension("yaml")).unwrap())
        .into()
}

/// Checks, renders the report, strips; where each of them ends is all that matters.
fn survive(text: &str) {
    let checked = check("mutant.yaml", text, &[]);
    assert_eq!(checked.family.is_none(), checked.report.has_errors());
    let rendered = checked.report.render(false);
    assert!(
        rendered.contains("mutant.yaml: "),
        "no sum given:\n{rendered}"
    );
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

/// Each answer takes less than a second in a release build; a debug build on a busy machine gets
/// more, and is still far from what a mistake in the order of growth would cost.
#[track_caller]
fn survive_soon(text: &str) {
    let begin = Instant::now();
    survive(text);
    let spent = begin.elapsed();
    assert!(spent < Duration::from_secs(30), "{spent:?}: {text:.60}");
}

const HEAD: &str = "name: demo\ndoc: x\n";

/// So many lines, each with its number for `#`.
fn lines(count: usize, line: &str) -> String {
    (0..count)
        .map(|at| line.replace('#', &at.to_string()) + "\n")
        .collect()
}

/// A spec with these definitions, and with these attributes in its set.
fn wide(definitions: &str, attributes: &str, listed: &str) -> String {
    format!(
        "{HEAD}{definitions}attribute-sets:\n  - name: wide\n    attributes:\n{attributes}\
         operations:\n  list:\n    - name: get\n      doc: x\n      attribute-set: wide\n      \
         do: {{ request: {{ attributes: [ {listed} ] }} }}\n"
    )
}

#[test]
fn hostile_texts_end_soon() {
    let deep = format!("{HEAD}attribute-sets: {}", "[".repeat(100_000));
    let blocks: String = (0..1_500)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let bomb: String = (0..30)
        .map(|at| format!("k{}: &k{} [*k{at}, *k{at}, *k{at}]\n", at + 1, at + 1))
        .collect();
    let bomb = format!("k0: &k0 [a]\n{bomb}");
    let cycle = "a: &a [ *a ]\n".to_owned();
    let merge = "a: &a { b: 1 }\n<<: [ *a, *a ]\n<<: *a\n".to_owned();
    let merges = "a: &a { b: 1 }\n".to_owned() + &"<<: *a\n".repeat(20_000);
    let long = format!("{HEAD}protocol: {}\n", "x".repeat(1_000_000));
    let bytes = "\u{feff}name: \u{0}\r\n\u{2028}\u{85}\t".to_owned();
    let quotes = format!("{HEAD}version: \"{}", "'\n ".repeat(200_000));
    let tabs = format!("{HEAD}{}", "\t".repeat(500_000));
    for text in [
        deep, blocks, bomb, cycle, merge, merges, long, bytes, quotes, tabs,
    ] {
        survive_soon(&text);
    }
}

#[test]
fn a_file_of_ten_megabytes_is_refused() {
    let text = HEAD.to_owned()
        + &lines(
            160_000,
            "# comment # of a file that is far too long, and no spec",
        );
    assert!(text.len() > 10_000_000);
    let begin = Instant::now();
    let report = compile("long.yaml", &text).unwrap_err();
    assert!(report.render(false).contains("is no spec"));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn ten_thousand_attributes_compile() {
    let attributes = lines(10_000, "      - { name: a#, type: u32 }");
    let listed: Vec<_> = (0..10_000).map(|at| format!("a{at}")).collect();
    let text = wide("", &attributes, &listed.join(", "));
    let begin = Instant::now();
    let family = compile("wide.yaml", &text).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(family.messages[0].fields.len(), 10_000);
    assert!(begin.elapsed() < Duration::from_secs(30));
    // As many subsets as there could be, each of the wide set.
    let subsets = lines(
        500,
        "  - { name: s#, subset-of: wide, attributes: [ { name: a# } ] }",
    );
    survive_soon(&text.replace("operations:", &format!("{subsets}operations:")));
}

#[test]
fn thousands_of_faults_end_soon() {
    let attributes = lines(2_000, "      - { name: a#, type: u32 }");
    let unknown: Vec<_> = (0..2_000).map(|at| format!("b{at}")).collect();
    survive_soon(&wide("", &attributes, &unknown.join(", ")));
    survive_soon(&(HEAD.to_owned() + &lines(20_000, "key#: 1")));
    survive_soon(&(HEAD.to_owned() + &lines(20_000, "doc: x")));
    survive_soon(&(HEAD.to_owned() + "x-allow:\n" + &lines(20_000, "- unguarded-chnage-#")));
    let definitions = "definitions:\n".to_owned()
        + &lines(
            1_000,
            "  - { name: enumeration-#, type: enum, entries: [ a ] }",
        );
    let attributes = lines(
        1_000,
        "      - { name: a#, type: u32, enum: enumeratoin-#x }",
    );
    survive_soon(&wide(&definitions, &attributes, "a0"));
}

#[test]
fn long_chains_do_not_overflow_the_stack() {
    // Each struct holds the next, and the last the first.
    let mut chain = "protocol: genetlink-legacy\ndefinitions:\n".to_owned();
    for at in 0..3_000 {
        let next = (at + 1) % 3_000;
        chain.push_str(&format!(
            "  - {{ name: s{at}, type: struct, members: [ {{ name: more, type: binary, struct: s{next} }} ] }}\n"
        ));
    }
    survive_soon(&wide(&chain, "      - { name: a, type: u32 }\n", "a"));

    let mut nests = String::new();
    for at in 0..3_000 {
        nests.push_str(&format!(
            "  - {{ name: n{at}, attributes: [ {{ name: more, type: nest, nested-attributes: n{} }} ] }}\n",
            (at + 1) % 3_000
        ));
    }
    let text = wide(
        "",
        "      - { name: a, type: nest, nested-attributes: n0 }\n",
        "a",
    );
    survive_soon(&text.replace("operations:", &format!("{nests}operations:")));
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
