//! Makes the build root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{apt, check_space, host};
use crate::build_root::{self, BuildRoot, Extra, PACKAGES, SUITE};
use crate::cache::{Cache, fill_dir, make_dir};
use crate::progress::{Log, step};

/// What the root takes, in MiB: the system with its packages, and each extra at most.
const SPACE: u64 = 3 * 1024;
const EXTRA_SPACE: u64 = 1024;

/// Makes the build root, or goes on where an interrupted run stopped.
pub(super) fn make(cache: &Cache) -> Result<BuildRoot> {
    check_space(cache, SPACE)?;
    let dir = cache.path("roots").join(BuildRoot::key());
    if !dir.exists() {
        make_dir(&cache.path("roots"))?;
        step(
            cache.log("build-root"),
            &format!("build root: Debian {SUITE}"),
            |log| fill_dir(&dir, |partial| bootstrap(log, partial)),
        )?;
    }
    let root = BuildRoot::at(dir);
    step(
        cache.log("build-root-packages"),
        "build root: compilers and tools",
        |log| {
            configure_apt(&root)?;
            install(log, &root, PACKAGES)
        },
    )?;
    cache.set_current("root", root.dir())?;
    Ok(root)
}

/// Whether [`add`] has nothing to do.
pub(super) fn has(cache: &Cache, extra: &Extra) -> bool {
    mark(cache, extra).exists()
}

/// Sees to it that the root has the packages of an extra.
pub(super) fn add(cache: &Cache, root: &BuildRoot, extra: &Extra) -> Result<()> {
    if has(cache, extra) {
        return Ok(());
    }
    check_space(cache, EXTRA_SPACE)?;
    let log = cache.log(&format!("build-root-{}", extra.name));
    step(log, &format!("build root: {}", extra.name), |log| {
        install(log, root, extra.packages)
    })?;
    write(&mark(cache, extra), "")
}

/// The file that says that an extra is there. Made last.
fn mark(cache: &Cache, extra: &Extra) -> PathBuf {
    cache
        .path("roots")
        .join(format!("{}.{}", BuildRoot::key(), extra.name))
}

fn bootstrap(log: &mut Log, dir: &Path) -> Result<()> {
    // In a sandbox, so that its processes and mounts end with this process.
    let mut command = build_root::sandbox();
    command.args([
        "--cap-add",
        "ALL",
        "--dev-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "debootstrap",
    ]);
    command.args([
        "--variant=minbase",
        "--include=ca-certificates",
        "--force-check-gpg",
        "--keyring",
        host::KEYRING,
        SUITE,
    ]);
    command.arg(dir);
    // Without a mirror debootstrap takes its own default.
    command.args(apt::host_mirror(Path::new("/etc/apt")));
    if let Some(path) = std::env::var_os("PATH") {
        let mut paths: Vec<PathBuf> = std::env::split_paths(&path).collect();
        paths.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
        command.env("PATH", std::env::join_paths(paths)?);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    log.run(&mut command)
}

/// Adds the backports, and what the host's apt knows of its network.
fn configure_apt(root: &BuildRoot) -> Result<()> {
    let apt = root.dir().join("etc/apt");
    let list = apt.join("sources.list");
    let sources =
        fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let Some(mirror) = sources
        .lines()
        .find_map(|line| line.strip_prefix("deb ")?.split_whitespace().next())
    else {
        bail!(
            "{} names no mirror; remove {} and run this again",
            list.display(),
            root.dir().display()
        );
    };
    write(
        &apt.join("sources.list.d/backports.list"),
        &format!("deb {mirror} {SUITE}-backports main\n"),
    )?;
    if let Ok(output) = Command::new("apt-config").arg("dump").output() {
        write(
            &apt.join("apt.conf.d/80host"),
            &network_settings(&String::from_utf8_lossy(&output.stdout)),
        )?;
    }
    Ok(())
}

/// The proxies among the settings that `apt-config dump` prints.
fn network_settings(dump: &str) -> String {
    dump.lines()
        .filter(|line| {
            let name = line
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            name.starts_with("acquire::http") && name.contains("::proxy")
        })
        .map(|line| format!("{line}\n"))
        .collect()
}

fn install(log: &mut Log, root: &BuildRoot, packages: &[&str]) -> Result<()> {
    let change = |program: &str| root.change(&root.dir().join("mnt"), program);
    // An interrupted run may have left packages half installed.
    log.run(change("dpkg").args(["--configure", "-a", "--force-unsafe-io"]))?;
    update(log, root)?;
    // The root is thrown away if the machine goes down, so its files need not be synced one by one.
    log.run(
        change("apt-get")
            .args(["install", "--fix-broken", "-y", "--no-install-recommends"])
            .args([
                "-o",
                "Dpkg::Options::=--force-unsafe-io",
                "-o",
                "Dpkg::Use-Pty=0",
            ])
            .args(packages),
    )?;
    log.run(change("apt-get").arg("clean"))
}

/// Brings the root's package lists up to date.
pub(super) fn update(log: &mut Log, root: &BuildRoot) -> Result<()> {
    log.run(
        root.change(&root.dir().join("mnt"), "apt-get")
            .args(["update", "--error-on=any"]),
    )
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_proxies_are_taken_over() {
        let dump = "APT \"\";\nAcquire::http::Proxy \"http://proxy.example:3128\";\nAcquire::Languages:: \"none\";\n";
        assert_eq!(
            network_settings(dump),
            "Acquire::http::Proxy \"http://proxy.example:3128\";\n"
        );
    }
}
