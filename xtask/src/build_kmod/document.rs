//! Documentation of the kernel half, by the build root's rustdoc.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Work, complaints};
use crate::build_root::Shared;
use crate::kernel::Kernel;
use crate::progress::step;
use crate::workspace;

/// Where the kernel's own crates are documented.
const KERNEL_DOCS: &str = "https://rust.docs.kernel.org/";

impl Work<'_> {
    /// Documents the crate of a family, which has been built, below `to`. A flaw in the documentation is an error.
    pub(super) fn document(&self, kernel: &Kernel, family: &str, to: &Path) -> Result<()> {
        let dir = self.source.join(family);
        let command = rustdoc(&self.rustc_command(family)?, family, to);
        let kernel_source = kernel.source();
        let shared = [
            Shared::read(&kernel_source),
            Shared::read(kernel.dir()),
            Shared::write(&self.copy).at(&self.source),
            Shared::write(to),
        ];
        let mut shell = kernel.root().command("sh", &shared);
        shell.args(["-c", "cd \"$0\" && eval \"$1\""]);
        shell.arg(&dir).arg(command);
        let what = format!("documenting {family}");
        step(workspace::log(&format!("doc-{family}"))?, &what, |log| {
            let output = log.output(&mut shell)?;
            if !output.status.success() {
                let stderr = String::from_utf8_lossy(&output.stderr);
                eprint!("{}", complaints(&stderr, &dir));
                bail!("the documentation of {family} has flaws, see above");
            }
            Ok(())
        })
    }

    /// How Kbuild has called the compiler for a family's crate.
    fn rustc_command(&self, family: &str) -> Result<String> {
        let dir = self.copy.join(family);
        let context = || format!("cannot read {}", dir.display());
        for entry in fs::read_dir(&dir).with_context(context)? {
            let path = entry.with_context(context)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.ends_with(".o.cmd") {
                continue;
            }
            // "savedcmd_kvstore_main.o := RUST_MODFILE=./kvstore rustc --edition=2021 …"
            let text = fs::read_to_string(&path).with_context(context)?;
            let command = text.lines().next().and_then(|line| line.split_once(" := "));
            if let Some((_, command)) = command
                && command.contains(" rustc ")
            {
                return Ok(command.to_owned());
            }
        }
        bail!(
            "Kbuild has left no command of a compiler in {}",
            dir.display()
        )
    }
}

/// The call of rustdoc that goes with a call of rustc; both are for a shell.
fn rustdoc(rustc: &str, crate_name: &str, to: &Path) -> String {
    let mut words = rustc.split_whitespace();
    let mut command = vec!["RUSTC_BOOTSTRAP=1".to_owned()];
    while let Some(word) = words.next() {
        match word {
            "rustc" => command.push("rustdoc".into()),
            // What comes out.
            "--out-dir" => drop(words.next()),
            _ if word.starts_with("--emit=") => {}
            _ => command.push(word.into()),
        }
    }
    command.push(format!(
        "--crate-name {crate_name} --output '{}' --enable-index-page --document-private-items --deny warnings \
         --extern-html-root-url kernel={KERNEL_DOCS} --extern-html-root-url pin_init={KERNEL_DOCS}",
        to.display()
    ));
    command.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_kept_and_outputs_are_not() {
        let rustc = "RUST_MODFILE=./kv rustc --edition=2021 @/k/rustc_cfg -Zcrate-attr='feature(a,b)' --out-dir ./ \
                     --emit=dep-info=./.kv_main.o.d --emit=obj=kv_main.o kv_main.rs  ";
        let command = rustdoc(rustc, "kv", Path::new("/doc"));
        assert!(command.starts_with(
            "RUSTC_BOOTSTRAP=1 RUST_MODFILE=./kv rustdoc --edition=2021 @/k/rustc_cfg -Zcrate-attr='feature(a,b)' \
             kv_main.rs --crate-name kv --output '/doc' "
        ));
    }
}
