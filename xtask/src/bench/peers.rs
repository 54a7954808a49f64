//! The clients that are measured beside each other: builds those that can be built.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use genl_schema::emit::{Origin, uapi};

use crate::build_root::{BuildRoot, PEERS, Shared};
use crate::cache::make_dir;
use crate::kernel::Kind;
use crate::{cargo, setup, workspace};

use super::versions;

/// A client, and how its program is started.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) command: Vec<OsString>,
    /// The library that it calls, and its version.
    pub(super) made_of: String,
}

/// The clients that are there, the raw one first, and what is to be said of each that is not.
#[derive(Default)]
pub(super) struct Peers {
    pub(super) all: Vec<Peer>,
    pub(super) left_out: Vec<String>,
    /// Variables that some of them need.
    pub(super) environment: Vec<(&'static str, OsString)>,
}

/// Those in Rust: a package of the peers' workspace.
struct Package {
    name: &'static str,
    /// Each with the argument that it takes.
    clients: &'static [(&'static str, &'static str)],
    /// The crates that do the work.
    crates: &'static [&'static str],
}

/// Without these there is nothing to measure.
const NEEDED: [Package; 2] = [
    Package {
        name: "peer-raw",
        clients: &[("raw", ""), ("raw-ack", "ack"), ("raw-str", "str")],
        crates: &["libc"],
    },
    Package {
        name: "peer-ours",
        clients: &[("ours", ""), ("ours-async", "async")],
        crates: &["genl-user", "tokio"],
    },
];

const RUST: [Package; 3] = [
    Package {
        name: "peer-netlink-bindings",
        clients: &[("netlink-bindings", "")],
        crates: &["netlink-bindings", "netlink-socket2"],
    },
    Package {
        name: "peer-neli",
        clients: &[("neli-handle", "handle"), ("neli-router", "")],
        crates: &["neli"],
    },
    Package {
        name: "peer-genetlink",
        clients: &[("genetlink-current", "current"), ("genetlink", "")],
        crates: &[
            "genetlink",
            "netlink-proto",
            "netlink-packet-generic",
            "tokio",
        ],
    },
];

/// Builds them all.
pub(super) fn build() -> Result<Peers> {
    let mut peers = Peers::default();
    for package in &NEEDED {
        peers.all.extend(rust(package)?);
    }
    for package in &RUST {
        peers.add(package.name, rust(package));
    }
    // Before any is built: the packages are fetched once, and whoever has no network is told once.
    match Root::ready() {
        Ok(root) => {
            peers.add("libmnl", root.packaged("libmnl", "libmnl", &["-lmnl"]));
            let libnl = ["-I/usr/include/libnl3", "-lnl-genl-3", "-lnl-3"];
            peers.add("libnl", root.packaged("libnl", "libnl-3.0", &libnl));
            peers.add("ynl-c", root.ynl());
            peers.add("pyynl", root.python());
            peers.environment = root.environment();
        }
        Err(error) => peers
            .left_out
            .push(format!("libmnl, libnl, ynl-c, pyynl: {error:#}")),
    }
    Ok(peers)
}

impl Peers {
    fn add(&mut self, name: &str, built: Result<Vec<Peer>>) {
        match built {
            Ok(built) => self.all.extend(built),
            Err(error) => self.left_out.push(format!("{name}: {error:#}")),
        }
    }
}

fn dir() -> PathBuf {
    workspace::root().join("genl-user/benches/peers")
}

/// Where all of it is built.
fn target() -> Result<PathBuf> {
    Ok(workspace::target()?.join("peers"))
}

/// Builds a package of the peers' workspace.
fn program(package: &str) -> Result<PathBuf> {
    let mut build = cargo::command(["build", "--release", "--package", package]);
    build.arg("--manifest-path").arg(dir().join("Cargo.toml"));
    build.arg("--target-dir").arg(target()?);
    cargo::program(&mut build, package)
}

