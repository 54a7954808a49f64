//! A family from nothing to a call, as README's three steps have it: made by `cargo xtask new`, served by the handlers
//! that genl-kmod/README.md shows, in a copy of the checkout.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::counts::Counts;
use crate::build_kmod::mirror;
use crate::{cargo, workspace};

const GUIDE: &str = include_str!("../../../genl-kmod/README.md");

/// What stands before the handlers in the guide.
const MARK: &str = "<!-- greeter/handlers.rs -->\n```rust\n";

/// Goes the way, and says how many stations it has.
pub(super) fn run() -> Result<Counts> {
    let copy = Copy::make()?;
    copy.xtask(&["new", "greeter"])?;

    // It works as it is: the kernel checks what the spec says, and the rest is not supported yet.
    let tests = copy.vm_tests()?;
    copy.xtask(&["vm", "--modules", "greeter", "--", &tests, "greeter::"])?;

    copy.write("genl-kmod/greeter/handlers.rs", handlers()?)?;
    let example = copy.example()?;
    let greeted = copy.xtask(&["vm", "--modules", "greeter", "--", &example, "gopher"])?;
    ensure!(
        greeted == "greeted as number 1\nheard of gopher\n",
        "the example says:\n{greeted}"
    );

    // What a changed spec asks for is what the compiler says is missing.
    let spec = copy.read("schema/families/greeter.yaml")?;
    let wave = "    # Sent by the kernel";
    let with_wave = spec.replacen(
        wave,
        &format!("    -\n      name: wave\n      doc: Wave.\n      attribute-set: guest\n      do:\n        request:\n          attributes: [ name ]\n{wave}"),
        1,
    );
    copy.write("schema/families/greeter.yaml", &with_wave)?;
    copy.xtask(&["codegen"])?;
    let refused = copy.output(&["build-kmod", "greeter"])?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        !refused.status.success() && said.contains("missing: `wave`"),
        "the compiler does not name the handler that is missing:\n{said}"
    );
    Ok(Counts {
        passed: 4,
        failed: 0,
    })
}

/// The handlers in the guide.
fn handlers() -> Result<&'static str> {
    let (_, behind) = GUIDE
        .split_once(MARK)
        .context("the guide shows no handlers")?;
    let (handlers, _) = behind
        .split_once("```")
        .context("the guide's handlers have no end")?;
    Ok(handlers)
}

/// A copy of the checkout that can be changed.
struct Copy(PathBuf);

impl Copy {
    fn make() -> Result<Self> {
        let copy = workspace::target()?.join("new-family");
        let root = workspace::root();
        for dir in ["schema", "genl-user", "genl-kmod", "xtask"] {
            mirror::update(&root.join(dir), &copy.join(dir))?;
        }
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(root.join(file), copy.join(file))
                .with_context(|| format!("cannot copy {file}"))?;
        }
        Ok(Self(copy))
    }

    fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.0.join(file)).with_context(|| format!("cannot read {file}"))
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.0.join(file), text).with_context(|| format!("cannot write {file}"))
    }

    /// What one of our commands prints; it must succeed.
    fn xtask(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        ensure!(
            output.status.success(),
            "`cargo xtask {}` failed:\n{}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs this program as that of the copy.
    fn output(&self, arguments: &[&str]) -> Result<Output> {
        let this = std::env::current_exe().context("cannot find out where this program is")?;
        let mut command = Command::new(this);
        command.args(arguments);
        self.prepare(&mut command)?
            .output()
            .context("cannot run xtask")
    }

    fn vm_tests(&self) -> Result<String> {
        let features = "genl-user/cli,genl-user/vm-tests";
        self.build(
            "vm",
            &["test", "--no-run", "--test", "vm", "--features", features],
        )
    }

    fn example(&self) -> Result<String> {
        self.build("greeter", &["build", "--example", "greeter"])
    }

    /// Builds a program of genl-user; tells where it is.
    fn build(&self, target: &str, arguments: &[&str]) -> Result<String> {
        let mut build = cargo::command(arguments.iter().chain(&["--package", "genl-user"]));
        let program = cargo::program(self.prepare(&mut build)?, target)?;
        Ok(program.display().to_string())
    }

    /// What has been built for the checkout serves the copy, too.
    fn prepare<'c>(&self, command: &'c mut Command) -> Result<&'c mut Command> {
        Ok(command
            .current_dir(&self.0)
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"))
            .env("CARGO_TARGET_DIR", workspace::target()?))
    }
}
