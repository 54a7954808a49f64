//! The versions of the libraries that the clients call.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Crates with the versions that a Cargo.lock has them in.
pub(super) fn locked(lock: &Path, crates: &[&str]) -> Result<String> {
    let text = read(lock)?;
    let version = |&name: &&str| {
        let version = in_lock(&text, name);
        let version = version.with_context(|| format!("{} has no {name}", lock.display()))?;
        Ok(format!("{name} {version}"))
    };
    let versions = crates.iter().map(version).collect::<Result<Vec<_>>>()?;
    Ok(versions.join(", "))
}

/// The version of a library, as the file that pkg-config would read in `dir` tells it.
pub(super) fn packaged(dir: &Path, module: &str) -> Result<String> {
    let file = dir.join(format!("{module}.pc"));
    let text = read(&file)?;
    let version = in_pkg_config(&text);
    let version = version.with_context(|| format!("{} tells no version", file.display()))?;
    Ok(version.to_owned())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn in_lock<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let name = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"')
}

fn in_pkg_config(text: &str) -> Option<&str> {
    let version = text.lines().find_map(|line| line.strip_prefix("Version:"));
    version.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_a_lock_file() {
        let lock = "[[package]]\nname = \"neli-proc-macros\"\nversion = \"0.2.2\"\n\n\
            [[package]]\nname = \"neli\"\nversion = \"0.7.5\"\nsource = \"registry\"\n";
        assert_eq!(in_lock(lock, "neli"), Some("0.7.5"));
        assert_eq!(in_lock(lock, "neli-proc"), None);
        let own = crate::workspace::root().join("genl-user/benches/peers/Cargo.lock");
        assert!(
            locked(&own, &["neli", "genl-user"])
                .unwrap()
                .starts_with("neli ")
        );
        let missing = locked(&own, &["no-such-crate"]).unwrap_err().to_string();
        assert!(
            missing.ends_with("Cargo.lock has no no-such-crate"),
            "{missing}"
        );
    }

    #[test]
    fn versions_are_read_as_pkg_config_does() {
        let text = "prefix=/usr\n\nName: libmnl\nRequires: other >= 3\nVersion: 1.0.5\n";
        assert_eq!(in_pkg_config(text), Some("1.0.5"));
        assert_eq!(in_pkg_config("Name: libmnl\n"), None);
    }
}
