//! The kernel tree's specs, and its pyynl as a process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use genl_schema::model::Family;

/// A spec of the kernel tree, understood.
pub struct Spec {
    /// The file's name without `.yaml`: not always the family's.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub family: Family,
}

/// Every spec of generic netlink in the kernel tree, by name.
pub fn specs() -> Vec<Spec> {
    let directory = Path::new(&variable("GENL_KERNEL_SOURCE")).join("Documentation/netlink/specs");
    let entries = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", directory.display()));
    let mut specs: Vec<_> = entries
        .map(|entry| entry.expect("a directory can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .filter_map(|path| Spec::generic(&path))
        .collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(specs.len() >= 25, "only {} specs are left", specs.len());
    specs
}

impl Spec {
    /// `None` where the spec is of a protocol of its own.
    fn generic(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).expect("a spec can be read");
        if text.lines().any(|line| line == "protocol: netlink-raw") {
            return None;
        }
        let family = genl_schema::compile(&path.display().to_string(), &text)
            .unwrap_or_else(|report| panic!("{report}"));
        Some(Self {
            name: path.file_stem()?.to_str()?.to_owned(),
            path: path.to_owned(),
            family,
        })
    }
}

/// A call of one of the programs beside this file, with the Python that has pyynl's modules.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(variable("GENL_PYTHON"));
    command.arg(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/pyynl")
            .join(name),
    );
    command
}

fn variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; `cargo xtask test` sets it"))
}
