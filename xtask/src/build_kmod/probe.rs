//! A compiler for single files, called as Kbuild called it for a module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Tree, Work, workspace};
use crate::build_root::Shared;
use crate::kernel::Kernel;

/// Compiles crates as Kbuild compiled the root of a module, far enough to find their errors.
pub(crate) struct Probe<'k> {
    kernel: &'k Kernel,
    source: PathBuf,
    copy: PathBuf,
    /// The compiler and its options; what is compiled is to follow.
    command: String,
    /// Keeps the copy as it is.
    _work: Work<'k>,
}

impl<'k> Probe<'k> {
    /// Builds `family`, and takes the command by which its root file was compiled.
    pub(crate) fn of(kernel: &'k Kernel, tree: &'k Tree, family: &str) -> Result<Self> {
        let source = workspace::root().join("genl-kmod");
        let work = Work::prepare(tree, &source, "kmod-probe")?;
        work.make(family, &[])?;
        let record = work.copy.join(format!("{family}/.{family}_main.o.cmd"));
        let text = fs::read_to_string(&record)
            .with_context(|| format!("the build left no {}", record.display()))?;
        let command = options(&text)
            .with_context(|| format!("{} is not as Kbuild writes it", record.display()))?;
        Ok(Self {
            kernel,
            source,
            copy: work.copy.clone(),
            command,
            _work: work,
        })
    }

    /// Puts `text` beside what is compiled, as if it were the file `name` of genl-kmod.
    pub(crate) fn add(&self, name: &Path, text: &str) -> Result<()> {
        let file = self.copy.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Compiles the crate whose root is `text`, as if that were the file `root` of genl-kmod; returns what was wrong
    /// with it: a line for each error, without those that only sum up.
    pub(crate) fn errors(&self, root: &Path, text: &str) -> Result<Vec<String>> {
        self.add(root, text)?;
        let source = self.kernel.source();
        let shared = [
            Shared::read(&source),
            Shared::read(self.kernel.dir()),
            Shared::write(&self.copy).at(&self.source),
        ];
        let mut shell = self.kernel.root().command("sh", &shared);
        let dir = self.source.join(root.parent().unwrap_or(Path::new("")));
        let name = root.file_name().unwrap_or_default().display();
        // The kernel's Makefile sets that variable for all of its commands.
        shell.arg("-c").arg(format!(
            "cd '{}' && RUSTC_BOOTSTRAP=1 {} -Awarnings --error-format=short --emit=metadata=/tmp/probe.rmeta '{name}'",
            dir.display(),
            self.command,
        ));
        let output = shell.output().context("cannot run the compiler")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let mut errors: Vec<_> = stderr
            .lines()
            .filter(|line| line.contains("error") && !is_summary(line))
            .map(str::to_owned)
            .collect();
        if !output.status.success() && errors.is_empty() {
            errors.push(stderr.into_owned());
        }
        Ok(errors)
    }
}

/// What an error's line is not.
fn is_summary(line: &str) -> bool {
    line.starts_with("error: aborting due to") || line.starts_with("error: could not compile")
}

/// The command in a file of Kbuild's, but for what it writes and what it reads.
fn options(record: &str) -> Option<String> {
    let (_, command) = record.lines().next()?.split_once(":= ")?;
    let (options, _) = command.split_once(" --emit=dep-info")?;
    Some(options.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_those_of_the_build() {
        let record = "savedcmd_a_main.o := OBJTREE=/k rustc -Copt-level=2 --out-dir ./ \
                      --emit=dep-info=./.a_main.o.d --emit=obj=a_main.o a_main.rs\n\nsource_a := a\n";
        assert_eq!(
            options(record).as_deref(),
            Some("OBJTREE=/k rustc -Copt-level=2 --out-dir ./")
        );
        assert_eq!(options("savedcmd_a.o := gcc -c a.c\n"), None);
    }

    #[test]
    fn sums_are_no_errors() {
        assert!(is_summary("error: aborting due to 2 previous errors"));
        assert!(!is_summary("a.rs:1:2: error[E0382]: use of moved value"));
    }
}
