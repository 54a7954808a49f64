//! Each crate that others use compiles with each set of its features, without a warning.

use std::collections::BTreeSet;

use anyhow::Result;

use super::counts::Counts;
use crate::cargo::{self, Package};

/// The crates that others use.
const PACKAGES: &[&str] = &["genl-schema", "genl-user"];

/// These turn on tests and nothing else.
const OF_TESTS: &[&str] = &["vm-tests"];

/// Checks all of them.
pub(super) fn run() -> Result<Counts> {
    let mut counts = Counts::default();
    for package in cargo::packages()? {
        if !PACKAGES.contains(&package.name.as_str()) {
            continue;
        }
        for features in sets(&package) {
            let list = Vec::from_iter(features).join(",");
            let clippy = cargo::command(["clippy", "--quiet", "--package", &package.name])
                .args([
                    "--lib",
                    "--bins",
                    "--no-default-features",
                    "--features",
                    &list,
                ])
                .args(["--", "--deny", "warnings"])
                .status()?;
            let verdict = match clippy.success() {
                true => "ok",
                false => "FAILED",
            };
            let name = format!("{} with [{list}]", package.name);
            println!("{name} ... {verdict}");
            counts.verdict(&name, clippy.success());
        }
    }
    counts.check(true)
}

/// Each set of a package's features that differs from the others in what it turns on.
fn sets(package: &Package) -> BTreeSet<BTreeSet<&str>> {
    let names = package.features.keys().map(String::as_str);
    let names: Vec<_> = names.filter(|name| !OF_TESTS.contains(name)).collect();
    (0..1usize << names.len())
        .map(|chosen| {
            let chosen = names
                .iter()
                .enumerate()
                .filter(|(at, _)| chosen >> at & 1 == 1);
            with_what_they_enable(package, chosen.map(|(_, name)| *name).collect())
        })
        .collect()
}

fn with_what_they_enable<'p>(package: &'p Package, mut on: BTreeSet<&'p str>) -> BTreeSet<&'p str> {
    loop {
        let enabled = on
            .iter()
            .filter_map(|name| package.features.get(*name))
            .flatten();
        let known = enabled.filter_map(|name| package.features.get_key_value(name));
        let more: BTreeSet<_> = known
            .map(|(name, _)| name.as_str())
            .chain(on.iter().copied())
            .collect();
        if more == on {
            return on;
        }
        on = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_turn_on_the_same_are_one() {
        let feature = |name: &str, enables: &[&str]| {
            let enables = enables.iter().map(|name| (*name).to_owned()).collect();
            (name.to_owned(), enables)
        };
        let package = Package {
            name: "any".into(),
            version: "1.0.0".into(),
            dir: "/".into(),
            features: [
                feature("cli", &["dynamic", "dep:clap"]),
                feature("dynamic", &[]),
                feature("serde", &["other/serde"]),
                feature("vm-tests", &[]),
            ]
            .into(),
        };
        let sets: Vec<_> = sets(&package).into_iter().map(Vec::from_iter).collect();
        let expected: [&[&str]; 6] = [
            &[],
            &["cli", "dynamic"],
            &["cli", "dynamic", "serde"],
            &["dynamic"],
            &["dynamic", "serde"],
            &["serde"],
        ];
        assert_eq!(sets, expected);
    }
}
