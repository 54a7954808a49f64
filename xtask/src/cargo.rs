//! Cargo, called by the commands that build and test the userspace half.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Cargo itself, in the checkout.
pub(crate) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(workspace::root())
        .stdin(Stdio::null());
    command
}

/// A crate of the workspace, as its manifest says.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Where its manifest is.
    pub(crate) dir: PathBuf,
    /// Its features, and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// The crates of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output = command(["metadata", "--no-deps", "--format-version=1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo's metadata make no sense")?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice);
    let packages = packages.unwrap_or_default().iter().map(|package| {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let manifest = PathBuf::from(text("manifest_path"));
        Ok(Package {
            name: text("name"),
            version: text("version"),
            dir: manifest.parent().map(Into::into).unwrap_or_default(),
            features: serde_json::from_value(package["features"].clone())?,
        })
    });
    packages.collect()
}

/// The programs that the tests in a VM take.
#[derive(Debug)]
pub(crate) struct VmTests {
    /// The tests of our own families.
    pub(crate) own: PathBuf,
    /// The tests of the kernel's families.
    pub(crate) upstream: PathBuf,
    /// The tests of our kernel code for the kernel's specs.
    pub(crate) upstream_kmod: PathBuf,
    /// The command-line tool `genl`.
    pub(crate) tool: PathBuf,
}

/// Instructions are emulated in a VM, so what sends and reads many messages is to have fewer of them.
const OPTIMIZED: [&str; 8] = [
    "--config",
    "profile.dev.package.genl-user.opt-level=2",
    "--config",
    "profile.dev.package.genl-schema.opt-level=2",
    "--config",
    "profile.dev.package.neli.opt-level=2",
    "--config",
    "profile.dev.package.serde_json.opt-level=2",
];

/// Builds all that the tests in a VM take, in an environment with these variables added.
pub(crate) fn vm_tests(environment: &[(&str, OsString)]) -> Result<VmTests> {
    let features = "genl-user/cli,genl-user/tokio,genl-user/testing,genl-user/vm-tests,genl-upstream/specs,genl-upstream/vm-tests";
    // Cargo builds the programs of a package for the package's tests.
    let mut build = command(["test", "--no-run", "--test", "vm", "--test", "kmod"]);
    build.args(["--features", features]).args(OPTIMIZED);
    build.args(["--package", "genl-user", "--package", "genl-upstream"]);
    let programs = programs(build.envs(environment.iter().cloned()))?;
    let find = |package: &str, target: &str| {
        let manifest = workspace::root().join(package).join("Cargo.toml");
        let mut found = programs
            .iter()
            .filter(|program| program.manifest == manifest && program.target == target);
        let program = found
            .next()
            .with_context(|| format!("cargo did not build {target} of {package}"));
        program.map(|program| program.file.clone())
    };
    Ok(VmTests {
        own: find("genl-user", "vm")?,
        upstream: find("genl-user/upstream", "vm")?,
        upstream_kmod: find("genl-user/upstream", "kmod")?,
        tool: find("genl-user", "genl")?,
    })
}

/// Builds the tests that are hostile alone, and tells where the program is.
pub(crate) fn torture() -> Result<PathBuf> {
    let mut build = command([
        "test",
        "--no-run",
        "--package",
        "genl-user",
        "--test",
        "torture",
    ]);
    build
        .args(["--features", "dynamic,vm-tests"])
        .args(OPTIMIZED);
    program(&mut build, "torture")
}

/// Builds an example of genl-user, and tells where the program is.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    let mut build = command(["build", "--package", "genl-user", "--example", name]);
    program(&mut build, name)
}

/// Runs a cargo that builds the program of a target, and tells where that is.
pub(crate) fn program(build: &mut Command, target: &str) -> Result<PathBuf> {
    let mut programs = programs(build)?.into_iter();
    let program = programs.find(|program| program.target == target);
    Ok(program
        .with_context(|| format!("cargo did not build {target}"))?
        .file)
}

/// Builds a benchmark of genl-user that runs in a VM, and tells where the program is.
pub(crate) fn vm_bench(name: &str) -> Result<PathBuf> {
    let mut build = command(["bench", "--no-run", "--package", "genl-user"]);
    let last = programs(build.args(["--features", "vm-tests", "--bench", name]))?.pop();
    let program = last.with_context(|| format!("cargo did not build the benchmark {name}"))?;
    Ok(program.file)
}

/// A program that cargo has built.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// The package's Cargo.toml.
    manifest: PathBuf,
    /// The target's name.
    target: String,
    file: PathBuf,
}

/// Runs a cargo that builds, and tells which programs it has built.
fn programs(build: &mut Command) -> Result<Vec<Program>> {
    let output = build
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        let arguments: Vec<_> = build.get_args().map(OsStr::to_string_lossy).collect();
        bail!("`cargo {}` failed, see above", arguments.join(" "));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    Ok(stdout.lines().filter_map(program_of).collect())
}

/// The program that one of cargo's messages says was built.
fn program_of(message: &str) -> Option<Program> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    Some(Program {
        manifest: message.get("manifest_path")?.as_str()?.into(),
        target: message.get("target")?.get("name")?.as_str()?.to_owned(),
        file: message.get("executable")?.as_str()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_a_program_are_passed_over() {
        assert_eq!(
            program_of(r#"{"reason":"build-finished","success":true}"#),
            None
        );
        let library =
            r#"{"manifest_path":"/p/Cargo.toml","target":{"name":"p"},"executable":null}"#;
        assert_eq!(program_of(library), None);
        let test =
            r#"{"manifest_path":"/p/Cargo.toml","target":{"name":"vm"},"executable":"/a \"b\""}"#;
        let program = Program {
            manifest: "/p/Cargo.toml".into(),
            target: "vm".to_owned(),
            file: "/a \"b\"".into(),
        };
        assert_eq!(program_of(test), Some(program));
    }
}