/// What is checked with everything else, as it breaks with everything else: all that is made of this checkout alone.
/// What takes others' clients is not, so that tests do not download them.
const OWN: [&str; 4] = ["driver", "harness", "peer-ours", "peer-raw"];

/// Checks those that are made of this checkout alone, and how all of them are formatted.
pub(crate) fn check() -> Result<()> {
    let manifest = dir().join("Cargo.toml");
    let mut format = cargo::command(["fmt", "--all", "--check", "--manifest-path"]);
    let mut clippy = cargo::command(["clippy", "--quiet", "--all-targets", "--locked"]);
    clippy.arg("--target-dir").arg(workspace::target()?);
    clippy.args(OWN.iter().flat_map(|package| ["--package", package]));
    clippy.arg("--manifest-path").arg(&manifest);
    clippy.args(["--", "--deny", "warnings"]);
    for command in [format.arg(&manifest), &mut clippy] {
        let status = command.status().context("cannot run cargo")?;
        ensure!(
            status.success(),
            "the clients that the benchmark measures failed the check above"
        );
    }
    Ok(())
}

/// Builds what tells the peers what to do.
pub(super) fn driver() -> Result<PathBuf> {
    program("driver")
}

fn rust(package: &Package) -> Result<Vec<Peer>> {
    let program = program(package.name)?;
    let made_of = versions::locked(&dir().join("Cargo.lock"), package.crates)?;
    let peer = |&(name, argument): &(&'static str, &str)| Peer {
        name,
        command: std::iter::once(program.clone().into())
            .chain((!argument.is_empty()).then(|| argument.into()))
            .collect(),
        made_of: made_of.clone(),
    };
    Ok(package.clients.iter().map(peer).collect())
}

/// The build root with what those in C, and in Python, need.
struct Root {
    root: BuildRoot,
    /// The kernel tree.
    tree: PathBuf,
    /// Its kernel's release.
    release: String,
    /// What is made for them.
    out: PathBuf,
}

impl Root {
    fn ready() -> Result<Self> {
        let kernel = setup::ensure(Kind::Normal)?;
        setup::tools()?;
        let root = Self {
            root: setup::with(&PEERS)?,
            tree: kernel.source(),
            release: kernel.release,
            out: target()?.join("c"),
        };
        root.write_specs()?;
        Ok(root)
    }

