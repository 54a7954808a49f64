//! The families of our modules while each was loaded, and those that the kernel has itself.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use genl_schema::model::Family;
use genl_schema::name::Name;
use genl_user::dynamic::{Client, Error, Mode};
use genl_user::families::nlctrl::{self, Getfamily};
use serde_json::Value;

use crate::modules::{self, Module, Prepared};

/// A family of ours, as it was while its module was loaded.
pub(crate) struct Ours {
    /// What the spec says.
    pub(crate) spec: Family,
    /// The name by which it was registered.
    pub(crate) registered: String,
    /// What came of each operation: its name and mode, and the error number of the refusal.
    pub(crate) answers: Vec<(String, Option<i32>)>,
    /// Where `genl spec diff` sees a difference between the spec and the kernel: place, spec, kernel.
    pub(crate) differences: Vec<[String; 3]>,
    /// What `genl policy` shows.
    pub(crate) policies: Value,
}

/// A family that the kernel has itself.
pub(crate) struct Theirs {
    /// Its name, and that of its spec.
    pub(crate) name: String,
    /// What `genl policy` shows.
    pub(crate) policies: Value,
}

static PREPARED: LazyLock<Prepared> = LazyLock::new(modules::prepared);

static OURS: LazyLock<Vec<Ours>> = LazyLock::new(|| PREPARED.ours.iter().map(visit).collect());

static THEIRS: LazyLock<Vec<Theirs>> = LazyLock::new(|| {
    // The names that ours have are free only then.
    let ours = ours();
    for file in &PREPARED.theirs {
        match modules::load(file) {
            Err(error) if error.raw_os_error() != Some(libc::EEXIST) => {
                panic!("{}: {error}", file.display())
            }
            _ => {}
        }
    }
    let both = ours.iter().zip(&PREPARED.ours);
    let theirs = both.filter(|(ours, _)| is_registered(ours.spec.name.as_str()));
    theirs
        .map(|(ours, module)| Theirs {
            name: ours.spec.name.to_string(),
            policies: policies(ours.spec.name.as_str(), &module.spec),
        })
        .collect()
});

/// Our families, each of which was registered and is gone again.
pub(crate) fn ours() -> &'static [Ours] {
    &OURS
}

/// The families that the kernel has itself, of those that there are specs of.
pub(crate) fn theirs() -> &'static [Theirs] {
    &THEIRS
}

/// Loads a module, asks its family everything, and unloads it.
fn visit(module: &Module) -> Ours {
    let Module {
        spec: file,
        family: registered,
        ..
    } = module;
    assert!(!is_registered(registered), "{registered} is there already");
    modules::load(&module.file).unwrap_or_else(|error| panic!("{}: {error}", module.name));
    assert!(is_registered(registered), "{registered} is not registered");
    let spec = std::fs::read_to_string(file).expect("the spec can be read");
    let spec = genl_schema::compile(&file.to_string_lossy(), &spec).expect("it is a spec");
    let ours = Ours {
        answers: answers(&spec, registered),
        differences: differences(registered, file),
        policies: policies(registered, file),
        registered: registered.clone(),
        spec,
    };
    modules::unload(&module.name).unwrap_or_else(|error| panic!("{}: {error}", module.name));
    assert!(!is_registered(registered), "{registered} is not gone");
    ours
}

fn is_registered(family: &str) -> bool {
    let mut controller = nlctrl::Client::open().expect("nlctrl is always there");
    let request = Getfamily {
        family_name: Some(family),
        ..Getfamily::default()
    };
    match controller.getfamily(&request).map(drop) {
        Ok(()) => true,
        Err(error) if error.errno() == Some(libc::ENOENT) => false,
        Err(error) => panic!("{family}: {error}"),
    }
}

/// Calls every operation, with nothing but the family's own header.
fn answers(spec: &Family, registered: &str) -> Vec<(String, Option<i32>)> {
    let family = Family {
        name: Name::new(registered),
        ..spec.clone()
    };
    let mut client = Client::open(family).expect("it is registered");
    let mut answers = Vec::new();
    for op in &spec.ops {
        for (call, mode) in [(&op.do_, Mode::Do), (&op.dump, Mode::Dump)] {
            let Some(call) = call else { continue };
            let header = spec[call.request].header.map_or(0, |id| spec[id].size);
            let payload = vec![0; header];
            let name = op.name.as_str();
            let refusal = match mode {
                Mode::Do => client.call_raw(name, &payload).err(),
                Mode::Dump => match client.dump_raw(name, &payload) {
                    Ok(dump) => dump.filter_map(Result::err).next(),
                    Err(error) => Some(error),
                },
            };
            let errno = refusal
                .as_ref()
                .and_then(Error::refused)
                .map(|refused| refused.errno);
            answers.push((format!("{name} {mode:?}"), errno));
        }
    }
    answers
}

fn differences(family: &str, spec: &Path) -> Vec<[String; 3]> {
    let spec = spec.to_str().expect("a path in UTF-8");
    let said = genl(&["spec", "diff", spec, family]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let all = said.as_array().expect("an array");
    all.iter()
        .map(|it| ["place", "spec", "kernel"].map(|key| text(&it[key])))
        .collect()
}

fn policies(family: &str, spec: &Path) -> Value {
    let spec = spec.to_str().expect("a path in UTF-8");
    genl(&["--spec", spec, "policy", family])
}

/// What the command-line tool prints; its status may tell of differences.
fn genl(arguments: &[&str]) -> Value {
    let tool = std::env::var_os("GENL_TOOL").expect("`cargo xtask test` sets GENL_TOOL");
    let output = Command::new(tool)
        .arg("--output-json")
        .args(arguments)
        .output()
        .expect("it starts");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
}
