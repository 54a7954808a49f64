//! A family from nothing to a call, as README's three steps have it: made by `cargo xtask new`, served by the handlers
//! that genl-kmod/README.md shows, in a copy of the checkout.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::counts::Counts;
use crate::build_kmod::{self, mirror};
use crate::kernel::Kind;
use crate::{cargo, setup, vm, workspace};

const GUIDE: &str = include_str!("../../../genl-kmod/README.md");

/// What stands before the handlers in the guide.
const MARK: &str = "<!-- greeter/handlers.rs -->\n```rust\n";

/// Goes the way, and says how many stations it has.
pub(super) fn run() -> Result<Counts> {
    let copy = Copy::make()?;
    copy.xtask(&["new", "greeter"])?;

    // It works as it is: the kernel checks what the spec says, and the rest is not supported yet.
    let tests = copy.vm_tests()?;
    copy.in_vm(&[&tests, "greeter::"])?;

    copy.write("genl-kmod/greeter/handlers.rs", handlers()?)?;
    let example = copy.example()?;
    let greeted = copy.in_vm(&[&example, "gopher"])?;
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
    let refused = copy.command(&["build-kmod", "greeter"]).output();
    let refused = refused.context("cannot run xtask")?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        !refused.status.success() && said.contains("missing: `wave`"),
        "the compiler does not name the handler that is missing:\n{said}"
    );
    Ok(Counts {
        passed: 4,
        ..Counts::default()
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

    /// What one of our commands prints, run in the copy.
    fn xtask(&self, arguments: &[&str]) -> Result<String> {
        succeed(&mut self.command(arguments))
    }

    /// What a program of the copy prints in a VM that has the copy's module. The VM itself is the checkout's.
    fn in_vm(&self, program: &[&str]) -> Result<String> {
        self.xtask(&["build-kmod", "greeter"])?;
        let kernel = setup::ensure(Kind::Normal)?;
        let modules = build_kmod::module_dir(&build_kmod::Tree::Ready(kernel))?;
        let mut request = vm::Request::new(Kind::Normal, program.iter().copied())?;
        request.files = vec![modules.join("greeter.ko")];
        request.keep_stdout = true;
        let outcome = vm::run(&request)?;
        outcome.show_faults();
        let stdout = String::from_utf8_lossy(&outcome.stdout).into_owned();
        ensure!(
            outcome.exit_status() == 0,
            "{} failed, see above",
            program[0]
        );
        Ok(stdout)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // Not by its path, where cargo may have put another build of it meanwhile, for other tests.
        let mut command = Command::new("/proc/self/exe");
        command
            .args(arguments)
            .current_dir(&self.0)
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"));
        command
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
    fn build(&self, target_name: &str, arguments: &[&str]) -> Result<String> {
        let mut build = cargo::command(arguments.iter().chain(&["--package", "genl-user"]));
        // Not where the checkout's is built: to Cargo the packages of both are the same.
        let target = self.0.join("target");
        build.current_dir(&self.0).env("CARGO_TARGET_DIR", target);
        let program = cargo::program(&mut build, target_name)?;
        Ok(program.display().to_string())
    }
}

/// What a command prints; it must succeed.
fn succeed(command: &mut Command) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    let stderr = String::from_utf8_lossy(&stderr);
    ensure!(status.success(), "{command:?} failed:\n{stdout}{stderr}");
    Ok(stdout)
}
