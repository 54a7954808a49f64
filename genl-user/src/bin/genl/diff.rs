//! `genl spec diff`: where a spec and the running kernel differ.
//!
//! The kernel's side is what nlctrl tells: CTRL_CMD_GETFAMILY and CTRL_CMD_GETPOLICY.

mod policy;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use genl_user::Error;
use genl_user::dynamic::genl_schema::model::{Family, Op, Permission};
use genl_user::dynamic::serde_json::{Value, json};
use genl_user::families::nlctrl::{Getfamily, GetfamilyReplyOwned, OpFlags};

use crate::Outcome;
use crate::output::Output;
use crate::policies::Policies;
use crate::source::{self, Source};

/// What is compared.
#[derive(Args)]
pub(crate) struct Options {
    /// The spec's file
    #[arg(value_name = "SPEC")]
    file: Option<PathBuf>,
    /// The family in the running kernel; without it the one that the spec names
    #[arg(value_name = "FAMILY")]
    name: Option<String>,
}

/// One difference.
struct Difference {
    /// What differs: `version`, `operation get`, `get do request: dev.ifindex`.
    place: String,
    /// What the spec has.
    spec: String,
    /// What the kernel has.
    kernel: String,
}

/// All differences that were found.
#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn add(&mut self, place: impl Into<String>, spec: impl ToString, kernel: impl ToString) {
        self.0.push(Difference {
            place: place.into(),
            spec: spec.to_string(),
            kernel: kernel.to_string(),
        });
    }

    /// Adds a difference if there is one.
    fn compare<T: PartialEq + ToString>(&mut self, place: impl Into<String>, spec: T, kernel: T) {
        if spec != kernel {
            self.add(place, spec, kernel);
        }
    }
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let spec = source::load(&source.path(options.file.as_deref())?)?;
    let name = options.name.as_deref().unwrap_or(spec.name.as_str());
    let kernel = describe(source, name)?;
    let policies = Policies::fetch(source, name)?;
    let mut differences = Differences::default();
    compare_family(&mut differences, &spec, &kernel);
    compare_operations(&mut differences, &spec, &kernel);
    compare_groups(&mut differences, &spec, &kernel);
    policy::compare(&mut differences, &spec, &policies);
    print(out, &differences)?;
    Ok(match differences.0.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn describe(source: &Source, name: &str) -> Result<GetfamilyReplyOwned, Error> {
    let request = Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    };
    let mut controller = source.controller()?;
    let described = controller
        .getfamily(&request)
        .map(|family| family.to_owned());
    described.map_err(|error| match error.errno() {
        Some(libc::ENOENT) => source.absent(name),
        _ => error,
    })
}

fn print(out: &mut Output, Differences(differences): &Differences) -> std::io::Result<()> {
    if out.json {
        let all = differences
            .iter()
            .map(|it| json!({"place": it.place, "spec": it.spec, "kernel": it.kernel}));
        return out.json_line(&Value::Array(all.collect()));
    }
    for Difference {
        place,
        spec,
        kernel,
    } in differences
    {
        let place = out.style.name(place);
        writeln!(out, "{place}\n  spec:   {spec}\n  kernel: {kernel}")?;
    }
    Ok(())
}

fn compare_family(differences: &mut Differences, spec: &Family, kernel: &GetfamilyReplyOwned) {
    if let Some(name) = &kernel.family_name {
        differences.compare("name", spec.name.as_str(), name);
    }
    if let Some(version) = kernel.version {
        differences.compare("version", u32::from(spec.version), version);
    }
    let headers = spec.ops.iter().filter_map(|op| {
        let call = op.do_.as_ref().or(op.dump.as_ref())?;
        spec[call.request].header.map(|id| spec[id].size)
    });
    let size = headers.max().unwrap_or(0);
    if let Some(hdrsize) = kernel.hdrsize {
        differences.compare("size of the fixed header", size, hdrsize as usize);
    }
}

fn compare_operations(differences: &mut Differences, spec: &Family, kernel: &GetfamilyReplyOwned) {
    let theirs = kernel
        .ops
        .iter()
        .filter_map(|op| Some((op.id?, op.flags.unwrap_or_default())));
    let mut theirs: BTreeMap<u32, OpFlags> = theirs.collect();
    for op in &spec.ops {
        let place = format!("operation {} ({})", op.name, op.cmd);
        match theirs.remove(&op.cmd.into()) {
            Some(flags) => differences.compare(place, capabilities(op), kernel_capabilities(flags)),
            // Where the kernel is built without it, that is as the spec says.
            None if op.config_cond.is_some() => {}
            None => differences.add(place, capabilities(op), "no such operation"),
        }
    }
    for (cmd, flags) in theirs {
        let known = spec.reserved.iter().find(|it| u32::from(it.cmd) == cmd);
        let spec = known.map_or("no such operation", |_| "reserved");
        let place = format!("operation {cmd}");
        differences.add(place, spec, kernel_capabilities(flags));
    }
}

fn capabilities(op: &Op) -> String {
    words([
        (op.do_.is_some(), "do"),
        (op.dump.is_some(), "dump"),
        (op.permission == Permission::Admin, "admin-perm"),
        (op.permission == Permission::NetnsAdmin, "uns-admin-perm"),
    ])
}

fn kernel_capabilities(flags: OpFlags) -> String {
    words([
        (flags.contains(OpFlags::CMD_CAP_DO), "do"),
        (flags.contains(OpFlags::CMD_CAP_DUMP), "dump"),
        (flags.contains(OpFlags::ADMIN_PERM), "admin-perm"),
        (flags.contains(OpFlags::UNS_ADMIN_PERM), "uns-admin-perm"),
    ])
}

fn words<const N: usize>(words: [(bool, &str); N]) -> String {
    let words = words.into_iter().filter(|(there, _)| *there);
    let words: Vec<_> = words.map(|(_, word)| word).collect();
    words.join(" ")
}

fn compare_groups(differences: &mut Differences, spec: &Family, kernel: &GetfamilyReplyOwned) {
    let ours: Vec<_> = spec
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    let theirs = kernel.mcast_groups.iter();
    let theirs: Vec<_> = theirs.filter_map(|group| group.name.as_deref()).collect();
    let missing = |of: &[&str], name: &str| !of.contains(&name);
    for name in ours.iter().filter(|name| missing(&theirs, name)) {
        differences.add(format!("multicast group {name}"), "there", "no such group");
    }
    for name in theirs.iter().filter(|name| missing(&ours, name)) {
        differences.add(format!("multicast group {name}"), "no such group", "there");
    }
}
