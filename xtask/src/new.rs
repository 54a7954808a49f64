//! `cargo xtask new`: a family to begin with. It compiles and can be loaded; its handlers are still to be written.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use genl_schema::emit::kernel::scaffold;
use genl_schema::model::Family;
use genl_schema::name::Name;
use genl_schema::rustfmt::format;

use crate::cache::Cache;
use crate::kernel::{Kernel, Kind};
use crate::{codegen, vm, workspace};

/// Scaffold a new family: spec, kernel module, example and test; and generate what comes from the spec
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The family's name: lower-case letters, digits and dashes, at most 15
    family: String,
}

/// In what follows `@FAMILY@` is the family's name, `@MODULE@` that of its modules, in the kernel and in Rust.
const SPEC: &str = include_str!("../template/spec.yaml");
const EXAMPLE: &str = include_str!("../template/example.rs");
const TEST: &str = include_str!("../template/test.rs");

/// Families that the kernel has, or may have, of those whose names could be given.
const TAKEN: &[&str] = &[
    "batadv",
    "binder",
    "dev-energymodel",
    "devlink",
    "dpll",
    "drm-ras",
    "ethtool",
    "fou",
    "gtp",
    "handshake",
    "hsr",
    "ila",
    "l2tp",
    "lockd",
    "macsec",
    "net-shaper",
    "netdev",
    "nfc",
    "nfsd",
    "nl80211",
    "nl802154",
    "nlctrl",
    "ovpn",
    "psample",
    "psp",
    "sunrpc",
    "team",
    "thermal",
    "tipc",
    "vdpa",
    "wireguard",
];

/// The program of the tests in a VM, which names the files of tests.
const TESTS: &str = "genl-user/tests/vm/main.rs";

pub(crate) fn run(options: &Options) -> Result<()> {
    let name = &options.family;
    check_name(name)?;
    let module = Name::new(name).snake();
    if let Some(kernel) = Kernel::find(&Cache::find()?, Kind::Normal)? {
        ensure!(
            vm::own_modules(&kernel, &[&module]).is_err(),
            "the kernel {} has a module `{module}` already; choose another name",
            kernel.release
        );
    }
    let root = workspace::root();
    let files = files(name, &module)?;
    // All of them first, so that nothing is written if one is in the way.
    for (path, _) in &files {
        ensure!(
            !root.join(path).exists(),
            "{} exists; choose another name",
            path.display()
        );
    }
    for (path, text) in &files {
        write_new(&root.join(path), text)?;
        println!("wrote {}", path.display());
    }
    let tests = root.join(TESTS);
    let main =
        fs::read_to_string(&tests).with_context(|| format!("cannot read {}", tests.display()))?;
    fs::write(&tests, with_module(&main, &module))
        .with_context(|| format!("cannot write {}", tests.display()))?;
    println!("added `mod {module};` to {TESTS}");
    codegen::run(&codegen::Options { check: false })?;
    // As it is called from the checkout, if it is in there.
    let target = workspace::target()?;
    let target = target.strip_prefix(&root).unwrap_or(&target).display();
    println!(
        "\nIt compiles, and can be loaded; whoever calls it is told that it is not supported yet:\n\
         \n    cargo xtask build-kmod {module}\
         \n    cargo build -p genl-user --example {module}\
         \n    cargo xtask vm --modules {module} -- {target}/debug/examples/{module}\n\
         \nServe it in genl-kmod/{module}/handlers.rs. Describe your own messages in schema/families/{name}.yaml,\
         \nand run `cargo xtask codegen` again."
    );
    Ok(())
}

