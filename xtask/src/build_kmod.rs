//! `cargo xtask build-kmod`: builds the kernel half.
//!
//! The build works on a copy of `genl-kmod` in the target directory, one for each kernel, which only changed
//! files are copied to. In the sandbox the copy stands where the original does, so that what the compiler
//! names is in the checkout, and nothing is ever written there.

mod document;
pub(crate) mod mirror;
mod probe;
mod running;
mod tree;

use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::build_root::Shared;
use crate::cache::{self, make_dir};
use crate::kernel::{self, Kernel, Kind};
use crate::progress::step;
use crate::{codegen, setup, suggest, workspace};

pub(crate) use probe::Probe;
pub(crate) use tree::Tree;

/// Where the kernel half is in the checkout, and in a build's copy of it.
const KERNEL_HALF: &str = "genl-kmod";

/// Build the kernel modules of the families; prints each module's path
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Families to build: directories of genl-kmod [default: all]
    #[arg(value_name = "FAMILY")]
    families: Vec<String>,
    /// Build for the kernel that this machine runs
    #[arg(long, conflicts_with_all = ["kdir", "debug"])]
    running: bool,
    /// Build against this kernel tree, which must have been built with Rust
    #[arg(long, value_name = "DIR", conflicts_with = "debug")]
    kdir: Option<PathBuf>,
    /// Build for the checking kernel
    #[arg(long)]
    debug: bool,
}

/// Runs the verb.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tree = match &options.kdir {
        Some(dir) => Tree::foreign(dir)?,
        None if options.running => running::tree()?,
        None => Tree::Ready(setup::ensure(if options.debug {
            Kind::Debug
        } else {
            Kind::Normal
        })?),
    };
    for module in build(&tree, &options.families)? {
        println!("{}", module.display());
    }
    show_headers(&tree, &options.families)
}

/// Says where the headers are by which modules in C send the events of `families`, and what such modules link to.
fn show_headers(tree: &Tree, asked: &[String]) -> Result<()> {
    let copy = work_dir(tree, "kmod")?.join(KERNEL_HALF);
    for family in families(asked)? {
        let dir = workspace::root().join(KERNEL_HALF).join(&family);
        let header = dir.join(format!("{family}_events.h"));
        if !header.exists() {
            continue;
        }
        let kbuild = fs::read_to_string(dir.join("Kbuild")).unwrap_or_default();
        if kbuild.contains("exports.o") {
            let symbols = copy.join(&family).join("Module.symvers");
            eprintln!(
                "for other modules, in C: {} with KBUILD_EXTRA_SYMBOLS={}",
                header.display(),
                symbols.display()
            );
        } else {
            eprintln!(
                "{family} does not export its events yet: add exports.o to {family}-y in its Kbuild, \
                 and `mod exports;` to {family}_main.rs"
            );
        }
    }
    Ok(())
}

/// Builds the modules of `families` (all, if none is named) and returns the path of each.
///
/// Warnings of the compiler go to stderr, and its errors into the error.
pub(crate) fn build(tree: &Tree, asked: &[String]) -> Result<Vec<PathBuf>> {
    let families = families(asked)?;
    codegen::check_modules(&families)?;
    let source = workspace::root().join(KERNEL_HALF);
    let work = Work::prepare(tree, &source, "kmod")?;
    let modules = module_dir(tree)?;
    make_dir(&modules)?;
    let mut built = Vec::new();
    for family in &families {
        work.make(family, &[])?;
        for module in modules_in(&work.copy.join(family))? {
            let path = modules.join(module.file_name().unwrap_or_default());
            // A machine may be loading it right now.
            if !is_same_file(&module, &path) {
                cache::remove(&path)?;
                fs::hard_link(&module, &path)
                    .with_context(|| format!("cannot link {}", path.display()))?;
            }
            built.push(path);
        }
    }
    Ok(built)
}

/// Both are there, and links to one file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

