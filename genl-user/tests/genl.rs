//! The command-line tool, as a user calls it.

use std::path::PathBuf;
use std::process::{Command, Output};

fn genl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_genl"))
        .args(args)
        .output()
        .unwrap()
}

fn spec(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../schema/families").join(name);
    path.to_str().unwrap().to_owned()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn check_finds_nothing_in_what_ships() {
    let specs = ["kvstore.yaml", "nltest.yaml", "nlctrl.yaml"].map(spec);
    let specs: Vec<_> = specs.iter().map(String::as_str).collect();
    let output = genl(&[&["check"], &specs[..]].concat());
    assert!(output.status.success());
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
}

#[test]
fn check_says_what_is_wrong_with_each_spec() {
    let broken = std::env::temp_dir().join(format!("genl-broken-{}.yaml", std::process::id()));
    let whole = std::fs::read_to_string(spec("kvstore.yaml")).unwrap();
    std::fs::write(
        &broken,
        whole.replace("nested-attributes: meta", "nested-attributes: mata"),
    )
    .unwrap();
    let output = genl(&["check", "/no/such.yaml", broken.to_str().unwrap()]);
    std::fs::remove_file(&broken).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("cannot read /no/such.yaml"), "{said}");
    assert!(said.contains("did you mean `meta`?"), "{said}");
}

#[test]
fn families_lists_the_controller() {
    let output = genl(&["families"]);
    assert!(output.status.success());
    let line = text(&output.stdout)
        .lines()
        .find(|line| line.starts_with("nlctrl "))
        .unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words, ["nlctrl", "16", "2", "2", "notify"]);
}

#[test]
fn policy_shows_the_limits() {
    let output = genl(&["policy", "nlctrl"]);
    assert!(output.status.success());
    let said = text(&output.stdout);
    assert!(said.contains("nul-string    at most 15 bytes"), "{said}");

    let output = genl(&["policy", "no-such"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no netlink family \"no-such\""));
}

#[test]
fn spec_strips_what_is_not_ynl() {
    let path = spec("kvstore.yaml");
    let whole = genl(&["spec", &path]);
    assert!(text(&whole.stdout).contains("x-required"));
    let plain = genl(&["spec", "--strip", &path]);
    assert!(plain.status.success());
    assert!(!text(&plain.stdout).contains("x-re"));
    assert!(text(&plain.stdout).contains("name: kvstore"));
}
