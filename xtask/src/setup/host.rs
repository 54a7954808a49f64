//! The few programs that the host itself must have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cache::Cache;
use crate::progress::step;

/// A program, and what Debian's package of it is called.
struct Tool {
    program: &'static str,
    package: &'static str,
}

/// What building modules takes.
const SANDBOX: Tool = Tool {
    program: "bwrap",
    package: "bubblewrap",
};

/// What making the build root takes besides.
const DEBOOTSTRAP: Tool = Tool {
    program: "debootstrap",
    package: "debootstrap",
};

/// Debian's archive keys, which debootstrap checks signatures with.
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Fails on a host that none of this can work on.
pub(super) fn check() -> Result<()> {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        bail!(
            "the kernel half is built and booted on Linux on x86-64 only; use such a machine or a virtual one"
        );
    }
    Ok(())
}

/// Whether modules can be built once there is a kernel.
pub(super) fn has_tools() -> bool {
    SANDBOX.is_there()
}

/// Fails if this process may not change the cache.
pub(super) fn check_may_set_up(cache: &Cache) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("cargo xtask"));
    bail!(
        "a set-up takes root, for a Debian system to build in is installed into the cache; \
         run this once, then everything else works without: sudo GENL_CACHE={} {} setup",
        cache.dir().display(),
        program.display()
    )
}

/// Installs what is missing on a Debian-like host, else says how to.
pub(super) fn install(cache: &Cache) -> Result<()> {
    let mut missing: Vec<_> = [SANDBOX, DEBOOTSTRAP]
        .iter()
        .filter(|tool| !tool.is_there())
        .map(|tool| tool.package)
        .collect();
    if !Path::new(KEYRING).exists() {
        missing.push("debian-archive-keyring");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if find("apt-get").is_none() {
        let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        bail!(
            "this needs {names}, which this machine lacks; {}",
            how_to_install(&os_release, &missing)
        );
    }
    step(
        cache.log("host-tools"),
        &format!("installing {names} on this machine"),
        |log| {
            let apt = |args: &[&str]| {
                let mut apt = Command::new("apt-get");
                apt.env("DEBIAN_FRONTEND", "noninteractive").args(args);
                apt
            };
            // Lists of another repository that fail to load do not matter if the install then works.
            let updated = log.run(&mut apt(&["update"]));
            log.run(apt(&["install", "-y", "--no-install-recommends"]).args(&missing))
                .or_else(|error| updated.and(Err(error)))
        },
    )
}

impl Tool {
    fn is_there(&self) -> bool {
        find(self.program).is_some()
    }
}

/// Where a program is, looked for where the superuser would as well.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file())
}

/// The command that installs `packages` (Debian's names) on the host that `os_release` describes.
fn how_to_install(os_release: &str, packages: &[&str]) -> String {
    let ids: Vec<&str> = os_release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|value| value.trim_matches('"').split(' '))
        .collect();
    let is = |id: &str| ids.contains(&id);
    let (command, rename): (_, &[(&str, &str)]) = if is("fedora") || is("rhel") {
        (
            "dnf install",
            &[("debian-archive-keyring", "debian-keyring")],
        )
    } else if is("arch") {
        ("pacman -S", &[])
    } else if is("suse") || is("opensuse") {
        ("zypper install", &[])
    } else {
        let names = packages.join(" ");
        return format!("install them (on Debian the packages are {names}) and run this again");
    };
    let names: Vec<&str> = packages
        .iter()
        .map(|package| {
            rename
                .iter()
                .find(|(debian, _)| debian == package)
                .map_or(*package, |(_, theirs)| theirs)
        })
        .collect();
    format!("run `{command} {}`, then this again", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_fits_the_host() {
        let how = |os| how_to_install(os, &["debian-archive-keyring", "bubblewrap"]);
        assert_eq!(
            how("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            "run `dnf install debian-keyring bubblewrap`, then this again"
        );
        assert_eq!(
            how("ID=arch\n"),
            "run `pacman -S debian-archive-keyring bubblewrap`, then this again"
        );
        assert!(how("ID=void\n").contains("packages are debian-archive-keyring bubblewrap"));
    }
}