/// Where [`build`] puts the modules for `tree`: `NAME.ko`, of all families.
pub(crate) fn module_dir(tree: &Tree) -> Result<PathBuf> {
    Ok(work_dir(tree, "kmod")?.join("modules"))
}

fn work_dir(tree: &Tree, name: &str) -> Result<PathBuf> {
    Ok(workspace::target()?.join(name).join(tree.name()))
}

/// The modules of the checkout, each with the family that it is built with.
pub(crate) fn modules() -> Result<Vec<(String, String)>> {
    let source = workspace::root().join(KERNEL_HALF);
    let mut modules = Vec::new();
    for family in families(&[])? {
        let kbuild = source.join(&family).join("Kbuild");
        let text = fs::read_to_string(&kbuild)
            .with_context(|| format!("cannot read {}", kbuild.display()))?;
        modules.extend(modules_of(&text).map(|module| (module.to_owned(), family.clone())));
    }
    Ok(modules)
}

/// The modules that a Kbuild file builds: `obj-m := NAME.o…`.
fn modules_of(kbuild: &str) -> impl Iterator<Item = &str> {
    let lists = kbuild
        .lines()
        .filter_map(|line| line.strip_prefix("obj-m")?.split_once('='));
    let objects = lists.flat_map(|(_, list)| list.split_whitespace());
    objects.filter_map(|object| object.strip_suffix(".o"))
}

/// Builds all modules of `source`, which is a tree like genl-kmod with a Kbuild file on top, as `name`.
///
/// Returns the directory that holds what was built, and what the compilers have to say.
pub(crate) fn build_tree(tree: &Tree, source: &Path, name: &str) -> Result<(PathBuf, String)> {
    let work = Work::prepare(tree, source, name)?;
    let complaints = work.make_in(source, name, &["--keep-going"])?;
    Ok((work.copy, complaints))
}

/// Documents the crates of `families` (all, if none is named) below `to`.
pub(crate) fn document(kernel: &Kernel, asked: &[String], to: &Path) -> Result<()> {
    let source = workspace::root().join(KERNEL_HALF);
    let families = families(asked)?;
    let tree = Tree::Ready(kernel.clone());
    let work = Work::prepare(&tree, &source, "kmod")?;
    for family in &families {
        // How the compiler is called is known when it has been.
        work.make(family, &[])?;
        work.document(kernel, family, to)?;
    }
    Ok(())
}

/// Checks the kernel half's Rust as the kernel's own is checked: rustfmt, and clippy without a warning.
pub(crate) fn lint(kernel: &Kernel) -> Result<()> {
    let source = workspace::root().join(KERNEL_HALF);
    let families = families(&[])?;
    // Of its own, because what clippy compiles and what rustc compiles would replace each other.
    let tree = Tree::Ready(kernel.clone());
    let work = Work::prepare(&tree, &source, "kmod-clippy")?;
    work.check_format(kernel)?;
    for family in &families {
        let complaints = work.make(family, &["CLIPPY=1"])?;
        if !complaints.is_empty() {
            // What has been compiled would not be looked at again, so the next run is to start from nothing.
            cache::remove(&work.copy)?;
            bail!("clippy has complaints about {family}, see above");
        }
    }
    Ok(())
}

/// The families that `asked` names, or all; an error names one that is not there.
pub(crate) fn families(asked: &[String]) -> Result<Vec<String>> {
    select(&workspace::root().join(KERNEL_HALF), asked)
}

/// The directories of `source` that `asked` names, or all of those that hold a family.
fn select(source: &Path, asked: &[String]) -> Result<Vec<String>> {
    let mut families = Vec::new();
    for entry in
        fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))?
    {
        let entry = entry?;
        let name = entry.file_name().display().to_string();
        if name != "genl" && entry.path().join("Kbuild").exists() {
            families.push(name);
        }
    }
    families.sort();
    for name in asked {
        if !families.contains(name) {
            let known = suggest::known(name, families.iter().map(String::as_str));
            bail!("genl-kmod has no family `{name}`: {known}");
        }
    }
    // In the order of the directories, so that a module follows the one whose symbols it uses.
    families.retain(|family| asked.is_empty() || asked.contains(family));
    Ok(families)
}

