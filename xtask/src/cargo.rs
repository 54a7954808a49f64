//! Cargo, called by the commands that build and test the userspace half.

use std::ffi::OsStr;
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

/// Builds an example of genl-user, and tells where the program is.
pub(crate) fn example(name: &str) -> Result<PathBuf> {
    executable(&["build", "--package", "genl-user", "--example", name])
}

/// Builds an integration test of genl-user, and tells where the program is.
pub(crate) fn test(name: &str, features: &str) -> Result<PathBuf> {
    executable(&[
        "test",
        "--no-run",
        "--package",
        "genl-user",
        "--test",
        name,
        "--features",
        features,
    ])
}

fn executable(arguments: &[&str]) -> Result<PathBuf> {
    let output = command(arguments)
        .args(["--quiet", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("`cargo {}` failed, see above", arguments.join(" "));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let executable = stdout.lines().rev().find_map(executable_of);
    executable.with_context(|| format!("`cargo {}` built no program", arguments.join(" ")))
}

/// The program that one of cargo's messages says was built.
fn executable_of(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_without_a_program_are_passed_over() {
        assert_eq!(
            executable_of(r#"{"reason":"build-finished","success":true}"#),
            None
        );
        assert_eq!(
            executable_of(r#"{"reason":"compiler-artifact","executable":null}"#),
            None
        );
        let message = r#"{"reason":"compiler-artifact","executable":"/a \"b\""}"#;
        assert_eq!(executable_of(message), Some(PathBuf::from("/a \"b\"")));
    }
}
