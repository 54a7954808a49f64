//! `genl check`: what is wrong with specs.

use crate::tool::{genl, spec};

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
    let said = said.stderr;
    assert!(said.contains("cannot read /no/such.yaml"), "{said}");
    assert!(said.contains("did you mean `meta`?"), "{said}");
}
