//! Builds for the kernel that this machine runs, where that can be done.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::tree::{self, Tree};
use crate::kernel::option;
use crate::setup::{self, LEAST_KERNEL, Running};

/// The tree to build against, or why there cannot be one.
pub(super) fn tree() -> Result<Tree> {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let version = uname.version().to_string_lossy();
    match examine(Path::new("/"), &release, &version)? {
        Plan::Tree(build) => Tree::foreign(&build),
        Plan::Prepare(running) => setup::running_kernel(&running).map(Tree::Ready),
    }
}

/// How to come by a tree.
#[derive(Debug)]
enum Plan {
    /// It is there.
    Tree(PathBuf),
    /// The distribution has the matching source.
    Prepare(Running),
}

/// Looks below `root` for what a build for the kernel `release` takes; `version` is what `uname -v` says.
fn examine(root: &Path, release: &str, version: &str) -> Result<Plan> {
    let (major, minor) = LEAST_KERNEL;
    if number(release).is_none_or(|number| number < LEAST_KERNEL) {
        bail!(
            "the running kernel is {release}, and the modules need {major}.{minor} or newer; \
             `cargo xtask vm` boots one that has all it takes"
        );
    }
    let build = root.join("lib/modules").join(release).join("build");
    let configs = [
        build.join(".config"),
        root.join("boot").join(format!("config-{release}")),
    ];
    if let Some(config) = configs
        .iter()
        .find_map(|file| fs::read_to_string(file).ok())
        && option(&config, "CONFIG_RUST") != Some("y")
    {
        bail!(
            "the running kernel {release} was built without Rust (CONFIG_RUST is not set), so no module in Rust can \
             be loaded into it; `cargo xtask vm` boots one that has it"
        );
    }
    let debian = version
        .split_once("Debian ")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    if !build.join(".config").exists() {
        let install = match debian {
            Some(_) => format!("run `apt-get install linux-headers-{release}` as root"),
            None => "install your distribution's package of kernel headers, or use --kdir with the kernel's build tree".to_owned(),
        };
        bail!(
            "the headers of the running kernel are not there ({} is missing): {install}",
            build.display()
        );
    }
    if tree::has_rust(&build) {
        return Ok(Plan::Tree(build));
    }
    let Some(debian) = debian else {
        bail!(
            "{} lacks the kernel's Rust crates, and the running kernel {release} is not Debian's, so where its source \
             is cannot be known: run `make modules_prepare` in the source tree it was built from, and use --kdir with that",
            build.display()
        );
    };
    let build =
        fs::canonicalize(&build).with_context(|| format!("cannot find {}", build.display()))?;
    Ok(Plan::Prepare(Running {
        release: release.to_owned(),
        version: debian.to_owned(),
        headers: build,
    }))
}

/// The first two numbers of a release.
fn number(release: &str) -> Option<(u32, u32)> {
    let (major, rest) = release.split_once('.')?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((major.parse().ok()?, rest[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: &str = "7.3.4+deb13-amd64";
    const VERSION: &str = "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1~bpo13+1 (2026-11-15)";

    #[test]
    fn releases() {
        assert_eq!(number("7.3.4+deb13-amd64"), Some((7, 3)));
        assert_eq!(number("7.10-rc1"), Some((7, 10)));
        assert_eq!(number("weird"), None);
    }

    #[test]
    fn each_obstacle_is_named() {
        let root = tempfile::tempdir().unwrap();
        let refusal = |release, version| {
            examine(root.path(), release, version)
                .unwrap_err()
                .to_string()
        };
        assert!(refusal("6.1.0-9-amd64", "").contains("need 7.3 or newer"));
        assert!(
            refusal(RELEASE, VERSION).contains("apt-get install linux-headers-7.3.4+deb13-amd64")
        );
        assert!(refusal(RELEASE, "#1 SMP").contains("your distribution's package"));

        let boot = root.path().join("boot");
        fs::create_dir(&boot).unwrap();
        fs::write(
            boot.join(format!("config-{RELEASE}")),
            "# CONFIG_RUST is not set\n",
        )
        .unwrap();
        assert!(refusal(RELEASE, VERSION).contains("was built without Rust"));

        let build = root.path().join("lib/modules").join(RELEASE).join("build");
        fs::create_dir_all(&build).unwrap();
        fs::write(build.join(".config"), "CONFIG_RUST=y\n").unwrap();
        assert!(refusal(RELEASE, "#1 SMP").contains("is not Debian's"));
    }

    #[test]
    fn debians_headers_lead_to_its_source() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("lib/modules").join(RELEASE).join("build");
        fs::create_dir_all(&build).unwrap();
        fs::write(build.join(".config"), "CONFIG_RUST=y\n").unwrap();
        let Plan::Prepare(running) = examine(root.path(), RELEASE, VERSION).unwrap() else {
            panic!("no tree is there")
        };
        assert_eq!(running.version, "7.3.4-1~bpo13+1");
        assert_eq!(running.release, RELEASE);
    }

    #[test]
    fn a_full_tree_is_taken_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("lib/modules").join(RELEASE).join("build");
        fs::create_dir_all(build.join("rust")).unwrap();
        fs::create_dir_all(build.join("include/config")).unwrap();
        fs::write(build.join(".config"), "CONFIG_RUST=y\n").unwrap();
        fs::write(build.join("rust/libkernel.rmeta"), "").unwrap();
        fs::write(build.join("include/config/kernel.release"), "7.3.4\n").unwrap();
        assert!(matches!(
            examine(root.path(), RELEASE, "#1 SMP").unwrap(),
            Plan::Tree(_)
        ));
    }
}
