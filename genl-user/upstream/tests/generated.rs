//! Every spec of generic netlink in the kernel tree has become a module of this crate, and no other.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

/// What the build script wrote, and this crate is made of.
const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/families.rs"));

#[test]
fn every_generic_spec_is_a_module() {
    let modules: BTreeSet<_> = GENERATED
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(" {"))
        // Each of them has one within.
        .filter(|module| *module != "server")
        .map(str::to_owned)
        .collect();
    let families = generic_families();
    assert_eq!(modules, families);
    // Linux 7.3 has so many; a tree that loses some is not the one that these tests are about.
    assert!(families.len() >= 25, "only {} families", families.len());
}

/// The families of the tree's specs, found without the schema crate: by the text.
fn generic_families() -> BTreeSet<String> {
    let tree = env::var_os("GENL_KERNEL_SOURCE").expect("GENL_KERNEL_SOURCE; xtask sets it");
    let dir = Path::new(&tree).join("Documentation/netlink/specs");
    let files = fs::read_dir(&dir).expect("the tree has specs");
    let paths = files.map(|file| file.expect("a file").path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| fs::read_to_string(path).expect("a spec"))
        .filter(|text| top_level(text, "protocol") != Some("netlink-raw"))
        .map(|text| top_level(&text, "name").expect("a name").replace('-', "_"))
        .collect()
}

/// The value of a key of the whole spec.
fn top_level<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut lines = text.lines();
    lines.find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim()))
}
