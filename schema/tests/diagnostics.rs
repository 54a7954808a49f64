//! Specs with faults, each beside the report that it gives.
//!
//! `BLESS=1 cargo test -p genl-schema --test diagnostics` accepts the reports as they are now.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use genl_schema::diag::{Code, Report, Severity};
use genl_schema::{compile, compile_for_kernel};

fn specs() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut specs: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    specs.sort();
    specs
}

fn report(path: &Path) -> Report {
    let file = path.file_name().unwrap().to_str().unwrap();
    let text = match genl_schema::text(file, fs::read(path).unwrap()) {
        Ok(text) => text,
        Err(report) => return report,
    };
    match compile(file, &text).and_then(|_| compile_for_kernel(file, &text)) {
        Ok(_) => panic!("{file} compiles, but should have a fault"),
        Err(report) => report,
    }
}

#[test]
fn each_faulty_spec_gives_its_report() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in specs() {
        let rendered = report(&path).render(false);
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
fn one_fault_gives_one_diagnostic() {
    for path in specs() {
        let many = path.file_stem().is_some_and(|stem| stem == "many");
        let count = report(&path).diagnostics.len();
        assert!(
            if many { count >= 10 } else { count == 1 },
            "{}: {count} diagnostics",
            path.display()
        );
    }
}

#[test]
fn every_code_has_a_spec() {
    let seen: BTreeSet<Code> = specs()
        .iter()
        .flat_map(|path| report(path).diagnostics)
        .map(|diagnostic| diagnostic.code)
        .collect();
    let unseen: Vec<_> = Code::ALL
        .iter()
        .filter(|code| code.severity() == Severity::Error && !seen.contains(code))
        .collect();
    assert!(unseen.is_empty(), "no spec gives {unseen:?}");
}

#[test]
fn every_report_has_a_spec() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    for entry in fs::read_dir(dir).unwrap() {
        let spec = entry.unwrap().path().with_extension("yaml");
        assert!(
            spec.exists(),
            "{} is gone, its report is not",
            spec.display()
        );
    }
}
