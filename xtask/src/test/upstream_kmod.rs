//! The kernel halves of all generic netlink families of the kernel tree, with scaffolded handlers.
//!
//! They are built in one go, and without a warning. In a VM each of them is loaded and compared with its spec, and with
//! the family that the kernel has itself: see genl-user/upstream/tests/kmod.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use genl_schema::diag::Code;
use genl_schema::emit::{Origin, kernel};
use genl_schema::model::Family;
use genl_schema::name::Name;
use genl_schema::rustfmt::format;
use serde_json::json;

use crate::build_kmod::{self, mirror};
use crate::cache::{self, make_dir};
use crate::kernel::{Kernel, Kind};
use crate::{cargo, setup, vm, workspace};

use super::counts::Counts;
use super::{in_vm, upstream};

/// What the modules are called in the build's messages, and their directory.
const NAME: &str = "upstream-kmod";

/// The families that the kernel's image has, so that ours are registered by another name: `x-netdev`.
const BUILT_IN: &[&str] = &[
    "dev-energymodel",
    "devlink",
    "dpll",
    "ethtool",
    "handshake",
    "mptcp_pm",
    "net-shaper",
    "netdev",
    "nlctrl",
    "tcp_metrics",
];

/// The longest name of a family, without its NUL (`GENL_NAMSIZ`).
const LONGEST_NAME: usize = 15;

/// A module that was built from a spec of the kernel tree.
#[derive(Debug)]
struct Module {
    /// The spec's file.
    spec: PathBuf,
    /// The name by which the spec's family is registered here.
    family: String,
    /// The module's name; no module of the kernel has it.
    name: String,
    /// The module's file.
    file: PathBuf,
}

/// The kernel's own modules that have families of which there are specs.
const THEIRS: &[&str] = &[
    "binder_linux",
    "cfg80211",
    "fou",
    "nfsd",
    "openvswitch",
    "ovpn",
    "team",
    "wireguard",
];

/// Builds them, and runs the tests that look at them in a VM.
pub(super) fn run(filter: Option<&str>) -> Result<Counts> {
    let kernel = setup::ensure(Kind::Normal)?;
    let modules = build(&kernel)?;
    let list = workspace::target()?.join(NAME).join("modules.json");
    let theirs = vm::own_modules(&kernel, THEIRS)?;
    let ours = modules.iter().map(|module| {
        json!({
            "spec": module.spec,
            "family": module.family,
            "name": module.name,
            "file": module.file,
        })
    });
    let ours: Vec<_> = ours.collect();
    write(
        &list,
        &json!({ "ours": ours, "theirs": theirs }).to_string(),
    )?;

    let built = cargo::vm_tests(&upstream::on_host()?)?;
    // They share what they have found out.
    let mut command = vec![
        built.upstream_kmod.into_os_string(),
        "--test-threads=1".into(),
    ];
    command.extend(filter.map(OsString::from));
    let mut request = vm::Request::new(Kind::Normal, command)?;
    request.keep_stdout = true;
    request.env("GENL_UPSTREAM_KMODS", list);
    request.env("GENL_TOOL", built.tool);
    request.env("RUST_BACKTRACE", "1");
    in_vm::count(&vm::run(&request)?)
}

/// Builds a module from each spec.
fn build(kernel: &Kernel) -> Result<Vec<Module>> {
    let source = workspace::target()?.join(NAME).join("rendered");
    cache::remove(&source)?;
    make_dir(&source)?;
    // The runtime stands beside the modules, as in genl-kmod.
    mirror::update(
        &workspace::root().join("genl-kmod/genl"),
        &source.join("genl"),
    )?;
    let mut modules = Vec::new();
    let mut faults = String::new();
    for spec in specs(kernel)? {
        match understand(&spec)? {
            Understood::Family(family) => modules.push(render(&source, spec, family)?),
            Understood::NotGeneric => {}
            Understood::Faulty(report) => faults.push_str(&report),
        }
    }
    ensure!(faults.is_empty(), "no kernel code comes from\n{faults}");
    write(&source.join("Kbuild"), &kbuild(&modules))?;
    let tree = build_kmod::Tree::Ready(kernel.clone());
    let (built, complaints) = build_kmod::build_tree(&tree, &source, NAME)?;
    if !complaints.is_empty() {
        // What has been compiled would not be looked at again, so the next run is to start from nothing.
        cache::remove(&built)?;
        bail!("the compiler has complaints, see above");
    }
    for module in &mut modules {
        module.file = built.join(&module.name).join(&module.file);
    }
    Ok(modules)
}

fn specs(kernel: &Kernel) -> Result<Vec<PathBuf>> {
    let dir = kernel.source().join("Documentation/netlink/specs");
    let context = || format!("cannot read {}", dir.display());
    let mut specs = Vec::new();
    for entry in fs::read_dir(&dir).with_context(context)? {
        let path = entry.with_context(context)?.path();
        if path.extension().is_some_and(|it| it == "yaml") {
            specs.push(path);
        }
    }
    specs.sort();
    Ok(specs)
}

enum Understood {
    Family(Box<Family>),
    /// It is of rtnetlink, for example.
    NotGeneric,
    /// What is wrong with it.
    Faulty(String),
}

fn understand(spec: &Path) -> Result<Understood> {
    let text =
        fs::read_to_string(spec).with_context(|| format!("cannot read {}", spec.display()))?;
    Ok(
        match genl_schema::compile_for_kernel(&spec.display().to_string(), &text) {
            Ok(family) => Understood::Family(Box::new(family)),
            Err(report)
                if report
                    .diagnostics
                    .iter()
                    .any(|it| it.code == Code::NotGeneric) =>
            {
                Understood::NotGeneric
            }
            Err(report) => Understood::Faulty(report.to_string()),
        },
    )
}

/// Writes the module's files below `source`.
fn render(source: &Path, spec: PathBuf, mut family: Box<Family>) -> Result<Module> {
    let name = format!("x_{}", family.name.snake());
    if BUILT_IN.contains(&family.name.as_str()) {
        let mut other = format!("x-{}", family.name);
        other.truncate(LONGEST_NAME);
        family.name = Name::new(other);
    }
    let dir = source.join(&name);
    make_dir(&dir)?;
    let origin = Origin {
        command: "cargo xtask test",
        spec: &genl_schema::emit::spec_name(&spec),
    };
    for (file, text) in [
        ("generated.rs", kernel::render(&family, origin)),
        ("handlers.rs", kernel::scaffold::handlers(&family)),
        (
            &format!("{name}_main.rs"),
            kernel::scaffold::root(&family, &name),
        ),
    ] {
        write(&dir.join(file), &format(&text, "2021")?)?;
    }
    write(&dir.join("Kbuild"), &kernel::scaffold::kbuild(&name))?;
    Ok(Module {
        spec,
        family: family.name.to_string(),
        file: PathBuf::from(&name).with_extension("ko"),
        name,
    })
}

/// One make for all.
fn kbuild(modules: &[Module]) -> String {
    let lines = modules.iter().map(|it| format!("obj-m += {}/\n", it.name));
    lines.collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
