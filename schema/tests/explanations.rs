//! Each code has its explanation, whose examples do what it says.

use std::collections::BTreeSet;

use genl_schema::diag::{Code, Severity};
use genl_schema::{check, compile_for_kernel, text};

/// What the examples leave out, one top-level key each.
const REST: [&str; 4] = [
    "name: demo\n",
    "doc: A demonstration.\n",
    "\
attribute-sets:
  - name: entry
    attributes:
      - { name: key, type: string, checks: { max-len: 64 } }
",
    "\
operations:
  list:
    - name: get
      doc: Read an entry.
      attribute-set: entry
      do:
        request: { attributes: [ key ] }
        reply: { attributes: [ key ] }
",
];

/// The wrong and the mended example, made whole.
fn examples(code: Code) -> (String, String) {
    let blocks: Vec<_> = code
        .explain()
        .split("```")
        .filter_map(|block| block.strip_prefix("yaml\n"))
        .map(whole)
        .collect();
    let [wrong, mended] = blocks.try_into().unwrap_or_else(|blocks: Vec<_>| {
        panic!("{code} has {} examples, not two", blocks.len());
    });
    (wrong, mended)
}

/// The example with what it leaves out, and with each line for `N from … to …` repeated.
fn whole(example: &str) -> String {
    let mut text = String::new();
    for line in example.lines() {
        match line.split_once("# N from 1 to ") {
            Some((line, last)) => {
                for n in 1..=last.parse::<u32>().unwrap() {
                    text.push_str(&line.replace('N', &n.to_string()));
                    text.push('\n');
                }
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    for part in REST {
        let key = part.split_inclusive(':').next().unwrap();
        if !text.lines().any(|line| line.starts_with(key)) {
            text.push_str(part);
        }
    }
    text
}

/// What a spec is found to have; kernel code is asked for as well.
fn found(bytes: Vec<u8>) -> BTreeSet<Code> {
    let diagnostics = match text("example.yaml", bytes) {
        Ok(text) => match compile_for_kernel("example.yaml", &text) {
            Ok(_) => check("example.yaml", &text, &[]).report.diagnostics,
            Err(report) => report.diagnostics,
        },
        Err(report) => report.diagnostics,
    };
    diagnostics.into_iter().map(|it| it.code).collect()
}

#[test]
fn each_wrong_example_has_its_fault_alone() {
    for code in Code::ALL {
        let (wrong, _) = examples(*code);
        let bytes = match code {
            Code::NotUtf8 => wrong.chars().map(|c| u8::try_from(c).unwrap()).collect(),
            _ => wrong.clone().into_bytes(),
        };
        let mut codes = found(bytes);
        // Half a spec lacks a few things that a lint would like to see.
        codes.retain(|it| it == code || it.severity() == Severity::Error);
        assert_eq!(codes, BTreeSet::from([*code]), "in\n{wrong}");
    }
}

#[test]
fn each_mended_example_is_without_it() {
    for code in Code::ALL {
        let (_, mended) = examples(*code);
        let codes = match code.severity() == Severity::Error {
            true => found(mended.clone().into_bytes()),
            false => check("example.yaml", &mended, &[])
                .report
                .diagnostics
                .into_iter()
                .map(|it| it.code)
                .collect(),
        };
        let left: Vec<_> = codes
            .iter()
            .filter(|it| *it == code || it.severity() == Severity::Error)
            .collect();
        assert!(left.is_empty(), "{left:?} in\n{mended}");
    }
}

#[test]
fn the_page_has_the_codes_in_order_and_no_others() {
    let page = include_str!("../CODES.md");
    let heads: Vec<_> = page
        .lines()
        .filter_map(|it| it.strip_prefix("## "))
        .collect();
    let codes: Vec<_> = Code::ALL
        .iter()
        .map(|code| format!("{code}: {}", code.name()))
        .collect();
    assert_eq!(heads, codes);
}
