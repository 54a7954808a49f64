//! `genl policy FAMILY`: what the kernel asks of each attribute, by what it says itself.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use genl_user::Limits;
use genl_user::dynamic::genl_schema::diag::nearest;
use genl_user::dynamic::genl_schema::model::Family;
use genl_user::dynamic::serde_json::{Map, Value};

use crate::Outcome;
use crate::output::Output;
use crate::policies::{self, Policies};
use crate::source::Source;

/// Which policies are shown.
#[derive(Args)]
pub(crate) struct Options {
    /// The family's name
    #[arg(value_name = "FAMILY")]
    name: String,
    /// Only those of this operation: its name in the spec, or its command number
    #[arg(value_name = "OP")]
    operation: Option<String>,
}

pub(crate) fn run(out: &mut Output, source: &Source, options: &Options) -> Outcome {
    let spec = source.load_if_found(&options.name)?;
    let mut policies = Policies::fetch(source, &options.name)?;
    if let Some(operation) = &options.operation {
        let command = command(spec.as_ref(), operation)
            .ok_or_else(|| no_operation(spec.as_ref(), &options.name, operation))?;
        policies.operations.retain(|&it, _| it == command);
    }
    match out.json {
        true => out.json_line(&tree(&policies, spec.as_ref()))?,
        false => print(out, &policies, spec.as_ref(), &options.name)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn command(spec: Option<&Family>, operation: &str) -> Option<u16> {
    let named = || {
        let op = spec?.ops.iter().find(|op| op.name.as_str() == operation)?;
        Some(op.cmd.into())
    };
    operation.parse().ok().or_else(named)
}

fn no_operation(spec: Option<&Family>, family: &str, operation: &str) -> String {
    let known = spec
        .iter()
        .flat_map(|spec| &spec.ops)
        .map(|op| op.name.as_str());
    match nearest(operation, known) {
        Some(near) => {
            format!("{family} has no operation \"{operation}\"; did you mean \"{near}\"?")
        }
        None => format!("{family} has no operation \"{operation}\""),
    }
}

fn name(spec: Option<&Family>, command: u16) -> String {
    let op = spec.and_then(|spec| spec.ops.iter().find(|op| u16::from(op.cmd) == command));
    op.map_or(format!("op-{command}"), |op| op.name.to_string())
}

/// The policies of each operation, those of a do and of a dump in the shape of YNL's tool.
fn tree(policies: &Policies, spec: Option<&Family>) -> Value {
    let sets = spec.map(|spec| policies.sets(spec)).unwrap_or_default();
    let mut operations = Map::new();
    for (&command, policy) in &policies.operations {
        let mut modes = Map::new();
        for (mode, index) in [("do", policy.do_), ("dump", policy.dump)] {
            if let Some(index) = index.and_then(|index| u16::try_from(index).ok()) {
                let set = sets.get(&index).copied();
                modes.insert(mode.into(), policies.tree(index, set, spec));
            }
        }
        operations.insert(name(spec, command), Value::Object(modes));
    }
    Value::Object(operations)
}

fn print(
    out: &mut Output,
    policies: &Policies,
    spec: Option<&Family>,
    family: &str,
) -> std::io::Result<()> {
    if policies.operations.is_empty() {
        return writeln!(out, "{family} has no policy at all");
    }
    let names = policies.operations.keys().map(|&it| name(spec, it));
    let names: Vec<_> = names.collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    writeln!(out, "{}", out.style.heading("operations"))?;
    for ((command, policy), name) in policies.operations.iter().zip(&names) {
        let mode =
            |mode: &str, index: Option<u32>| index.map(|index| format!("{mode}: policy {index}"));
        let modes = [mode("do", policy.do_), mode("dump", policy.dump)];
        let modes: Vec<_> = modes.into_iter().flatten().collect();
        let gap = width - name.len();
        let name = out.style.name(name);
        writeln!(
            out,
            "  {command:>3}  {name}{:gap$}  {}",
            "",
            modes.join(", ")
        )?;
    }
    let sets = spec.map(|spec| policies.sets(spec)).unwrap_or_default();
    for policy in reachable(policies) {
        let attributes = policies.attributes.get(&policy);
        let set = sets.get(&policy).copied();
        let of = set
            .zip(spec)
            .map(|(set, spec)| format!(": {}", spec[set].name));
        let heading = format!("policy {policy}{}", of.unwrap_or_default());
        writeln!(out, "\n{}", out.style.heading(heading))?;
        let rows = attributes.into_iter().flatten().map(|(&number, asks)| {
            let attr = spec
                .zip(set)
                .and_then(|(spec, set)| policies::attr(spec, set, number));
            let name = attr.map_or(String::new(), |attr| attr.name.to_string());
            let words = Limits(asks);
            let mut limits = words.limits();
            limits.extend(asks.policy_idx.map(|index| format!("policy {index}")));
            let kind = words.kind().unwrap_or_default();
            (number, name, kind, limits.join(", "))
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            writeln!(out, "  (nothing)")?;
        }
        let width = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
        for (number, name, kind, limits) in rows {
            let gap = if width == 0 {
                0
            } else {
                width - name.len() + 2
            };
            let name = out.style.name(name);
            let rest = format!("{kind:<12}  {limits}");
            writeln!(out, "  {number:>3}  {name}{:gap$}{}", "", rest.trim_end())?;
        }
    }
    Ok(())
}

/// The policies that the operations have, and those within them.
fn reachable(policies: &Policies) -> BTreeSet<u16> {
    let roots = policies.operations.values();
    let roots = roots.flat_map(|policy| [policy.do_, policy.dump]).flatten();
    let mut open: Vec<u16> = roots.filter_map(|index| index.try_into().ok()).collect();
    let mut seen = BTreeSet::new();
    while let Some(policy) = open.pop() {
        if seen.insert(policy) {
            let inside = policies.attributes.get(&policy).into_iter().flatten();
            open.extend(inside.filter_map(|(_, asks)| u16::try_from(asks.policy_idx?).ok()));
        }
    }
    seen
}