    /// The spec of kvstore as other tools take it, and its header. YNL's generator looks for the spec's schema beside the
    /// spec's directory, and for the top of a kernel tree above it.
    fn write_specs(&self) -> Result<()> {
        let file = "kvstore.yaml";
        let text = fs::read_to_string(workspace::root().join("schema/families").join(file))?;
        let family =
            genl_schema::compile(file, &text).map_err(|report| anyhow::anyhow!("{report}"))?;
        let header = uapi::render(
            &family,
            Origin {
                command: "cargo xtask bench",
                spec: file,
            },
        );
        let spec = genl_schema::strip(file, &text).map_err(|report| anyhow::anyhow!("{report}"))?;
        let include = self.out.join("include/linux");
        let specs = self.out.join("specs");
        make_dir(&include)?;
        make_dir(&specs)?;
        let schema = fs::read(self.tree.join("Documentation/netlink/genetlink.yaml"))?;
        for (file, bytes) in [
            (include.join("kvstore.h"), header.into_bytes()),
            (specs.join(file), spec.into_bytes()),
            (self.out.join("genetlink.yaml"), schema),
            (self.out.join("MAINTAINERS"), Vec::new()),
        ] {
            fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// Builds a client of a library of the root's packages, which pkg-config knows as `module`.
    fn packaged(&self, name: &'static str, module: &str, arguments: &[&str]) -> Result<Vec<Peer>> {
        let version = versions::packaged(&self.libraries().join("pkgconfig"), module)?;
        self.c(name, format!("{name} {version}"), arguments)
    }

    /// What YNL's are made of: it has no versions of its own.
    fn ynl_of_tree(&self) -> String {
        format!("tools/net/ynl of Linux {}", self.release)
    }

    fn libraries(&self) -> PathBuf {
        self.root.dir().join("usr/lib/x86_64-linux-gnu")
    }

    /// Builds a client in C.
    fn c(&self, name: &'static str, made_of: String, arguments: &[&str]) -> Result<Vec<Peer>> {
        let program = self.out.join(name);
        let source = dir().join("c");
        let shared = [
            Shared::read(&source),
            Shared::read(&self.tree),
            Shared::write(&self.out),
        ];
        let mut gcc = self.root.command("gcc-14", &shared);
        gcc.args(["-std=gnu11", "-O2", "-o"]).arg(&program);
        gcc.arg(format!("-I{}", self.out.join("include").display()));
        gcc.arg(source.join(name).with_extension("c"));
        succeed(gcc.arg(source.join("peer.c")).args(arguments), "gcc")?;
        Ok(vec![Peer {
            name,
            command: self.run(&program),
            made_of,
        }])
    }

    /// YNL's C library, with what its generator makes of the specs.
    fn ynl(&self) -> Result<Vec<Peer>> {
        let ctrl = self.tree.join("Documentation/netlink/specs/nlctrl.yaml");
        let mut sources = Vec::new();
        for (family, spec) in [
            ("nlctrl", ctrl),
            ("kvstore", self.out.join("specs/kvstore.yaml")),
        ] {
            for (kind, suffix) in [("--header", "h"), ("--source", "c")] {
                let file = self.out.join(format!("{family}-user.{suffix}"));
                let mut python = self.python_command();
                python.arg(self.tree.join("tools/net/ynl/pyynl/ynl_gen_c.py"));
                python.args(["--mode", "user", kind, "--spec"]).arg(&spec);
                succeed(python.arg("-o").arg(&file), "YNL's generator")?;
                if suffix == "c" {
                    sources.push(file.display().to_string());
                }
            }
        }
        let lib = self.tree.join("tools/net/ynl/lib");
        let uapi = self.tree.join("include/uapi");
        let missing = dir().join("c/ynl_missing.h");
        // As Makefile.deps of the tree has it: its own header of nlctrl, not that of the machine.
        let mut arguments = vec![
            "-w".to_owned(),
            format!("-I{}", self.out.display()),
            format!("-I{}", lib.display()),
            "-D__LINUX_GENERIC_NETLINK_H".to_owned(),
            format!("-include{}", uapi.join("linux/genetlink.h").display()),
            format!("-include{}", missing.display()),
            format!("-idirafter{}", uapi.display()),
            lib.join("ynl.c").display().to_string(),
        ];
        arguments.extend(sources);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        self.c("ynl-c", self.ynl_of_tree(), &arguments)
    }

    fn python(&self) -> Result<Vec<Peer>> {
        let mut command = self.run(&self.root.dir().join("usr/bin/python3"));
        command.push(dir().join("pyynl.py").into());
        command.push(self.tree.clone().into());
        command.push(self.out.join("specs").into());
        Ok(vec![Peer {
            name: "pyynl",
            command,
            made_of: self.ynl_of_tree(),
        }])
    }

    /// A program that runs on the root's libraries, not the machine's.
    fn run(&self, program: &Path) -> Vec<OsString> {
        let libraries = self.libraries();
        let loader = libraries.join("ld-linux-x86-64.so.2");
        vec![
            loader.into(),
            "--library-path".into(),
            libraries.into(),
            program.into(),
        ]
    }

    fn python_command(&self) -> Command {
        let words = self.run(&self.root.dir().join("usr/bin/python3"));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).envs(self.environment());
        command
    }

    /// What Python needs to know of the root that it is in.
    fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("PYTHONHOME", self.root.dir().join("usr").into()),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
        ]
    }
}

fn succeed(command: &mut Command, name: &str) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name} failed:\n{}",
        said.trim_end()
    );
    Ok(())
}
