//! Specs with what is probably not meant, each beside the report that it gives; and that what is
//! allowed is not reported.
//!
//! `BLESS=1 cargo test -p genl-schema --test lints` accepts the reports as they are now.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use genl_schema::diag::{Code, Report, Severity};
use genl_schema::{check, compile, strip};

fn dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The specs of a directory, each with its file name and its text.
fn specs(name: &str) -> Vec<(PathBuf, String, String)> {
    let mut specs: Vec<_> = fs::read_dir(dir(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (path, file, text)
        })
        .collect();
    specs.sort();
    specs
}

fn codes(report: &Report) -> BTreeSet<Code> {
    report.diagnostics.iter().map(|it| it.code).collect()
}

#[test]
fn each_doubtful_spec_gives_its_report() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (path, file, text) in specs("tests/lints") {
        let checked = check(&file, &text, &[]);
        assert!(checked.family.is_some(), "{}", checked.report);
        assert!(!checked.report.has_errors());
        let rendered = checked.report.render(false);
        let golden = path.with_extension("txt");
        if bless {
            fs::write(&golden, rendered).unwrap();
        } else if fs::read_to_string(&golden).ok().as_deref() != Some(&rendered) {
            wrong.push(format!("{} now gives\n{rendered}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_warning_has_a_spec() {
    let specs = specs("tests/lints");
    let seen: BTreeSet<Code> = specs
        .iter()
        .flat_map(|(_, file, text)| codes(&check(file, text, &[]).report))
        .collect();
    let all = Code::ALL.iter().copied();
    let warnings: BTreeSet<_> = all
        .filter(|it| it.severity() == Severity::Warning)
        .collect();
    assert_eq!(seen, warnings);
}

#[test]
fn what_the_caller_allows_is_not_reported() {
    for (_, file, text) in specs("tests/lints") {
        for code in codes(&check(&file, &text, &[]).report) {
            let left = codes(&check(&file, &text, &[code]).report);
            assert!(!left.contains(&code), "{file}: {code}");
        }
    }
}

#[test]
fn what_the_family_allows_is_not_reported() {
    for (_, file, text) in specs("tests/lints") {
        for code in codes(&check(&file, &text, &[]).report) {
            for word in [code.to_string(), code.name()] {
                let text = format!("{text}x-allow: [ {word} ]\n");
                let left = codes(&check(&file, &text, &[]).report);
                assert!(!left.contains(&code), "{file}: {word}");
            }
        }
    }
}

/// `# allow: W101` in a spec marks where an `x-allow` would be heeded.
#[test]
fn what_a_part_allows_is_not_reported_of_it() {
    let mut parts = 0;
    for (_, file, text) in specs("tests/lints") {
        let before = check(&file, &text, &[]).report.diagnostics.len();
        for (at, line) in text.lines().enumerate() {
            let Some((key, code)) = line.split_once("# allow: ") else {
                continue;
            };
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines[at] = format!("{key}x-allow: [ {code} ]");
            let after = check(&file, &lines.join("\n"), &[]).report;
            assert!(!after.has_errors(), "{after}");
            assert!(
                after.diagnostics.len() < before,
                "{file}:{}: {code}",
                at + 1
            );
            parts += 1;
        }
    }
    assert!(parts >= 8, "only {parts} parts allow something");
}

#[test]
fn without_what_it_allows_a_spec_is_plain() {
    for (_, file, text) in specs("tests/lints") {
        let lines = text.lines().map(|line| match line.split_once("# allow: ") {
            Some((key, code)) => format!("{key}x-allow: [ {code} ]\n"),
            None => format!("{line}\n"),
        });
        let allowing = lines.collect::<String>() + "x-allow: [ unguarded-change ]\n";
        let plain = strip(&file, &allowing).unwrap();
        assert!(!plain.contains("x-allow"), "{plain}");
        compile(&file, &plain).unwrap_or_else(|report| panic!("{report}"));
    }
}

#[test]
fn the_specs_that_ship_are_above_doubt() {
    for (_, file, text) in specs("families") {
        let report = check(&file, &text, &[]).report;
        assert!(report.diagnostics.is_empty(), "{report}");
    }
}
