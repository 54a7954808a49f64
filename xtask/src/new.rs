//! `cargo xtask new`: a family to begin with, which works as it is.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use genl_schema::name::Name;

use crate::workspace;

/// Scaffold spec, handlers and example of a new family
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The family's name: lower-case letters, digits and dashes, at most 15
    family: String,
}

/// The names of the files, and what is in them; `@FAMILY@` is the family's name, `@MODULE@` that of
/// its modules, in the kernel and in Rust.
const FILES: [(&str, &str); 5] = [
    (
        "schema/families/@FAMILY@.yaml",
        include_str!("../template/spec.yaml"),
    ),
    (
        "genl-kmod/@MODULE@/Kbuild",
        include_str!("../template/Kbuild"),
    ),
    (
        "genl-kmod/@MODULE@/@MODULE@_main.rs",
        include_str!("../template/main.rs"),
    ),
    (
        "genl-kmod/@MODULE@/handlers.rs",
        include_str!("../template/handlers.rs"),
    ),
    (
        "genl-user/examples/@MODULE@.rs",
        include_str!("../template/example.rs"),
    ),
];

pub(crate) fn run(options: &Options) -> Result<()> {
    let family = &options.family;
    check_name(family)?;
    let module = Name::new(family).snake();
    let fill = |text: &str| {
        text.replace("@FAMILY@", family)
            .replace("@MODULE@", &module)
    };
    let root = workspace::root();
    let files: Vec<(PathBuf, String)> = FILES
        .iter()
        .map(|(path, text)| (fill(path).into(), fill(text)))
        .collect();
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
    }
    for (path, _) in &files {
        println!("wrote {}", path.display());
    }
    println!(
        "\nIt works as it is:\n\
         \n    cargo xtask codegen\
         \n    cargo xtask build-kmod {module}\
         \n    cargo build -p genl-user --example {module}\
         \n    cargo xtask vm --modules {module} -- target/debug/examples/{module}\n\
         \nNow describe your family in {}, generate again,\nand serve it in {}.",
        files[0].0.display(),
        files[3].0.display(),
    );
    Ok(())
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
    Ok(())
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
        ] {
            check_name(bad).unwrap_err();
        }
    }

    #[test]
    fn the_spec_compiles_as_it_is() {
        let (path, text) = FILES[0];
        let text = text.replace("@FAMILY@", "fifteen-letters");
        genl_schema::compile_for_kernel(path, &text).unwrap_or_else(|report| panic!("{report}"));
    }
}
