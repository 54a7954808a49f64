//! What a handler cannot do: each file of genl-kmod/misuse does something that must not compile.
//!
//! Each of them is compiled beside kvstore's handlers, by the command that built that, and beside what is generated for
//! `guarded.yaml`, whose operations have hooks. One of them, `control.rs`, does all of it rightly, and has to compile.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use genl_schema::emit::{Origin, kernel, spec_name};

use super::counts::Counts;
use crate::build_kmod::{Probe, Tree};
use crate::kernel::Kind;
use crate::{setup, workspace};

/// The family whose generated code they misuse.
const FAMILY: &str = "kvstore";

/// What has hooks, without `.yaml` and `.rs`.
const GUARDED: &str = "misuse/guarded";

/// One of the files.
struct Misuse {
    /// Without `.rs`.
    name: String,
    /// What the compiler has to say; `None` if it has to be content.
    expected: Option<String>,
}

/// Compiles them all.
pub(super) fn run() -> Result<Counts> {
    let source = workspace::root().join("genl-kmod");
    let all = read(&source.join("misuse"))?;
    let controls = all.iter().filter(|misuse| misuse.expected.is_none());
    ensure!(
        controls.count() == 1,
        "one file of genl-kmod/misuse has to do everything rightly"
    );
    let kernel = setup::ensure(Kind::Normal)?;
    let tree = Tree::Ready(kernel.clone());
    let probe = Probe::of(&kernel, &tree, FAMILY)?;
    let guarded = render(&source.join(GUARDED).with_extension("yaml"))?;
    probe.add(&Path::new(GUARDED).with_extension("rs"), &guarded)?;

    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(misuse) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = misuse.check(&probe);
                    let mut counts = counts.lock().expect("no thread panics");
                    counts.verdict(&misuse.name, verdict.is_ok());
                    match verdict {
                        Ok(()) => println!("misuse {} ... ok", misuse.name),
                        Err(error) => println!("misuse {} ... FAILED\n{error:#}", misuse.name),
                    }
                }
            });
        }
    });
    Ok(counts.into_inner().expect("no thread panics"))
}

/// The kernel's half of the family that `spec` describes.
fn render(spec: &Path) -> Result<String> {
    let text =
        fs::read_to_string(spec).with_context(|| format!("cannot read {}", spec.display()))?;
    let family = genl_schema::compile_for_kernel(&spec.display().to_string(), &text)?;
    let origin = Origin {
        command: "cargo xtask test",
        spec: &spec_name(spec),
    };
    Ok(kernel::render(&family, origin))
}

/// The Rust files of `dir`, in order.
fn read(dir: &Path) -> Result<Vec<Misuse>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let expected = expected(&text).with_context(|| {
            format!("{} does not say `// error: …` in its head", path.display())
        })?;
        let name = path.file_stem().unwrap_or_default();
        all.push(Misuse {
            name: name.display().to_string(),
            expected: (expected != "none").then(|| expected.to_owned()),
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// What a file says that the compiler says.
fn expected(text: &str) -> Option<&str> {
    let head = text.lines().take_while(|line| line.starts_with("//"));
    let mut stated = head.filter_map(|line| line.strip_prefix("// error: "));
    stated.next()
}

impl Misuse {
    /// Compiles it; an error if the compiler says anything else than it should.
    fn check(&self, probe: &Probe<'_>) -> Result<()> {
        let name = &self.name;
        let root = format!("misuse/{name}_main.rs");
        let errors = probe.errors(Path::new(&root), &crate_of(name))?;
        let all = errors.join("\n");
        match &self.expected {
            None => ensure!(errors.is_empty(), "it ought to compile:\n{all}"),
            Some(expected) => {
                ensure!(
                    !errors.is_empty(),
                    "it compiles, but ought to fail: {expected}"
                );
                ensure!(
                    errors.iter().all(|error| says(error, expected)),
                    "it fails, but ought to fail by this alone: {expected}\n{all}"
                );
            }
        }
        Ok(())
    }
}

/// Whether an error (`file:1:2: error[E0382]: use of moved value: …`) is the one that is expected
/// (`E0382: use of moved value`, or without a code).
fn says(error: &str, expected: &str) -> bool {
    match expected.split_once(": ") {
        Some((code, words)) if code.starts_with("E0") => {
            error.contains(&format!("error[{code}]: {words}"))
        }
        _ => error.contains(&format!("error: {expected}")),
    }
}

/// The root of a module that is kvstore with one file more.
fn crate_of(name: &str) -> String {
    let mut text = "//! A misuse.\n\nuse kernel::prelude::*;\n\n".to_owned();
    for (module, path) in [
        ("generated", format!("../{FAMILY}/generated.rs")),
        ("genl", "../genl/mod.rs".to_owned()),
        ("guarded", format!("../{GUARDED}.rs")),
        ("handlers", format!("../{FAMILY}/handlers.rs")),
        ("store", format!("../{FAMILY}/store.rs")),
        ("misuse", format!("{name}.rs")),
    ] {
        text.push_str(&format!("#[path = \"{path}\"]\npub mod {module};\n"));
    }
    text.push_str(&format!(
        "\nmodule! {{\n    type: genl::Module<generated::Served<handlers::KvStore>>,\n    name: \"{FAMILY}\",\n    \
         authors: [\"A test\"],\n    description: \"A misuse\",\n    license: \"GPL\",\n}}\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_what_is_expected() {
        let text =
            "// SPDX-License-Identifier: GPL-2.0\n// What.\n// error: E0382: use of\n\nuse a;\n";
        assert_eq!(expected(text), Some("E0382: use of"));
        assert_eq!(expected("// What.\n\n// error: E0382: use of\n"), None);
    }

    #[test]
    fn an_error_is_known_by_its_code_and_words() {
        let moved = "a.rs:1:2: error[E0382]: use of moved value: `reply`";
        assert!(says(moved, "E0382: use of moved value"));
        assert!(!says(moved, "E0381: use of moved value"));
        assert!(!says(moved, "use of moved value"));
        let short = "a.rs:1:2: error: lifetime may not live long enough";
        assert!(says(short, "lifetime may not live long enough"));
    }
}