/// The modules that a build has left in `dir`.
fn modules_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let order = dir.join("modules.order");
    let list = fs::read_to_string(&order)
        .with_context(|| format!("the build left no {}", order.display()))?;
    let objects = list.lines().filter_map(|line| Path::new(line).file_stem());
    Ok(objects
        .map(|stem| dir.join(stem).with_extension("ko"))
        .collect())
}

/// A build of the copy of the sources.
struct Work<'a> {
    tree: &'a Tree,
    source: PathBuf,
    copy: PathBuf,
    _lock: fs::File,
}

impl<'a> Work<'a> {
    /// Brings the copy called `name` up to date, and keeps it for this process alone.
    fn prepare(tree: &'a Tree, source: &Path, name: &str) -> Result<Self> {
        kernel::check_path(source).context("move the checkout")?;
        let dir = work_dir(tree, name)?;
        make_dir(&dir)?;
        let lock = cache::lock(&dir.join("lock"), || {
            eprintln!("waiting for another build in {} ...", dir.display())
        })?;
        let copy = dir.join(KERNEL_HALF);
        mirror::update(source, &copy)?;
        Ok(Self {
            tree,
            source: source.to_owned(),
            copy,
            _lock: lock,
        })
    }

    /// Runs make for one family. What the compiler complains about is returned, and has been shown.
    fn make(&self, family: &str, arguments: &[&str]) -> Result<String> {
        self.make_in(&self.source.join(family), family, arguments)
    }

    /// Runs make in a directory of the source; `name` is what is built.
    fn make_in(&self, dir: &Path, name: &str, arguments: &[&str]) -> Result<String> {
        let shared = [Shared::write(&self.copy).at(&self.source)];
        let mut make = self.tree.make(dir, &shared);
        make.arg("modules").args(arguments);
        let what = format!("building {name} for {}", self.tree.release());
        step(workspace::log(&format!("build-{name}"))?, &what, |log| {
            let output = log.output(&mut make)?;
            let complaints = complaints(&String::from_utf8_lossy(&output.stderr), dir);
            std::io::stderr().write_all(complaints.as_bytes())?;
            if !output.status.success() {
                bail!(
                    "it does not build, see above; the whole log is {}",
                    log.path().display()
                );
            }
            Ok(complaints)
        })
    }

    fn check_format(&self, kernel: &Kernel) -> Result<()> {
        let mut rustfmt = kernel.root().command(
            "rustfmt",
            &[
                Shared::read(&kernel.source()),
                Shared::read(&self.copy).at(&self.source),
            ],
        );
        rustfmt
            .args(["--check", "--edition", "2021", "--config-path"])
            .arg(kernel.source().join(".rustfmt.toml"));
        rustfmt.args(
            mirror::sources(&self.source)?
                .into_iter()
                .filter(|file| file.extension().is_some_and(|ext| ext == "rs")),
        );
        step(
            workspace::log("kmod-format")?,
            "checking the format of genl-kmod",
            |log| {
                let output = log.output(&mut rustfmt)?;
                if !output.status.success() {
                    std::io::stderr().write_all(&output.stdout)?;
                    std::io::stderr().write_all(&output.stderr)?;
                    bail!("genl-kmod is not formatted as the kernel's rustfmt does it");
                }
                Ok(())
            },
        )
    }
}

/// What make wrote to stderr about the family in `dir`, without what it always says, and with the files named
/// as they are seen from the checkout.
fn complaints(stderr: &str, dir: &Path) -> String {
    let noise = |line: &str| {
        line.starts_with("Skipping BTF generation")
            // What failed has said so itself, and each make on the way up says it once more.
            || line.starts_with("make")
                && (line.contains("] Error ") || line.ends_with("Waiting for unfinished jobs...."))
    };
    stderr
        .lines()
        .filter(|line| !noise(line))
        .map(|line| format!("{}\n", from_checkout(line, dir)))
        .collect()
}

