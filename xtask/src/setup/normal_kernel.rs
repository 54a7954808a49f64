//! Makes the normal kernel ready: the distribution's own, unchanged, its source prepared for Rust modules.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::version::{self, Choice};
use super::{check_space, root};
use crate::build_root::BuildRoot;
use crate::cache::{Cache, fill_dir, make_dir};
use crate::kernel::{Kernel, Kind, option};
use crate::progress::{Log, step};

/// What source, packages and build take, in MiB.
pub(super) const SPACE: u64 = 3 * 1024;

/// Makes the kernel, or goes on where an interrupted run stopped.
pub(super) fn make(cache: &Cache, root: BuildRoot) -> Result<Kernel> {
    check_space(cache, SPACE)?;
    let choice = step(
        cache.log("kernel-choice"),
        "kernel: looking for the newest",
        |log| choose(log, &root),
    )?;
    let source = get_source(cache, &root, &choice.source, &choice.version)?;
    let dir = cache
        .path("kernels")
        .join(format!("{}{}", choice.release, Kind::Normal.key()));
    make_dir(&cache.path("kernels"))?;
    if !dir.exists() {
        let what = format!("kernel {}: image and modules", choice.release);
        step(cache.log("kernel-packages"), &what, |log| {
            fill_dir(&dir, |partial| {
                unpack_binaries(log, &root, &choice, partial)?;
                symlink(&source, partial.join("source"))?;
                Ok(())
            })
        })?;
    }
    let kernel = Kernel::open(Kind::Normal, dir, root)?;
    finish(cache, &kernel)?;
    cache.set_current(Kind::Normal.name(), kernel.dir())?;
    Ok(kernel)
}

/// Prepares the kernel's build directory, the last step.
pub(super) fn finish(cache: &Cache, kernel: &Kernel) -> Result<()> {
    let what = format!("kernel {}: preparing to build Rust modules", kernel.release);
    step(cache.log("kernel-prepare"), &what, |log| {
        prepare(log, kernel)
    })
}

/// The directory of the kernel source that package `name` has in its `version`.
pub(super) fn get_source(
    cache: &Cache,
    root: &BuildRoot,
    name: &str,
    version: &str,
) -> Result<PathBuf> {
    let dir = cache.path("sources").join(version);
    make_dir(&cache.path("sources"))?;
    if !dir.exists() {
        step(
            cache.log("kernel-source"),
            &format!("kernel {version}: source"),
            |log| {
                fill_dir(&dir, |partial| {
                    unpack_source(log, root, name, version, partial)
                })
            },
        )?;
    }
    Ok(dir)
}

