//! The build root: a Debian system in the cache whose toolchain builds all kernel code.
//!
//! Nothing of the host's toolchain takes part, so that the same compiler as the distribution's builds the
//! modules, whatever the host is. Entered through bubblewrap.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cache::{Cache, key};

/// The release that the build root is made of.
pub(crate) const SUITE: &str = "trixie";

/// What a kernel and its Rust modules are built with.
pub(crate) const PACKAGES: &[&str] = &[
    "bc",
    "bindgen",
    "bison",
    "ca-certificates",
    "flex",
    "gcc-14",
    "kmod",
    "libclang1-19",
    "libelf-dev",
    "libssl-dev",
    "libstd-rust-dev",
    "make",
    "pahole",
    "python3",
    "rsync",
    "rust-clippy",
    "rust-src",
    "rustc",
    "rustfmt",
    "xz-utils",
];

/// Packages that are added to the build root when something needs them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extra {
    pub(crate) name: &'static str,
    pub(crate) packages: &'static [&'static str],
}

/// What the checking kernel needs: KASAN and Rust together ask for clang.
pub(crate) const CLANG: Extra = Extra {
    name: "clang",
    packages: &["clang-19", "lld-19", "llvm-19"],
};

/// The tools of others that the tests call.
pub(crate) const TOOLS: Extra = Extra {
    name: "tools",
    packages: &["iproute2", "python3-yaml"],
};

/// What the clients in C are built with that `cargo xtask bench` measures ours beside.
pub(crate) const PEERS: Extra = Extra {
    name: "peers",
    packages: &[
        "libmnl-dev",
        "libnl-3-dev",
        "libnl-genl-3-dev",
        "python3-jsonschema",
    ],
};

/// What boots kernels. The host's own QEMU will not do: before 8.1 its translator could go on running code that another
/// processor of the guest had changed, and the kernel changes its code all the time (static keys).
pub(crate) const QEMU: Extra = Extra {
    name: "qemu",
    packages: &["qemu-system-x86"],
};

/// The build root, with [`PACKAGES`] installed.
#[derive(Debug, Clone)]
pub(crate) struct BuildRoot {
    dir: PathBuf,
}

impl BuildRoot {
    /// The name of the build root's directory; another suite or list of packages gives another one.
    pub(crate) fn key() -> String {
        let parts: Vec<&str> = [SUITE].iter().chain(PACKAGES).copied().collect();
        format!("{SUITE}-{}", key(&parts))
    }

    /// The build root of the cache, if it is complete.
    pub(crate) fn find(cache: &Cache) -> Option<Self> {
        cache.current("root", &Self::key()).map(Self::at)
    }

    /// The root in `dir`, complete or not.
    pub(crate) fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A shell-less command inside, which sees the toolchain read-only, and each of `shared` at its own path.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, shared: &[Shared<'_>]) -> Command {
        let mut command = sandbox();
        command.arg("--unshare-net");
        self.enter(&mut command, shared);
        clean_environment(&mut command);
        command.arg(program);
        command
    }

    /// Like [`command`](Self::command), with the network and the environment of whoever runs it.
    pub(crate) fn open_command(
        &self,
        program: impl AsRef<OsStr>,
        shared: &[Shared<'_>],
    ) -> Command {
        let mut command = sandbox();
        self.enter(&mut command, shared);
        command.arg(program);
        command
    }

    fn enter(&self, command: &mut Command, shared: &[Shared<'_>]) {
        command.args(["--tmpfs", "/tmp"]);
        for dir in ["usr", "etc"] {
            command
                .arg("--ro-bind")
                .arg(self.dir.join(dir))
                .arg(Path::new("/").join(dir));
        }
        for link in ["bin", "lib", "lib64", "sbin"] {
            command
                .arg("--symlink")
                .arg(Path::new("usr").join(link))
                .arg(Path::new("/").join(link));
        }
        command.args(["--proc", "/proc", "--dev", "/dev"]);
        share(command, shared);
    }

    /// QEMU of this root, run in the open: it sees the host's files and devices.
    pub(crate) fn qemu(&self) -> Command {
        let usr = self.dir.join("usr");
        let libraries = usr.join("lib/x86_64-linux-gnu");
        // Its own loader and libraries, for the host may have older ones.
        let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
        command.arg("--library-path").arg(&libraries);
        command.arg(usr.join("bin/qemu-system-x86_64"));
        for data in ["qemu", "seabios"] {
            command.arg("-L").arg(usr.join("share").join(data));
        }
        command
    }

    /// The compiler's full version, as the kernel's configuration spells it.
    pub(crate) fn rustc_version(&self) -> Result<String> {
        let output = self
            .command("rustc", &[])
            .arg("--version")
            .output()
            .context("cannot start bwrap")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A command that changes the root itself, as the superuser in it, with the host's network. It works in
    /// `dir`, which is seen as /mnt.
    pub(crate) fn change(&self, dir: &Path, program: impl AsRef<OsStr>) -> Command {
        let mut command = sandbox();
        command
            .args(["--cap-add", "ALL", "--bind"])
            .arg(&self.dir)
            .args(["/", "--proc", "/proc", "--dev", "/dev"]);
        command
            .arg("--bind")
            .arg(dir)
            .args(["/mnt", "--chdir", "/mnt"]);
        if let Ok(resolver) = fs::canonicalize("/etc/resolv.conf") {
            command
                .arg("--ro-bind")
                .arg(resolver)
                .arg("/etc/resolv.conf");
        }
        clean_environment(&mut command);
        for proxy in ["http_proxy", "https_proxy", "no_proxy"] {
            if let Some(value) = std::env::var_os(proxy) {
                command.arg("--setenv").arg(proxy).arg(value);
            }
        }
        command.arg(program);
        command
    }
}

/// A directory of the host that is seen inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared<'a> {
    dir: &'a Path,
    at: &'a Path,
    writable: bool,
}

impl<'a> Shared<'a> {
    /// At its own path, read-only.
    pub(crate) fn read(dir: &'a Path) -> Self {
        Self {
            dir,
            at: dir,
            writable: false,
        }
    }

    /// At its own path, writable.
    pub(crate) fn write(dir: &'a Path) -> Self {
        Self {
            dir,
            at: dir,
            writable: true,
        }
    }

    /// The same directory, at another path.
    pub(crate) fn at(self, at: &'a Path) -> Self {
        Self { at, ..self }
    }
}

/// A command of the host's, which sees each of `shared` at its place.
pub(crate) fn on_host(program: impl AsRef<OsStr>, shared: &[Shared<'_>]) -> Command {
    let mut command = sandbox();
    command.args(["--dev-bind", "/", "/", "--proc", "/proc"]);
    share(&mut command, shared);
    command.arg(program);
    command
}

/// A sandbox whose processes, mounts and all, are gone as soon as this process is.
pub(crate) fn sandbox() -> Command {
    let mut command = Command::new("bwrap");
    command.args(["--die-with-parent", "--unshare-pid", "--new-session"]);
    command
}

fn share(command: &mut Command, shared: &[Shared<'_>]) {
    for Shared { dir, at, writable } in shared {
        command
            .arg(if *writable { "--bind" } else { "--ro-bind" })
            .arg(dir)
            .arg(at);
    }
}

fn clean_environment(command: &mut Command) {
    command.arg("--clearenv");
    for (name, value) in [
        ("PATH", "/usr/sbin:/usr/bin"),
        ("HOME", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("DEBIAN_FRONTEND", "noninteractive"),
    ] {
        command.args(["--setenv", name, value]);
    }
}
