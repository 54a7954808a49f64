//! Builds the checking kernel: the same source as the normal one's, with every checker on.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Result, bail};

use super::{check_space, root};
use crate::build_root::CLANG;
use crate::cache::{Cache, fill_dir, make_dir};
use crate::kernel::{DEBUG_CONFIG, Kernel, Kind};
use crate::progress::{Log, step};

/// What the build takes, in MiB.
const SPACE: u64 = 2 * 1024;

/// Builds the kernel, or goes on where an interrupted run stopped. Root and source are the `normal` one's.
pub(super) fn make(cache: &Cache, normal: &Kernel) -> Result<Kernel> {
    root::add(cache, normal.root(), &CLANG)?;
    check_space(cache, SPACE)?;
    let source = normal.source();
    let version = source.file_name().unwrap_or_default().display().to_string();
    let dir = cache
        .path("kernels")
        .join(format!("{version}{}", Kind::Debug.key()));
    fill_dir(&dir, |partial| {
        // Known only once it is configured.
        fs::write(partial.join("release"), "")?;
        fs::write(partial.join("asked.config"), DEBUG_CONFIG)?;
        Ok(symlink(&source, partial.join("source"))?)
    })?;
    let kernel = Kernel::open(Kind::Debug, dir.clone(), normal.root().clone())?;
    step(
        cache.log("debug-config"),
        "checking kernel: configuring",
        |log| configure(log, &kernel),
    )?;
    step(
        cache.log("debug-build"),
        "checking kernel: building (10 minutes on 2 cores)",
        |log| build(log, &kernel),
    )?;
    cache.set_current(Kind::Debug.name(), kernel.dir())?;
    Kernel::open(Kind::Debug, dir, normal.root().clone())
}

fn configure(log: &mut Log, kernel: &Kernel) -> Result<()> {
    let build = kernel.build();
    make_dir(&build)?;
    let config = build.join(".config");
    // Every run begins with the same files, so that make sees no change where there is none.
    log.run(kernel.make_build().arg("tinyconfig"))?;
    let mut text = fs::read_to_string(&config)?;
    text.push_str(DEBUG_CONFIG);
    fs::write(&config, text)?;
    log.run(kernel.make_build().arg("olddefconfig"))?;
    let refused = refused(DEBUG_CONFIG, &fs::read_to_string(&config)?);
    if !refused.is_empty() {
        bail!(
            "Linux refuses these options of xtask/kernel/debug.config, something they depend on is missing: {}",
            refused.join(", ")
        );
    }
    Ok(())
}

fn build(log: &mut Log, kernel: &Kernel) -> Result<()> {
    let dir = kernel.dir();
    log.run(kernel.make_build().args(["bzImage", "modules"]))?;
    let release = fs::read_to_string(kernel.build().join("include/config/kernel.release"))?;
    let mut install = kernel.make_build();
    log.run(
        install
            .arg("modules_install")
            .arg(format!("INSTALL_MOD_PATH={}", dir.display())),
    )?;
    fs::copy(
        kernel.build().join("arch/x86/boot/bzImage"),
        dir.join("vmlinuz"),
    )?;
    fs::write(dir.join("release"), release)?;
    Ok(())
}

/// The options asked for that the configuration does not have as asked.
fn refused<'a>(asked: &'a str, config: &str) -> Vec<&'a str> {
    let is_set = |option: &str| config.lines().any(|line| line == option);
    asked
        .lines()
        .filter(|line| line.starts_with("CONFIG_") || line.ends_with(" is not set"))
        .filter(|line| {
            match line
                .strip_suffix(" is not set")
                .and_then(|line| line.strip_prefix("# "))
            {
                // An option that is off for want of what it depends on is not mentioned at all.
                Some(off) => config
                    .lines()
                    .any(|line| line.starts_with(off) && line[off.len()..].starts_with('=')),
                None => !is_set(line),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_did_not_take_are_found() {
        let asked = "# KASAN\nCONFIG_KASAN=y\nCONFIG_NET=y\n# CONFIG_SLUB_TINY is not set\n# CONFIG_OLD is not set\n";
        let config =
            "CONFIG_NET=y\nCONFIG_SLUB_TINY=y\n# CONFIG_KASAN is not set\nCONFIG_OLDER=y\n";
        assert_eq!(
            refused(asked, config),
            ["CONFIG_KASAN=y", "# CONFIG_SLUB_TINY is not set"]
        );
    }
}
