//! Random valid specs go through the whole pipeline, and what comes out compiles.
//!
//! A spec is known by its seed, which each failure names; `GENL_SEED=7` tries that one alone.

mod attributes;
mod definitions;
mod names;
mod numbers;
mod operations;
mod spec;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use genl_schema::diag::Code;
use genl_schema::emit::{self, Origin};
use genl_schema::{check, compile, compile_for_kernel, strip};

const ORIGIN: Origin<'_> = Origin {
    command: "a test",
    spec: "random.yaml",
};

/// So many specs are tried, and of so many the clients are compiled.
const SPECS: u64 = 120;
const COMPILED: u64 = 16;

fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("GENL_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number in GENL_SEED")],
        Err(_) => (1..=count).collect(),
    }
}

/// Parses what is said to be Rust.
#[track_caller]
fn assert_rust(text: &str, seed: u64) {
    if let Err(error) = syn::parse_file(text) {
        panic!("seed {seed}: {error}\n{text}");
    }
}

#[test]
fn resolves_and_emits() {
    let mut kernel_halves = 0;
    for seed in seeds(SPECS) {
        let text = spec::spec(seed);
        let family =
            compile("random.yaml", &text).unwrap_or_else(|report| panic!("seed {seed}:\n{report}"));
        assert_rust(&emit::user::render(&family, ORIGIN), seed);
        assert!(
            emit::uapi::render(&family, ORIGIN).contains("#endif"),
            "seed {seed}"
        );
        assert!(
            emit::docs::render(&family, ORIGIN).contains(family.name.as_str()),
            "seed {seed}"
        );
        match compile_for_kernel("random.yaml", &text) {
            Ok(family) => {
                kernel_halves += 1;
                assert_rust(&emit::kernel::render(&family, ORIGIN), seed);
                assert_rust(&emit::kernel::exports::render(&family, ORIGIN), seed);
            }
            Err(report) => {
                let codes = report.diagnostics.iter().map(|it| it.code);
                let unexpected = codes.filter(|it| *it != Code::NotSupported).count();
                assert_eq!(unexpected, 0, "seed {seed}:\n{report}");
            }
        }
    }
    let tried = seeds(SPECS).len();
    assert!(
        kernel_halves >= tried / 2,
        "only {kernel_halves} of {tried} have kernel code"
    );
}

#[test]
fn has_no_errors_with_lints_and_without_extensions() {
    for seed in seeds(SPECS) {
        let text = spec::spec(seed);
        let checked = check("random.yaml", &text, &[]);
        assert!(
            !checked.report.has_errors(),
            "seed {seed}:\n{}",
            checked.report
        );
        let plain = strip("random.yaml", &text).unwrap();
        for key in ["x-allow", "x-max-count", "x-required", "x-reply-or-error"] {
            assert!(!plain.contains(key), "seed {seed}:\n{plain}");
        }
        compile("plain.yaml", &plain).unwrap_or_else(|report| panic!("seed {seed}:\n{report}"));
    }
}

/// One crate of many clients, against the runtime; a warning is an error.
#[test]
fn clients_compile() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random-clients");
    let source = dir.join("src");
    fs::create_dir_all(&source).unwrap();
    let mut modules = "#![deny(warnings)]\n".to_owned();
    for seed in seeds(COMPILED) {
        let text = spec::spec(seed);
        let family = compile("random.yaml", &text).unwrap_or_else(|report| panic!("{report}"));
        let name = format!("seed_{seed}");
        fs::write(
            source.join(format!("{name}.rs")),
            emit::user::render(&family, ORIGIN),
        )
        .unwrap();
        modules.push_str(&format!("pub mod {name};\n"));
    }
    fs::write(source.join("lib.rs"), modules).unwrap();
    let root = root();
    let user = root.join("genl-user");
    fs::write(
        dir.join("Cargo.toml"),
        format!(
            "[workspace]\n\n[package]\nname = \"random-clients\"\nedition = \"2024\"\n\n\
             [features]\nserde = [\"dep:serde\", \"genl-user/serde\"]\n\
             tokio = [\"genl-user/tokio\"]\n\n\
             [dependencies]\ngenl-user = {{ path = {user:?} }}\nserde = {{ version = \"1\", \
             features = [\"derive\"], optional = true }}\n"
        ),
    )
    .unwrap();
    // The same versions, so that no network is needed.
    fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&dir)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(),
        )
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
