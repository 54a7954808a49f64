//! C headers and documentation, against files that are known to be right.
//!
//! `BLESS=1 cargo test -p genl-schema --test outputs` takes what is made today as the right ones.

#[path = "outputs/links.rs"]
mod links;

use std::path::{Path, PathBuf};
use std::process::Command;

use genl_schema::emit::{Origin, docs, uapi};
use genl_schema::model::Family;

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn family(path: &str) -> Family {
    let text = std::fs::read_to_string(place(path)).unwrap();
    genl_schema::compile(path, &text).unwrap_or_else(|report| panic!("{report}"))
}

fn origin(path: &str) -> Origin<'_> {
    Origin {
        command: "cargo test",
        spec: path,
    }
}

/// Compares with the file of that name.
fn same(name: &str, made: &str) {
    let path = place("tests/outputs").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    assert!(
        known == made,
        "{name} is stale; look at what BLESS=1 changes"
    );
}

const SPECS: [(&str, &str); 2] = [
    ("kvstore", "families/kvstore.yaml"),
    ("odd", "tests/outputs/odd.yaml"),
];

#[test]
fn headers_are_as_known() {
    for (name, spec) in SPECS {
        same(
            &format!("{name}.h"),
            &uapi::render(&family(spec), origin(spec)),
        );
    }
}

#[test]
fn documentation_is_as_known() {
    for (name, spec) in SPECS {
        let page = docs::render(&family(spec), origin(spec));
        links::check(&page);
        same(&format!("{name}.md"), &page);
    }
}

/// That the compiler lays structs out as the model does, and takes each number for what it is.
#[test]
fn a_compiler_takes_the_headers() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("headers");
    std::fs::create_dir_all(&dir).unwrap();
    for (name, spec) in SPECS {
        let mut program = uapi::render(&family(spec), origin(spec));
        if name == "odd" {
            program.push_str(FACTS);
        }
        let path = dir.join(format!("{name}.c"));
        std::fs::write(&path, program).unwrap();
        let output = Command::new("gcc")
            .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"])
            .args(["-fsyntax-only", "-include", "stddef.h"])
            // What the spec says another header has.
            .args([
                "-include",
                place("tests/outputs/elsewhere.h").to_str().unwrap(),
            ])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }
}

/// An array of a negative size is an error.
const FACTS: &str = "
#define FACT(name, it) struct fact_##name { char it_is[(it) ? 1 : -1]; };
FACT(least, ODD_FAMILY_LEAST < -9223372036854775807LL)
FACT(most, ODD_FAMILY_MOST == ~0ULL)
FACT(word, sizeof(ODD_FAMILY_WORD) == 14)
FACT(huge, ODD_FAMILY_LARGE_HUGE == 1LL << 32 && ODD_FAMILY_LARGE_MAX == 1LL << 32)
FACT(bits, ODD_FAMILY_BITS_HIGH == 1ULL << 40 && ODD_FAMILY_BITS_MASK == 0x10080000001ULL)
FACT(sign, ODD_FAMILY_BITS_INT_SIGN == 0x80000000U)
FACT(nine, ODD_FAMILY_UNORDERED_MAX == 9 && ODD_FAMILY_UNORDERED_TWO == 2)
FACT(three, ODD_FAMILY_UNORDERED_THREE == 1)
FACT(part, ODD_FAMILY_A_OUTER == 3 && ODD_OTHER_RENAMED == 2 && ODD_MAX == 6)
FACT(nothing, ODD_NOTHING == 7 && ODD_GET == 8 && ODD_EVENT_TOLD == 3 && ODD_MAX == 6)
FACT(outer, sizeof(struct outer) == 40 && offsetof(struct outer, inside) == 8)
FACT(port, offsetof(struct outer, port) == 32 && offsetof(struct inner, delta) == 8)
FACT(keyword, offsetof(struct outer, int_) == 0)
";

/// The kernel sends such an event to a group all the same, or to a socket: ethtool's are of both kinds.
#[test]
fn documentation_takes_silence_for_no_fact() {
    let path = "tests/outputs/odd.yaml";
    let text = std::fs::read_to_string(place(path)).unwrap();
    let silent = text.replace("mcgrp: news", "");
    assert_ne!(text, silent);
    let family = genl_schema::compile(path, &silent).unwrap();
    let page = docs::render(&family, origin(path));
    let said = "The spec does not say to which group it is sent, if to any; the family has `news`";
    assert!(page.contains(said), "{page}");
}
