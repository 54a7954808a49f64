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

const TOOLS: &[Tool] = &[
    Tool {
        program: "qemu-system-x86_64",
        package: "qemu-system-x86",
    },
    Tool {
        program: "bwrap",
        package: "bubblewrap",
    },
    Tool {
        program: "debootstrap",
        package: "debootstrap",
    },
];

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

/// Installs what is missing where that can be done (root on a Debian-like host), else says what to do.
pub(super) fn install(cache: &Cache) -> Result<()> {
    let missing = missing();
    if !missing.is_empty() {
        let names = missing.join(" ");
        let root = rustix::process::geteuid().is_root();
        if !root || find("apt-get").is_none() {
            let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
            bail!(
                "this needs {names}, which are not installed; {}",
                how_to_install(&os_release, &missing, root)
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
        )?;
    }
    Ok(())
}

/// Fails if this process may not make a build root.
pub(super) fn check_may_make_root(cache: &Cache) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("cargo xtask"));
    bail!(
        "the build root must be made by root; run this once, then everything else works without: \
         sudo GENL_CACHE={} {} setup",
        cache.dir().display(),
        program.display()
    )
}

/// The packages of the programs that are not there.
fn missing() -> Vec<&'static str> {
    let mut missing: Vec<_> = TOOLS
        .iter()
        .filter(|tool| find(tool.program).is_none())
        .map(|tool| tool.package)
        .collect();
    if !Path::new(KEYRING).exists() {
        missing.push("debian-archive-keyring");
    }
    missing
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
fn how_to_install(os_release: &str, packages: &[&str], root: bool) -> String {
    let ids: Vec<&str> = os_release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|value| value.trim_matches('"').split(' '))
        .collect();
    let is = |id: &str| ids.contains(&id);
    let (command, rename): (_, &[(&str, &str)]) = if is("debian") || is("ubuntu") {
        ("apt-get install --no-install-recommends", &[])
    } else if is("fedora") || is("rhel") {
        (
            "dnf install",
            &[
                ("qemu-system-x86", "qemu-system-x86-core"),
                ("debian-archive-keyring", "debian-keyring"),
            ],
        )
    } else if is("arch") {
        ("pacman -S", &[("qemu-system-x86", "qemu-base")])
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
    let sudo = if root { "" } else { "sudo " };
    format!("run `{sudo}{command} {}`, then this again", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_fits_the_host() {
        let how = |os, root| how_to_install(os, &["qemu-system-x86", "bubblewrap"], root);
        assert_eq!(
            how("ID=debian\nVERSION_ID=\"12\"\n", false),
            "run `sudo apt-get install --no-install-recommends qemu-system-x86 bubblewrap`, then this again"
        );
        assert_eq!(
            how("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", true),
            "run `dnf install qemu-system-x86-core bubblewrap`, then this again"
        );
        assert!(
            how("ID=void\n", true)
                .contains("on Debian the packages are qemu-system-x86 bubblewrap")
        );
    }
}