/// The line, in which a compiler may name a file as it is seen from `dir`, a directory of genl-kmod:
/// `  --> handlers.rs:8:9`, or `../genl/shim.c:8:9: error: …`.
fn from_checkout<'l>(line: &'l str, dir: &Path) -> Cow<'l, str> {
    let arrow = ["--> ", "::: "]
        .iter()
        .find_map(|arrow| Some(line.find(arrow)? + arrow.len()));
    let (before, place) = line.split_at(arrow.unwrap_or(0));
    let file = place.split(':').next().unwrap_or_default();
    if file.is_empty() || file.starts_with('/') || !dir.join(file).is_file() {
        return line.into();
    }
    let family = dir.file_name().unwrap_or_default().display();
    match place.strip_prefix("../") {
        Some(place) => format!("{before}genl-kmod/{place}"),
        None => format!("{before}genl-kmod/{family}/{place}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_directories_with_a_kbuild() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["genl", "nltest", "kvstore", "notes"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        for name in ["genl", "nltest", "kvstore"] {
            fs::write(dir.path().join(name).join("Kbuild"), "").unwrap();
        }
        assert_eq!(select(dir.path(), &[]).unwrap(), ["kvstore", "nltest"]);
        assert_eq!(select(dir.path(), &["nltest".into()]).unwrap(), ["nltest"]);
        let error = select(dir.path(), &["kvstor".into()])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "genl-kmod has no family `kvstor`: did you mean `kvstore`?"
        );
    }

    #[test]
    fn modules_are_read_from_kbuild() {
        let kbuild = "obj-m := nltest.o\nnltest-y := main.o shim.o\nobj-m += nltest_trigger.o\n";
        let modules: Vec<_> = modules_of(kbuild).collect();
        assert_eq!(modules, ["nltest", "nltest_trigger"]);
    }

    #[test]
    fn modules_are_those_that_kbuild_lists() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("modules.order"),
            "nltest.o\nnltest_trigger.o\n",
        )
        .unwrap();
        let expected = ["nltest.ko", "nltest_trigger.ko"].map(|name| dir.path().join(name));
        assert_eq!(modules_in(dir.path()).unwrap(), expected);
    }

    #[test]
    fn only_complaints_are_shown() {
        let stderr = "warning: unused\n\
            Skipping BTF generation for x.ko due to unavailability of vmlinux\n\
            make[3]: *** [/kernel/scripts/Makefile.build:366: greeter_main.o] Error 1\n\
            make[3]: *** Waiting for unfinished jobs....\n\
            make[3]: *** No rule to make target 'x.o', needed by 'y.o'.  Stop.\n";
        assert_eq!(
            complaints(stderr, Path::new("/nowhere")),
            "warning: unused\nmake[3]: *** No rule to make target 'x.o', needed by 'y.o'.  Stop.\n"
        );
    }

    #[test]
    fn files_are_named_as_seen_from_the_checkout() {
        let dir = tempfile::tempdir().unwrap();
        let family = dir.path().join("greeter");
        for file in ["greeter/handlers.rs", "genl/shim.c"] {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        for (line, shown) in [
            (
                "  --> handlers.rs:8:9",
                "  --> genl-kmod/greeter/handlers.rs:8:9",
            ),
            (
                "  ::: handlers.rs:8:9",
                "  ::: genl-kmod/greeter/handlers.rs:8:9",
            ),
            (
                "../genl/shim.c:8:9: error: no",
                "genl-kmod/genl/shim.c:8:9: error: no",
            ),
            (
                "  --> /kernel/rust/kernel/lib.rs:8:9",
                "  --> /kernel/rust/kernel/lib.rs:8:9",
            ),
            ("8 | let handlers.rs", "8 | let handlers.rs"),
            ("error: aborting", "error: aborting"),
            ("", ""),
        ] {
            assert_eq!(from_checkout(line, &family), shown);
        }
    }
}