fn choose(log: &mut Log, root: &BuildRoot) -> Result<Choice> {
    root::update(log, root)?;
    let apt_cache = || root.change(&root.dir().join("mnt"), "apt-cache");
    let names = output(apt_cache().args(["pkgnames", "linux-"]))?;
    let wanted = [
        "linux-source-",
        "linux-headers-",
        "linux-binary-",
        "linux-image-",
        "linux-modules-",
        "linux-base-",
    ];
    let names = names
        .lines()
        .filter(|name| wanted.iter().any(|prefix| name.starts_with(prefix)));
    let table = output(apt_cache().arg("madison").args(names))?;
    version::choose(&version::parse(&table))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot start bwrap")?;
    if !output.status.success() {
        bail!(
            "{command:?}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Fetches packages and unpacks them into `dir/packages`.
fn fetch(
    log: &mut Log,
    root: &BuildRoot,
    dir: &Path,
    version: &str,
    packages: &[String],
) -> Result<PathBuf> {
    let unpacked = dir.join("packages");
    make_dir(&unpacked)?;
    let names = packages.iter().map(|name| format!("{name}={version}"));
    log.run(
        root.change(dir, "apt-get")
            .args(["-o", "APT::Sandbox::User=root", "download"])
            .args(names),
    )?;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "deb")
        {
            log.run(
                root.change(dir, "dpkg-deb")
                    .arg("--extract")
                    .arg(&name)
                    .arg("packages"),
            )?;
            fs::remove_file(dir.join(&name))?;
        }
    }
    Ok(unpacked)
}

/// The kernel's source, as the distribution patched it.
fn unpack_source(
    log: &mut Log,
    root: &BuildRoot,
    name: &str,
    version: &str,
    dir: &Path,
) -> Result<()> {
    let unpacked = fetch(log, root, dir, version, &[name.to_owned()])?;
    let archive = format!("packages/usr/src/{name}.tar.xz");
    log.run(root.change(dir, "tar").args([
        "--strip-components=1",
        "--no-same-owner",
        "-xf",
        &archive,
    ]))?;
    Ok(fs::remove_dir_all(unpacked)?)
}

/// Image, modules, and what the headers tell of the build.
fn unpack_binaries(log: &mut Log, root: &BuildRoot, choice: &Choice, dir: &Path) -> Result<()> {
    let release = &choice.release;
    let unpacked = fetch(log, root, dir, &choice.version, &choice.binaries)?;
    let modules = dir.join("lib/modules");
    make_dir(&modules)?;
    fs::rename(
        unpacked.join("usr/lib/modules").join(release),
        modules.join(release),
    )
    .with_context(|| format!("the packages of {release} have no usr/lib/modules/{release}"))?;
    let images = [
        modules.join(release).join("vmlinuz"),
        modules.join(release).join("vmlinuz.unsigned"),
        unpacked.join(format!("boot/vmlinuz-{release}")),
    ];
    let image = images.iter().find(|image| image.exists());
    let image = image.with_context(|| format!("the packages of {release} have no vmlinuz"))?;
    fs::rename(image, dir.join("vmlinuz"))?;
    let headers = unpacked.join(format!("usr/src/linux-headers-{release}"));
    for name in [".config", "Module.symvers"] {
        let from = headers.join(name);
        fs::rename(&from, dir.join(name.trim_start_matches('.')))
            .with_context(|| format!("the packages of {release} have no {name}"))?;
    }
    log.run(
        root.change(dir, "depmod")
            .args(["--basedir", "/mnt", release]),
    )?;
    fs::write(dir.join("release"), format!("{release}\n"))?;
    Ok(fs::remove_dir_all(unpacked)?)
}

/// Builds what a Rust module needs of the kernel: its Rust crates, above all.
///
/// All of it goes to a directory of its own, the source is shared with the checking kernel.
fn prepare(log: &mut Log, kernel: &Kernel) -> Result<()> {
    let (build, dir) = (kernel.build(), kernel.dir());
    let config =
        fs::read_to_string(dir.join("config")).context("cannot read the kernel's configuration")?;
    check_rustc(&config, &kernel.root().rustc_version()?)?;
    make_dir(&build)?;
    fs::copy(dir.join("config"), build.join(".config"))?;
    fs::copy(dir.join("Module.symvers"), build.join("Module.symvers"))?;
    let version = output(kernel.make_build().args(["--silent", "kernelversion"]))?;
    // Kbuild adds this to the version, so that the modules say that they are for this very release.
    let suffix = kernel.release.strip_prefix(version.trim());
    let suffix = suffix.with_context(|| {
        format!(
            "the source is of Linux {}, not of {}",
            version.trim(),
            kernel.release
        )
    })?;
    fs::write(build.join("localversion-distribution"), suffix)?;
    log.run(kernel.make_build().arg("olddefconfig"))?;
    log.run(kernel.make_build().arg("modules_prepare"))?;
    let made = fs::read_to_string(build.join("include/config/kernel.release"))?;
    if made.trim() != kernel.release {
        bail!(
            "the source was prepared for {}, not for {}",
            made.trim(),
            kernel.release
        );
    }
    Ok(())
}

/// Rust has no stable ABI: only the compiler that built the kernel can build modules for it.
fn check_rustc(config: &str, ours: &str) -> Result<()> {
    match option(config, "CONFIG_RUSTC_VERSION_TEXT") {
        Some(theirs) if theirs == ours => Ok(()),
        Some(theirs) => bail!("the kernel was built with {theirs}, and the build root has {ours}"),
        None => bail!("the kernel was built without Rust"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_must_be_the_same() {
        let config = "CONFIG_RUST=y\nCONFIG_RUSTC_VERSION_TEXT=\"rustc 1.85.1 (abc 2025-03-15)\"\n";
        check_rustc(config, "rustc 1.85.1 (abc 2025-03-15)").unwrap();
        assert!(
            check_rustc(config, "rustc 1.86.0")
                .unwrap_err()
                .to_string()
                .contains("has rustc 1.86.0")
        );
        assert!(
            check_rustc("# CONFIG_RUST is not set\n", "rustc 1.85.1")
                .unwrap_err()
                .to_string()
                .contains("without Rust")
        );
    }
}
