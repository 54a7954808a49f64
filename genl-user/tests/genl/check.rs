//! `genl check`: what is wrong with specs.

use std::fs::File;
use std::process::Stdio;

use crate::tool::{command, genl, said, spec};

#[test]
fn check_finds_nothing_in_what_ships() {
    let specs = ["kvstore.yaml", "nltest.yaml", "nlctrl.yaml"].map(spec);
    let specs: Vec<_> = specs.iter().map(String::as_str).collect();
    let said = genl(&[&["check"], &specs[..]].concat());
    assert_eq!(
        (said.code, said.stdout.as_str(), said.stderr.as_str()),
        (Some(0), "", "")
    );
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
    let said = genl(&["check", "/no/such.yaml", broken.to_str().unwrap()]);
    std::fs::remove_file(&broken).unwrap();
    assert_eq!(said.code, Some(1));
    let (found, failed) = (said.stdout, said.stderr);
    assert!(found.contains("did you mean `meta`?"), "{found}");
    assert!(failed.contains("cannot read /no/such.yaml"), "{failed}");
}

/// A spec with one warning, W101, in a file of its own.
struct Doubtful(std::path::PathBuf);

impl Doubtful {
    fn new(test: &str) -> Self {
        let name = format!("genl-doubtful-{test}-{}.yaml", std::process::id());
        let path = std::env::temp_dir().join(name);
        let whole = std::fs::read_to_string(spec("nltest.yaml")).unwrap();
        let doubtful = whole.replacen("x-allow: [ unguarded-change ]", "", 1);
        assert_ne!(whole, doubtful);
        std::fs::write(&path, doubtful).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Doubtful {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn check_warns_and_fails_only_if_asked_to() {
    let doubtful = Doubtful::new("deny");
    let said = genl(&["check", doubtful.path()]);
    assert_eq!(said.code, Some(0));
    let text = said.stdout;
    assert!(text.contains("warning[W101]: `broadcast`"), "{text}");
    assert!(text.contains(": 1 warning\n"), "{text}");
    assert!(text.contains("genl check --explain W101"), "{text}");
    let said = genl(&["check", "--deny-warnings", doubtful.path()]);
    assert_eq!(said.code, Some(1));
}

#[test]
fn check_leaves_out_what_is_allowed() {
    let doubtful = Doubtful::new("allow");
    for code in ["W101", "w101", "unguarded-change"] {
        let said = genl(&["check", "--deny-warnings", "--allow", code, doubtful.path()]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
    }
    for (code, why) in [
        ("E010", "only warnings can be allowed"),
        (
            "unguarded-chnage",
            "did you mean `unguarded-change` (W101)?",
        ),
    ] {
        let said = genl(&["check", "--allow", code, doubtful.path()]);
        assert_eq!(said.code, Some(2));
        assert!(said.stderr.contains(why), "{}", said.stderr);
    }
}

#[test]
fn check_explains_codes() {
    let said = genl(&["check", "--explain", "W101"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.starts_with("W101: unguarded-change\n"));
    assert!(said.stdout.contains("Mended:"), "{}", said.stdout);
}

#[test]
fn check_writes_json() {
    let doubtful = Doubtful::new("json");
    let said = genl(&["check", "--output-json", doubtful.path()]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let found: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let [warning] = &found.as_array().unwrap()[..] else {
        panic!("one warning, not {found}");
    };
    assert_eq!(warning["code"], "W101");
    assert_eq!(warning["severity"], "warning");
    assert_eq!(warning["column"], 13);
}

#[test]
fn check_tells_only_those_who_ask_what_has_no_kernel_half() {
    let large = std::env::temp_dir().join(format!("genl-large-{}.yaml", std::process::id()));
    let spec = r#"
name: large
protocol: genetlink-legacy
doc: Headers of two sizes, which only a client can have.
x-allow: [ no-group, unguarded-change, unused-attribute ]
definitions:
  - { name: short, type: struct, members: [ { name: a, type: u32 } ] }
  - { name: long, type: struct, members: [ { name: b, type: u64 } ] }
attribute-sets:
  - { name: none, attributes: [ { name: x, type: u8, doc: One. } ] }
operations:
  list:
    - { name: one, doc: One., fixed-header: short, attribute-set: none, do: { request: { attributes: [ x ] } } }
    - { name: two, doc: Two., fixed-header: long, attribute-set: none, do: { request: { attributes: [ x ] } } }
"#;
    std::fs::write(&large, spec).unwrap();
    let path = large.to_str().unwrap();
    let (alone, kernel) = (genl(&["check", path]), genl(&["check", "--kernel", path]));
    std::fs::remove_file(&large).unwrap();
    assert_eq!((alone.code, alone.stdout.as_str()), (Some(0), ""));
    assert_eq!(kernel.code, Some(1));
    assert!(kernel.stdout.contains("error[E090]"), "{}", kernel.stdout);
}

#[test]
fn check_keeps_its_verdict_where_nobody_reads_it() {
    let doubtful = Doubtful::new("unread");
    let deny = ["check", "--deny-warnings", doubtful.path()];
    for (args, code) in [(&deny[..], 1), (&["check", doubtful.path()], 0)] {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let said = said(command(args).stdout(write).output().unwrap());
        assert_eq!((said.code, said.stderr.as_str()), (Some(code), ""));
    }
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let unwritten = said(
        command(&["check", doubtful.path()])
            .stdout(full())
            .output()
            .unwrap(),
    );
    assert_eq!(unwritten.code, Some(1));
    assert!(
        unwritten.stderr.starts_with("error: "),
        "{}",
        unwritten.stderr
    );
    // What goes wrong is lost, but not that it went wrong.
    let unsaid = |args: &[&str]| command(args).stderr(full()).output().unwrap().status.code();
    assert_eq!(unsaid(&["check", "/no/such.yaml"]), Some(1));
    assert_eq!(unsaid(&["--spec", "/proc/version", "ops"]), Some(2));
}
