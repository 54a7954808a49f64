//! The uAPI headers that we emit for the kernel's own families, against the kernel's own headers:
//! every name of ours is there, and means the same. And the links of their documentation.
//!
//! What differs in the headers is listed in `exceptions.txt`, with the reason. A line there that is not needed
//! fails the test too.

mod c;
#[path = "../../../../schema/tests/outputs/links.rs"]
mod links;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use c::{Compiler, things};
use genl_schema::emit::{Origin, docs, uapi};
use genl_schema::model::Family;

/// What differs, as the test finds it: `spec name: how`.
type Differences = BTreeSet<String>;

#[test]
fn headers_say_what_the_kernels_headers_say() {
    let tree = PathBuf::from(std::env::var_os("GENL_KERNEL_SOURCE").expect("cargo xtask test"));
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("uapi");
    fs::create_dir_all(dir.join("installed/linux")).unwrap();
    // What is the kernel's alone is taken out of headers when they are installed.
    for header in ["compiler.h", "compiler_types.h"] {
        fs::write(dir.join("installed/linux").join(header), "").unwrap();
    }
    let ours = Compiler {
        dir: dir.join("ours"),
        flags: Vec::new(),
    };
    let kernels = Compiler {
        dir: dir.join("kernels"),
        flags: vec![
            "-D__user=".into(),
            "-D__EXPORTED_HEADERS__".into(),
            format!("-I{}/installed", dir.display()),
            format!("-I{}/include/uapi", tree.display()),
        ],
    };
    for compiler in [&ours, &kernels] {
        fs::create_dir_all(&compiler.dir).unwrap();
    }

    let mut found = Differences::new();
    let specs = specs(&tree);
    assert_eq!(specs.len(), 25);
    for (name, family) in &specs {
        let origin = Origin {
            command: "cargo test",
            spec: name,
        };
        let header = uapi::render(family, origin);
        let path = ours.dir.join(format!("{name}.h"));
        fs::write(&path, &header).unwrap();
        ours.accept(name, &header);

        let things = things(&header);
        let own = ours.values(name, &[path.to_str().unwrap().to_owned()], &things);
        let theirs = kernels.values(name, &headers(name, family), &things);
        for thing in &things {
            match (&own[thing], theirs.get(thing)) {
                (_, None) => {
                    found.insert(format!("{name} {thing}: missing"));
                }
                (value, Some(other)) if value != other => {
                    found.insert(format!("{name} {thing}: {value}, the kernel's {other}"));
                }
                _ => {}
            }
        }
    }
    let listed = listed();
    let new: Vec<_> = found.difference(&listed).cloned().collect();
    let gone: Vec<_> = listed.difference(&found).cloned().collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "differ and are not listed:\n{}\nare listed and do not differ:\n{}",
        new.join("\n"),
        gone.join("\n")
    );
}

/// What we name otherwise than the kernel tree's generator does.
const NAMED_OTHERWISE: [(&str, &str); 7] = [
    // It forgets dumps without a do where requests have numbers of their own.
    ("devlink", "DEVLINK_CMD_HEALTH_REPORTER_DUMP_GET"),
    ("devlink", "DEVLINK_CMD_HEALTH_REPORTER_DUMP_GET_REPLY"),
    ("devlink", "DEVLINK_CMD_REGION_READ"),
    ("devlink", "DEVLINK_CMD_REGION_READ_REPLY"),
    ("nlctrl", "CTRL_CMD_GETPOLICY"),
    ("nlctrl", "CTRL_CMD_GETPOLICY_REPLY"),
    // C99 has no enum that holds bit 31: its constants are macros with us.
    ("nl80211", "enum nl80211_feature_flags"),
];

#[test]
fn names_are_those_of_the_kernel_trees_generator() {
    let tree = PathBuf::from(std::env::var_os("GENL_KERNEL_SOURCE").expect("cargo xtask test"));
    let python = std::env::var_os("GENL_PYTHON").expect("cargo xtask test");
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("uapi-ynl");
    fs::create_dir_all(&dir).unwrap();
    let specs = specs(&tree);
    let yaml = |name: &String| tree.join(format!("Documentation/netlink/specs/{name}.yaml"));
    let status = Command::new(python)
        .args(["-c", include_str!("ynl.py")])
        .args([&tree, &dir])
        .args(specs.iter().map(|(name, _)| yaml(name)))
        .status()
        .unwrap();
    assert!(status.success());

    let mut otherwise = BTreeSet::new();
    let mut compared = 0;
    for (name, family) in &specs {
        let Ok(theirs) = fs::read_to_string(dir.join(format!("{name}.h"))) else {
            continue;
        };
        compared += 1;
        let origin = Origin {
            command: "cargo test",
            spec: name,
        };
        let names = |header: &str| -> BTreeSet<_> {
            let things = things(header).into_iter();
            // It has no structs.
            things
                .filter(|thing| !thing.starts_with("struct "))
                .collect()
        };
        let (ours, theirs) = (names(&uapi::render(family, origin)), names(&theirs));
        let differ = ours.symmetric_difference(&theirs);
        otherwise.extend(differ.map(|thing| (name.clone(), thing.clone())));
    }
    // It falls over the Open vSwitch families with enums that have no name.
    assert_eq!(compared, specs.len() - 2);
    let known = NAMED_OTHERWISE.map(|(spec, thing)| (spec.to_owned(), thing.to_owned()));
    assert_eq!(otherwise, BTreeSet::from(known));
}

#[test]
fn links_in_documentation_lead_somewhere() {
    let tree = PathBuf::from(std::env::var_os("GENL_KERNEL_SOURCE").expect("cargo xtask test"));
    for (name, family) in specs(&tree) {
        let origin = Origin {
            command: "cargo test",
            spec: &name,
        };
        links::check(&docs::render(&family, origin));
    }
}

/// The kernel's generic netlink specs.
fn specs(tree: &Path) -> Vec<(String, Family)> {
    let dir = tree.join("Documentation/netlink/specs");
    let mut specs = Vec::new();
    for file in fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.extension().is_none_or(|end| end != "yaml")
            || text.contains("\nprotocol: netlink-raw")
        {
            continue;
        }
        let family = genl_schema::compile(path.to_str().unwrap(), &text)
            .unwrap_or_else(|report| panic!("{report}"));
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        specs.push((name, family));
    }
    specs.sort_by(|(a, _), (b, _)| a.cmp(b));
    specs
}

/// The kernel's headers for a family, in the tree's include/uapi.
fn headers(spec: &str, family: &Family) -> Vec<String> {
    let own = match &family.c.header {
        Some(header) => header.clone(),
        None => format!("linux/{}.h", family.name.snake()),
    };
    match spec {
        // Its header for people includes the one that YNL generates.
        "ethtool" => vec!["linux/ethtool_netlink.h".into()],
        "wireguard" => vec![own, "linux/time_types.h".into()],
        _ => vec![own],
    }
}

fn listed() -> Differences {
    include_str!("exceptions.txt")
        .lines()
        .filter(|line| line.starts_with(' '))
        .map(|line| line.trim().to_owned())
        .collect()
}
