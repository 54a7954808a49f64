//! The kernel tree's specs, and its pyynl as a process.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use genl_schema::model::Family;
use serde_json::Value;

/// A spec of the kernel tree, understood.
pub(crate) struct Spec {
    /// The file's name without `.yaml`: not always the family's.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) family: Family,
}

/// Every spec of generic netlink in the kernel tree, by name.
pub(crate) fn specs() -> Vec<Spec> {
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

/// The answers of a program beside this file, which runs in the Python that has pyynl's modules. It
/// gets the specs' paths as arguments, and a line of JSON for each question.
pub(crate) fn ask(name: &str, specs: &[Spec], questions: &[Value]) -> Vec<Value> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pyynl")
        .join(name);
    let mut child = Command::new(variable("GENL_PYTHON"))
        .arg(program)
        .args(specs.iter().map(|spec| &spec.path))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("GENL_PYTHON can be run");
    let mut stdin = BufWriter::new(child.stdin.take().expect("it is piped"));
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    // It answers while it is asked, and neither pipe holds all of that.
    let answers: Vec<Value> = thread::scope(|scope| {
        scope.spawn(move || {
            // If it no longer listens it has failed, and its status says so.
            let _ = questions
                .iter()
                .try_for_each(|question| writeln!(stdin, "{question}"));
        });
        let lines = stdout.lines().map(|line| line.expect("it can be read"));
        lines
            .map(|line| serde_json::from_str(&line).expect("the program prints JSON"))
            .collect()
    });
    let status = child.wait().expect("it has ended");
    assert!(status.success(), "{name} failed: {status}");
    assert_eq!(answers.len(), questions.len());
    answers
}

fn variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_else(|| panic!("{name} is not set; `cargo xtask test` sets it"))
}