/// The files of a new family, relative to the checkout, and what is in them.
fn files(name: &str, module: &str) -> Result<Vec<(PathBuf, String)>> {
    let fill = |text: &str| text.replace("@FAMILY@", name).replace("@MODULE@", module);
    let spec = fill(SPEC);
    let path = format!("schema/families/{name}.yaml");
    let family = understand(&path, &spec)?;
    let kmod = Path::new("genl-kmod").join(module);
    let user = Path::new("genl-user");
    Ok(vec![
        (path.into(), spec),
        (kmod.join("Kbuild"), scaffold::kbuild(module)),
        (
            kmod.join(format!("{module}_main.rs")),
            format(&scaffold::root(&family, module), "2021")?,
        ),
        (
            kmod.join("handlers.rs"),
            format(&scaffold::handlers(&family), "2021")?,
        ),
        (user.join(format!("examples/{module}.rs")), fill(EXAMPLE)),
        (user.join(format!("tests/vm/{module}.rs")), fill(TEST)),
    ])
}

fn understand(path: &str, spec: &str) -> Result<Family> {
    genl_schema::compile_for_kernel(path, spec)
        .map_err(|report| anyhow::anyhow!("the spec to begin with has faults\n{report}"))
}

/// Refuses what the kernel would not register, or Rust could not spell.
fn check_name(family: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let first = family.starts_with(|c: char| c.is_ascii_lowercase());
    if !first || !family.chars().all(fits) || family.ends_with('-') || family.contains("--") {
        bail!(
            "`{family}` is no name for a family: it begins with a letter and has lower-case letters, digits and single dashes"
        );
    }
    ensure!(
        family.len() <= 15,
        "`{family}` is too long: the kernel takes a family name of at most 15 bytes"
    );
    let module = Name::new(family).snake();
    ensure!(
        module == family.replace('-', "_"),
        "`{family}` is a word of Rust; choose another name"
    );
    ensure!(
        module != "genl",
        "`genl` is the runtime of all families; choose another name"
    );
    ensure!(
        !TAKEN.contains(&family),
        "`{family}` is a family of the kernel's own, which takes no second one of that name; choose another name"
    );
    Ok(())
}

/// The text of a Rust file with one more line `mod NAME;`, where rustfmt would have it.
fn with_module(text: &str, name: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let declared = |line: &str| Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned());
    let later = lines
        .iter()
        .position(|line| declared(line).is_some_and(|it| it.as_str() > name));
    let last = lines.iter().rposition(|line| declared(line).is_some());
    let mut at = later.or(last.map(|at| at + 1)).unwrap_or(lines.len());
    // Attributes stand before what they are of.
    while later.is_some() && at > 0 && lines[at - 1].starts_with("#[") {
        at -= 1;
    }
    let line = format!("mod {name};");
    lines.insert(at, &line);
    lines.join("\n") + "\n"
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(context)?;
    }
    let mut file = fs::File::create_new(path).with_context(context)?;
    file.write_all(text.as_bytes()).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "kv2", "my-family", "fifteen-letters"] {
            check_name(good).unwrap();
        }
        for bad in [
            "",
            "2kv",
            "My",
            "a_b",
            "a-",
            "a--b",
            "sixteen--letters",
            "sixteen-letters-",
            "type",
            "genl",
            "../x",
            "mod",
            "netdev",
        ] {
            check_name(bad).unwrap_err();
        }
    }

    #[test]
    fn modules_are_declared_in_order() {
        let main = "//! Tests.\n\nmod cgroup;\n#[cfg(feature = \"cli\")]\nmod genl;\nmod raw;\n\nfn open() {}\n";
        let with = |name: &str| with_module(main, name);
        assert!(with("dice").contains("cgroup;\nmod dice;\n#[cfg"));
        assert!(with("hello").contains("genl;\nmod hello;\nmod raw"));
        assert!(with("zebra").contains("raw;\nmod zebra;\n\nfn open() {}\n"));
    }

    #[test]
    fn what_is_written_is_as_rustfmt_has_it() {
        for (path, text) in files("fifteen-letters", "fifteen_letters").unwrap() {
            let edition = match path.starts_with("genl-kmod") {
                true => "2021",
                false => "2024",
            };
            if path.extension().is_some_and(|it| it == "rs") {
                assert_eq!(format(&text, edition).unwrap(), text, "{}", path.display());
            }
        }
    }
}
